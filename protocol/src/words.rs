//! The wire's words in an app's own types: each is its text, read through its own `parse`.
//!
//! For configuration, state files and page props. Frames and payloads do not pass here.

use crate::{Epoch, EventId, EventName, Offset, Pattern, Position, Topic, id};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt};

macro_rules! as_text {
    ($($name:ident, $parse:expr;)*) => {$(
        /// As its text.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        /// From its text; what cannot be one is refused with the reason.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = Cow::<'_, str>::deserialize(deserializer)?;
                $parse(&raw).map_err(|reason| refused(&raw, reason))
            }
        }
    )*};
}

as_text! {
    Topic, Topic::parse;
    Pattern, Pattern::parse;
    EventName, EventName::parse;
    Epoch, Epoch::parse;
    Offset, id::offset;
    Position, Position::parse;
    EventId, EventId::parse;
}

fn refused<E: de::Error>(raw: &str, reason: impl fmt::Display) -> E {
    let shown: String = raw.chars().take(100).collect();
    E::custom(format_args!("{shown:?} is refused: {reason}"))
}
