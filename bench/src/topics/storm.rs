//! What a publish costs while others replay: readers of 5 topics come back about 1,000 events late, again and again,
//! beside one publisher at 10,000 events a second. And the same publisher with nobody beside it.

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use eventwire::{Offset, Position, Topic};
use eventwire_server::Hub;

use super::{
    Size, at_most,
    memory::{self, topics_of},
    middle_and_tail,
};
use crate::{
    report::Report,
    stream::{Chance, Checked, Load, Stream, patterns, publish},
};

const TOPICS: usize = 1_000;
/// Readers that come back at the same time.
const READERS: usize = 16;
/// How late they are: a thousand events of their five topics among a thousand.
const LATE: u64 = 200_000;
const PACE: Duration = Duration::from_micros(100);

pub(super) fn measure(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (rounds, events) = (size.of(5, 1), size.of(10_000, 500));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let hub = runtime.block_on(memory::hub(512 << 20))?;
    let (names, load) = (topics_of(TOPICS)?, memory::load());
    let mut chance = Chance(362_436_069);
    for _ in 0..size.of(400_000, 20_000) {
        publish(&hub, &names[chance.below(TOPICS as u64) as usize], &load)?;
    }
    let (mut quiet, mut stormy, mut ratios, mut resumes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..rounds {
        let alone = paced(&hub, &names, events, round)?;
        let over = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicUsize::new(0));
        let late = LATE.min(hub.position().offset.0 / 2);
        let readers: Vec<_> = (0..READERS)
            .map(|n| runtime.spawn(come_back(hub.clone(), n as u64 + 1, late, over.clone(), done.clone())))
            .collect();
        let beside = paced(&hub, &names, events, round);
        over.store(true, Relaxed);
        for reader in readers {
            runtime.block_on(reader)??;
        }
        let beside = beside?;
        resumes += done.load(Relaxed);
        ratios.push(middle_and_tail(beside.clone()).0 / middle_and_tail(alone.clone()).0);
        quiet.extend(alone);
        stormy.extend(beside);
    }
    report.against("publish_p50_storm_over_quiet", middle_and_tail(ratios).0, "x", at_most(5.0, 2.0));
    for (name, all) in [("quiet", quiet), ("in_a_storm", stormy)] {
        let (middle, tail) = middle_and_tail(all);
        report.figure(format!("publish_{name}_ns"), middle, "ns");
        report.figure(format!("publish_{name}_p99_ns"), tail, "ns");
    }
    report.figure("storm_resumes", resumes as f64, "");
    Ok(())
}

/// How long each publish took, in nanoseconds, on a thread of its own.
fn paced(hub: &Hub<Load>, names: &[Topic], events: usize, round: usize) -> Result<Vec<f64>, String> {
    let (hub, names, load) = (hub.clone(), names.to_vec(), memory::load());
    let publisher = thread::spawn(move || {
        let (mut chance, mut next) = (Chance(7 + round as u64), Instant::now());
        let mut took = Vec::with_capacity(events);
        for _ in 0..events {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next += PACE;
            let topic = &names[chance.below(TOPICS as u64) as usize];
            let began = Instant::now();
            publish(&hub, topic, &load)?;
            took.push(began.elapsed().as_nanos() as f64);
        }
        Ok(took)
    });
    publisher.join().map_err(|_| "the publisher panicked".to_owned())?
}

/// Comes back until it is over, each time as late, and reads until it has all there is.
async fn come_back(
    hub: Hub<Load>,
    seed: u64,
    late: u64,
    over: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) -> Result<(), String> {
    let mut chance = Chance(seed);
    while !over.load(Relaxed) {
        let asked = patterns(chance.different(TOPICS as u64, 5).into_iter().map(|n| format!("room.{n}")));
        let head = hub.position();
        let position = Position { offset: Offset(head.offset.0 - late), ..head };
        let mut stream = Stream::open(&hub, &asked, Some(position))?;
        let mut checked = Checked::new(Some(position));
        while !checked.live {
            let piece = stream.next().await.ok_or("a stream ended")?;
            checked.read(&piece);
        }
        let events = checked.events;
        checked.verdict(events)?;
        done.fetch_add(1, Relaxed);
    }
    Ok(())
}
