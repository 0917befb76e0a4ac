//! `cargo xtask types`: the TypeScript contracts of our own enums.
//!
//! Compiles no contract itself: each crate that owns an enum has an example that does.

use crate::{
    command::{Command, Failure, Outcome, unknown},
    run::{cargo, run},
};

pub(crate) const COMMAND: Command = Command {
    name: "types",
    summary: "Write the TypeScript contracts of our own enums",
    help: "cargo xtask types [--check]

Rewrites every generated contract of the workspace whose enum says something else by now.
--check writes nothing and fails if one is stale.",
    run: types,
};

/// The crates with an enum of events and an example called `types`; features that the example needs.
const OWNERS: [(&str, &str); 2] = [("eventwire-contract", "schemars"), ("eventwire-demo", "")];

fn types(mut args: lexopt::Parser) -> Outcome {
    let mut check = false;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("check") => check = true,
            other => return Err(unknown(other)),
        }
    }
    let mut stale = Vec::new();
    for (owner, features) in OWNERS {
        let mut command = cargo();
        command.args(["run", "--quiet", "--package", owner, "--features", features, "--example", "types", "--"]);
        if check {
            command.arg("--check");
        }
        if let Err(failure) = run(&mut command) {
            eprintln!("{failure}");
            stale.push(owner);
        }
    }
    match stale.as_slice() {
        [] => Ok(()),
        stale if check => {
            Err(Failure::work(format!("contracts of {} are stale: run cargo xtask types", stale.join(", "))))
        }
        failed => Err(Failure::work(format!("no contract of {}: the lines above say why", failed.join(", ")))),
    }
}
