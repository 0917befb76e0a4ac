//! The keywords of JSON Schema that a contract understands, and the shapes that schemars gives to variants.
//!
//! Looks at one schema, never at what its references mean.

use serde_json::{Map, Value};

/// Whether a keyword only comments on a schema.
pub(crate) fn is_annotation(keyword: &str) -> bool {
    let known = ["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"];
    // Where a schema stands, not what it says.
    let place = ["$schema", "$id", "$defs"];
    known.contains(&keyword) || place.contains(&keyword) || keyword.starts_with("x-")
}

/// What must stand behind a keyword, if it is not that already. `None` of a keyword that is unknown.
pub(crate) fn expected(keyword: &str, value: &Value) -> Option<Result<(), &'static str>> {
    let (fine, due) = match keyword {
        "$ref" | "contentEncoding" | "contentMediaType" | "format" | "pattern" => (value.is_string(), "a string"),
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" => (value.is_number(), "a number"),
        "maxItems" | "maxLength" | "maxProperties" | "minItems" | "minLength" | "minProperties" => {
            (count(value).is_some(), "a whole number from 0")
        }
        "uniqueItems" => (value.is_boolean(), "a boolean"),
        "properties" | "patternProperties" => (value.is_object(), "an object"),
        "required" => (value.as_array().is_some_and(|all| all.iter().all(Value::is_string)), "a list of names"),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => {
            (value.as_array().is_some_and(|all| !all.is_empty()), "a list of schemas")
        }
        "enum" => (value.as_array().is_some_and(|all| !all.is_empty()), "a list of values"),
        "type" => {
            let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            (!all.is_empty() && all.iter().all(Value::is_string), "a type or a list of types")
        }
        // Schemas, which are read as such, and any value.
        "additionalProperties" | "items" | "not" | "unevaluatedProperties" | "const" => (true, ""),
        _ => return None,
    };
    Some(if fine { Ok(()) } else { Err(due) })
}

/// Whether a keyword constrains values of one type only, so that it says nothing without `type`.
pub(crate) fn typed(keyword: &str) -> bool {
    let whole = ["$ref", "allOf", "anyOf", "const", "enum", "oneOf", "type"];
    // Closed objects are read open, and annotations bind nobody.
    let free = ["additionalProperties", "contentEncoding", "contentMediaType", "format", "unevaluatedProperties"];
    expected(keyword, &Value::Null).is_some() && !whole.contains(&keyword) && !free.contains(&keyword)
}

/// A number that counts. JSON may say 3 as 3.0.
pub(crate) fn count(value: &Value) -> Option<u64> {
    let whole = |n: &f64| n.fract() == 0.0 && (0.0..=9e15).contains(n);
    value.as_u64().or_else(|| value.as_f64().filter(whole).map(|n| n as u64))
}

pub(crate) fn is_true(schema: &Value) -> bool {
    schema == &Value::Bool(true) || schema.as_object().is_some_and(Map::is_empty)
}

/// Whether a value is of one of JSON Schema's types.
pub(crate) fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
        _ => false,
    }
}

/// Whether an arm is nothing but names.
pub(crate) fn unit(arm: &Value) -> bool {
    let only = |object: &Map<String, Value>| {
        object.keys().all(|key| is_annotation(key) || matches!(key.as_str(), "type" | "enum" | "const"))
    };
    arm.as_object().is_some_and(only)
        && arm["type"] == "string"
        && !values(arm).is_empty()
        && values(arm).iter().all(|value| value.is_string())
}

pub(crate) fn values(arm: &Value) -> Vec<&Value> {
    match (arm.get("const"), arm.get("enum").and_then(Value::as_array)) {
        (Some(value), _) => vec![value],
        (None, Some(values)) => values.iter().collect(),
        (None, None) => Vec::new(),
    }
}

/// The one member of an externally tagged variant.
pub(crate) fn external(arm: &Value) -> Option<(&str, &Value)> {
    let known = |key: &String| {
        is_annotation(key) || matches!(key.as_str(), "type" | "properties" | "required" | "additionalProperties")
    };
    let object = arm.as_object().filter(|object| object.keys().all(known))?;
    let properties = object.get("properties")?.as_object()?;
    let (name, schema) = properties.iter().next().filter(|_| properties.len() == 1)?;
    let required = object.get("required")?.as_array()?;
    let closed = object.get("additionalProperties") == Some(&Value::Bool(false)) && object.get("type")? == "object";
    (closed && required.len() == 1 && required[0] == name.as_str()).then_some((name.as_str(), schema))
}

/// Whether the arms of a `oneOf` are the variants of an externally tagged enum. Under `#[serde(deny_unknown_fields)]` the
/// arm of a variant that has nothing but its tag is closed around one member, too: the same one in each arm.
pub(crate) fn externals(arms: &[Value]) -> bool {
    let tag = |arm| external(arm).filter(|(_, payload)| is_tag(payload)).map(|(name, _)| name);
    let first = arms.first().and_then(tag);
    arms.iter().all(|arm| unit(arm) || external(arm).is_some())
        && (first.is_none() || arms.iter().any(|arm| tag(arm) != first))
}

/// The one member of an externally tagged variant beside others of any kind, as those that are `untagged`.
pub(crate) fn sole(arm: &Value) -> Option<(&str, &Value)> {
    external(arm).filter(|(_, payload)| !is_tag(payload))
}

/// Whether a member says the name of a variant.
pub(crate) fn is_tag(member: &Value) -> bool {
    member.get("const").is_some() && unit(member)
}

/// The schemas behind a keyword that takes a list of them.
pub(crate) fn list<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a [Value]> {
    object.get(key)?.as_array().map(Vec::as_slice)
}
