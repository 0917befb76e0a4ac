//! `cargo xtask npm`: not built yet.

use crate::command::{Command, Failure, Outcome, no_arguments};

pub(crate) const COMMAND: Command =
    Command { name: "npm", summary: "Build the npm package", help: "cargo xtask npm", run };

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    Err(Failure::work("cargo xtask npm is not built yet"))
}
