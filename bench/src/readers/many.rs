//! As many streams in one process as it has file descriptors for: all open, all told everything.

use super::{
    Size,
    part::{Process, Server, number, unharmed},
};
use crate::report::{Bar, Report};
use std::{error::Error, time::Instant};

const EVENTS: u64 = 10;
/// Streams of one client process.
const EACH: usize = 10_000;

pub(super) fn run(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut server = Server::start(1)?;
    let before = number(&server.stats()?, "rss");
    let began = Instant::now();
    let mut crowds = Vec::new();
    let mut left = size.many;
    while left > 0 {
        let count = left.min(EACH);
        let mut crowd = Process::start("clients")?;
        crowd.ask(&format!("connect {} 127.0.0.{} {count} 0 1", server.at, crowds.len() + 2))?;
        crowds.push((crowd, count as u64));
        left -= count;
    }
    let opened = began.elapsed();
    let stats = server.has_readers(size.many as u64)?;
    let each = number(&stats, "rss").saturating_sub(before) as f64 / size.many as f64 / 1024.0;
    server.process.ask(&format!("publish {EVENTS} 1000000 100"))?;
    let mut p99 = 0;
    for (crowd, count) in &mut crowds {
        let got = crowd.ask(&format!("await {}", *count * EVENTS))?;
        unharmed(&got, *count, EVENTS)?;
        p99 = p99.max(number(&got, "p99"));
    }
    drop(crowds);
    let after = server.has_readers(0)?;
    let streams = Bar::AtLeast { must: size.many as f64, aim: size.many as f64 };
    report.against("many_streams", size.many as f64, "", streams);
    report.figure("many_opened_in_s", opened.as_secs_f64(), "s");
    report.figure("many_idle_kib_per_stream", each, "KiB");
    report.figure("many_lost", 0.0, "events");
    report.figure("many_p99_ms", p99 as f64 / 1e3, "ms");
    report.figure("many_queued_after", number(&after, "queued") as f64, "B");
    Ok(())
}
