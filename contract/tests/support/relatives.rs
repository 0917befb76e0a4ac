//! Any value of the family.

use super::family::*;
use eventwire::Digits;
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub(crate) fn any(rng: &mut Rng) -> Family {
    match rng.u8(0..29) {
        0 => Family::Names {
            two_words: text(rng),
            renamed: rng.u8(..),
            aliased: rng.u8(..),
            never: 0,
            defaulted: rng.u8(..),
        },
        1 => Family::Dotted(rng.u8(..)),
        2 => Family::Aliased(rng.bool()),
        3 => Family::Options {
            null: maybe(rng),
            absent: maybe(rng),
            of: rng.bool().then(|| inner(rng)),
            list: bytes(rng),
        },
        4 => Family::Both { both: rng.bool().then(|| maybe(rng)) },
        5 => Family::Skipped { it: maybe(rng) },
        6 => Family::Flattened(Flattened { id: rng.u8(..), inner: inner(rng) }),
        7 => Family::FlatMap(FlatMap { rest: map(rng, |rng| rng.u8(..)) }),
        8 => Family::FlatOption(FlatOption { id: rng.u8(..), inner: rng.bool().then(|| inner(rng)) }),
        9 => Family::FlatTagged(FlatTagged { id: rng.u8(..), internal: internal(rng) }),
        10 => Family::External(match rng.u8(0..4) {
            0 => External::Nothing,
            1 => External::NewType(inner(rng)),
            2 => External::Two(rng.u8(..), text(rng)),
            _ => External::Named { a_b: rng.u8(..) },
        }),
        11 => Family::Internal(internal(rng)),
        12 => Family::Adjacent(match rng.u8(0..4) {
            0 => Adjacent::Nothing,
            1 => Adjacent::NewType(inner(rng)),
            2 => Adjacent::Two(rng.u8(..), text(rng)),
            _ => Adjacent::Named { a: rng.u8(..) },
        }),
        13 => Family::Untagged(match rng.u8(0..4) {
            0 => Untagged::Number(rng.i32(..)),
            1 => Untagged::Text(text(rng)),
            2 => Untagged::Inner(inner(rng)),
            _ => Untagged::Two(rng.u8(..), rng.bool()),
        }),
        14 => Family::Nested { deep: list(rng, |rng| map(rng, |rng| rng.bool().then(|| internal(rng)))) },
        15 => Family::Page(Page { items: list(rng, inner), more: rng.bool() }),
        16 => Family::Pages(Page {
            items: list(rng, |rng| Page { items: bytes(rng), more: rng.bool() }),
            more: rng.bool(),
        }),
        17 => Family::Times {
            at: chrono::DateTime::from_timestamp(rng.i64(-9_000_000_000..9_000_000_000), rng.u32(0..1_000_000_000))
                .unwrap(),
            day: chrono::NaiveDate::from_num_days_from_ce_opt(rng.i32(1..900_000)).unwrap(),
            other: time::OffsetDateTime::from_unix_timestamp(rng.i64(0..9_000_000_000)).unwrap(),
        },
        18 => Family::Ids {
            id: uuid::Uuid::from_u128(rng.u128(..)),
            link: url::Url::parse(&format!("https://example.com/{}?q={}", rng.u8(..), rng.u8(..))).unwrap(),
            maybe: rng.bool().then(|| uuid::Uuid::from_u128(rng.u128(..))),
        },
        19 => Family::Maps {
            strings: map(rng, |rng| rng.u8(..)),
            units: (0..rng.u8(0..3)).map(|_| (level(rng), rng.u8(..))).collect(),
            hash: map(rng, |rng| list(rng, inner)).into_iter().collect::<HashMap<_, _>>(),
        },
        20 => Family::IntegerMaps {
            numbers: (0..rng.u8(0..3)).map(|_| (rng.u16(..), text(rng))).collect(),
            signed: (0..rng.u8(0..3)).map(|_| (rng.i64(..), text(rng))).collect(),
        },
        21 => Family::Tuples {
            pair: (rng.u8(..), text(rng)),
            three: (rng.u8(..), (rng.bool(), rng.f32()), rng.bool().then(|| inner(rng))),
            fixed: [rng.i16(..), rng.i16(..), rng.i16(..)],
            set: bytes(rng).into_iter().collect::<BTreeSet<_>>(),
        },
        22 => Family::Value(serde_json::json!({ "any": [text(rng), rng.u64(..), null_or(rng)] })),
        23 => Family::Tree(tree(rng, 3)),
        24 => Family::Odd(odd(rng, 4)),
        25 => Family::Wide {
            whole: rng.u64(..),
            signed: rng.bool().then(|| Digits(rng.i64(..))),
            bounded: rng.u64(..1 << 53),
        },
        26 => Family::Boxed(Box::new(inner(rng))),
        27 => Family::Transparent(Transparent(inner(rng))),
        _ => Family::Unit,
    }
}

fn text(rng: &mut Rng) -> String {
    (0..rng.u8(0..6)).map(|_| if rng.u8(0..4) == 0 { rng.char(..) } else { rng.alphanumeric() }).collect()
}

fn maybe(rng: &mut Rng) -> Option<u8> {
    rng.bool().then(|| rng.u8(..))
}

fn null_or(rng: &mut Rng) -> serde_json::Value {
    maybe(rng).into()
}

fn bytes(rng: &mut Rng) -> Vec<u8> {
    list(rng, |rng| rng.u8(..))
}

fn list<T>(rng: &mut Rng, each: impl Fn(&mut Rng) -> T) -> Vec<T> {
    (0..rng.u8(0..4)).map(|_| each(rng)).collect()
}

fn map<T>(rng: &mut Rng, each: impl Fn(&mut Rng) -> T) -> BTreeMap<String, T> {
    (0..rng.u8(0..4)).map(|_| (text(rng), each(rng))).collect()
}

fn inner(rng: &mut Rng) -> Inner {
    Inner { some_name: text(rng), old_name: rng.bool() }
}

fn level(rng: &mut Rng) -> Level {
    if rng.bool() { Level::NotPaid } else { Level::Paid }
}

fn internal(rng: &mut Rng) -> Internal {
    match rng.u8(0..3) {
        0 => Internal::Nothing,
        1 => Internal::NewType(inner(rng)),
        _ => Internal::Named { a: rng.u8(..), level: level(rng) },
    }
}

fn tree(rng: &mut Rng, deep: u8) -> Tree {
    let kids = if deep == 0 { Vec::new() } else { list(rng, |rng| tree(rng, deep - 1)) };
    Tree { value: rng.u8(..), kids }
}

fn odd(rng: &mut Rng, deep: u8) -> Odd {
    let next = (deep > 0 && rng.bool())
        .then(|| Box::new(Even { next: Some(Box::new(odd(rng, deep - 1))), level: level(rng) }));
    Odd { next }
}
