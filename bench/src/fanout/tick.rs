//! What is published: a numbered, stamped, padded event, and how a reader takes it apart again.
//!
//! Event `j` of a run goes to topic `j % topics` and is that topic's number `j / topics`, so whoever reads a topic knows
//! what must come next without asking anyone. Knows nothing of sockets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the benchmark publishes.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub(super) enum Load {
    Tick(Tick),
}

/// The payload, about 256 bytes of JSON.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Tick {
    pub(super) topic: u32,
    /// Its number in its topic.
    pub(super) n: u32,
    /// When it was published: microseconds of the wall clock, its low 32 bits.
    pub(super) at: u32,
    pub(super) pad: String,
}

/// The event's name on the wire, whoever serves it.
pub(super) const NAME: &str = "tick";
const PAD: [u8; 210] = [b'x'; 210];

impl Tick {
    /// Event `j`, published now.
    pub(super) fn new(j: u64, topics: u32) -> Self {
        let topics = u64::from(topics);
        Self {
            topic: (j % topics) as u32,
            n: (j / topics) as u32,
            at: now(),
            pad: String::from_utf8_lossy(&PAD).into_owned(),
        }
    }
}

/// What a reader needs of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) topic: u32,
    pub(super) n: u32,
    pub(super) at: u32,
}

/// Reads a payload byte by byte, padding included; `None`: it is not whole.
// Not serde: a million payloads are read beside the server on the same cores, and each must be checked to its last byte.
pub(super) fn read(json: &[u8]) -> Option<Seen> {
    let (topic, rest) = number(json.strip_prefix(b"{\"topic\":")?);
    let (n, rest) = number(rest.strip_prefix(b",\"n\":")?);
    let (at, rest) = number(rest.strip_prefix(b",\"at\":")?);
    let pad = rest.strip_prefix(b",\"pad\":\"")?.strip_suffix(b"\"}")?;
    (pad == PAD).then_some(Seen { topic, n, at })
}

fn number(bytes: &[u8]) -> (u32, &[u8]) {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    let value = bytes[..digits].iter().fold(0u32, |n, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0')));
    (value, &bytes[digits..])
}

/// Microseconds of the wall clock, which both processes share, their low 32 bits.
pub(super) fn now() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_writes_is_what_a_reader_reads() {
        for (j, topics) in [(0, 1), (12_345, 1), (12_345, 64), (u64::from(u32::MAX), 1)] {
            let tick = Tick::new(j, topics);
            let json = serde_json::to_vec(&tick).unwrap();
            assert_eq!(read(&json), Some(Seen { topic: tick.topic, n: tick.n, at: tick.at }));
        }
    }

    #[test]
    fn a_payload_that_lost_or_changed_a_byte_is_not_whole() {
        let json = serde_json::to_vec(&Tick::new(7, 8)).unwrap();
        for i in 0..json.len() {
            let mut short = json.clone();
            short.remove(i);
            let mut other = json.clone();
            other[i] = b'?';
            // A digit less is another number, which the count of the topic finds.
            let digit = json[i].is_ascii_digit();
            assert!(digit || (read(&short).is_none() && read(&other).is_none()), "at {i}");
        }
    }
}
