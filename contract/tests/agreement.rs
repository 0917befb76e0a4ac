//! Every generated validator, ajv and the `jsonschema` crate say the same of payloads spoiled in seeded ways.
//!
//! `cargo xtask agree` asks for as many as one likes; a plain test run for a few thousand of each contract.

#![allow(deprecated)]

mod support;

#[path = "fixtures/family.rs"]
mod family;
#[path = "support/relatives.rs"]
mod relatives;

use eventwire_contract::Contract;
use family::Family;
use fastrand::Rng;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::Value;
use support::{mutate, node, oracle::Oracle, shop::Shop, values};

/// Payloads that are spoiled again and again.
const ORIGINALS: usize = 2_000;
/// As many as go through one Node.
const BATCH: usize = 50_000;

/// How many payloads, and from which seed on.
fn asked() -> (usize, u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    (number("EVENTWIRE_PAYLOADS").unwrap_or(20_000) as usize / 2, number("EVENTWIRE_SEED").unwrap_or(1))
}

fn agree(contract: &Contract, originals: &[(String, Value)], apart_on_purpose: fn(&str, &str) -> bool) {
    let oracle = Oracle::new(contract);
    for original in originals {
        assert!(oracle.accepts(original), "the schema refuses what Rust serialises: {original:?}");
    }
    let (count, seed) = asked();
    let mut rng = Rng::with_seed(seed);
    let (mut valid, mut invalid, mut none, mut unread) = (0, 0, 0, 0);
    // The originals themselves come first.
    let mut cases: Vec<_> = originals.iter().map(|(event, payload)| (event.clone(), payload.to_string())).collect();
    let mut left = count;
    while left > 0 || !cases.is_empty() {
        while cases.len() < BATCH && left > 0 {
            let (event, payload) = &originals[rng.usize(0..originals.len())];
            cases.push((event.clone(), mutate::spoiled(payload, &mut rng)));
            left -= 1;
        }
        let answer = node::agreed(contract, &oracle.schemas, &cases);
        assert_eq!(
            answer["apart"].as_array().map(Vec::len),
            Some(0),
            "seed {seed}: ajv and the validator differ: {:#}",
            answer["apart"]
        );
        for ((event, text), verdict) in cases.drain(..).zip(answer["verdicts"].as_str().unwrap().bytes()) {
            match verdict {
                b'v' => valid += 1,
                b'i' => invalid += 1,
                _ => none += 1,
            }
            // serde_json reads less than JavaScript: no lone surrogates, nothing beyond a double, nothing too deep.
            let Ok(value) = serde_json::from_str::<Value>(&text) else {
                unread += usize::from(verdict != b'u');
                continue;
            };
            let accepts = oracle.accepts(&(event.clone(), value));
            let told = accepts == (verdict == b'v') || apart_on_purpose(&event, &text);
            assert!(told, "seed {seed}: {event} {text}: jsonschema says {accepts}, the validator {}", verdict as char);
        }
    }
    let all = valid + invalid + none;
    println!(
        "{}: {all} payloads: {valid} valid, {invalid} invalid, {none} no JSON; {unread} judged by ajv alone; 0 apart",
        contract.name()
    );
    assert!(valid * 20 > all && invalid * 4 > all, "payloads of both kinds");
}

#[test]
fn three_judges_agree_on_a_shop() {
    let contract = Contract::of::<Shop>().unwrap();
    let mut runner = TestRunner::deterministic();
    let any = values::shop();
    let originals: Vec<_> = (0..ORIGINALS).map(|_| event(&any.new_tree(&mut runner).unwrap().current())).collect();
    agree(&contract, &originals, |_, _| false);
}

#[test]
fn three_judges_agree_on_all_that_serde_can_say() {
    let contract = Contract::of::<Family>().unwrap();
    let mut rng = Rng::with_seed(7);
    let originals: Vec<_> = (0..ORIGINALS).map(|_| event(&relatives::any(&mut rng))).collect();
    let names: std::collections::BTreeSet<_> = originals.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), contract.names().len(), "every variant is tried");
    agree(&contract, &originals, |_, _| false);
}

/// An event as it travels.
fn event(value: &impl serde::Serialize) -> (String, Value) {
    match serde_json::to_value(value).unwrap() {
        Value::String(name) => (name, Value::Null),
        Value::Object(object) => object.into_iter().next().unwrap(),
        other => panic!("not externally tagged: {other}"),
    }
}
