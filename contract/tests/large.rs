//! Types of many thousand members, values or alternatives: what is said of them, and that nothing is searched for each.
//!
//! No time is asserted. What searched its neighbours for each of so many would be at it for a minute and more, and what held
//! each against each would have nothing left to prove the change of the other event.

use eventwire_contract::{Change, Contract, check};
use serde_json::{Map, Value, json};

/// A contract of one event, `e`, and another that changes from a list of words to a shorter one.
fn contract(payload: &Value, defs: &Value, words: usize) -> Contract {
    let arms = json!([external("e", payload), external("z", &json!({ "enum": &["a", "b"][..words] }))]);
    let schema = json!({ "title": "Shop", "oneOf": arms, "$defs": defs });
    Contract::compile(&schema).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
}

/// What is said of a change, after which there was still enough left to prove that the other one breaks nothing.
fn changes(old: &Value, new: &Value, defs: [&Value; 2]) -> Vec<Change> {
    let (old, new) = (contract(old, defs[0], 2), contract(new, defs[1], 1));
    let mut changes = check(&old, &new);
    let last = changes.pop().unwrap();
    assert_eq!((last.kind.as_str(), last.event.as_str(), last.breaks), ("variant-removed", "z", false));
    changes
}

fn says(old: &Value, new: &Value, expected: &[&str]) {
    let changes = changes(old, new, [&json!({}), &json!({})]);
    let told = |change: &Change| {
        format!("{} {} {}", if change.breaks { '!' } else { '.' }, change.kind.as_str(), change.place)
    };
    assert_eq!(changes.iter().map(told).collect::<Vec<_>>(), expected);
}

fn external(name: &str, payload: &Value) -> Value {
    json!({ "type": "object", "required": [name], "additionalProperties": false, "properties": { name: payload } })
}

/// An object of so many members, all of them there, each of the type it is given.
fn object(names: std::ops::Range<usize>, kind: impl Fn(usize) -> Value) -> Value {
    let members: Map<_, _> = names.map(|i| (format!("m{i}"), kind(i))).collect();
    json!({ "type": "object", "required": members.keys().collect::<Vec<_>>(), "properties": members })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

#[test]
fn members_by_the_thousand_are_found_by_their_names() {
    let n = 60_000;
    let now = object(1..n + 1, |i| if i == n - 1 { boolean() } else { string() });
    let expected = ["! field-removed Shop::e.m0", "! changed Shop::e.m59999", ". field-added Shop::e.m60000"];
    says(&object(0..n, |_| string()), &now, &expected);
}

#[test]
fn members_of_flattened_types_and_maps_are_found_by_their_names() {
    let n = 15_000;
    let flattened = |last: usize| {
        let mut both = object(0..n, |_| string());
        both["allOf"] = json!([object(n..last, |_| string())]);
        json!({ "anyOf": [both, { "type": "null" }] })
    };
    says(&flattened(2 * n), &flattened(2 * n + 1), &[". field-added Shop::e.m30000"]);
    let map = |last: usize| {
        let mut map = object(0..last, |_| string());
        (map["additionalProperties"], map["minProperties"]) = (string(), 2.into());
        map
    };
    says(&map(n), &map(n + 1), &[". field-added Shop::e.m15000"]);
}

#[test]
fn words_and_numbers_by_the_thousand_are_found_and_not_searched_for() {
    let n = 25_000;
    let words = |from: usize| json!({ "type": "string", "enum": (from..from + n).map(|i| format!("w{i}")).collect::<Vec<_>>() });
    says(&words(0), &words(1), &[". variant-removed Shop::e", "! variant-added Shop::e"]);
    let numbers = |from: usize| json!({ "enum": (from..from + n).collect::<Vec<_>>() });
    says(&numbers(0), &numbers(1), &[". variant-removed Shop::e", "! variant-added Shop::e"]);
}

#[test]
fn variants_by_the_thousand_are_found_by_their_names() {
    let n = 3_000;
    // Each payload held against each would end where the search does.
    let enumeration = |from: usize| json!({ "oneOf": (from..from + n).map(|i| external(&format!("v{i}"), &boolean())).collect::<Vec<_>>() });
    says(&enumeration(0), &enumeration(1), &[". variant-removed Shop::e", "! variant-added Shop::e"]);
}

#[test]
fn one_change_in_a_tagged_enum_of_thousands_is_the_only_one_said_to_be() {
    // Each alternative held against each would end where the search does, and what could not be proved breaks.
    let arm = |i: usize, x: Value| json!({ "type": "object", "required": ["kind", "x"], "properties": { "kind": { "type": "string", "const": format!("v{i}") }, "x": x } });
    let tagged = |x: &Value| json!({ "oneOf": (0..1_000).map(|i| arm(i, if i == 7 { x.clone() } else { boolean() })).collect::<Vec<_>>() });
    says(&tagged(&boolean()), &tagged(&json!({ "enum": [true] })), &[". narrowed Shop::e::v7.x"]);
    says(&tagged(&json!({ "enum": [true] })), &tagged(&boolean()), &["! widened Shop::e::v7.x"]);
}

#[test]
fn a_large_object_is_held_against_thousands_of_alternatives_without_being_counted_for_each() {
    let n = 5_000;
    let any = json!({ "anyOf": (0..n).map(|i| json!({ "type": "object", "required": [format!("z{i}")] })).collect::<Vec<_>>() });
    says(&any, &object(0..n, |_| string()), &["! changed Shop::e"]);
}

#[test]
fn a_search_for_what_was_renamed_leaves_enough_for_the_verdict_of_the_rest() {
    let n = 3_000;
    // The member of both comes last, and only what is proved is safe.
    let with = |names: std::ops::Range<usize>, kind: fn() -> Value, last: Value| {
        let mut object = object(names, |_| kind());
        object["properties"]["z"] = last;
        object["required"] = json!(["z"]);
        object
    };
    let (old, new) = (with(0..n, string, boolean()), with(n..2 * n, boolean, json!({ "enum": [true] })));
    let changes = changes(&old, &new, [&json!({}), &json!({})]);
    assert_eq!(changes.len(), 2 * n + 1);
    assert!(!changes.iter().any(|change| change.breaks));
}

#[test]
fn a_type_that_changed_in_many_places_and_is_used_in_many_lists_not_all_of_them() {
    let n = 1_500;
    let line = |kind: fn() -> Value| json!({ "Line": object(0..n, |_| kind()) });
    let payload = object(0..n, |_| json!({ "$ref": "#/$defs/Line" }));
    let changes = changes(&payload, &payload, [&line(string), &line(boolean)]);
    assert_eq!(changes.len(), n);
    assert_eq!(changes.iter().map(|change| change.also.len()).sum::<usize>(), 1 << 18);
}
