//! One wire of a hundred events, cut at every byte: real sockets, the real client machine, memory and disk in
//! both of its modes.
//!
//! What comes before the cut is a prefix, and the next connection completes it.

use super::Tally;
use crate::{
    events::Harness,
    mode::Mode,
    proxy::{Fault, Proxy},
    reader::Reader,
};
use axum::Router;
use eventwire::{Pattern, Start, Topic};
use eventwire_client_core::{Config, Topics};
use eventwire_judge::{History, Item, Outcome, Published, Reading, check};
use eventwire_server::{Hub, store::Disk};
use futures_util::{StreamExt, stream};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Of the latest-only topic one is left: a hundred on the wire.
const EVENTS: u32 = 132;
const TOPICS: [&str; 4] = ["log.a", "log.b", "jobs.c", "latest.x"];
/// Readers at a time.
const AT_ONCE: usize = 48;
/// Waits between attempts are so much shorter than a page's.
const HURRY: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub behind a socket, with all its events.
struct Wire {
    address: SocketAddr,
    published: Vec<Published>,
    newest: BTreeMap<Topic, String>,
    /// Bytes of a response up to the end of the replay.
    len: u64,
    _hub: Hub<Harness>,
    _folder: Option<tempfile::TempDir>,
}

/// Cuts at every byte of all wires, or at `count` of them. A cut has a number: the byte, those of the second wire after
/// those of the first.
///
/// # Panics
/// When there is no wire to cut: no port, no folder.
pub fn run(count: Option<u64>, seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let wires = [
            ("in memory", Wire::lay(None).await),
            ("always", Wire::lay(Some(Mode::ALWAYS)).await),
            ("every", Wire::lay(Some(Mode::every(0))).await),
        ];
        let all = wires.iter().map(|(_, wire)| wire.len).sum::<u64>();
        let place = |number: u64| {
            let mut byte = number;
            let wire = wires.iter().position(|(_, wire)| {
                let here = byte < wire.len;
                byte -= if here { 0 } else { wire.len };
                here
            });
            (wire.expect("a number below all"), byte)
        };
        let count = count.unwrap_or(all);
        let began = Instant::now();
        let numbers: Vec<u64> = (0..count).map(|n| (seed + n * (all / count).max(1)) % all).collect();
        let cuts = |wire| numbers.iter().filter(|number| place(**number).0 == wire).count();
        let cut = [cuts(0), cuts(1), cuts(2)];
        let violations = stream::iter(numbers.iter().copied())
            .map(|number| {
                let (wire, byte) = place(number);
                let wire = &wires[wire].1;
                async move {
                    let found = wire.cut(number, byte).await;
                    for violation in &found {
                        println!("cut {number} at byte {byte}: {violation}");
                    }
                    if !found.is_empty() {
                        println!("cut {number}: again with `cargo xtask chaos --cuts 1 --seed {number}`");
                    }
                    found.len() as u64
                }
            })
            .buffer_unordered(AT_ONCE)
            .fold(0, async |sum, found| sum + found)
            .await;
        let told =
            wires.iter().zip(cut).map(|((name, wire), cut)| format!("{cut} {name} (a wire of {} bytes)", wire.len));
        println!("{}, {:.0?}", told.collect::<Vec<_>>().join(", "), began.elapsed());
        Tally { runs: count, violations }
    })
}

impl Wire {
    /// In memory, or on a disk in this mode.
    async fn lay(mode: Option<Mode>) -> Self {
        let folder = mode.map(|_| tempfile::tempdir().expect("a folder"));
        let mut builder = Hub::<Harness>::builder().latest("latest.*");
        if let Some((folder, mode)) = folder.as_ref().zip(mode) {
            builder = builder.store(Disk::open(folder.path()).expect("an empty folder is a store").sync(mode.0));
        }
        let hub = builder.build().await.expect("these settings are in range");
        let mut published = Vec::new();
        let mut newest = BTreeMap::new();
        for n in 1..=EVENTS {
            let topic: Topic = TOPICS[n as usize % TOPICS.len()].parse().expect("a topic");
            let at = hub.publish(&topic, &Harness::Tick { n, pad: String::new() }).await.expect("there is room");
            let content = format!("tick {{\"n\":{n},\"pad\":\"\"}}");
            newest.insert(topic.clone(), content.clone());
            published.push(Published { topic, content, outcome: Outcome::Accepted(at), retried: false });
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let app = Router::new().route("/events", hub.public_route());
        tokio::spawn(async move { eventwire_server::serve(listener, app).until(std::future::pending()).await });
        let len = measure(address).await;
        Self { address, published, newest, len, _hub: hub, _folder: folder }
    }

    /// Everything wrong with what one reader is handed whose first connection ends after so many bytes.
    async fn cut(&self, number: u64, byte: u64) -> Vec<String> {
        let plan = move |n| match n {
            0 if number.is_multiple_of(2) => Fault::Cut(byte),
            0 => Fault::Reset(byte),
            _ => Fault::None,
        };
        let proxy = Proxy::start(self.address, plan).await.expect("a free port");
        let config = Config { topics: Topics::Granted, start: Start::Earliest, ..Config::default() };
        let mut reader = Reader::hurried(format!("{}/events", proxy.url()), config, number, HURRY);
        if !reader.has_newest(PATIENCE, &self.newest).await {
            return vec![format!("never had all; {} events came", reader.handed())];
        }
        // Once more may be too often: it is given the time to be so.
        if !reader.is_open(PATIENCE).await {
            return vec!["never came back".to_owned()];
        }
        let reading = reader.earliest(vec![Pattern::all()]);
        self.judge(reading)
    }

    fn judge(&self, reading: Reading) -> Vec<String> {
        let gaps = reading.items.iter().filter(|item| matches!(item, Item::Gap { .. })).count();
        let history = History {
            published: self.published.clone(),
            latest: vec![Pattern::parse("latest.*").expect("a pattern")],
            lost: Vec::new(),
            readings: vec![reading],
        };
        let mut violations: Vec<String> = check(&history).iter().map(ToString::to_string).collect();
        if gaps > 0 {
            violations.push(format!("{gaps} gaps, though nothing was lost"));
        }
        violations
    }
}

/// How many bytes a response has up to the end of its replay, its head with them.
async fn measure(address: SocketAddr) -> u64 {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    let asked = b"GET /events?lastEventId=earliest HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
    socket.write_all(asked).await.expect("it reads");
    let mut bytes = Vec::new();
    let whole = |bytes: &[u8]| bytes.windows(15).any(|window| window == b"{\"kind\":\"live\"}");
    while !whole(&bytes) {
        let n = socket.read_buf(&mut bytes).await.expect("it answers");
        assert!(n > 0, "the stream ended before its replay: {}", String::from_utf8_lossy(&bytes));
    }
    bytes.len() as u64
}
