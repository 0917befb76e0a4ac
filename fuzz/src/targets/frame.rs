//! Frames of ours as a client reads them: only JSON passes, and what is read is written back the same.
//!
//! The first line is the frame's name without its prefix, what follows is its data.

use crate::{Target, pieces::text};
use eventwire::{Frame, frame::PREFIX};

pub(crate) const TARGET: Target = Target {
    name: "frame",
    about: "a frame that is read is JSON, and is read again from what it writes; nothing else passes",
    words: &[
        "hello\n",
        "gap\n",
        "cursor\n",
        "names\n",
        "bye\n",
        "{\"reason\":\"",
        "\"topics\":[",
        "\"kind\":\"live\"",
        "\"after\":",
        "\"v\":1",
        "\"start\":\"k3f9x2m1q0ab-1\"",
        "\"head\":\"k3f9x2m1q0ab-1\"",
        "\"contract\":\"",
        "\"denied\":[]",
        "\"heartbeat\":",
        "\"spread\":",
        "\"retry\":",
        "\"names\":[",
        "\\ud83d\\ude00",
        "\\u000a",
        "9007199254740993",
    ],
    changes: 4_000,
    run,
};

fn run(input: &[u8]) {
    let (name, data) = text(input).split_once('\n').unwrap_or_default();
    let event = format!("{PREFIX}{name}");
    match Frame::parse(&event, data) {
        Ok(Some(frame)) => {
            assert_eq!(frame.event(), event);
            let value: serde_json::Value = serde_json::from_str(data).expect("what is no JSON is no frame");
            assert!(value.is_object());
            let written = frame.data();
            assert!(!written.contains(['\n', '\r']), "more than one line: {written:?}");
            assert_eq!(Frame::parse(&event, &written), Ok(Some(frame)), "from {written}");
        }
        Ok(None) => assert!(!["hello", "gap", "cursor", "names", "bye"].contains(&name)),
        Err(invalid) => {
            assert_eq!(&*invalid.event, event);
            let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(data);
            // A list or object inside is no flat JSON, and serde_json bounds numbers: both may refuse what the other takes.
            if &*invalid.member != "data" {
                assert!(object.is_ok() || data.contains(['e', 'E']), "a member is blamed, but this is no JSON");
            }
        }
    }
}
