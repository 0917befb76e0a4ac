//! `cargo xtask size`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command =
    Command { name: "size", summary: "Print the sizes of the npm package", help: "cargo xtask size", run };

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask size is not built yet"))
}
