//! Why a schema cannot become a contract: where, what, why, and what to write instead.
//!
//! Holds words only; who finds the fault writes them.

use std::fmt;

/// One thing in a schema that cannot cross to the page.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// JSON pointer into the schema, `""` for all of it.
    pub pointer: String,
    /// The same place as Rust spells it, as far as the schema says: `Shop::priceChanged.cents`.
    pub place: String,
    /// What stands there.
    pub what: String,
    /// Why that cannot be.
    pub why: String,
    /// What to write instead.
    pub next: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, place, what, why, next } = self;
        write!(f, "{place}: {what}: {why}; {next} (schema: #{})", visible(pointer))
    }
}

impl std::error::Error for Refusal {}

/// Longest place, in bytes, that is carried into another type.
const LONG: usize = 200;

/// A place in the schema, and in the Rust types it was made from.
#[derive(Clone, Debug)]
pub(crate) struct At {
    pub(crate) pointer: String,
    pub(crate) place: String,
}

impl At {
    pub(crate) fn root(name: &str) -> Self {
        Self { pointer: String::new(), place: name.to_owned() }
    }

    /// The same Rust type, deeper in its schema.
    pub(crate) fn key(&self, key: impl fmt::Display) -> Self {
        let key = key.to_string().replace('~', "~0").replace('/', "~1");
        Self { pointer: format!("{}/{key}", self.pointer), place: self.place.clone() }
    }

    pub(crate) fn variant(mut self, name: &str) -> Self {
        self.place = format!("{}::{}", self.place, visible(name));
        self
    }

    pub(crate) fn member(mut self, name: &str) -> Self {
        self.place = format!("{}.{}", self.place, visible(name));
        self
    }

    pub(crate) fn items(mut self) -> Self {
        self.place += "[]";
        self
    }

    /// The same Rust place, whose schema stands elsewhere. Through a chain of many types a place would have a piece of each:
    /// past [`LONG`] it keeps the event, and the type that was reached.
    pub(crate) fn moved(&self, pointer: &str) -> Self {
        let mut place = self.place.clone();
        if place.len() > LONG {
            place.truncate(place.find(['.', '[']).unwrap_or(place.len()));
            place = format!("{place}.….{}", visible(pointer.rsplit('/').next().unwrap_or_default()));
        }
        Self { pointer: pointer.to_owned(), place }
    }

    pub(crate) fn refuse(&self, what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Refusal {
        Refusal {
            pointer: self.pointer.clone(),
            place: self.place.clone(),
            what: what.into(),
            why: why.into(),
            next: next.into(),
        }
    }
}

/// A name without characters that would break a line or hide in it.
fn visible(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { c.escape_debug().to_string() } else { c.to_string() }).collect()
}
