//! Bare payloads of a Rust enum, both ways through the user's own serde impl.
//!
//! What a payload means is the enum's business and the contract's; here it only has to fit on the wire.

mod decode;
mod encode;
mod fail;
mod json;

use crate::{Code, EventName, InvalidEventName, limits};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

/// A Rust enum whose variants are events. Made by `#[derive(eventwire::Events)]`, never by hand.
///
/// ```
/// use eventwire::Events;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, Deserialize, Events)]
/// #[serde(rename_all = "camelCase")]
/// enum Shop {
///     PriceChanged { sku: String, cents: u32 },
///     Closed,
/// }
///
/// assert_eq!(Shop::NAMES, ["priceChanged", "closed"]);
/// let (name, payload) = Shop::PriceChanged { sku: "acme-1".into(), cents: 1299 }.encode()?;
/// assert_eq!(name.as_str(), "priceChanged");
/// assert_eq!(payload.as_str(), r#"{"sku":"acme-1","cents":1299}"#);
/// assert_eq!(Shop::decode("closed", "null")?, Shop::Closed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no enum of events",
    label = "its variants' names on the wire are not known",
    note = "derive them beside serde's: #[derive(Serialize, Deserialize, eventwire::Events)]"
)]
pub trait Events: Sized {
    /// The variants' names on the wire, as the enum's serde attributes spell them, in the enum's order. A variant that
    /// serde skips is no event.
    const NAMES: &'static [&'static str];

    /// The name and the bare payload of this event: no tag, no envelope, one line of JSON.
    fn encode(&self) -> Result<(EventName, Payload), EncodeError>
    where
        Self: Serialize,
    {
        encode::variant(self)
    }

    /// The event of this name and bare payload. Aliases that the enum's serde attributes give are understood too.
    fn decode(name: &str, payload: &str) -> Result<Self, DecodeError>
    where
        Self: DeserializeOwned,
    {
        decode::variant(name, payload)
    }
}

/// A payload proven to fit on the wire: one line of JSON, at most 1 MiB, at most 128 deep, all numbers finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload(Box<str>);

/// Why an event could not be written. Nothing of it reaches the wire.
#[derive(Debug)]
#[non_exhaustive]
pub enum EncodeError {
    /// The variant's name cannot be an event's name.
    Name(InvalidEventName),
    /// The value did not serialise as a variant of an enum (tagged or untagged enums do not).
    NotAVariant,
    /// A number that JSON does not know, or that no 64-bit float holds, at this JSON pointer.
    NotFinite(String),
    /// Deeper than 128, at this JSON pointer.
    TooDeep(String),
    /// A payload of this many bytes or more.
    TooLarge(usize),
    /// What the value's own `Serialize` said, or what is wrong with foreign JSON, at this JSON pointer.
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
    /// The payload is over 128 deep.
    TooDeep,
}

impl Payload {
    /// Reads JSON made elsewhere: checked, and brought on one line without insignificant white space. Numbers and
    /// strings keep their spelling.
    ///
    /// ```
    /// use eventwire::Payload;
    /// assert_eq!(Payload::parse("{ \"n\":\n 1.50 }")?.as_str(), r#"{"n":1.50}"#);
    /// assert!(Payload::parse("[1e999]").is_err()); // infinite in every reader
    /// # Ok::<(), eventwire::EncodeError>(())
    /// ```
    pub fn parse(json: &str) -> Result<Self, EncodeError> {
        json::minify(json, 0).map(|json| Self(json.into())).map_err(fail::Fail::into_error)
    }

    /// The payload's JSON, one line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Payload {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl EncodeError {
    /// The code of a refusal for it.
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLarge(_) => Code::TooLarge,
            Self::Name(_) | Self::NotAVariant | Self::NotFinite(_) | Self::TooDeep(_) | Self::Custom(..) => {
                Code::BadRequest
            }
        }
    }
}

/// A JSON pointer as words: the empty one is the payload itself.
fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the payload itself" } else { pointer }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(reason) => reason.fmt(f),
            Self::NotAVariant => f.write_str(
                "the value does not serialise as a variant of an externally tagged enum; remove #[serde(tag, content, untagged)] or the hand-written Serialize",
            ),
            Self::NotFinite(pointer) => write!(
                f,
                "the number at {} is not finite, and JSON has no such number; send an Option, or check it before publishing",
                place(pointer)
            ),
            Self::TooDeep(pointer) => write!(
                f,
                "{} is nested deeper than {}; send a list with parent ids instead of a tree",
                place(pointer),
                limits::DEPTH
            ),
            Self::TooLarge(bytes) => write!(
                f,
                "the payload has {bytes} bytes or more, at most {} fit; put the bulk behind a URL and send that",
                limits::PAYLOAD
            ),
            Self::Custom(reason, pointer) => {
                write!(f, "{} could not be written as JSON: {reason}", place(pointer))
            }
        }
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Name(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName(name) => write!(
                f,
                "no variant is named {name:?}; the other end is newer: add the variant, or an #[serde(alias)] if it was renamed"
            ),
            Self::Payload(reason) => write!(
                f,
                "the payload is not what the variant holds: {reason}; bring both ends to one version of the enum"
            ),
            Self::TooLarge(bytes) => {
                write!(f, "the payload has {bytes} bytes, at most {} are read", limits::PAYLOAD)
            }
            Self::TooDeep => write!(f, "the payload is nested deeper than {}", limits::DEPTH),
        }
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Payload(reason) => Some(reason),
            _ => None,
        }
    }
}
