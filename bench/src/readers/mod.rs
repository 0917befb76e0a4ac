//! Thousands of readers: some that never read beside others that must not notice, as many as a process holds, a drain,
//! and a great coming and going.
//!
//! The server is a process of its own, as its memory is measured; so are the clients, since a process holds 20,000
//! sockets here. This one only directs them. What was lost, doubled or left behind fails the run; no time ever does.

mod churn;
mod clients;
mod drain;
mod many;
mod part;
mod server;
mod stalled;

use crate::report::Report;
use lexopt::{Arg, ValueExt};
use std::error::Error;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Healthy readers, and as many stalled ones.
    beside: usize,
    /// Rounds with and without the stalled ones, by turns.
    rounds: usize,
    /// Events of one round.
    events: u64,
    /// Streams in one process.
    many: usize,
    /// Streams that are drained, and over how many seconds.
    drained: usize,
    seconds: u64,
    /// Connects and disconnects.
    churn: usize,
}

const FULL: Size =
    Size { beside: 1_000, rounds: 3, events: 120, many: 19_000, drained: 10_000, seconds: 20, churn: 100_000 };
const QUICK: Size = Size { beside: 100, rounds: 1, events: 20, many: 1_000, drained: 400, seconds: 4, churn: 2_000 };

type Part = fn(Size, &mut Report) -> Result<(), Box<dyn Error>>;
const PARTS: [(&str, Part); 4] =
    [("stalled", stalled::run), ("many", many::run), ("drain", drain::run), ("churn", churn::run)];

/// `readers [--json] [--quick] [--churn N] [--only PART]`.
pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let (mut json, mut size, mut churn, mut only) = (false, FULL, None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("json") => json = true,
            Arg::Long("quick") => size = QUICK,
            Arg::Long("churn") => churn = Some(args.value()?.parse()?),
            Arg::Long("only") => only = Some(args.value()?.string()?),
            // This program again, as one of the others that a part needs.
            Arg::Long("role") => return role(&args.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    size.churn = churn.unwrap_or(size.churn);
    let names = PARTS.map(|(name, _)| name);
    if let Some(unknown) = only.as_deref().filter(|only| !names.contains(only)) {
        return Err(format!("--only was given {unknown:?}; the parts are {}", names.join(", ")).into());
    }
    let mut report = Report::default();
    for (name, part) in PARTS {
        if only.as_deref().is_none_or(|only| only == name) {
            eprintln!("readers: {name}");
            part(size, &mut report).map_err(|error| format!("{name}: {error}"))?;
        }
    }
    report.print(json);
    Ok(())
}

fn role(name: &str) -> Result<(), Box<dyn Error>> {
    match name {
        "server" => server::run(),
        "clients" => clients::run(),
        other => Err(format!("--role was given {other:?}; it is server or clients").into()),
    }
}
