//! `cargo xtask types`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command = Command {
    name: "types",
    summary: "Write the TypeScript contracts of our own enums",
    help: "cargo xtask types",
    run,
};

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask types is not built yet"))
}
