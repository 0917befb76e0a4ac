//! One change, in data and in words.
//!
//! Says what it is told; the verdict was found elsewhere.

use super::words::Words;
use crate::refusal::At;
use std::fmt;

/// One difference of two contracts, as pages of the old one meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What sort of change it is.
    pub kind: ChangeKind,
    /// Whether pages built with the old contract are harmed: events become faults to them, or never come.
    pub breaks: bool,
    /// The event it is in, or the first of them; empty if it is in none.
    pub event: String,
    /// Where, as Rust spells it: `Shop::priceChanged.lines[].cents`.
    pub place: String,
    /// The same as a JSON pointer into the event's payload: `/lines/*/cents`, where `*` is any item or key.
    pub path: String,
    /// What changed.
    pub what: String,
    /// What that means for such a page.
    pub why: String,
    /// What to do instead, if it breaks; else empty.
    pub next: String,
    /// Other places that hold the same type, and so the same change. If there were more than 262,144 in all, the last are
    /// left out.
    pub also: Vec<String>,
}

/// What sort of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A variant of the enum that pages built before do not know.
    EventAdded,
    /// A variant that is published no more.
    EventRemoved,
    /// A variant that is gone while another came whose payload is the same, and says something.
    EventRenamed,
    /// A member more.
    FieldAdded,
    /// A member less.
    FieldRemoved,
    /// A member that was always there and may be missing.
    FieldOptional,
    /// A member that could be missing and is always there.
    FieldRequired,
    /// A value or a variant more in an enum inside a payload.
    VariantAdded,
    /// A value or a variant less there.
    VariantRemoved,
    /// `null` is possible now.
    NullAdded,
    /// `null` is no longer possible.
    NullRemoved,
    /// All that was possible is, and more.
    Widened,
    /// Nothing is possible that was not, and less.
    Narrowed,
    /// Another type.
    Changed,
    /// The member that says which variant it is has another name.
    TagChanged,
    /// Deprecated now, or no longer.
    Deprecated,
    /// Another doc comment.
    Docs,
    /// Another name of the enum itself.
    Name,
    /// What no page checks: formats of strings, for instance.
    Unchecked,
}

impl ChangeKind {
    /// The same as one word: `field-added`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventAdded => "event-added",
            Self::EventRemoved => "event-removed",
            Self::EventRenamed => "event-renamed",
            Self::FieldAdded => "field-added",
            Self::FieldRemoved => "field-removed",
            Self::FieldOptional => "field-optional",
            Self::FieldRequired => "field-required",
            Self::VariantAdded => "variant-added",
            Self::VariantRemoved => "variant-removed",
            Self::NullAdded => "null-added",
            Self::NullRemoved => "null-removed",
            Self::Widened => "widened",
            Self::Narrowed => "narrowed",
            Self::Changed => "changed",
            Self::TagChanged => "tag-changed",
            Self::Deprecated => "deprecated",
            Self::Docs => "docs",
            Self::Name => "name",
            Self::Unchecked => "unchecked",
        }
    }
}

impl Change {
    pub(super) fn new(kind: ChangeKind, breaks: bool, event: &str, at: &At, words: Words) -> Self {
        Self {
            kind,
            breaks,
            event: event.to_owned(),
            place: at.place.clone(),
            path: at.pointer.clone(),
            what: words.what,
            why: if breaks { words.harm.to_owned() } else { words.safe },
            next: if breaks { words.next } else { String::new() },
            also: Vec::new(),
        }
    }
}

/// Places listed before the rest is only counted.
const LISTED: usize = 3;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { breaks, place, what, why, next, also, .. } = self;
        let verdict = if *breaks { "breaks" } else { "safe  " };
        write!(f, "{verdict}  {place}: {what}: {why}")?;
        if !next.is_empty() {
            write!(f, "; {next}")?;
        }
        match also.len() {
            0 => Ok(()),
            n if n <= LISTED => write!(f, " (also {})", also.join(", ")),
            n => write!(f, " (also {} and {} more places)", also[..LISTED].join(", "), n - LISTED),
        }
    }
}
