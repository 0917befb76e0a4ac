//! The name of an event: the variant, as the user's serde impl spells it, in the `event:` field.

use crate::limits;
use std::{borrow::Borrow, fmt, str::FromStr};

/// An event's name, proven to fit into an `event:` line.
///
/// ```
/// use eventwire::EventName;
/// assert!(EventName::parse("priceChanged").is_ok());
/// assert!(EventName::parse("error").is_err()); // a DOM event of the same name exists
/// assert!(EventName::parse("a\nevent: b").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName(Box<str>);

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidEventName {
    /// Nothing.
    Empty,
    /// Longer than 128 bytes.
    TooLong,
    /// `open`, `error`, `message`, or anything that begins with `eventwire.`.
    Reserved(Box<str>),
    /// White space, a comma, or a control character such as CR, LF or NUL.
    Character(char),
}

impl EventName {
    /// Reads a name without a word about what is wrong: what finds those words would travel to every browser.
    pub fn read(raw: &str) -> Option<Self> {
        let fits = !raw.is_empty() && raw.len() <= limits::NAME && !raw.chars().any(unfit) && !reserved(raw);
        fits.then(|| Self(raw.into()))
    }

    /// Reads a name.
    pub fn parse(raw: &str) -> Result<Self, InvalidEventName> {
        if raw.is_empty() {
            return Err(InvalidEventName::Empty);
        }
        if raw.len() > limits::NAME {
            return Err(InvalidEventName::TooLong);
        }
        if let Some(c) = raw.chars().find(|c| unfit(*c)) {
            return Err(InvalidEventName::Character(c));
        }
        if reserved(raw) {
            return Err(InvalidEventName::Reserved(raw.into()));
        }
        Ok(Self(raw.into()))
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn reserved(raw: &str) -> bool {
    raw.starts_with("eventwire.") || matches!(raw, "open" | "error" | "message")
}

/// White space, control characters, the byte order mark and the comma. Named one by one: the standard library's table would
/// travel to every browser.
fn unfit(c: char) -> bool {
    matches!(
        c,
        '\0'..=' '
            | ','
            | '\u{7f}'..='\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
            | '\u{feff}'
    )
}

impl fmt::Display for InvalidEventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an event name may not be empty"),
            Self::TooLong => write!(f, "an event name has at most {} bytes", limits::NAME),
            Self::Reserved(name) => write!(
                f,
                "the event name {name:?} is reserved (`open`, `error`, `message`, `eventwire.…`); rename the variant with #[serde(rename = \"…\")]"
            ),
            Self::Character(c) => write!(f, "{c:?} is not allowed in an event name"),
        }
    }
}

impl std::error::Error for InvalidEventName {}

crate::topic::text!(EventName: InvalidEventName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_with_words_or_without_alike() {
        let long = "a".repeat(limits::NAME + 1);
        for raw in
            ["", "a", "price.changed", "open", "error", "message", "eventwire.x", "a b", "a,b", "\u{feff}", "é", &long]
        {
            assert_eq!(EventName::read(raw), EventName::parse(raw).ok(), "{raw:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_white_space_control_mark_and_comma() {
        for c in '\0'..=char::MAX {
            let named = c.is_control() || c.is_whitespace() || c == ',' || c == '\u{feff}';
            assert_eq!(unfit(c), named, "{c:?}");
        }
    }
}
