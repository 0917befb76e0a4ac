//! A great coming and going: every counter is back where it was, and memory does not grow.

use super::{
    Size,
    part::{Process, Server, expect, number},
};
use crate::report::{Bar, Report};
use std::{error::Error, time::Instant};

const TENTHS: usize = 10;

pub(super) fn run(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut server = Server::start(1)?;
    let mut clients = Process::start("clients")?;
    server.process.ask("publish 10 1000 50")?;
    let baseline = server.stats()?;
    let began = Instant::now();
    let (mut memory, mut seconds) = (Vec::new(), Vec::new());
    for tenth in 0..TENTHS {
        let began = Instant::now();
        let count = size.churn / TENTHS + usize::from(tenth < size.churn % TENTHS);
        let said = clients.ask(&format!("churn {} 127.0.{}.0 {count}", server.at, tenth + 1))?;
        expect("visits that failed", number(&said, "failed"), 0)?;
        seconds.push(began.elapsed().as_secs_f64());
        eprintln!("readers: churn, {} of {TENTHS} in {:.0} s", tenth + 1, seconds[tenth]);
        memory.push(number(&server.has_readers(0)?, "rss") as f64 / f64::from(1 << 20));
    }
    let took = began.elapsed().as_secs_f64();
    // Sockets are closed a moment after their readers are forgotten.
    let give_up = Instant::now() + std::time::Duration::from_secs(30);
    let mut after = server.stats()?;
    let counters = ["readers", "behind", "topics", "queued", "tasks", "faults", "alive", "fds"];
    while counters.iter().any(|name| after[*name] != baseline[*name]) && Instant::now() < give_up {
        std::thread::sleep(std::time::Duration::from_millis(50));
        after = server.stats()?;
    }
    for name in counters {
        expect(&format!("`{name}` after all have left"), number(&after, name), number(&baseline, name))?;
    }
    // The first tenth is what a busy process needs once.
    let (first, last) = (memory[0], memory[TENTHS - 1]);
    report.figure("churn_connects", size.churn as f64, "");
    report.figure("churn_per_second", size.churn as f64 / took, "1/s");
    report.figure("churn_last_tenth_took", seconds[TENTHS - 1] / seconds[0], "x the first");
    report.figure("churn_counters_off", 0.0, "");
    report.figure("churn_memory_first_tenth_mib", first, "MiB");
    report.figure("churn_memory_last_tenth_mib", last, "MiB");
    report.against("churn_memory_growth_mib", last - first, "MiB", Bar::AtMost { must: 8.0, aim: 2.0 });
    Ok(())
}
