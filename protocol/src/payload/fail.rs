//! Why a payload was refused and where, while the way back to the payload's root is not yet known.

use super::EncodeError;
use std::fmt;

/// Appends one segment to a JSON pointer.
fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    for c in segment.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

/// The way out where a variant of an enum with a tag holds what serde does not write beside it.
const TAGGED: &str = "; beside a tag serde writes the members of structs, maps and enums only: make the value a field of that variant, `Variant { value: … }`";

/// Why writing stopped, and where: the way back up adds the segments, so success pays nothing for them.
#[derive(Debug)]
pub(super) struct Fail {
    pub(super) cause: Cause,
    /// The segments of the pointer, innermost first.
    pub(super) path: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Cause {
    NotAVariant,
    NotFinite,
    TooDeep,
    TooLarge(usize),
    Custom(String),
}

impl Fail {
    pub(super) fn at(mut self, segment: impl fmt::Display) -> Self {
        self.path.push(segment.to_string());
        self
    }

    /// Adds to what serde said the event it is about, and the way out where it is known.
    pub(super) fn of(mut self, event: &str) -> Self {
        if let Cause::Custom(reason) = &mut self.cause {
            // serde's words; who writes them otherwise gives no more than the event.
            let tagged = reason.starts_with("cannot serialize tagged newtype variant ");
            *reason += &format!(", in the event {event:?}");
            *reason += if tagged { TAGGED } else { "" };
        }
        self
    }

    pub(super) fn into_error(self) -> EncodeError {
        let mut pointer = String::new();
        self.path.iter().rev().for_each(|segment| push_segment(&mut pointer, segment));
        match self.cause {
            Cause::NotAVariant => EncodeError::NotAVariant,
            Cause::NotFinite => EncodeError::NotFinite(pointer),
            Cause::TooDeep => EncodeError::TooDeep(pointer),
            Cause::TooLarge(bytes) => EncodeError::TooLarge(bytes),
            Cause::Custom(reason) => EncodeError::Custom(reason, pointer),
        }
    }
}

impl From<Cause> for Fail {
    fn from(cause: Cause) -> Self {
        Self { cause, path: Vec::new() }
    }
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Custom(reason) => f.write_str(reason),
            other => write!(f, "{other:?}"),
        }
    }
}

impl std::error::Error for Fail {}

impl serde::ser::Error for Fail {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Cause::Custom(reason.to_string()).into()
    }
}
