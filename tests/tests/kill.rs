//! The server dies by SIGKILL again and again while events are published and read: what reaches a page, and what is told.

use eventwire::{Pattern, Start, Topic};
use eventwire_client_core::{Config, Topics};
use eventwire_judge::{History, Item, Published, Violation, check};
use eventwire_tests::{process::HarnessProcess, publisher::publish_ticks, reader::Reader};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::time::sleep;

const TOPICS: [&str; 3] = ["log.a", "log.b", "jobs.c"];
const EACH: u32 = 600;
const KILLS: u32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);

struct Run {
    published: Vec<Published>,
    items: Vec<Item>,
    /// What a reader is handed that comes when everything is over.
    late: Vec<Item>,
    violations: Vec<Violation>,
}

/// Publishes on three topics with keys and retries, kills and restarts the server under it, and reads all the while.
async fn run(store: &str) -> Run {
    let mut server = HarnessProcess::start(env!("CARGO_BIN_EXE_harness"), &["--store", store]).await;
    let url = server.url();
    let read = |seed| Reader::open(format!("{url}/events"), earliest(), seed);
    let mut reader = read(7);

    // How far the slowest publisher may go: one part per life of the server, so that each life has events of its own.
    let allowed = AtomicU32::new(EACH / (KILLS + 1));
    let begun: [AtomicU32; 3] = Default::default();
    let publish = async |n: usize| {
        let topic = Topic::parse(TOPICS[n]).unwrap();
        let pace = async |first: u32| {
            while first > allowed.load(Ordering::Relaxed) {
                sleep(Duration::from_millis(2)).await;
            }
            begun[n].store(first, Ordering::Relaxed);
        };
        publish_ticks(&url, &topic, EACH, 5, PATIENCE, pace).await
    };
    let kill = async {
        for life in 1..=KILLS {
            // In the middle of its part, between a publish and its answer as chance wants it.
            let middle = (2 * life - 1) * EACH / (KILLS + 1) / 2;
            while begun.iter().any(|begun| begun.load(Ordering::Relaxed) < middle) {
                sleep(Duration::from_millis(1)).await;
            }
            // It has to be there for this kill to be noticed, and again before the next part: what comes
            // while it is away is lost with the memory, and the last events of all would never reach it.
            reader.until_opened(PATIENCE, life).await;
            server.kill().await;
            server.start_again().await;
            reader.until_opened(PATIENCE, life + 1).await;
            allowed.store((life + 1) * EACH / (KILLS + 1), Ordering::Relaxed);
        }
    };
    let (a, b, c, ()) = tokio::join!(publish(0), publish(1), publish(2), kill);
    let published: Vec<Published> = [a, b, c].concat();
    let last: Vec<String> = (0..TOPICS.len()).map(|n| published[(n + 1) * EACH as usize - 1].content.clone()).collect();
    let complete = |items: &[Item]| last.iter().zip(TOPICS).all(|(last, topic)| has(items, topic, last));
    reader.until(PATIENCE, complete).await;
    let mut late = read(8);
    late.until(PATIENCE, complete).await;
    let readings = [&reader, &late].map(|reader| reader.earliest(vec![Pattern::all()]));
    let violations = check(&History { published: published.clone(), readings: readings.into(), ..History::default() });
    Run { published, items: reader.items(), late: late.items(), violations }
}

fn earliest() -> Config {
    let asked = ["log.**", "jobs.*"].map(|raw| Pattern::parse(raw).unwrap());
    Config { topics: Topics::Named(asked.to_vec()), start: Start::Earliest, ..Config::default() }
}

fn has(items: &[Item], of: &str, last: &str) -> bool {
    items
        .iter()
        .any(|item| matches!(item, Item::Event { topic, content, .. } if topic.as_str() == of && content == last))
}

fn gaps(items: &[Item]) -> usize {
    items.iter().filter(|item| matches!(item, Item::Gap { .. })).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_on_a_disk_every_event_arrives_once_through_every_kill_and_no_gap_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let run = run(&format!("disk:{}", folder.path().display())).await;
    let events = run.items.len() - gaps(&run.items);
    assert_eq!((run.published.len(), events, gaps(&run.items)), (TOPICS.len() * EACH as usize, run.published.len(), 0));
    assert_eq!(run.late, run.items, "D1: everything accepted is there, in order, and nothing else");
    assert_eq!(run.violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory_every_kill_is_a_gap_and_nothing_is_missing_unannounced() {
    let run = run("memory").await;
    assert!(gaps(&run.items) >= 1, "each life is an epoch of its own");
    assert_eq!(run.violations, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_server_stops_cleanly_and_its_readers_go_on_without_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("disk:{}", folder.path().display());
    let mut server = HarnessProcess::start(env!("CARGO_BIN_EXE_harness"), &["--store", &store, "--drain", "1"]).await;
    let topic = Topic::parse("log.a").unwrap();
    let mut reader = Reader::open(format!("{}/events", server.url()), earliest(), 7);
    let first = publish_ticks(&server.url(), &topic, 50, 10, PATIENCE, async |_| {}).await;
    reader.until(PATIENCE, |items| items.len() == first.len()).await;
    server.terminate().await;
    let order = std::fs::read_to_string(folder.path().join("order")).unwrap();
    assert!(order.lines().any(|line| line.starts_with("end clean ")), "{order}");
    server.start_again().await;
    // The same keys: nothing new. Then something new.
    assert_eq!(publish_ticks(&server.url(), &topic, 50, 10, PATIENCE, async |_| {}).await, first);
    let published = publish_ticks(&server.url(), &topic, 60, 10, PATIENCE, async |_| {}).await;
    reader.until(PATIENCE, |items| items.len() == published.len()).await;
    assert_eq!(gaps(&reader.items()), 0);
    let readings = vec![reader.earliest(vec![Pattern::all()])];
    assert_eq!(check(&History { published, readings, ..History::default() }), []);
}
