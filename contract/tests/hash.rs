//! What changes the hash of a contract, and what does not.

use eventwire_contract::Contract;
use schemars::JsonSchema;
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

fn hash<E: JsonSchema>() -> String {
    Contract::of::<E>().unwrap().hash().to_owned()
}

#[test]
fn documentation_names_of_types_and_order_are_no_part_of_the_contract() {
    let first = hash::<first::Shop>();
    assert_eq!(hash::<documented::Shop>(), first);
    assert_eq!(hash::<rearranged::Shop>(), first);
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
