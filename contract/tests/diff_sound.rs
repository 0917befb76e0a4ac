//! Where no change is said to break, each value that is valid under the new schema is valid under the old one: the crate
//! `jsonschema` is the judge of both, and so are the validators that pages run.

mod support;

use eventwire_contract::check;
use fastrand::Rng;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;
use std::cell::Cell;
use support::{
    mutate,
    node::{self, Asked},
    schemas::{Values, document, pair},
};

/// `PROPTEST_CASES` says how many there are.
fn runner(cases: u32) -> TestRunner {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    TestRunner::new(Config { cases, failure_persistence: None, max_shrink_iters: 300, ..Config::default() })
}

#[test]
fn what_is_said_to_be_safe_is_valid_to_pages_of_before() {
    let (fit, differ, values) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let mut runner = runner(500);
    let found = runner.run(&(pair(), any::<u64>()), |((old, new), seed)| {
        let (Some(before), Some(now)) = (old.contract(), new.contract()) else { return Ok(()) };
        if check(&before, &now).iter().any(|change| change.breaks) {
            return Ok(());
        }
        fit.set(fit.get() + 1);
        differ.set(differ.get() + u32::from(before.hash() != now.hash()));
        let (old_judge, new_judge) = (old.judge(), new.sent());
        let mut some = Values { defs: &new.defs, seed };
        for _ in 0..40 {
            let value = some.of(&new.payload, 6);
            if new_judge.is_valid(&value) {
                values.set(values.get() + 1);
                prop_assert!(old_judge.is_valid(&value), "{value} is valid under the new schema only");
            }
        }
        Ok(())
    });
    println!("{} pairs fit, {} of them unlike, {} values", fit.get(), differ.get(), values.get());
    found.unwrap();
    assert!(differ.get() > 10 && values.get() > 3_000, "the property says nothing: {} {}", differ.get(), values.get());
}

#[test]
fn a_schema_fits_itself() {
    let mut runner = runner(500);
    let found = runner.run(&document(), |document| {
        let Some(contract) = document.contract() else { return Ok(()) };
        prop_assert_eq!(check(&contract, &contract), vec![]);
        Ok(())
    });
    found.unwrap();
}

/// As many payloads of each schema.
const PAYLOADS: usize = 30;

#[test]
fn pages_of_before_take_all_that_a_server_sends_after_changes_said_to_be_safe() {
    let mut runner = runner(300);
    let mut rng = Rng::with_seed(runner.rng().random());
    let (mut asked, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..runner.config().cases {
        let (one, other) = pair().new_tree(&mut runner).unwrap().current();
        // Most say the same, or differ in what breaks one way or the other.
        for (old, new) in [(&one, &other), (&other, &one)] {
            let (Some(before), Some(now)) = (old.contract(), new.contract()) else { continue };
            if before.hash() == now.hash() || check(&before, &now).iter().any(|change| change.breaks) {
                continue;
            }
            let sent = new.sent();
            let mut some = Values { defs: &new.defs, seed: rng.u64(..) };
            let mut payloads: Vec<_> = (0..PAYLOADS).map(|_| some.of(&new.payload, 6)).collect();
            payloads.retain(|payload| sent.is_valid(payload));
            asked.push(Asked { contract: before, payloads: payloads.iter().map(Value::to_string).collect() });
            shown.push((old.clone(), new.clone()));
        }
    }
    let mut count = 0;
    for ((one, taken), pair) in asked.iter().zip(node::taken(&asked)).zip(&shown) {
        for (payload, taken) in one.payloads.iter().zip(taken) {
            assert!(
                taken,
                "said to be safe, and pages of before refuse {payload}: {} {}",
                pair.0.text(),
                pair.1.text()
            );
            count += 1;
        }
    }
    println!("{} pairs, {count} payloads", asked.len());
    assert!(asked.len() > 10 && count > 100, "the property says nothing: {} {count}", asked.len());
}

#[test]
fn the_validator_of_any_schema_says_what_the_schema_says() {
    let mut runner = runner(300);
    let mut rng = Rng::with_seed(runner.rng().random());
    let (mut asked, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..runner.config().cases {
        let document = document().new_tree(&mut runner).unwrap().current();
        let Some(contract) = document.contract() else { continue };
        let judge = document.judge();
        let mut some = Values { defs: &document.defs, seed: rng.u64(..) };
        let (mut payloads, mut verdicts) = (Vec::new(), Vec::new());
        for i in 0..PAYLOADS {
            let payload = some.of(&document.payload, 6);
            let text = if i % 2 == 0 { payload.to_string() } else { mutate::spoiled(&payload, &mut rng) };
            // What only JavaScript reads, `agreement` has ajv for.
            let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
            verdicts.push(judge.is_valid(&value));
            payloads.push(text);
        }
        asked.push(Asked { contract, payloads });
        expected.push((document, verdicts));
    }
    let (mut valid, mut invalid) = (0, 0);
    for ((one, taken), (document, verdicts)) in asked.iter().zip(node::taken(&asked)).zip(&expected) {
        // Objects and lists that are equal in a set are let pass, on purpose.
        let set =
            document.payload.to_string().contains("uniqueItems") || document.defs.to_string().contains("uniqueItems");
        for ((payload, taken), expected) in one.payloads.iter().zip(taken).zip(verdicts) {
            assert!(taken == *expected || (set && taken), "{payload}: the validator says {taken}: {}", document.text());
            *(if taken { &mut valid } else { &mut invalid }) += 1;
        }
    }
    println!("{} schemas, {valid} valid, {invalid} invalid payloads", asked.len());
    assert!(valid > 500 && invalid > 500, "the property says nothing: {valid} {invalid}");
}
