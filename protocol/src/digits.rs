//! Integers that travel as text, so that no page rounds them.
//!
//! JavaScript's numbers tell integers apart up to 2^53 - 1. Not a number type of ours: arithmetic is done on what is inside.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::{
    fmt::{self, Display},
    ops::Deref,
    str::FromStr,
};

/// An integer that travels as a string of digits, whole at any size: `"18446744073709551615"`.
///
/// Either the type of a field, also inside others (`Vec<Digits<u64>>`, `Option<Digits<i64>>`), or what a field of a plain
/// integer is written with:
///
/// ```
/// # use eventwire::Digits;
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Transfer {
///     #[serde(with = "eventwire::Digits")]
///     cents: u64,
///     balance: Option<Digits<i64>>,
/// }
///
/// let transfer = Transfer { cents: u64::MAX, balance: Some(Digits(-7)) };
/// let json = serde_json::to_string(&transfer)?;
/// assert_eq!(json, r#"{"cents":"18446744073709551615","balance":"-7"}"#);
/// assert_eq!(serde_json::from_str::<Transfer>(&json)?.cents, u64::MAX);
/// # Ok::<_, serde_json::Error>(())
/// ```
///
/// With the feature `schemars` both have a schema: a string of digits with an optional sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits<T = i128>(pub T);

/// The integers that [`Digits`] holds.
pub trait Integer: Copy + Display + FromStr + sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(
            impl sealed::Sealed for $integer {}
            impl Integer for $integer {}
        )*
    };
}

integers! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

impl<T: Integer> Digits<T> {
    /// Writes a plain integer as a string: what `#[serde(with = "eventwire::Digits")]` calls.
    ///
    /// # Errors
    /// The serialiser's.
    pub fn serialize<S: Serializer>(integer: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(integer)
    }

    /// Reads a plain integer from a string as [`Digits::serialize`] writes it, and from nothing else.
    ///
    /// # Errors
    /// Text that is no integer of this type, or is spelled with a `+` or with leading zeros.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let integer = text.parse::<T>().ok().filter(|integer| integer.to_string() == text);
        integer.ok_or_else(|| D::Error::custom(format_args!("{text:?} is no integer of this size in digits")))
    }
}

impl<T: Integer> Serialize for Digits<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(&self.0, serializer)
    }
}

impl<'de, T: Integer> Deserialize<'de> for Digits<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer).map(Self)
    }
}

impl<T> From<T> for Digits<T> {
    fn from(integer: T) -> Self {
        Self(integer)
    }
}

impl<T> Deref for Digits<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Display> Display for Digits<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A string of digits. Of what size the integer is, Rust alone checks: a pattern cannot say it shortly.
#[cfg(feature = "schemars")]
impl<T> schemars::JsonSchema for Digits<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digits".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": r"^(?:0|-?[1-9]\d*)$" })
    }
}

#[cfg(test)]
mod tests {
    use super::Digits;

    #[test]
    fn every_integer_comes_back_as_it_was() {
        for text in ["0", "-1", "9007199254740993", "18446744073709551615", "-170141183460469231731687303715884105728"]
        {
            let json = format!("{text:?}");
            match serde_json::from_str::<Digits<i128>>(&json) {
                Ok(digits) => assert_eq!(serde_json::to_string(&digits).unwrap(), json),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }

    #[test]
    fn what_no_serialiser_wrote_is_refused() {
        for json in
            ["1", "\"\"", "\"+1\"", "\"01\"", "\"-0\"", "\"1.0\"", "\"1e3\"", "\" 1\"", "\"256\"", "\"-1\"", "null"]
        {
            assert!(serde_json::from_str::<Digits<u8>>(json).is_err(), "{json}");
        }
    }
}
