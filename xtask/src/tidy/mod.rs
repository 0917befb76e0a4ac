//! `cargo xtask tidy`: the rules of the repository that no compiler holds.
//!
//! Gathers the files and says what broke; each rule lives in `crates`, `words`, `rooms`, `modules` or `rows`.

use std::fs;

use crate::{
    command::{Command, Failure, Outcome, no_arguments},
    repo,
    run::{cargo, output, program},
    types,
};
use source::Source;

mod crates;
mod modules;
mod rooms;
mod rows;
mod source;
mod words;

pub(crate) const COMMAND: Command = Command {
    name: "tidy",
    summary: "Check the rules of the repository that no compiler holds",
    help: "\
cargo xtask tidy

Checks who may import whom (from `cargo metadata` and the sources), that axum, clocks and chance stay in their rooms,
that no queue is unbounded and nothing is forgotten, that each module opens with a `//!` line, that the
catalogues of faults in docs/ name tests that exist, and that generated files are what their generator
writes. Prints each breach as `path:line`, and files over 400 lines as a report.",
    run,
};

/// One place where one rule is broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    /// `path:line`, or the manifest.
    pub(crate) place: String,
    /// What is wrong, and what to do instead.
    pub(crate) text: String,
}

/// A rule and where it is broken.
pub(crate) struct Verdict {
    pub(crate) rule: &'static str,
    pub(crate) breaches: Vec<Breach>,
}

fn run(args: lexopt::Parser) -> Outcome {
    no_arguments(args)?;
    let verdicts = verdicts()?;
    let broken = report(&verdicts);
    if broken == 0 {
        println!("tidy: {} rules hold", verdicts.len());
        Ok(())
    } else {
        Err(Failure::work(format!("tidy: {broken} of {} rules are broken", verdicts.len())))
    }
}

/// Every rule over the repository as it lies here.
pub(crate) fn verdicts() -> Outcome<Vec<Verdict>> {
    let sources = sources()?;
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)
        .map_err(|error| Failure::work(format!("cargo metadata printed no JSON: {error}")))?;
    let mut verdicts = crates::verdicts(&metadata);
    verdicts.extend(words::verdicts(&sources));
    verdicts.push(rooms::verdict(&sources));
    verdicts.push(modules::verdict(&sources));
    let scripts = listed(&["npm/test/*.ts", "tests/e2e/checks/*.mjs"])?
        .iter()
        .map(|path| read(path))
        .collect::<Outcome<Vec<_>>>()?;
    for catalogue in &rows::CATALOGUES {
        verdicts.push(rows::verdict(catalogue, &read(catalogue.page)?, &sources, &scripts));
    }
    verdicts.push(generated());
    modules::report_sizes(&sources);
    Ok(verdicts)
}

/// Prints the breaches; says how many rules are broken.
pub(crate) fn report(verdicts: &[Verdict]) -> usize {
    let broken: Vec<_> = verdicts.iter().filter(|verdict| !verdict.breaches.is_empty()).collect();
    for verdict in &broken {
        eprintln!("broken: {}", verdict.rule);
        for breach in &verdict.breaches {
            eprintln!("  {}: {}", breach.place, breach.text);
        }
    }
    broken.len()
}

/// Generated files are compared by the command that writes them.
fn generated() -> Verdict {
    let breaches = match (types::COMMAND.run)(lexopt::Parser::from_args(["--check"])) {
        Ok(()) => Vec::new(),
        Err(failure) => vec![Breach { place: "cargo xtask types --check".into(), text: failure.to_string() }],
    };
    Verdict { rule: "generated files are what their generator writes", breaches }
}

fn sources() -> Outcome<Vec<Source>> {
    listed(&["*.rs"])?.iter().map(|path| Ok(Source::new(path, &read(path)?))).collect()
}

/// Every file of these kinds that git knows or would add.
fn listed(kinds: &[&str]) -> Outcome<Vec<String>> {
    let list = output(program("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]).args(kinds))?;
    // Listed though deleted: the deletion is not committed yet.
    Ok(list.lines().filter(|path| repo::path(path).exists()).map(str::to_owned).collect())
}

fn read(path: &str) -> Outcome<String> {
    fs::read_to_string(repo::path(path)).map_err(Failure::io(format!("cannot read {path}")))
}
