//! JSON made elsewhere: `Payload` takes what serde_json takes, within its bounds, and changes nothing but white space.

use crate::{Target, pieces::text};
use eventwire::{Events as _, Payload, limits};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub(crate) const TARGET: Target = Target {
    name: "payload",
    about: "a payload is JSON on one line, the same value as the text it came from; a page's enum is read from it or refused",
    words: &[
        "null", "true", "false", "1e999", "-0.0e-1", "\\ud83d", "\\ude00", "\\u0000", "{\"a\":", "[[", "]]",
        "\u{2028}", "\u{feff}",
    ],
    changes: 4_000,
    run,
};

/// One variant of each kind.
#[derive(Debug, Serialize, Deserialize, eventwire::Events)]
enum Any {
    Unit,
    One(Box<serde_json::Value>),
    Two((u8, Option<String>)),
    Fields { a: f64, b: Vec<Inner> },
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Inner {
    Number(i64),
    Text(String),
    More { more: Box<Inner> },
}

fn run(input: &[u8]) {
    let json = text(input);
    let known = serde_json::from_str::<&RawValue>(json);
    match Payload::parse(json) {
        Ok(payload) => {
            let written = payload.as_str();
            assert!(known.is_ok(), "serde_json refuses it: {known:?}");
            assert!(written.len() <= limits::PAYLOAD && written.len() <= json.len());
            assert!(!written.contains(['\n', '\r']), "more than one line");
            assert!(depth(written) <= limits::DEPTH, "too deep");
            assert_eq!(Payload::parse(written).expect("a payload is a payload"), payload);
            assert_eq!(value(written), value(json), "another value");
            for name in ["Unit", "One", "Two", "Fields", "Else"] {
                if let Ok(event) = Any::decode(name, written) {
                    let (again, payload) = event.encode().expect("what was read can be written");
                    assert_eq!(again.as_str(), name);
                    assert!(Any::decode(name, payload.as_str()).is_ok(), "what was written cannot be read");
                }
            }
        }
        // Beyond its bounds, or numbers that nobody can hold.
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            if value(json).is_some() {
                assert!(depth(json) > limits::DEPTH || json.len() > limits::PAYLOAD, "refused: {refusal}");
            }
        }
    }
}

/// As serde_json reads it, `None` if it does not: it stops one short of our depth.
fn value(json: &str) -> Option<serde_json::Value> {
    serde_json::from_str(json).ok()
}

fn depth(json: &str) -> usize {
    let (mut deepest, mut open) = (0usize, 0usize);
    let (mut text, mut escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = text,
            b'"' => text = !text,
            _ if text => {}
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}
