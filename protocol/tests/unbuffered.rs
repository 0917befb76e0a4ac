//! A payload is read once, straight from its text: the variant is chosen by its name, which comes beside it.
//!
//! An enum with serde's `tag` has to keep a payload aside until it has met the tag. What is kept aside is read by another
//! deserializer than serde_json's, and a payload sees by which one it is read.
#![cfg(feature = "serde")]

use eventwire::Events;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use std::cell::RefCell;

thread_local! {
    static READERS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A value that writes down who reads it.
#[derive(Debug, PartialEq, Serialize)]
#[serde(transparent)]
struct Seen<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Seen<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READERS.with_borrow_mut(|readers| readers.push(std::any::type_name::<D>()));
        T::deserialize(deserializer).map(Self)
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum External {
    Card { digits: String },
    Cash,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Card { digits: String },
    Cash,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Card { digits: String },
    Cash,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Events)]
enum Paid {
    External(Seen<External>),
    Internal(Seen<Internal>),
    Adjacent(Seen<Adjacent>),
    Tuple((Seen<u8>, Seen<External>)),
    Fields { first: Seen<Adjacent>, then: Seen<Vec<u8>> },
}

/// The same, as an enum would be that carries its tag inside: the witness that the probe tells one from the other.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Tagged {
    External(#[expect(dead_code, reason = "only who reads it is looked at")] Seen<External>),
}

fn readers(read: impl FnOnce()) -> Vec<&'static str> {
    READERS.take();
    read();
    READERS.take()
}

/// Reads the payload, and as many probes in it, all by serde_json itself.
fn straight(event: &Paid, probes: usize) {
    let (name, payload) = event.encode().unwrap();
    let readers = readers(|| assert_eq!(&decoded::<Paid>(name.as_str(), payload.as_str()), event));
    assert_eq!(readers.len(), probes, "read more than once, or not at all: {readers:?}");
    for reader in readers {
        assert!(reader.contains("serde_json::") && !reader.contains("Content"), "{name} is read by {reader}");
    }
}

fn decoded<E: Events + DeserializeOwned>(name: &str, payload: &str) -> E {
    E::decode(name, payload).unwrap()
}

fn digits() -> String {
    "4111".into()
}

#[test]
fn a_payload_whose_tag_is_its_only_member_is_read_once_from_the_text() {
    straight(&Paid::External(Seen(External::Card { digits: digits() })), 1);
    straight(&Paid::External(Seen(External::Cash)), 1);
}

#[test]
fn a_payload_with_its_tag_inside_is_read_once_from_the_text() {
    straight(&Paid::Internal(Seen(Internal::Card { digits: digits() })), 1);
    straight(&Paid::Internal(Seen(Internal::Cash)), 1);
}

#[test]
fn a_payload_with_its_tag_beside_is_read_once_from_the_text() {
    straight(&Paid::Adjacent(Seen(Adjacent::Card { digits: digits() })), 1);
    straight(&Paid::Adjacent(Seen(Adjacent::Cash)), 1);
}

#[test]
fn fields_and_tuples_are_read_once_from_the_text() {
    straight(&Paid::Tuple((Seen(7), Seen(External::Cash))), 2);
    straight(&Paid::Fields { first: Seen(Adjacent::Cash), then: Seen(vec![1, 2]) }, 2);
}

#[test]
fn an_enum_with_a_tag_would_keep_the_payload_aside() {
    let text = r#"{"data":{"Card":{"digits":"4111"}},"type":"External"}"#;
    let readers = readers(|| drop(serde_json::from_str::<Tagged>(text).unwrap()));
    assert!(readers.iter().any(|reader| reader.contains("Content")), "{readers:?}");
}
