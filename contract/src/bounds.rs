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
    // The way to the value that is looked at: spelled for each one, long names over many values would fill the memory.
    let mut path = Vec::new();
    let mut open = vec![(schema, 0, Step::Item(0))];
    while let Some((value, depth, step)) = open.pop() {
        count += 1;
        path.truncate(depth);
        path.push(step);
        if depth >= DEPTH && matches!(value, Value::Array(_) | Value::Object(_)) {
            let next = "give the inner types names, under \"$defs\"";
            let at = path[1..].iter().fold(At::root("schema"), |at, step| match step {
                Step::Item(i) => at.key(i),
                Step::Member(name) => at.key(name),
            });
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
                open.extend(values.iter().enumerate().rev().map(|(i, value)| (value, depth + 1, Step::Item(i))));
            }
            Value::Object(object) => {
                open.extend(object.iter().rev().map(|(name, value)| (value, depth + 1, Step::Member(name))));
            }
            _ => {}
        }
    }
    None
}

/// One step into a value.
enum Step<'a> {
    Item(usize),
    Member(&'a str),
}
