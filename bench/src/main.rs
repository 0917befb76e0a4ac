//! Measured claims, each beside its peer and its limit: `cargo xtask bench NAME`.
//!
//! This file only finds the bench. Each is a module with one `run`; what they print is `report`'s.

use std::{error::Error, process::ExitCode};

mod decode;
mod fanout;
mod publish;
mod readers;
mod report;
mod resume;
mod stream;
mod topics;

/// Runs a bench with the words that follow its name.
type Run = fn(lexopt::Parser) -> Result<(), Box<dyn Error>>;

/// A bench: its name, and what runs it.
type Bench = (&'static str, Run);

const BENCHES: &[Bench] = &[
    ("fanout", fanout::run),
    ("topics", topics::run),
    ("resume", resume::run),
    ("publish", publish::run),
    ("readers", readers::run),
    ("decode", decode::run),
];

fn main() -> ExitCode {
    let mut args = lexopt::Parser::from_env();
    match dispatch(&mut args) {
        Ok(run) => match run(args) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("bench: {error}");
                ExitCode::FAILURE
            }
        },
        Err(text) => {
            eprintln!("bench: {text}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(args: &mut lexopt::Parser) -> Result<Run, String> {
    let names = || BENCHES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let name = match args.next() {
        Ok(Some(lexopt::Arg::Value(name))) => name.to_string_lossy().into_owned(),
        Ok(_) => return Err(format!("name a bench first: {}", names())),
        Err(error) => return Err(error.to_string()),
    };
    let found = BENCHES.iter().find(|(known, _)| *known == name);
    found.map(|(_, run)| *run).ok_or_else(|| format!("no bench `{name}`. The benches are {}", names()))
}
