//! Enums inside payloads whose variants look alike in their schema, held against serde, ajv and the `jsonschema` crate.

#![allow(dead_code)]

mod support;

use eventwire_contract::Contract;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use support::{node, oracle::Oracle};

/// What the validator says of each payload of an event `it`, where ajv and `jsonschema` say the same.
fn verdicts<E: JsonSchema>(payloads: &[Value]) -> Vec<bool> {
    let contract = Contract::of::<E>().unwrap();
    let oracle = Oracle::new(&contract);
    let cases: Vec<_> = payloads.iter().map(|payload| ("it".to_owned(), payload.to_string())).collect();
    let answer = node::agreed(&contract, &oracle.schemas, &cases);
    assert_eq!(answer["apart"], json!([]), "ajv and the validator differ");
    let verdicts: Vec<_> = answer["verdicts"].as_str().unwrap().bytes().map(|verdict| verdict == b'v').collect();
    for (payload, verdict) in payloads.iter().zip(&verdicts) {
        assert_eq!(oracle.accepts(&("it".into(), payload.clone())), *verdict, "jsonschema differs: {payload}");
    }
    verdicts
}

fn fits<E: JsonSchema>(payload: Value) -> bool {
    verdicts::<E>(&[payload])[0]
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Closed {
    It(Step),
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields, rename_all = "camelCase")]
enum Step {
    Packed,
    Sent,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Beside {
    It(Content),
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum Content {
    A,
    B,
    C,
}

#[test]
fn variants_that_are_nothing_but_a_tag_are_told_apart_where_serde_denies_unknown_fields() {
    for event in [Closed::It(Step::Packed), Closed::It(Step::Sent)] {
        let event = serde_json::to_value(&event).unwrap();
        assert!(fits::<Closed>(event["it"].clone()), "{event}");
    }
    assert!(fits::<Closed>(json!({ "kind": "sent", "since": 1 })), "a page ignores what it does not know");
    assert!(!fits::<Closed>(json!({ "kind": "lost" })));
    for event in [Beside::It(Content::A), Beside::It(Content::B), Beside::It(Content::C)] {
        let event = serde_json::to_value(&event).unwrap();
        assert!(fits::<Beside>(event["it"].clone()), "{event}");
    }
    assert!(!fits::<Beside>(json!({ "t": "D" })));
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Mixed {
    It(Level),
}

/// Variants with names, and whatever else has a level.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Level {
    Paid,
    Sent {
        carrier: String,
    },
    Back(u8),
    #[serde(untagged)]
    Other {
        level: u8,
    },
}

#[test]
fn a_variant_with_a_name_stands_alone_beside_one_without_a_tag() {
    let payloads = [
        json!("paid"),
        json!("lost"),
        json!({ "sent": { "carrier": "a" } }),
        json!({ "sent": { "carrier": "a", "since": 1 } }),
        json!({ "sent": { "carrier": 1 } }),
        json!({ "sent": { "carrier": "a" }, "since": 1 }),
        json!({ "sent": { "carrier": "a" }, "back": 1 }),
        json!({ "back": 1 }),
        json!({ "back": 256 }),
        json!({ "level": 1 }),
        json!({ "level": 1, "since": 1 }),
        // Read as the one without a tag, whatever the other member is.
        json!({ "sent": { "carrier": "a" }, "level": 1 }),
        json!({ "sent": 1, "level": 1 }),
        json!({}),
        json!(null),
        json!([]),
    ];
    let serde: Vec<_> = payloads.iter().map(|payload| Level::deserialize(payload).is_ok()).collect();
    assert_eq!(verdicts::<Mixed>(&payloads), serde);
    assert!(Contract::of::<Mixed>().unwrap().typescript().contains(
        r#"export type Level = "paid" | { sent: { carrier: string } } | { back: number } | { level: number };"#
    ));
}

#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Loose {
    It { one: Guess, list: Option<Vec<Guess>> },
}

/// Anything at all, which an object with a name is, too.
#[derive(JsonSchema)]
#[serde(untagged)]
enum Guess {
    Known(Known),
    Unknown(Value),
}

#[derive(JsonSchema)]
struct Known {
    name: String,
}

#[test]
fn a_member_of_any_type_has_to_be_there() {
    assert_eq!(
        verdicts::<Loose>(&[
            json!({ "one": 1, "list": null }),
            json!({ "one": { "name": 1 }, "list": [1, null] }),
            json!({ "list": null }),
            json!({ "one": 1 }),
        ]),
        [true, true, false, false]
    );
}
