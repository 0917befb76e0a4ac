//! What may stand beside a map in one object: members of the map's type, and nothing that is not.

use eventwire_contract::Contract;
use serde_json::{Value, json};

/// Where and why an event whose payload is this is refused.
fn refused(payload: &Value) -> Vec<String> {
    let schema = json!({
        "title": "Shop",
        "oneOf": [{ "type": "object", "properties": { "a": payload }, "required": ["a"], "additionalProperties": false }],
    });
    let refusals = Contract::compile(&schema).err().unwrap_or_default();
    refusals.iter().map(|refusal| format!("#{}: {}", refusal.pointer, refusal.what)).collect()
}

#[test]
fn what_stands_beside_a_map_is_of_its_type_or_the_map_is_refused() {
    let map = |values: Value| json!({ "type": "object", "additionalProperties": values });
    let member = |kind: Value| json!({ "type": "object", "properties": { "n": kind } });
    let both = |one: Value, other: Value| json!({ "allOf": [one, other] });
    let beside = |mut own: Value, key: &str, parts: Value| {
        own[key] = parts;
        own
    };
    let (text, number) = (json!({ "type": "string" }), json!({ "type": "number" }));
    let texts = || map(text.clone());
    let either = json!(["string", "null"]);
    let mut named = texts();
    named["properties"] = json!({ "n": number });
    for fine in [
        both(texts(), member(text.clone())),
        both(map(json!({ "type": either, "description": "said" })), member(text.clone())),
        both(map(json!({ "type": either })), member(json!({ "type": either }))),
        both(texts(), member(json!({ "enum": ["a", "b"] }))),
        both(map(json!(true)), member(number.clone())),
        both(map(json!({})), member(number.clone())),
        beside(member(text.clone()), "allOf", json!([texts()])),
        // What the map itself names, and what stands in its stead.
        beside(member(number.clone()), "allOf", json!([named])),
        beside(member(text.clone()), "anyOf", json!([texts(), { "type": "object", "properties": { "m": number } }])),
    ] {
        assert_eq!(refused(&fine), [""; 0], "{fine}");
    }
    let numbered = json!({ "type": "object", "patternProperties": { r"^\d+$": text }, "additionalProperties": false });
    let wrong = "#/oneOf/0/properties/a: a map flattened beside the member \"n\" of another type";
    for schema in [
        both(texts(), member(number.clone())),
        both(member(number.clone()), texts()),
        both(texts(), member(json!({ "type": either }))),
        both(map(json!({ "type": "string", "minLength": 1 })), member(text.clone())),
        both(texts(), member(json!({ "enum": ["a", 1] }))),
        both(texts(), member(json!({}))),
        both(map(json!({ "enum": ["a"] })), member(text.clone())),
        both(numbered, member(text.clone())),
        beside(member(number.clone()), "allOf", json!([texts()])),
        beside(member(number.clone()), "anyOf", json!([texts(), { "type": "object", "properties": {} }])),
    ] {
        assert_eq!(refused(&schema), [wrong], "{schema}");
    }
}
