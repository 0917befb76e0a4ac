//! Where a reader is: epoch and offset; and the id of one event, which adds topic and continuity.
//!
//! `epoch-offset[.back]/topic`, at most 128 bytes, all safe in a header. Whoever reads an id as a position ignores what
//! follows the offset. `docs/wire.md` section 1.

use crate::{Topic, flat, limits};
use std::{fmt, num::NonZeroU64, str::FromStr};

/// The life of one order of events: 12 characters `[0-9a-z]`. Another epoch, other offsets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(
    // One more than its number: a position that may be missing is then no larger than one that is there.
    NonZeroU64,
);

/// How many epochs there are: twelve digits of base 36, and a number of 64 bits holds them all.
const EPOCHS: u64 = 36u64.pow(12);

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
    /// An epoch out of 64 random bits; the caller brings the chance.
    pub fn from_random(bits: u64) -> Self {
        Self::numbered(bits % EPOCHS)
    }

    /// Reads an epoch.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        Self::read(raw.as_bytes()).ok_or(InvalidId::Epoch)
    }

    fn read(raw: &[u8]) -> Option<Self> {
        let digits: &[u8; 12] = raw.try_into().ok()?;
        let mut number = 0;
        for byte in digits {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'z' => byte - b'a' + 10,
                _ => return None,
            };
            number = number * 36 + u64::from(digit);
        }
        Some(Self::numbered(number))
    }

    fn numbered(number: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(number))
    }

    /// The epoch's text, byte by byte.
    pub fn digits(self) -> [u8; 12] {
        let (mut digits, mut rest) = ([0; 12], self.0.get() - 1);
        for digit in digits.iter_mut().rev() {
            *digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
            rest /= 36;
        }
        digits
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
        Self::read(raw.as_bytes()).map(|(position, _)| position)
    }

    /// A position, and what follows it: nothing, `.` or `/`.
    fn read(raw: &[u8]) -> Result<(Self, &[u8]), InvalidId> {
        let (epoch, rest) = raw.split_at_checked(12).ok_or(InvalidId::Epoch)?;
        let epoch = Epoch::read(epoch).ok_or(InvalidId::Epoch)?;
        let [b'-', rest @ ..] = rest else { return Err(InvalidId::Epoch) };
        match leading_number(rest) {
            Some((offset, rest @ ([] | [b'.' | b'/', ..]))) => Ok((Self { epoch, offset: Offset(offset) }, rest)),
            _ => Err(InvalidId::Offset),
        }
    }

    /// Appends the position's text without `core::fmt`: what a browser downloads stays small.
    pub fn push_to(&self, out: &mut String) {
        self.epoch.digits().iter().for_each(|digit| out.push(*digit as char));
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
        let slash = raw.bytes().position(|byte| byte == b'/').ok_or(InvalidId::Topic)?;
        let (head, topic) = (&raw[..slash], &raw[slash + 1..]);
        let (position, continuity) = Position::read(head.as_bytes())?;
        if position.offset == Offset::ZERO {
            return Err(InvalidId::Offset);
        }
        let back = match continuity {
            [b'.', back @ ..] => match leading_number(back) {
                Some((back, [])) if (1..position.offset.0).contains(&back) => Some(back),
                _ => return Err(InvalidId::Back),
            },
            _ => None,
        };
        Ok(Self { position, back, topic: Topic::read(topic).ok_or(InvalidId::Topic)? })
    }

    /// The offset of the previous event of this topic, 0 if unknown or none.
    pub fn previous(&self) -> Offset {
        Offset(self.back.map_or(0, |back| self.position.offset.0.saturating_sub(back)))
    }
}

#[cfg(feature = "serde")]
pub(crate) fn offset(raw: &str) -> Result<Offset, InvalidId> {
    number(raw).map(Offset).ok_or(InvalidId::Offset)
}

/// Decimal digits, and nothing else.
pub(crate) fn number(raw: &str) -> Option<u64> {
    match leading_number(raw.as_bytes()) {
        Some((number, [])) => Some(number),
        _ => None,
    }
}

/// The decimal number of 64 bits, without leading zeros, that the bytes begin with, and what follows it.
fn leading_number(raw: &[u8]) -> Option<(u64, &[u8])> {
    let end = raw.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(raw.len());
    let (digits, rest) = raw.split_at(end);
    if let [] | [b'0', _, ..] = digits {
        return None;
    }
    let mut number = 0u64;
    for digit in digits {
        // Not `checked_mul`: that is arithmetic of 128 bits, dear in wasm.
        let tens = (number <= u64::MAX / 10).then(|| number * 10)?;
        number = tens.checked_add(u64::from(digit - b'0'))?;
    }
    Some((number, rest))
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All are ASCII digits or letters.
        f.write_str(std::str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
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
