//! Random days of the real hub and the real client machine on a virtual clock: publishing, cut and late and half-open
//! connections, restarts in memory and over a shaky store, renewed epochs, revoked access, drains, hidden tabs, topics
//! that come and go, slow readers, evictions. A seed is a day.
//!
//! No socket and no browser: between hub and machine are the bytes of the response body.

mod grants;
mod page;
mod store;
mod world;

use super::Tally;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};
use world::{Day, World};

/// Last words of each page of a failing day; all of them if it is tried alone.
const SHOWN: usize = 60;

/// What days came to, together: dull days prove nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many, and how many of the promise's violations.
    pub tally: Tally,
    /// Events handed over.
    pub handed: u64,
    /// Gaps told.
    pub gaps: u64,
    /// Connections asked for.
    pub dials: u64,
}

/// The days `seed..seed + count`. Each that fails is printed with its last words and the command that repeats it.
pub fn run(count: u64, seed: u64) -> Sum {
    let next = AtomicU64::new(seed);
    let shown = if count == 1 { usize::MAX } else { SHOWN };
    let work = || {
        let mut sum = Sum::default();
        loop {
            let today = next.fetch_add(1, Ordering::Relaxed);
            if today >= seed + count {
                return sum;
            }
            sum.add(today, &day(today), shown);
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a failing day is caught")).fold(Sum::default(), Sum::and)
    })
}

/// One day, from its seed alone.
fn day(seed: u64) -> Day {
    let live = || {
        // The hub's own chance: epochs, and when readers are to come back.
        fastrand::seed(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut world = World::new(seed).await;
            for _ in 0..world.steps() {
                world.step().await;
            }
            world.quiet().await
        })
    };
    catch_unwind(AssertUnwindSafe(live)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Day { violations: vec![format!("panicked: {}", text.unwrap_or("without a word"))], ..Day::default() }
    })
}

impl Sum {
    fn add(&mut self, seed: u64, day: &Day, shown: usize) {
        self.tally.runs += 1;
        self.tally.violations += day.violations.len() as u64;
        self.handed += day.handed;
        self.gaps += day.gaps;
        self.dials += day.dials;
        if day.violations.is_empty() {
            return;
        }
        for (n, log) in day.log.iter().enumerate() {
            let lines: Vec<&str> = log.lines().collect();
            println!("page {n}: {}", lines.first().unwrap_or(&""));
            for line in &lines[lines.len().saturating_sub(shown)..] {
                println!("  {line}");
            }
        }
        for violation in &day.violations {
            println!("seed {seed}: {violation}");
        }
        println!("seed {seed}: again with `cargo xtask chaos --seeds 1 --seed {seed}`");
    }

    fn and(self, other: Self) -> Self {
        let tally = Tally {
            runs: self.tally.runs + other.tally.runs,
            violations: self.tally.violations + other.tally.violations,
        };
        Self {
            tally,
            handed: self.handed + other.handed,
            gaps: self.gaps + other.gaps,
            dials: self.dials + other.dials,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_day_to_the_last_word() {
        for seed in 1..=6 {
            assert_eq!(day(seed).log, day(seed).log, "seed {seed}");
        }
    }
}
