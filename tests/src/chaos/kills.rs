//! The harness dies by SIGKILL under load, again and again, with the disk store in both of its modes: everything
//! accepted reaches every reader once, in order, in one epoch, and no gap is told.

use super::{Tally, chance::Chance, harness};
use crate::{mode::Mode, process::HarnessProcess, publisher::publish_ticks, reader::Reader};
use eventwire::{Epoch, Pattern, Start, Topic};
use eventwire_client_core::{Config, Topics};
use eventwire_judge::{History, Item, Outcome, Published, check};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};
use tokio::time::sleep;

const TOPICS: [&str; 4] = ["log.a", "log.b", "jobs.c", "jobs.d"];
const VIEWS: [&[&str]; 3] = [&["**"], &["log.*"], &["jobs.c", "log.a"]];
/// Accepted events of one topic per kill.
const EACH: u32 = 260;
/// Events of one request.
const BATCH: usize = 10;
/// Kills of one store; then another begins, so that no start reads back for long.
const OF_ONE_STORE: u64 = 20;
const HURRY: u32 = 50;
const PATIENCE: Duration = Duration::from_secs(120);

/// Kills the harness so many times, in one mode of its store or in both by turns.
///
/// # Panics
/// When the harness does not start, or a reader never comes to the end: both are what is looked for.
pub fn run(count: u64, seed: u64, sync: Option<Mode>) -> Tally {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (mut tally, mut accepted, mut of_mode) = (Tally::default(), 0, BTreeMap::new());
    let began = Instant::now();
    // However few are asked for, each mode has a half.
    let most = if sync.is_some() { count } else { count.div_ceil(2) }.min(OF_ONE_STORE);
    for seed in seed.. {
        let kills = (count - tally.runs).min(most);
        if kills == 0 {
            break;
        }
        let mode = sync.unwrap_or(Mode::of(seed));
        let (published, violations) = runtime.block_on(one_store(u32::try_from(kills).expect("few"), seed, mode));
        for violation in &violations {
            println!("seed {seed}: {violation}");
        }
        if !violations.is_empty() {
            println!("seed {seed}: again with `cargo xtask chaos --kills {kills} --seed {seed} --sync {mode}`");
        }
        tally.runs += kills;
        tally.violations += violations.len() as u64;
        accepted += published;
        *of_mode.entry(mode.to_string()).or_insert(0) += kills;
        let of_mode: Vec<_> = of_mode.iter().map(|(mode, kills)| format!("{kills} {mode}")).collect();
        println!("{} kills ({}), {accepted} events accepted, {:.0?}", tally.runs, of_mode.join(", "), began.elapsed());
    }
    tally
}

/// Kills the server of one store; answers with how many events it accepted and with what was wrong.
async fn one_store(kills: u32, seed: u64, mode: Mode) -> (usize, Vec<String>) {
    let mut chance = Chance::new(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("disk:{}", folder.path().display());
    let options = ["--store", &store, "--sync", &mode.to_string(), "--retain", "3600"];
    let mut server = HarnessProcess::start(harness(), &options).await;
    let url = server.url();
    let read = |view: &[&str], seed| {
        let topics = Topics::Named(patterns(view));
        let config = Config { topics, start: Start::Earliest, ..Config::default() };
        Reader::hurried(format!("{url}/events"), config, seed, HURRY)
    };
    let mut readers: Vec<Reader> = VIEWS.iter().zip(seed..).map(|(view, seed)| read(view, seed)).collect();

    // How far publishers may go: each life has events of its own.
    let allowed = AtomicU32::new(EACH);
    let begun: [AtomicU32; TOPICS.len()] = Default::default();
    let publish = async |n: usize| {
        let topic = Topic::parse(TOPICS[n]).expect("a topic");
        let pace = async |first: u32| {
            while first > allowed.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(2)).await;
            }
            begun[n].store(first, Ordering::Relaxed);
        };
        publish_ticks(&url, &topic, EACH * (kills + 1), BATCH, PATIENCE, pace).await
    };
    let kill = async {
        for life in 1..=kills {
            for reader in &mut readers {
                reader.until_opened(PATIENCE, life).await;
            }
            // Anywhere in this life's part, between a publish and its answer as chance wants it.
            let when = (life - 1) * EACH + u32::try_from(chance.below(u64::from(EACH) - 20)).expect("few");
            while begun.iter().any(|begun| begun.load(Ordering::Relaxed) < when) {
                sleep(Duration::from_millis(1)).await;
            }
            sleep(Duration::from_micros(chance.below(5_000))).await;
            server.kill().await;
            server.start_again().await;
            for reader in &mut readers {
                reader.until_opened(PATIENCE, life + 1).await;
            }
            allowed.store((life + 1) * EACH, Ordering::Relaxed);
        }
    };
    let (a, b, c, d, ()) = tokio::join!(publish(0), publish(1), publish(2), publish(3), kill);
    let published: Vec<Published> = [a, b, c, d].concat();
    let mut newest = BTreeMap::new();
    for one in &published {
        newest.insert(one.topic.clone(), one.content.clone());
    }
    // One that was never there before finds the same.
    readers.push(read(VIEWS[0], seed ^ 1));
    let views = VIEWS.iter().chain([&VIEWS[0]]).map(|view| patterns(view));
    let mut readings = Vec::new();
    let mut violations = Vec::new();
    for (n, (reader, view)) in readers.iter_mut().zip(views).enumerate() {
        let mut owed = newest.clone();
        owed.retain(|topic, _| view.iter().any(|pattern| pattern.matches(topic.as_str())));
        if !reader.has_newest(PATIENCE, &owed).await {
            violations.push(format!("reader {n} never had all; {} events came", reader.handed()));
        }
        let reading = reader.earliest(view);
        let gaps = reading.items.iter().filter(|item| matches!(item, Item::Gap { .. })).count();
        if gaps > 0 {
            violations.push(format!("reader {n} was told {gaps} gaps, and a disk loses nothing"));
        }
        readings.push(reading);
    }
    let accepted = published.len();
    let epochs: BTreeSet<Epoch> = published.iter().filter_map(epoch).collect();
    if epochs.len() != 1 {
        violations.push(format!("accepted in several epochs, though no position could be used again: {epochs:?}"));
    }
    let history = History { published, readings, ..History::default() };
    violations.extend(check(&history).iter().map(ToString::to_string));
    (accepted, violations)
}

fn epoch(one: &Published) -> Option<Epoch> {
    match one.outcome {
        Outcome::Accepted(at) => Some(at.epoch),
        Outcome::Refused | Outcome::Unknown => None,
    }
}

fn patterns(view: &[&str]) -> Vec<Pattern> {
    view.iter().map(|raw| Pattern::parse(raw).expect("a pattern")).collect()
}
