//! `cargo xtask test` and `cargo xtask ci`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command = Command {
    name: "test",
    summary: "Run every suite, and one line over all of them",
    help: "cargo xtask test",
    run,
};

/// What CI runs is what a developer runs.
pub(crate) const CI: Command = Command {
    name: "ci",
    summary: "What CI runs",
    help: "cargo xtask ci",
    run,
};

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask test is not built yet"))
}
