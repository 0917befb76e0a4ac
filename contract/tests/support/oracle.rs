//! Another judge of payloads: the `jsonschema` crate, which reads the same schema on its own.

use eventwire_contract::Contract;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Another judge: the payload schemas, each as `jsonschema` reads it.
pub struct Oracle {
    validators: HashMap<String, jsonschema::Validator>,
    /// Of each event, whole.
    pub schemas: serde_json::Map<String, Value>,
}

impl Oracle {
    pub fn new(contract: &Contract) -> Self {
        let schema = contract.schema();
        let mut payloads = HashMap::new();
        for arm in schema["oneOf"].as_array().unwrap() {
            let units = arm["enum"].as_array().into_iter().flatten().chain(arm.get("const"));
            payloads.extend(units.map(|name| (name.as_str().unwrap(), json!({ "type": "null" }))));
            let members = arm["properties"].as_object().into_iter().flatten();
            payloads.extend(members.map(|(name, payload)| (name.as_str(), payload.clone())));
        }
        let whole = |payload: Value| {
            let mut whole = payload.as_object().cloned().unwrap_or_default();
            whole.insert("$defs".into(), schema["$defs"].clone());
            let mut whole = Value::Object(whole);
            state_ranges(&mut whole);
            open(&mut whole);
            whole
        };
        let schemas: serde_json::Map<_, _> =
            payloads.into_iter().map(|(name, payload)| (name.to_owned(), whole(payload))).collect();
        let compile = |schema: &Value| jsonschema::draft202012::new(schema).unwrap();
        Self { validators: schemas.iter().map(|(name, schema)| (name.clone(), compile(schema))).collect(), schemas }
    }

    pub fn accepts(&self, event: &(String, Value)) -> bool {
        self.validators[&event.0].is_valid(&event.1)
    }
}

/// An exception: a page ignores members it does not know, so that a server may add some, also where the schema closes an
/// object. What names a variant stays closed, or any two variants at once would be one.
fn open(schema: &mut Value) {
    opened(schema, false);
}

fn opened(schema: &mut Value, arm: bool) {
    match schema {
        Value::Object(object) => {
            let len = |key: &str| match object.get(key) {
                Some(Value::Object(all)) => all.len(),
                Some(Value::Array(all)) => all.len(),
                _ => 0,
            };
            // A member that is a constant is a tag, and names the variant as well with others beside it.
            let tag = |member: &Value| member.get("const").is_some();
            let member = object.get("properties").and_then(|all| all.as_object()?.values().next());
            let variant = arm && len("properties") == 1 && len("required") == 1 && !member.is_some_and(tag);
            if !variant
                && object.get("additionalProperties") == Some(&false.into())
                && object.get("patternProperties").is_none()
            {
                object.remove("additionalProperties");
            }
            for (key, value) in object {
                let arms = matches!(key.as_str(), "oneOf" | "anyOf");
                match value {
                    Value::Array(values) => values.iter_mut().for_each(|value| opened(value, arms)),
                    value => opened(value, false),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(open),
        _ => {}
    }
}

/// An exception: schemars states the range of 8 and 16 bits, of 32 it only names the format, which `jsonschema`
/// does not read as a range and we do.
fn state_ranges(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let range = match object.get("format").and_then(Value::as_str) {
                Some("int32") => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
                Some("uint32") => Some((0, i64::from(u32::MAX))),
                _ => None,
            };
            if let Some((min, max)) = range {
                object.insert("minimum".into(), min.into());
                object.insert("maximum".into(), max.into());
            }
            object.values_mut().for_each(state_ranges);
        }
        Value::Array(values) => values.iter_mut().for_each(state_ranges),
        _ => {}
    }
}
