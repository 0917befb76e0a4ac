//! Readers that never read beside readers that do: the healthy miss nothing and hardly notice.

use super::{
    Size,
    part::{Process, Server, median, number, unharmed},
};
use crate::report::{Bar, Report};
use std::error::Error;

/// So many bytes, in events of 4 KiB, are more than the kernel takes for a peer that does not read.
const FILL: (u64, u64) = (150, 4 << 10);
/// Microseconds between two events.
const PACE: u64 = 50_000;

pub(super) fn run(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut server = Server::start(1)?;
    let before = number(&server.stats()?, "rss");
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut published, mut most, mut behind) = (0, 0, 0);
    for round in 0..2 * size.rounds {
        let stalled = if round % 2 == 0 { 0 } else { size.beside };
        let mut clients = Process::start("clients")?;
        let healthy = size.beside as u64;
        // The ones that stall come first, so that they are full when the clock starts.
        clients.ask(&format!("connect {} 127.0.0.3 0 {stalled} 0", server.at))?;
        server.has_readers(stalled as u64)?;
        server.process.ask(&format!("publish {} 2000 {}", FILL.0, FILL.1))?;
        published += FILL.0;
        let mut others = Process::start("clients")?;
        others.ask(&format!("connect {} 127.0.0.2 {healthy} 0 {}", server.at, published + 1))?;
        server.process.ask(&format!("publish {} {PACE} 200", size.events))?;
        published += size.events;
        let got = others.ask(&format!("await {}", healthy * size.events))?;
        unharmed(&got, healthy, size.events)?;
        let stats = server.stats()?;
        most = most.max(number(&stats, "rss"));
        if stalled > 0 {
            behind = number(&stats, "behind") + number(&stats, "letGo");
            if behind == 0 {
                return Err("no reader stalled: nothing was measured".into());
            }
        }
        let p99 = number(&got, "p99") as f64 / 1e3;
        if stalled == 0 {
            alone.push(p99)
        } else {
            beside.push(p99)
        }
        drop((clients, others));
        server.has_readers(0)?;
    }
    let (alone, beside) = (median(alone), median(beside));
    let grown = most.saturating_sub(before) as f64 / f64::from(1 << 20);
    // The log's budget, and for each reader two pieces of at most 64 KiB.
    let bound = 64.0 + (2 * size.beside) as f64 * 0.125;
    report.figure("stalled_healthy_readers", size.beside as f64, "");
    report.figure("stalled_readers_that_stalled", behind as f64, "");
    report.figure("stalled_healthy_lost", 0.0, "events");
    report.figure("stalled_p99_alone_ms", alone, "ms");
    report.figure("stalled_p99_beside_ms", beside, "ms");
    report.against("stalled_p99_shift_ms", beside - alone, "ms", Bar::AtMost { must: 5.0, aim: 2.0 });
    report.against("stalled_memory_mib", grown, "MiB", Bar::AtMost { must: bound, aim: bound / 2.0 });
    Ok(())
}
