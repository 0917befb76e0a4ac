//! Where a reader is: epoch and offset; and the id of one event, which adds topic and continuity.
//!
//! `epoch-offset[.back]/topic`, at most 128 bytes, all safe in a header. Whoever reads an id as a position ignores what
//! follows the offset. `docs/wire.md` section 1.

use crate::{Topic, flat, limits};
use std::{fmt, str::FromStr};

/// The life of one order of events: 12 characters `[0-9a-z]`. Another epoch, other offsets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch([u8; 12]);

/// A place in the hub's one order: rises from 1, may have holes. 0 is before the first event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(pub u64);

/// Where a reader is: everything up to and including `offset` is behind it.
///
/// ```
/// use eventwire::Position;
/// let position: Position = "k3f9x2m1q0ab-1234.5/prices.acme".parse()?; // an event's id will do
/// assert_eq!(position.to_string(), "k3f9x2m1q0ab-1234");
/// # Ok::<(), eventwire::InvalidId>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// Which order.
    pub epoch: Epoch,
    /// How far along it.
    pub offset: Offset,
}

/// The id of one event, the same bytes for every reader.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EventId {
    /// Where the event is.
    pub position: Position,
    /// How far back the previous event of the same topic is; `None` when there is none, it is forgotten, or the topic is
    /// latest-only.
    pub back: Option<u64>,
    /// Whose event it is.
    pub topic: Topic,
}

/// What is wrong with an id or position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidId {
    /// Longer than allowed.
    TooLong,
    /// Not 12 characters `[0-9a-z]` before a `-`.
    Epoch,
    /// Not a decimal number of 64 bits without leading zeros; for an event's id, from 1.
    Offset,
    /// Not a decimal number from 1 to below the offset: the previous event's offset is at least 1.
    Back,
    /// No topic, or none that is valid.
    Topic,
}

impl Epoch {
    /// Twelve base-36 digits out of 64 random bits; the caller brings the chance.
    pub fn from_random(mut bits: u64) -> Self {
        let mut digits = [0; 12];
        for digit in &mut digits {
            *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(bits % 36) as usize];
            bits /= 36;
        }
        Self(digits)
    }

    /// Reads an epoch.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        let bytes: [u8; 12] = raw.as_bytes().try_into().map_err(|_| InvalidId::Epoch)?;
        if bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()) {
            Ok(Self(bytes))
        } else {
            Err(InvalidId::Epoch)
        }
    }

    /// The epoch's text.
    pub fn as_str(&self) -> &str {
        // All bytes are ASCII digits or letters by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 12] {
        &self.0
    }
}

impl Offset {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The offset after this one. The last one is its own successor: a claimed position may be any number.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Position {
    /// Reads a position, or the position of an event's id: what follows the offset is ignored.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        let (epoch, rest) = raw.split_at_checked(12).ok_or(InvalidId::Epoch)?;
        let epoch = Epoch::parse(epoch)?;
        let rest = rest.strip_prefix('-').ok_or(InvalidId::Epoch)?;
        let end = rest.find(['.', '/']).unwrap_or(rest.len());
        Ok(Self { epoch, offset: offset(&rest[..end])? })
    }

    /// Appends the position's text without `core::fmt`: what a browser downloads stays small.
    pub fn push_to(&self, out: &mut String) {
        out.push_str(self.epoch.as_str());
        out.push('-');
        flat::push_number(out, self.offset.0);
    }
}

impl EventId {
    /// Reads a whole id: position, continuity, topic.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        if raw.len() > limits::ID {
            return Err(InvalidId::TooLong);
        }
        let (head, topic) = raw.split_once('/').ok_or(InvalidId::Topic)?;
        let position = Position::parse(head)?;
        if position.offset == Offset::ZERO {
            return Err(InvalidId::Offset);
        }
        let back = match head.split_once('.') {
            None => None,
            Some((_, back)) => {
                Some(number(back).filter(|b| (1..position.offset.0).contains(b)).ok_or(InvalidId::Back)?)
            }
        };
        Ok(Self { position, back, topic: Topic::parse(topic).map_err(|_| InvalidId::Topic)? })
    }

    /// The offset of the previous event of this topic, 0 if unknown or none.
    pub fn previous(&self) -> Offset {
        Offset(self.back.map_or(0, |back| self.position.offset.0.saturating_sub(back)))
    }
}

pub(crate) fn offset(raw: &str) -> Result<Offset, InvalidId> {
    number(raw).map(Offset).ok_or(InvalidId::Offset)
}

/// Digits only, no sign, no leading zero, within 64 bits.
pub(crate) fn number(raw: &str) -> Option<u64> {
    let plain = !raw.is_empty() && raw.bytes().all(|b| b.is_ascii_digit()) && (raw.len() == 1 || !raw.starts_with('0'));
    plain.then(|| raw.parse().ok()).flatten()
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.offset)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.position)?;
        if let Some(back) = self.back {
            write!(f, ".{back}")?;
        }
        write!(f, "/{}", self.topic)
    }
}

impl FromStr for Position {
    type Err = InvalidId;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::parse(raw)
    }
}

impl FromStr for EventId {
    type Err = InvalidId;
    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        Self::parse(raw)
    }
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "an event's id has at most 128 bytes",
            Self::Epoch => "an id begins with an epoch of 12 characters 0-9 or a-z and `-`",
            Self::Offset => "an offset is a decimal number of 64 bits without leading zeros; an event's is at least 1",
            Self::Back => "the continuity after `.` is a decimal number from 1 to below the offset",
            Self::Topic => "an event's id ends in `/` and its topic",
        })
    }
}

impl std::error::Error for InvalidId {}
