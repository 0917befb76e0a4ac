//! Topics and patterns: what one publishes to, what one asks for and is granted.
//!
//! A topic is 1 to 16 segments `[A-Za-z0-9_~-]+` joined by `.`, at most 70 bytes. In a pattern `*` is exactly one segment
//! and a final `**` one or more; `**` alone is everything. `docs/wire.md` section 1.

use crate::limits;
use std::{borrow::Borrow, fmt, str::FromStr};

/// What an event is published to.
///
/// ```
/// use eventwire::Topic;
/// let topic = Topic::parse("prices.acme")?;
/// assert_eq!(topic.as_str(), "prices.acme");
/// assert!(Topic::parse("prices.*").is_err());
/// # Ok::<(), eventwire::InvalidTopic>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(Box<str>);

/// What a reader asks for and an app grants: a topic, or several by wildcards.
///
/// ```
/// use eventwire::{Pattern, Topic};
/// let all = Pattern::parse("prices.**")?;
/// assert!(all.matches("prices.acme.eur"));
/// assert!(!all.matches("prices"));
/// assert!(all.covers(&Pattern::parse("prices.*")?));
/// # Ok::<(), eventwire::InvalidTopic>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(Box<str>);

/// Why a topic or pattern was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidTopic {
    /// Nothing, or nothing between two dots.
    EmptySegment,
    /// Longer than 70 bytes.
    TooLong,
    /// More than 16 segments.
    TooDeep,
    /// A character other than `[A-Za-z0-9_~-]`.
    Character(char),
    /// `*` where no pattern is allowed, inside a segment, or `**` before the end.
    Wildcard,
}

impl Topic {
    /// Reads a topic as [`Pattern::read`] does a pattern.
    pub(crate) fn read(raw: &str) -> Option<Self> {
        check(raw, false).is_ok().then(|| Self(raw.into()))
    }

    /// Reads a topic; wildcards are refused.
    pub fn parse(raw: &str) -> Result<Self, InvalidTopic> {
        check(raw, false).map_err(|wrong| wrong.named(raw))?;
        Ok(Self(raw.into()))
    }

    /// The topic's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Pattern {
    /// Reads a pattern without a word about what is wrong: what finds those words would travel to every browser.
    pub fn read(raw: &str) -> Option<Self> {
        check(raw, true).is_ok().then(|| Self(raw.into()))
    }

    /// Everything: `**`.
    pub fn all() -> Self {
        Self("**".into())
    }

    /// Reads a pattern; every topic is one.
    pub fn parse(raw: &str) -> Result<Self, InvalidTopic> {
        check(raw, true).map_err(|wrong| wrong.named(raw))?;
        Ok(Self(raw.into()))
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Appends the pattern to a list, behind a comma if something is there already.
    pub fn push_to(&self, list: &mut String) {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&self.0);
    }

    /// The topic this pattern is, if it has no wildcard.
    pub fn as_topic(&self) -> Option<Topic> {
        (!self.0.contains('*')).then(|| Topic(self.0.clone()))
    }

    /// Whether `topic` is one of those asked for.
    pub fn matches(&self, topic: &str) -> bool {
        covers(&self.0, topic)
    }

    /// Whether every topic that `other` matches is matched by this one: what is asked is granted whole or not at all.
    pub fn covers(&self, other: &Pattern) -> bool {
        covers(&self.0, &other.0)
    }

    /// Whether some topic is matched by both.
    pub fn overlaps(&self, other: &Pattern) -> bool {
        let (mut mine, mut other) = (segments(&self.0), segments(&other.0));
        loop {
            match (mine.next(), other.next()) {
                (Some(b"**"), Some(_)) | (Some(_), Some(b"**")) => return true,
                (Some(b"*"), Some(_)) | (Some(_), Some(b"*")) => {}
                (Some(a), Some(b)) if a == b => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// The segments before the first wildcard: `orders` of `orders.*`, nothing of `**`.
    pub fn literal_prefix(&self) -> &str {
        match self.0.find('*') {
            None => &self.0,
            Some(0) => "",
            Some(at) => &self.0[..at - 1],
        }
    }
}

/// A topic is a pattern that covers itself alone.
fn covers(pattern: &str, other: &str) -> bool {
    let (mut mine, mut other) = (segments(pattern), segments(other));
    loop {
        match (mine.next(), other.next()) {
            // `**` is one or more segments, and whatever is left of `other` is at least one.
            (Some(b"**"), Some(_)) => return true,
            (Some(b"*"), Some(b)) if b != b"**" => {}
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Bytes, not text: what a browser downloads has no use for characters here.
fn segments(text: &str) -> impl Iterator<Item = &[u8]> {
    text.as_bytes().split(|byte| *byte == b'.')
}

/// What is wrong with a text, and where.
enum Wrong {
    Whole(InvalidTopic),
    Byte(usize),
}

impl Wrong {
    fn named(self, raw: &str) -> InvalidTopic {
        match self {
            Self::Whole(reason) => reason,
            // All before it is ASCII, so a character begins there.
            Self::Byte(at) => raw
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(InvalidTopic::EmptySegment, InvalidTopic::Character),
        }
    }
}

fn check(raw: &str, pattern: bool) -> Result<(), Wrong> {
    if raw.len() > limits::TOPIC {
        return Err(Wrong::Whole(InvalidTopic::TooLong));
    }
    let mut start = 0;
    for (n, segment) in segments(raw).enumerate() {
        if n == limits::SEGMENTS {
            return Err(Wrong::Whole(InvalidTopic::TooDeep));
        }
        let end = start + segment.len();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'~' | b'-');
        match (segment, segment.iter().position(|byte| !plain(byte))) {
            (b"", _) => return Err(Wrong::Whole(InvalidTopic::EmptySegment)),
            (_, None) => {}
            (b"*", _) if pattern => {}
            (b"**", _) if pattern && end == raw.len() => {}
            (_, Some(at)) if segment[at] == b'*' => return Err(Wrong::Whole(InvalidTopic::Wildcard)),
            (_, Some(at)) => return Err(Wrong::Byte(start + at)),
        }
        start = end + 1;
    }
    Ok(())
}

impl fmt::Display for InvalidTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySegment => f.write_str("a topic is segments joined by single dots; one of them is empty"),
            Self::TooLong => write!(f, "a topic has at most {} bytes", limits::TOPIC),
            Self::TooDeep => write!(f, "a topic has at most {} segments", limits::SEGMENTS),
            Self::Character(c) => write!(f, "{c:?} is not allowed in a topic; use letters, digits, `_`, `~`, `-`"),
            Self::Wildcard => f.write_str("`*` stands for a whole segment of a pattern, `**` only at its end"),
        }
    }
}

impl std::error::Error for InvalidTopic {}

macro_rules! text {
    ($($name:ident: $error:ty),*) => {$(
        impl FromStr for $name {
            type Err = $error;
            fn from_str(raw: &str) -> Result<Self, Self::Err> {
                Self::parse(raw)
            }
        }
        impl TryFrom<&str> for $name {
            type Error = $error;
            fn try_from(raw: &str) -> Result<Self, Self::Error> {
                Self::parse(raw)
            }
        }
        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(raw: String) -> Result<Self, Self::Error> {
                Self::parse(&raw)
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}
pub(crate) use text;

text!(Topic: InvalidTopic, Pattern: InvalidTopic);

impl From<Topic> for Pattern {
    fn from(topic: Topic) -> Self {
        Self(topic.0)
    }
}

impl From<&Topic> for Pattern {
    fn from(topic: &Topic) -> Self {
        Self(topic.0.clone())
    }
}
