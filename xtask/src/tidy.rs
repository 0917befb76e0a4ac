//! `cargo xtask tidy`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command = Command {
    name: "tidy",
    summary: "Check the rules of the repository that no compiler holds",
    help: "cargo xtask tidy",
    run,
};

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask tidy is not built yet"))
}
