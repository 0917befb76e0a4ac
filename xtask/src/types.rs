//! `cargo xtask types`: the TypeScript contracts of our own enums.
//!
//! Compiles no contract itself: each crate that owns an enum has an example that does.

use crate::{
    command::{Command, Failure, Outcome, unknown},
    repo,
    run::{cargo, program, run},
};

pub(crate) const COMMAND: Command = Command {
    name: "types",
    summary: "Write the TypeScript contracts of our own enums",
    help: "cargo xtask types [--check]

Rewrites every generated contract of the workspace whose enum says something else by now.
--check writes nothing and fails if one is stale.",
    run: types,
};

/// The examples that write the contract of their crate's enum.
const WRITERS: [&str; 2] = ["contract_types", "demo_types"];

fn types(mut args: lexopt::Parser) -> Outcome {
    let mut check = false;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("check") => check = true,
            other => return Err(unknown(other)),
        }
    }
    // With the whole workspace's features, as its tests are: what they compiled is not compiled again for this.
    let mut build = cargo();
    build.args(["build", "--quiet", "--workspace"]);
    run(build.args(WRITERS.iter().flat_map(|writer| ["--example", writer])))?;
    let mut stale = Vec::new();
    for writer in WRITERS {
        let mut command = program(&repo::target().join("debug/examples").join(writer).display().to_string());
        if check {
            command.arg("--check");
        }
        if let Err(failure) = run(&mut command) {
            eprintln!("{failure}");
            stale.push(writer);
        }
    }
    match stale.as_slice() {
        [] => Ok(()),
        stale if check => {
            Err(Failure::work(format!("what {} write is stale: run cargo xtask types", stale.join(", "))))
        }
        failed => Err(Failure::work(format!("no contract by {}: the lines above say why", failed.join(", ")))),
    }
}
