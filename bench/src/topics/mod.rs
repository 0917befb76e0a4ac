//! `cargo xtask bench topics`: what many topics cost. Wake-ups beside tokio's `broadcast`, memory per event, per idle
//! topic, per stuck reader, and what a publish costs in a storm of replays.
//!
//! Through the public interface: a hub in memory and the bodies of its responses. Each figure of memory is taken in a
//! process of its own, as the kernel counts it: what an earlier part gave back is not taken for free.

pub(crate) mod memory;
mod storm;
mod wake;

use std::error::Error;

use crate::report::{Bar, Report};

/// How much is done. What is printed is the same.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) quick: bool,
}

impl Size {
    /// So many, or as few as show that it works.
    pub(crate) fn of(self, full: usize, quick: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let (mut json, mut size, mut part) = (false, Size { quick: false }, None);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("json") => json = true,
            lexopt::Arg::Long("quick") => size.quick = true,
            // What the bench calls itself with: one figure, in a process of its own.
            lexopt::Arg::Long("part") => part = Some(args.value()?.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    match part {
        Some(part) => println!("{}", memory::part(&part, size)?),
        None => report(size)?.print(json),
    }
    Ok(())
}

fn report(size: Size) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    report.against("log_overhead_bytes_per_event", memory::own("event", size)?, "B", at_most(32.0, 24.0));
    report.against("idle_followed_topic_bytes", memory::own("topic", size)?, "B", at_most(160.0, 131.0));
    // 5 KiB and one event, which is of 256 bytes here.
    report.against("stuck_reader_bytes", memory::own("stuck", size)?, "B", at_most(5.0 * 1024.0 + 256.0, 4_096.0));
    wake::measure(size, &mut report)?;
    storm::measure(size, &mut report)?;
    Ok(report)
}

pub(crate) fn at_most(must: f64, aim: f64) -> Bar {
    Bar::AtMost { must, aim }
}

/// The middle one of these, and the one that a hundredth lies beyond.
pub(crate) fn middle_and_tail(mut all: Vec<f64>) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all.get((all.len() as f64 * share) as usize).or(all.last()).copied().unwrap_or(0.0);
    (at(0.5), at(0.99))
}
