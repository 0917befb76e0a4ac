//! The words both ends of an event stream share, on the wire and off.
//!
//! Everything `docs/wire.md` names is a type here, parsed at the door and valid ever after: [`Topic`] and [`Pattern`],
//! [`EventName`], [`Epoch`], [`Offset`], [`Position`] and [`EventId`], the five [`frame`]s of ours, the [`Request`] in a
//! query string, the [`code`]s that carry the retry decision, and the [`sse`] codec. With the feature `serde` (default)
//! also payloads from and to a Rust enum: [`Events`], [`Payload`].
//!
//! Knows no clock, no chance, no socket and no browser.

pub mod code;
#[cfg(feature = "serde")]
mod digits;
mod flat;
pub mod frame;
mod id;
pub mod limits;
mod name;
#[cfg(feature = "serde")]
mod payload;
mod request;
pub mod sse;
mod topic;
#[cfg(feature = "serde")]
mod words;

pub use code::{Code, Retry};
#[cfg(feature = "serde")]
pub use digits::{Digits, Integer};
pub use frame::Frame;
pub use id::{Epoch, EventId, InvalidId, Offset, Position};
pub use name::{EventName, InvalidEventName};
#[cfg(feature = "serde")]
pub use payload::{DecodeError, EncodeError, Events, Payload};
pub use request::{InvalidRequest, Request, Start};
pub use topic::{InvalidTopic, Pattern, Topic};

/// Names of a Rust enum's events and their bare payloads both ways.
#[cfg(feature = "serde")]
pub use eventwire_derive::Events;

/// The version of the wire, in `hello`'s member `v`.
pub const WIRE_VERSION: u32 = 1;
