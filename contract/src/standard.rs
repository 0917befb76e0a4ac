//! The face of Standard Schema on a module: each event's payload for whatever takes a `StandardSchemaV1` or a
//! `StandardJSONSchemaV1`.
//!
//! An export of its own, which a bundler drops from a page that does not use it.

use crate::{refs, text, top};
use serde_json::{Value, json};

/// What a module says of JSON Schema, each as a string literal of JSON.
#[derive(Debug)]
pub(crate) struct Documents {
    /// Each event's payload; empty where it refers to more than definitions, as to the enum itself.
    pub(crate) payloads: Vec<String>,
    /// The definitions that all of them have in common, if there are any.
    pub(crate) definitions: Option<String>,
}

pub(crate) fn documents(root: &Value) -> Documents {
    let definitions = root.get("$defs").filter(|defs| defs.as_object().is_some_and(|defs| !defs.is_empty()));
    let whole = definitions.is_none_or(stands_alone);
    // It was compiled: there is nothing to refuse.
    let (_, events) = top::read(root, &mut Vec::new());
    let payloads = events.iter().map(|event| {
        let payload = event.payload;
        let refers = !references(payload).is_empty();
        let alone = !refers || whole && stands_alone(payload);
        // What says yes to everything may be written `true`.
        let mut document = if payload.is_object() { payload.clone() } else { json!({}) };
        document["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        if alone { text::string(&document.to_string()) } else { text::string("") }
    });
    Documents { payloads: payloads.collect(), definitions: definitions.map(|defs| text::string(&defs.to_string())) }
}

/// Whether everything it refers to is a definition.
fn stands_alone(schema: &Value) -> bool {
    references(schema).iter().all(|target| refs::pointer(target).is_some_and(|at| at.starts_with("/$defs/")))
}

/// Every reference in a schema whose depth was looked at before.
fn references(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
