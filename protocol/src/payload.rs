//! Bare payloads of a Rust enum, both ways through the user's own serde impl.

use crate::{EventName, InvalidEventName};
use serde::{Serialize, de::DeserializeOwned};

/// A Rust enum whose variants are events. Made by `#[derive(eventwire::Events)]`, never by hand.
pub trait Events: Sized {
    /// The variants' names on the wire, as the enum's serde attributes spell them, in the enum's order.
    const NAMES: &'static [&'static str];

    /// The name and the bare payload of this event: no tag, no envelope, one line of JSON.
    fn encode(&self) -> Result<(EventName, Payload), EncodeError>
    where
        Self: Serialize,
    {
        todo!("protocol")
    }

    /// The event of this name and bare payload.
    fn decode(name: &str, payload: &str) -> Result<Self, DecodeError>
    where
        Self: DeserializeOwned,
    {
        let _ = (name, payload);
        todo!("protocol")
    }
}

/// A payload proven to fit on the wire: one line of JSON, at most 1 MiB, at most 128 deep, all numbers finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(Box<str>);

/// Why an event could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncodeError {
    /// The variant's name cannot be an event's name.
    Name(InvalidEventName),
    /// The value did not serialise as a variant of an enum (tagged or untagged enums do not).
    NotAVariant,
    /// A number that JSON does not know, at this JSON pointer.
    NotFinite(String),
    /// Deeper than 128, at this JSON pointer.
    TooDeep(String),
    /// A payload of this many bytes or more.
    TooLarge(usize),
    /// What the value's own `Serialize` said, at this JSON pointer.
    Custom(String, String),
}

/// Why an event could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// No variant has this name.
    UnknownName(Box<str>),
    /// The payload is not what the variant holds; with the line's column, in what serde says.
    Payload(serde_json::Error),
    /// The payload is over 1 MiB.
    TooLarge(usize),
}

impl Payload {
    /// Reads JSON made elsewhere: checked, and brought on one line without insignificant white space.
    pub fn parse(json: &str) -> Result<Self, EncodeError> {
        let _ = json;
        todo!("protocol")
    }

    /// The payload's JSON, one line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
