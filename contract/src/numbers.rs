//! Ranges of numbers, and the rule that no integer crosses that JavaScript would round.
//!
//! Formats that schemars gives an integer imply its range, whether or not the schema states it.

use crate::{
    model::{Range, SAFE},
    refusal::{At, Refusal},
};
use serde_json::{Map, Value};

/// An integer's range: both ends are known and safe.
pub(crate) fn integer(object: &Map<String, Value>, at: &At, refusals: &mut Vec<Refusal>) -> Range<i64> {
    let format = object.get("format").and_then(Value::as_str).unwrap_or_default();
    let (least, most, wide) = match format {
        "int8" => (i8::MIN.into(), i8::MAX.into(), false),
        "int16" => (i16::MIN.into(), i16::MAX.into(), false),
        "int32" => (i32::MIN.into(), i32::MAX.into(), false),
        "uint8" => (0, u8::MAX.into(), false),
        "uint16" => (0, u16::MAX.into(), false),
        "uint32" => (0, u32::MAX.into(), false),
        "int64" | "int128" | "int" => (i128::MIN, i128::MAX, true),
        "uint64" | "uint128" | "uint" => (0, i128::MAX, true),
        _ => (-i128::from(SAFE), SAFE.into(), false),
    };
    let bound = |key: &str, up: bool, step: i128| object.get(key).and_then(|value| whole(value, up)).map(|n| n + step);
    let min =
        [bound("minimum", true, 0), bound("exclusiveMinimum", false, 1)].into_iter().flatten().fold(least, i128::max);
    let max =
        [bound("maximum", false, 0), bound("exclusiveMaximum", true, -1)].into_iter().flatten().fold(most, i128::min);
    let safe = i128::from(SAFE);
    if wide && (min < -safe || max > safe) {
        let range = if least == 0 { format!("max = {SAFE}") } else { format!("min = -{SAFE}, max = {SAFE}") };
        refusals.push(at.refuse(
            format!("an integer of 64 bits or more (format {format:?})"),
            "JavaScript rounds integers beyond 2^53 - 1 without a word",
            format!(
                "send it as a string with #[serde(with = \"eventwire::Digits\")], inside other types as eventwire::Digits<{}>, or promise that it stays small with #[schemars(range({range}))]",
                rust(format)
            ),
        ));
    } else if min > max {
        refusals.push(at.refuse(
            "an integer without values",
            "its minimum lies above its maximum",
            "correct the range",
        ));
    }
    let clamp = |n: i128| i64::try_from(n.clamp(-safe, safe)).unwrap_or(SAFE);
    let not = excluded(object, at, refusals).and_then(Value::as_i64);
    Range { min: Some(clamp(min)), max: Some(clamp(max)), not, ..Range::default() }
}

/// The Rust type of a wide format.
fn rust(format: &str) -> &'static str {
    match format {
        "int64" => "i64",
        "uint64" => "u64",
        "int128" => "i128",
        "uint128" => "u128",
        "int" => "isize",
        _ => "usize",
    }
}

/// A number's range, as far as it is stated.
pub(crate) fn number(object: &Map<String, Value>, at: &At, refusals: &mut Vec<Refusal>) -> Range<f64> {
    let bound = |key: &str| object.get(key).and_then(Value::as_f64);
    Range {
        min: bound("minimum"),
        max: bound("maximum"),
        above: bound("exclusiveMinimum"),
        below: bound("exclusiveMaximum"),
        not: excluded(object, at, refusals).and_then(Value::as_f64),
    }
}

/// The one value it must not have: how schemars says `NonZeroI32`.
fn excluded<'a>(object: &'a Map<String, Value>, at: &At, refusals: &mut Vec<Refusal>) -> Option<&'a Value> {
    let not = object.get("not")?;
    let value = not.as_object().filter(|not| not.len() == 1).and_then(|not| not.get("const"));
    if !value.is_some_and(|value| value.is_number()) {
        refusals.push(at.key("not").refuse(
            "the keyword \"not\"",
            "TypeScript has no type for what something is not",
            "describe what it is",
        ));
    }
    value
}

/// Whether JavaScript takes a value for another integer.
pub(crate) fn rounded(value: &Value) -> bool {
    value.as_i64().map(i64::unsigned_abs).or(value.as_u64()).is_some_and(|n| n > SAFE.unsigned_abs())
}

/// A bound as a whole number, rounded into the range.
fn whole(value: &Value, up: bool) -> Option<i128> {
    if let Some(n) = value.as_i64() {
        return Some(n.into());
    }
    if let Some(n) = value.as_u64() {
        return Some(n.into());
    }
    let n = value.as_f64()?;
    // The cast saturates, so that bounds like 1e300 only mean: no bound.
    Some((if up { n.ceil() } else { n.floor() }).clamp(-1e30, 1e30) as i128)
}
