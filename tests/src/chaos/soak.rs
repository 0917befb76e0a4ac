//! Readers, publishers and a bad network for a long time, with kills and drains in the first half, after which
//! the server goes on in the other mode of its disk store; what was handed over is judged at the end, and how the
//! server's memory grew in the second half is told.

use super::{Tally, chance::Chance, harness};
use crate::{
    mode::Mode,
    process::HarnessProcess,
    proxy::{Fault, Proxy},
    publisher::publish_ticks,
    reader::Reader,
};
use eventwire::{Pattern, Topic};
use eventwire_client_core::{Config, Topics};
use eventwire_judge::{History, Published, check};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

const READERS: u64 = 120;
const TOPICS: [&str; 4] = ["log.a", "log.b", "jobs.c", "latest.x"];
const VIEWS: [&[&str]; 4] = [&["**"], &["log.*"], &["jobs.c", "latest.*"], &["log.a", "latest.x"]];
/// One event of each topic so often.
const EVERY: Duration = Duration::from_millis(200);
/// Something happens to the network so often, and to the server so much more rarely.
const UPSET: Duration = Duration::from_secs(3);
const RESTART: u64 = 8;
const HURRY: u32 = 20;
const PATIENCE: Duration = Duration::from_secs(180);

/// Soaks for so many minutes, in one mode of the store or in each life of the server in another.
///
/// # Panics
/// When the harness or the proxy does not start.
pub fn run(minutes: u64, seed: u64, sync: Option<Mode>) -> Tally {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let found = runtime.expect("a runtime").block_on(soak(minutes, seed, sync));
    for violation in &found {
        println!("{violation}");
    }
    if !found.is_empty() {
        let sync = sync.map_or_else(String::new, |mode| format!(" --sync {mode}"));
        println!("again with `cargo xtask chaos --soak {minutes} --seed {seed}{sync}`");
    }
    Tally { runs: minutes, violations: found.len() as u64 }
}

async fn soak(minutes: u64, seed: u64, sync: Option<Mode>) -> Vec<String> {
    let mut chance = Chance::new(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("disk:{}", folder.path().display());
    let mode = |life: u64| sync.unwrap_or(Mode::of(seed + life)).to_string();
    let first = mode(0);
    let options = [
        "--store",
        &store,
        "--sync",
        &first,
        "--retain",
        "60",
        "--heartbeat",
        "1000",
        "--latest",
        "latest.*",
        "--drain",
        "1",
    ];
    let mut server = HarnessProcess::start(harness(), &options).await;
    let url = server.url();
    let upstream = url.trim_start_matches("http://").parse().expect("an address");
    let calm = Arc::new(AtomicBool::new(false));
    let still = calm.clone();
    let plan = move |n| if still.load(Ordering::Relaxed) { Fault::None } else { fault(seed ^ n) };
    let proxy = Proxy::start(upstream, plan).await.expect("a free port");

    let mut readers: Vec<(Reader, Vec<Pattern>)> = Vec::new();
    for n in 0..READERS {
        let view = patterns(VIEWS[chance.index(VIEWS.len())]);
        let config = Config { topics: Topics::Named(view.clone()), ..Config::default() };
        readers.push((Reader::hurried(format!("{}/events", proxy.url()), config, seed ^ n, HURRY), view));
    }

    let began = Instant::now();
    let half = Duration::from_secs(minutes * 30);
    let count = u32::try_from(2 * half.as_millis() / EVERY.as_millis()).expect("not that long");
    let publish = async |topic: &str| {
        let topic = Topic::parse(topic).expect("a topic");
        publish_ticks(&url, &topic, count, 1, PATIENCE, async |_| sleep(EVERY).await).await
    };
    let over = AtomicBool::new(false);
    let publishing = async {
        let all = tokio::join!(publish(TOPICS[0]), publish(TOPICS[1]), publish(TOPICS[2]), publish(TOPICS[3]));
        over.store(true, Ordering::Relaxed);
        [all.0, all.1, all.2, all.3].concat()
    };
    let upsetting = async {
        let (mut upsets, mut lives, mut memory) = (0, vec![first.clone()], Vec::new());
        while !over.load(Ordering::Relaxed) {
            sleep(UPSET).await;
            upsets += 1;
            match chance.below(3) {
                0 => proxy.cut_all(),
                1 if began.elapsed() < half && upsets % RESTART == 0 => server.kill().await,
                _ if began.elapsed() < half && upsets % RESTART == 0 => server.terminate().await,
                _ => {}
            }
            if !server.is_running() {
                let mode = mode(lives.len() as u64);
                server.start_again_with("--sync", &mode).await;
                lives.push(mode);
            }
            if began.elapsed() > half {
                memory.extend(server.memory().map(|bytes| (began.elapsed().as_secs_f64(), bytes as f64)));
            }
        }
        println!("{upsets} upsets, {} connections; lives of the server: {}", proxy.accepted(), lives.join(", "));
        memory
    };
    let (published, memory) = tokio::join!(publishing, upsetting);
    calm.store(true, Ordering::Relaxed);
    proxy.cut_all();
    tell(&memory);

    let newest: BTreeMap<Topic, String> =
        published.iter().map(|one| (one.topic.clone(), one.content.clone())).collect();
    judge(published, &newest, &mut readers).await
}

async fn judge(
    published: Vec<Published>,
    newest: &BTreeMap<Topic, String>,
    readers: &mut [(Reader, Vec<Pattern>)],
) -> Vec<String> {
    let (mut violations, mut readings, mut handed) = (Vec::new(), Vec::new(), 0);
    for (n, (reader, view)) in readers.iter_mut().enumerate() {
        let mut owed = newest.clone();
        owed.retain(|topic, _| view.iter().any(|pattern| pattern.matches(topic.as_str())));
        if !reader.has_newest(PATIENCE, &owed).await {
            violations.push(format!("reader {n} never had all; {} events came", reader.handed()));
        }
        handed += reader.handed();
        readings.push(reader.from_now(view.clone()));
    }
    println!("{} events accepted, {handed} handed to {} readers", published.len(), readings.len());
    let latest = patterns(&["latest.*"]);
    let history = History { published, latest, readings, ..History::default() };
    violations.extend(check(&history).iter().map(ToString::to_string));
    violations
}

fn fault(seed: u64) -> Fault {
    let mut chance = Chance::new(seed.wrapping_add(1));
    let bytes = chance.below(20_000);
    match chance.below(12) {
        0..4 => Fault::None,
        4..6 => Fault::Delay(Duration::from_millis(chance.below(50))),
        6..8 => Fault::Cut(bytes),
        8..10 => Fault::Reset(bytes),
        10 => Fault::HalfOpen(bytes),
        _ if chance.one_in(4) => Fault::BlackHole,
        _ => Fault::Trickle(Duration::from_millis(1)),
    }
}

/// How the server's memory went, as a line through what was seen.
fn tell(memory: &[(f64, f64)]) {
    let n = memory.len() as f64;
    let Some((_, last)) = memory.last() else { return };
    let mean = |of: fn(&(f64, f64)) -> f64| memory.iter().map(of).sum::<f64>() / n;
    let (time, bytes) = (mean(|at| at.0), mean(|at| at.1));
    let spread: f64 = memory.iter().map(|at| (at.0 - time).powi(2)).sum();
    let slope = memory.iter().map(|at| (at.0 - time) * (at.1 - bytes)).sum::<f64>() / spread.max(1.0);
    let mib = f64::from(1 << 20);
    println!("memory: {:.1} MiB at the end, {:+.1} MiB an hour in the second half", last / mib, slope * 3_600.0 / mib);
}

fn patterns(view: &[&str]) -> Vec<Pattern> {
    view.iter().map(|raw| Pattern::parse(raw).expect("a pattern")).collect()
}
