//! `cargo xtask e2e`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command = Command {
    name: "e2e",
    summary: "Run one check in real browsers and processes",
    help: "cargo xtask e2e",
    run,
};

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask e2e is not built yet"))
}
