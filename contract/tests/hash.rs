//! What changes the hash of a contract, and what does not.

use eventwire_contract::{Contract, check};
use schemars::JsonSchema;
use serde_json::json;
use std::collections::BTreeMap;

/// Enums that differ from [`first::Shop`] in one thing each.
macro_rules! shops {
    ($($name:ident { $($item:item)* })*) => {
        $(mod $name {
            #![allow(dead_code, unused_imports)]
            use schemars::JsonSchema;
            use std::collections::BTreeMap;
            $(#[derive(JsonSchema)] $item)*
        })*
    };
}

shops! {
    first {
        pub(super) enum Shop { Price { sku: String, cents: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    documented {
        /// The shop.
        pub(super) enum Shop { /** A price. */ Price { /** What. */ sku: String, #[deprecated] cents: u32 }, Moved(Status), /** For today. */ Closed }
        /// Where it is.
        pub(super) struct Status { /** How far. */ level: Level, #[schemars(title = "A note", example = &"hi")] note: Option<String> }
        pub(super) enum Level { /** In full. */ Paid, Sent, /** Whatever. */ Other(String) }
    }
    rearranged {
        pub(super) enum Shop { Closed, Moved(State), Price { cents: u32, sku: String } }
        pub(super) struct State { note: Option<String>, level: Grade }
        pub(super) enum Grade { Sent, Paid, Other(String) }
    }
    /* Two enums whose variants carry data, each named by variants of the other. */
    rearranged_inside {
        pub(super) enum Shop { Price { sku: String, cents: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Other(String), Sent, Paid }
    }
    event_renamed {
        pub(super) enum Shop { Cost { sku: String, cents: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    field_renamed {
        pub(super) enum Shop { Price { sku: String, cent: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    widened {
        pub(super) enum Shop { Price { sku: String, cents: i32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    optional {
        pub(super) enum Shop { Price { sku: String, cents: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, #[serde(skip_serializing_if = "Option::is_none")] note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    variant_added_inside {
        pub(super) enum Shop { Price { sku: String, cents: u32 }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Lost, Other(String) }
    }
    event_added {
        pub(super) enum Shop { Price { sku: String, cents: u32 }, Moved(Status), Closed, Opened }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
    /* A field called like an annotation is none. */
    field_called_title {
        pub(super) enum Shop { Price { sku: String, cents: u32, title: String }, Moved(Status), Closed }
        pub(super) struct Status { level: Level, note: Option<String> }
        pub(super) enum Level { Paid, Sent, Other(String) }
    }
}

shops! {
    deep {
        pub(super) enum Shop { Went(Step), Tried(Guess), Kept(Kept), Tree(Tree) }
        pub(super) enum Step { Walk { meters: u8, then: Option<Box<Step>> }, Turn(Box<Tree>), Rest, Jump(u8, u8) }
        #[serde(tag = "kind")] pub(super) enum Tree { Leaf { size: u8 }, Fork { left: Box<Tree>, right: Box<Step> } }
        #[serde(untagged)] pub(super) enum Guess { One(One), Two(Two), Three(Vec<Guess>) }
        #[serde(tag = "t", content = "c")] pub(super) enum Kept { A(One), B(Two) }
        pub(super) struct One { x: End }
        pub(super) struct Two { x: Start }
        pub(super) struct End { y: u8 }
        pub(super) struct Start { y: u16 }
    }
    deep_rearranged {
        pub(super) enum Shop { Tree(Tree), Kept(Kept), Tried(Guess), Went(Step) }
        #[serde(tag = "t", content = "c")] pub(super) enum Kept { B(Two), A(One) }
        #[serde(tag = "kind")] pub(super) enum Tree { Fork { right: Box<Step>, left: Box<Tree> }, Leaf { size: u8 } }
        pub(super) enum Step { Turn(Box<Tree>), Jump(u8, u8), Walk { then: Option<Box<Step>>, meters: u8 }, Rest }
        #[serde(untagged)] pub(super) enum Guess { Three(Vec<Guess>), Two(Two), One(One) }
        pub(super) struct Two { x: Start }
        pub(super) struct Start { y: u16 }
        pub(super) struct End { y: u8 }
        pub(super) struct One { x: End }
    }
    deep_changed {
        pub(super) enum Shop { Went(Step), Tried(Guess), Kept(Kept), Tree(Tree) }
        pub(super) enum Step { Walk { meters: u8, then: Option<Box<Step>> }, Turn(Box<Tree>), Rest, Jump(u8, u8) }
        #[serde(tag = "kind")] pub(super) enum Tree { Leaf { size: u8 }, Fork { left: Box<Tree>, right: Box<Step> } }
        #[serde(untagged)] pub(super) enum Guess { One(One), Two(Two), Three(Vec<Guess>) }
        #[serde(tag = "t", content = "c")] pub(super) enum Kept { A(Two), B(One) }
        pub(super) struct One { x: End }
        pub(super) struct Two { x: Start }
        pub(super) struct End { y: u8 }
        pub(super) struct Start { y: u16 }
    }
}

shops! {
    open {
        pub(super) enum Shop { Went(Step), Tried(Guess), Kept(Kept), Tree(Tree), Known(Known), One { x: u8 } }
        pub(super) enum Step { Walk { meters: u8 }, Rest }
        #[serde(tag = "kind")] pub(super) enum Tree { Leaf, Bud }
        #[serde(tag = "t", content = "c")] pub(super) enum Kept { A, B { x: u8 }, C(One) }
        #[serde(untagged)] pub(super) enum Guess { One(One), Two { x: u8, y: u8 }, Three(Vec<Step>) }
        pub(super) struct Known { counts: BTreeMap<u8, One>, one: Option<One> }
        pub(super) struct One { x: u8, #[serde(skip_serializing_if = "Option::is_none")] y: Option<u8> }
    }
    closed {
        #[serde(deny_unknown_fields)] pub(super) enum Shop { Went(Step), Tried(Guess), Kept(Kept), Tree(Tree), Known(Known), One { x: u8 } }
        #[serde(deny_unknown_fields)] pub(super) enum Step { Walk { meters: u8 }, Rest }
        #[serde(tag = "kind", deny_unknown_fields)] pub(super) enum Tree { Leaf, Bud }
        #[serde(tag = "t", content = "c", deny_unknown_fields)] pub(super) enum Kept { A, B { x: u8 }, C(One) }
        #[serde(untagged, deny_unknown_fields)] pub(super) enum Guess { One(One), Two { x: u8, y: u8 }, Three(Vec<Step>) }
        #[serde(deny_unknown_fields)] pub(super) struct Known { counts: BTreeMap<u8, One>, one: Option<One> }
        #[serde(deny_unknown_fields)] pub(super) struct One { x: u8, #[serde(skip_serializing_if = "Option::is_none")] y: Option<u8> }
    }
    /* In an untagged enum a variant of one field is a variant with a name to the schema: no page takes a second member. */
    one_field {
        pub(super) enum Shop { Tried(Guess) }
        #[serde(untagged)] pub(super) enum Guess { One { x: u8 }, Two(String) }
    }
    one_field_closed {
        pub(super) enum Shop { Tried(Guess) }
        #[serde(untagged, deny_unknown_fields)] pub(super) enum Guess { One { x: u8 }, Two(String) }
    }
}

fn hash<E: JsonSchema>() -> String {
    Contract::of::<E>().unwrap().hash().to_owned()
}

#[test]
fn documentation_names_of_types_and_order_are_no_part_of_the_contract() {
    let first = hash::<first::Shop>();
    assert_eq!(hash::<documented::Shop>(), first);
    assert_eq!(hash::<rearranged::Shop>(), first);
    assert_eq!(hash::<rearranged_inside::Shop>(), first);
}

#[test]
fn the_order_of_variants_inside_a_payload_is_no_part_of_the_contract() {
    let hashed = hash::<deep::Shop>();
    assert_eq!(hash::<deep_rearranged::Shop>(), hashed);
    assert_ne!(hash::<deep_changed::Shop>(), hashed, "two types exchanged are another contract");
}

#[test]
fn what_serde_denies_and_pages_let_pass_is_no_part_of_the_contract() {
    let (open, closed) = (Contract::of::<open::Shop>().unwrap(), Contract::of::<closed::Shop>().unwrap());
    assert_eq!(open.hash(), closed.hash());
    assert_eq!(check(&open, &closed), []);
    assert_eq!(check(&closed, &open), []);
    let (open, closed) =
        (Contract::of::<one_field::Shop>().unwrap(), Contract::of::<one_field_closed::Shop>().unwrap());
    assert_ne!(open.hash(), closed.hash());
    let said = |old, new| check(old, new).iter().map(|change| change.breaks).collect::<Vec<_>>();
    assert_eq!((said(&open, &closed), said(&closed, &open)), (vec![false], vec![true]));
}

#[test]
fn a_chain_of_types_longer_than_the_stack_is_hashed() {
    let arm =
        |i: usize| json!({ "type": "object", "properties": { "next": { "$ref": format!("#/$defs/T{}", i + 1) } } });
    let links = 4_000;
    let mut defs: serde_json::Map<_, _> = (0..links).map(|i| (format!("T{i}"), arm(i))).collect();
    defs.insert(format!("T{links}"), json!({ "type": "string" }));
    let schema = json!({ "title": "A", "$defs": defs, "oneOf": [
        { "type": "object", "properties": { "a": { "$ref": "#/$defs/T0" } }, "required": ["a"], "additionalProperties": false },
    ] });
    let contract = Contract::compile(&schema).unwrap();
    assert_eq!(contract.hash().len(), 16);
    assert!(contract.javascript().contains("T3999"));
    assert!(contract.typescript().contains("T3999"));
}

#[test]
fn whatever_a_page_could_notice_changes_the_hash() {
    let hashes = [
        ("the first", hash::<first::Shop>()),
        ("an event renamed", hash::<event_renamed::Shop>()),
        ("a field renamed", hash::<field_renamed::Shop>()),
        ("a type widened", hash::<widened::Shop>()),
        ("a field made optional", hash::<optional::Shop>()),
        ("a variant added inside", hash::<variant_added_inside::Shop>()),
        ("an event added", hash::<event_added::Shop>()),
        ("a field called title", hash::<field_called_title::Shop>()),
    ];
    let mut seen = BTreeMap::new();
    for (change, hash) in hashes {
        assert_eq!(hash.len(), 16);
        assert!(hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{hash}");
        assert_eq!(seen.insert(hash, change), None, "{change} changes the hash");
    }
}
