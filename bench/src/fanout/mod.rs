//! `bench fanout`: what one event costs on its way to each of its readers, idle streams included.
//!
//! axum's `Sse` over tokio broadcasts, the hub's stream at 1, 8 and 100 topics per reader and at a topic for each reader,
//! and a bare write loop take turns, round by round. Each is a process of its own, so that the processor time is the
//! server's alone; readers and publisher live in this one and check every event. Figures are medians, ratios those of medians.

mod child;
mod chunks;
mod figures;
mod load;
mod plan;
mod round;
mod serve;
mod tick;

use plan::Kind;
use std::{
    error::Error,
    time::{Duration, Instant},
};

/// No round begins that would end later.
const BUDGET: Duration = Duration::from_secs(280);

struct Options {
    json: bool,
    /// Whether it works, not how well: half a minute.
    quick: bool,
    /// How often each server takes its turn.
    rounds: u32,
    /// One group of steps alone: paced, private or bursts.
    only: Option<String>,
    /// One server alone, by its name in the tables.
    server: Option<String>,
}

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let Some(options) = options(&mut args)? else { return Ok(()) };
    if !cfg!(target_os = "linux") {
        return Err("the cost of a process is read from /proc; run this on Linux".into());
    }
    let groups = plan::groups(options.quick);
    if let Some(only) = &options.only
        && !groups.iter().any(|group| group.name == only)
    {
        return Err(format!("--only knows paced, private and bursts, not {only:?}").into());
    }
    let mut figures = figures::Figures::default();
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for round in 1..=options.rounds {
        let begin = Instant::now();
        for group in groups.iter().filter(|group| options.only.as_ref().is_none_or(|only| group.name == only)) {
            let wanted = |name| options.server.as_ref().is_none_or(|server| *server == name);
            for &variant in group.variants.iter().filter(|variant| wanted(variant.name())) {
                eprintln!("round {round} of {}: {} {}", options.rounds, group.name, variant.name());
                figures.add(round::measure(group, variant)?, group.name);
            }
        }
        figures.round();
        longest = longest.max(begin.elapsed());
        if began.elapsed() + longest > BUDGET {
            eprintln!("this machine is slow: {round} rounds are all that fits");
            break;
        }
    }
    figures.print(options.json);
    match figures.counts() {
        (_, 0, 0) => Ok(()),
        (_, missing, wrong) => Err(format!("{missing} events are missing and {wrong} are wrong").into()),
    }
}

/// `None`: this process was a server, and it is over.
fn options(args: &mut lexopt::Parser) -> Result<Option<Options>, Box<dyn Error>> {
    use lexopt::prelude::*;
    let mut options = Options { json: false, quick: false, rounds: 3, only: None, server: None };
    while let Some(argument) = args.next()? {
        match argument {
            Long("json") => options.json = true,
            Long("quick") => (options.quick, options.rounds) = (true, 1),
            Long("rounds") => options.rounds = args.value()?.parse()?,
            Long("only") => options.only = Some(args.value()?.parse()?),
            Long("server") => options.server = Some(args.value()?.parse()?),
            Value(word) if word == child::SERVE => {
                let kind: String = args.value()?.parse()?;
                let kind = Kind::parse(&kind).ok_or_else(|| format!("no server is called {kind:?}"))?;
                serve::run(kind, args.value()?.parse()?)?;
                return Ok(None);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}
