//! `cargo xtask demo`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command =
    Command { name: "demo", summary: "Build everything and run the demo dashboard", help: "cargo xtask demo", run };

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask demo is not built yet"))
}
