//! A drain of thousands of streams while events go on: each stream gets its `bye`, and everything before it.

use super::{
    Size,
    part::{Process, Server, expect, number},
};
use crate::report::{Bar, Report};
use std::error::Error;

pub(super) fn run(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut server = Server::start(size.seconds)?;
    let mut clients = Process::start("clients")?;
    let all = size.drained as u64;
    clients.ask(&format!("connect {} 127.0.0.2 {all} 0 1", server.at))?;
    server.has_readers(all)?;
    server.process.ask("drain")?;
    // Two events a second, to the last reader and beyond.
    server.process.tell(&format!("publish {} 500000 50", 2 * size.seconds))?;
    let ends = clients.ask("ends")?;
    server.process.answer()?;
    expect("streams that ended", number(&ends, "ended"), all)?;
    expect("streams told bye", number(&ends, "byes"), all)?;
    expect("streams ended in good order", number(&ends, "clean"), all)?;
    expect("events lost", number(&ends, "lost"), 0)?;
    expect("events twice or after bye", number(&ends, "again"), 0)?;
    expect("gaps", number(&ends, "gaps"), 0)?;
    let closes: Vec<u64> = ends["closes"].as_array().into_iter().flatten().filter_map(|at| at.as_u64()).collect();
    let mean = size.drained as f64 / size.seconds as f64;
    // Any second, not only those that begin where one began to count.
    let seen = (0..closes.len()).map(|i| closes[i..].partition_point(|at| *at < closes[i] + 1_000)).max();
    let paced: Vec<(u64, u64)> = serde_json::from_value(server.process.ask("paced")?["paced"].take())?;
    let busiest = busiest(&paced);
    report.figure("drain_streams", size.drained as f64, "");
    report.figure("drain_seconds", size.seconds as f64, "s");
    report.figure("drain_lost", 0.0, "events");
    report.figure("drain_events", number(&ends, "got") as f64, "");
    report.figure("drain_busiest_second", busiest, "closes");
    report.figure("drain_busiest_second_seen_by_clients", seen.unwrap_or_default() as f64, "closes");
    report.figure("drain_last_close_s", closes.last().copied().unwrap_or_default() as f64 / 1e3, "s");
    report.against("drain_peak_over_mean", busiest / mean, "x", Bar::AtMost { must: 1.5, aim: 1.4 });
    Ok(())
}

/// The most closes in a second, out of what was left when somebody looked; where looks were further apart, their mean.
fn busiest(paced: &[(u64, u64)]) -> f64 {
    let second = |(i, (at, left)): (usize, &(u64, u64))| {
        let (then, rest) = paced[i..].iter().find(|(then, _)| *then >= at + 1_000).or(paced.last())?;
        Some((left - rest) as f64 * 1_000.0 / (then - at).max(1_000) as f64)
    };
    paced.iter().enumerate().filter_map(second).fold(0.0, f64::max)
}
