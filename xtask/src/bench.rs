//! `cargo xtask bench NAME`: measured claims, each beside its peer and its limit.
//!
//! Builds `eventwire-bench` as it would be shipped and runs it; what is measured is in `bench/`.

use std::ffi::OsString;

use crate::{
    command::{Command, Failure, Outcome, unknown},
    need, npm,
    run::{cargo, run, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "bench",
    summary: "Measure a claim beside its peer",
    help: "\
cargo xtask bench NAME [--json] [--quick] [options of the bench]

  topics    what the log costs: wake-ups, bytes per event, per topic, per reader
  resume    a reconnect storm, and one long way back
  fanout    one event to many readers, beside axum's Sse and a bare write loop
  publish   how fast events are accepted, in memory and on disk, beside fjall
  readers   thousands of readers, stalled and healthy; drain; churn
  decode    a payload read and checked in real browsers, beside JSON.parse, zod and others

A table with each figure beside its bar; with --json one flat object of numbers.
--quick runs each part as shortly as it can be: a check that it works, no measurement.",
    run: bench,
};

fn bench(mut args: lexopt::Parser) -> Outcome {
    let name = match args.next()? {
        None => return Err(Failure::usage("name a bench: topics, resume, fanout, publish, readers, decode")),
        Some(lexopt::Arg::Value(name)) => name,
        Some(other) => return Err(unknown(other)),
    };
    let words: Vec<OsString> = args.raw_args()?.collect();
    if name == "decode" {
        in_browsers()?;
    }
    step("build eventwire-bench (release)");
    run(cargo().args(["build", "--release", "-q", "-p", "eventwire-bench"]))?;
    let words = std::iter::once(name).chain(words);
    run(cargo().args(["run", "--release", "-q", "-p", "eventwire-bench", "--"]).args(words))
}

/// What a bench in browsers needs: them, what drives them, the package and its peers.
pub(crate) fn in_browsers() -> Outcome {
    need::npm_packages("tests/e2e", "the bench drives browsers and bundles its page with them")?;
    need::npm_packages("bench/peers", "the package is measured beside them")?;
    need::browsers()?;
    npm::build()
}
