//! How deep and how large a schema may be, before anything else looks at it.
//!
//! Counts JSON, and knows nothing of schemas.

use crate::refusal::{At, Refusal};
use serde_json::Value;

/// Deepest nesting of a schema's JSON, the same as serde_json reads by default. Types may refer to each other without end.
pub(crate) const DEPTH: usize = 128;
/// Most values in a schema: a contract of 300 events has some ten thousand.
pub(crate) const VALUES: usize = 1 << 18;

/// The reason why a schema is not read at all, if there is one. Takes no stack: a schema may be as deep as memory allows.
pub(crate) fn refusal(schema: &Value) -> Option<Refusal> {
    let mut count = 0;
    let mut open = vec![(schema, At::root("schema"))];
    while let Some((value, at)) = open.pop() {
        count += 1;
        let depth = at.pointer.bytes().filter(|byte| *byte == b'/').count();
        if depth >= DEPTH && matches!(value, Value::Array(_) | Value::Object(_)) {
            let next = "give the inner types names, under \"$defs\"";
            return Some(at.refuse(
                format!("more than {DEPTH} levels of nesting"),
                "no reader of JSON has to follow",
                next,
            ));
        }
        if count > VALUES {
            return Some(At::root("schema").refuse(
                format!("more than {VALUES} values"),
                "no page could load what is generated from it",
                "divide the enum, or describe repeated types once, under \"$defs\"",
            ));
        }
        match value {
            Value::Array(values) => {
                open.extend(values.iter().enumerate().rev().map(|(i, value)| (value, at.key(i))));
            }
            Value::Object(object) => open.extend(object.iter().rev().map(|(key, value)| (value, at.key(key)))),
            _ => {}
        }
    }
    None
}
