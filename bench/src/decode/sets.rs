//! The payloads of each set, as a server of ours writes them.
//!
//! Measures nothing.

use eventwire::{Events, Position, Topic, sse};
use serde::Serialize;
use serde_json::Value;

use super::market::{Hard, order, quote, snapshot, tick};
use crate::stream::Chance;

/// Events of one kind, and how many of them come in one chunk.
#[derive(Debug, Serialize)]
pub(super) struct Set {
    pub(super) name: &'static str,
    /// Events in a full chunk of the fetch transport.
    per: usize,
    events: Vec<Event>,
}

/// One event: its name, its payload, and the bytes that carry both.
#[derive(Debug, Serialize)]
struct Event {
    name: String,
    data: String,
    frame: String,
}

pub(super) const NAMES: [&str; 8] =
    ["small", "medium", "large", "non_latin", "digits_17", "reordered", "optional", "mixed"];

/// All of them, or the one of that name.
pub(super) fn all(only: Option<&str>) -> Result<Vec<Set>, String> {
    NAMES.into_iter().filter(|name| only.is_none_or(|only| only == *name)).map(set).collect()
}

fn set(name: &'static str) -> Result<Set, String> {
    let foreign = Hard { foreign: true, ..Hard::default() };
    let digits = Hard { digits: true, ..Hard::default() };
    let plain = Hard::default();
    let (per, count): (usize, u64) = match name {
        "small" => (64, 256),
        "optional" => (32, 256),
        "large" | "digits_17" => (2, 24),
        "mixed" => (24, 240),
        _ => (16, 128),
    };
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let event = |n: u64| {
        let chance = &mut chance;
        let event = match name {
            "small" => tick(chance, n),
            "large" => snapshot(chance, n, plain),
            "digits_17" => snapshot(chance, n, digits),
            "non_latin" => order(chance, n, foreign),
            "optional" => quote(chance, n),
            "mixed" => match chance.below(24) {
                0 => snapshot(chance, n, plain),
                1..5 => order(chance, n, plain),
                5..12 => quote(chance, n),
                _ => tick(chance, n),
            },
            _ => order(chance, n, plain),
        };
        let (event, payload) = event.encode().map_err(|error| error.to_string())?;
        let data = if name == "reordered" { reordered(payload.as_str(), n)? } else { payload.as_str().to_owned() };
        let at: Position = format!("{EPOCH}-{}", n + 1).parse().map_err(|error| format!("{error}"))?;
        let topic = Topic::parse("market.all").map_err(|error| error.to_string())?;
        let mut frame = Vec::new();
        sse::event_prefix(at, (n > 0).then_some(1), &topic, &mut frame);
        sse::event_suffix(&event, &data, &mut frame);
        let frame = String::from_utf8(frame).map_err(|error| error.to_string())?;
        Ok(Event { name: event.as_str().to_owned(), data, frame })
    };
    let events = (0..count).map(event).collect::<Result<_, String>>()?;
    Ok(Set { name, per, events })
}

const EPOCH: &str = "k3f9x2m1q0ab";

/// The same payload with its members in another order: by turns last to first, and from the middle on.
fn reordered(json: &str, turn: u64) -> Result<String, String> {
    fn moved(value: Value, turn: u64) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| moved(item, turn)).collect(),
            Value::Object(members) => {
                let mut members: Vec<_> = members.into_iter().map(|(key, value)| (key, moved(value, turn))).collect();
                let middle = members.len() / 2;
                if turn.is_multiple_of(2) {
                    members.reverse()
                } else {
                    members.rotate_left(middle)
                }
                members.into_iter().collect()
            }
            other => other,
        }
    }
    let value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    serde_json::to_string(&moved(value, turn)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_set_is_what_its_name_says() {
        let sets = all(None).unwrap();
        let bytes = |name: &str| {
            let set = sets.iter().find(|set| set.name == name).unwrap();
            set.events.iter().map(|event| event.data.len()).sum::<usize>() / set.events.len()
        };
        assert!((100..140).contains(&bytes("small")), "{}", bytes("small"));
        assert!((800..1100).contains(&bytes("medium")), "{}", bytes("medium"));
        assert!((18_000..24_000).contains(&bytes("large")), "{}", bytes("large"));
        assert!(bytes("digits_17") > bytes("large") + 200 * 3 * 8, "{}", bytes("digits_17"));
        let first = |name: &str| &sets.iter().find(|set| set.name == name).unwrap().events[0].data;
        assert!(first("medium").starts_with("{\"id\":"));
        assert!(!first("reordered").starts_with("{\"id\":"), "its members are in another order");
        assert!(!first("non_latin").is_ascii());
    }
}
