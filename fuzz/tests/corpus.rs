//! Every committed input, and a few thousand changes of each target's inputs, the same in every run.
//!
//! A short form of `cargo xtask fuzz`: no search, no coverage. A failing input is written down, with the command that
//! replays it.

use eventwire_fuzz::{TARGETS, Target, find};
use std::{
    fs,
    panic::catch_unwind,
    path::{Path, PathBuf},
};

fn folder(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder(target)).unwrap_or_else(|error| panic!("{}: {error}", folder(target).display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn holds(target: &Target, input: &[u8]) {
    if catch_unwind(|| (target.run)(input)).is_err() {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = dir.join(format!("{}.failing", target.name));
        fs::write(&path, input).unwrap();
        panic!(
            "{}: {} does not hold for {:?}\nAgain: cargo xtask fuzz {} --replay {}",
            target.name,
            target.about,
            String::from_utf8_lossy(input),
            target.name,
            path.display()
        );
    }
}

fn check(name: &str) {
    let target = find(name).unwrap();
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "no input for {name}");
    corpus.iter().for_each(|input| holds(target, input));
    let mut chance = fastrand::Rng::with_seed(7);
    for _ in 0..target.changes {
        let (one, other) = (&corpus[chance.usize(..corpus.len())], &corpus[chance.usize(..corpus.len())]);
        holds(target, &changed(one, other, target, &mut chance));
    }
}

/// One input with a few things done to it, perhaps with a part of another.
fn changed(one: &[u8], other: &[u8], target: &Target, chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut input = one.to_vec();
    for _ in 0..chance.usize(1..=4) {
        let at = chance.usize(0..=input.len());
        let end = chance.usize(at..=input.len().min(at + 16));
        let word = |chance: &mut fastrand::Rng| match target.words.len() {
            0 => vec![chance.u8(..); 7],
            words => target.words[chance.usize(..words)].as_bytes().to_vec(),
        };
        let put = match chance.u8(..6) {
            0 => Vec::new(),
            1 => vec![chance.u8(..)],
            2 => word(chance),
            3 => [&input[at..end], &input[at..end]].concat(),
            4 => other[chance.usize(0..=other.len())..].to_vec(),
            _ => input[at..end].iter().map(|byte| byte ^ (1 << chance.u8(..8))).collect(),
        };
        input.splice(at..end, put);
    }
    input
}

macro_rules! targets {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            check($name);
        })*

        #[test]
        fn every_target_has_its_test() {
            assert_eq!(TARGETS.map(|target| target.name), [$($name),*]);
        }
    };
}

targets! {
    a_stream_decodes_as_the_standard_says_however_it_is_cut: "sse",
    what_is_encoded_is_decoded: "round-trip",
    words_that_are_read_are_written_back: "words",
    any_request_is_answered_as_the_wire_says: "request",
    a_payload_is_json_on_one_line: "payload",
    a_frame_that_is_read_is_read_again: "frame",
    a_record_comes_back_as_it_was: "record",
    a_damaged_folder_opens_and_tells_what_is_lost: "disk",
    the_client_holds_whatever_comes: "client",
    a_schema_is_refused_or_its_modules_are_bounded: "schema",
}
