//! `cargo xtask test` and `cargo xtask ci`: every suite, and one line over all of them.
//!
//! Runs what `suites` lists, goes on after a failure, and says at the end what failed and how to repeat it.

use std::time::{Duration, Instant};

use crate::command::{Command, Failure, Outcome, unknown};
use counts::Counts;
use suites::{SUITES, Suite};

mod counts;
mod stream;
mod suites;

pub(crate) const COMMAND: Command = Command {
    name: "test",
    summary: "Run every suite, and one line over all of them",
    help: "\
cargo xtask test [SUITE…] [--list]

Runs the suites named, or all: format, rules, lints, Rust tests, npm package, sizes, and the checks in real browsers.
Goes on after a failure; the last line is the sum, `N passed, N failed, N skipped`.

  --list    print the suites and how to run each alone",
    run,
};

/// What CI runs is what a developer runs.
pub(crate) const CI: Command = Command {
    name: "ci",
    summary: "Run what CI runs: every suite, with CI's settings",
    help: "\
cargo xtask ci

Runs every suite of `cargo xtask test` as CI does: built from clean without incremental state, each suite ended when it
takes longer than its limit.",
    run: ci,
};

/// One suite's end.
struct Result {
    suite: &'static Suite,
    counts: Counts,
    took: Duration,
}

fn run(mut args: lexopt::Parser) -> Outcome {
    let mut chosen: Vec<&'static Suite> = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("list") => return list(),
            lexopt::Arg::Value(name) => chosen.push(find(&name.to_string_lossy())?),
            other => return Err(unknown(other)),
        }
    }
    if chosen.is_empty() {
        chosen = SUITES.iter().collect();
    }
    all(&chosen)
}

fn ci(args: lexopt::Parser) -> Outcome {
    crate::command::no_arguments(args)?;
    all(&SUITES.iter().collect::<Vec<_>>())
}

fn list() -> Outcome {
    for suite in SUITES {
        println!("{:<13}{}", suite.name, suite.again);
    }
    Ok(())
}

fn find(name: &str) -> Outcome<&'static Suite> {
    SUITES.iter().find(|suite| suite.name == name).ok_or_else(|| {
        let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
        Failure::usage(format!("no suite `{name}`; the suites are {}", names.join(", ")))
    })
}

fn all(suites: &[&'static Suite]) -> Outcome {
    let results: Vec<Result> = suites.iter().map(|suite| one(suite)).collect();
    let sum = results.iter().fold(Counts::default(), |sum, result| sum + result.counts);
    print!("{}", table(&results));
    // Alone, and the last thing said: machines read it.
    println!("{sum}");
    if sum.failed == 0 { Ok(()) } else { Err(Failure::Told) }
}

fn one(suite: &'static Suite) -> Result {
    println!("\n──── {} ────  {}", suite.name, suite.again);
    let began = Instant::now();
    let counts = (suite.run)().unwrap_or_else(|failure| {
        println!("{}: {failure}", suite.name);
        Counts { failed: 1, ..Counts::default() }
    });
    Result { suite, counts, took: began.elapsed() }
}

fn table(results: &[Result]) -> String {
    let mut text = format!("\n{:<12}{:>8}{:>8}{:>8}{:>9}\n", "suite", "passed", "failed", "skipped", "time");
    for Result { suite, counts, took } in results {
        let Counts { passed, failed, skipped } = counts;
        text.push_str(&format!("{:<12}{passed:>8}{failed:>8}{skipped:>8}{:>7} s\n", suite.name, took.as_secs()));
    }
    for result in results.iter().filter(|result| result.counts.failed > 0) {
        text.push_str(&format!("failed: {}. Again: {}\n", result.suite.name, result.suite.again));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_suite_is_listed_with_how_to_repeat_it() {
        let suite = &SUITES[0];
        let counts = Counts { passed: 3, failed: 1, skipped: 0 };
        let text = table(&[Result { suite, counts, took: Duration::from_secs(2) }]);
        assert!(text.contains(&format!("failed: {}. Again: {}", suite.name, suite.again)), "{text}");
    }

    #[test]
    fn suites_have_names_of_their_own() {
        for (at, suite) in SUITES.iter().enumerate() {
            assert!(SUITES[at + 1..].iter().all(|other| other.name != suite.name));
            assert!(find(suite.name).is_ok());
        }
        assert!(find("nothing").err().is_some_and(|failure| failure.to_string().contains("nothing")));
    }
}
