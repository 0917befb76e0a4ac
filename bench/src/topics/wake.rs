//! What it costs until an event is in the hands of those who follow its topic: 10,000 readers of 5 of 1,000 topics each.
//!
//! Ours and tokio's `broadcast` take turns on one thread, and what is told is processor time. `broadcast` needs a task
//! per reader, and so does a response body on a server; ours is measured with one, and without: then a reader takes what
//! was put down for it, and the rest is the hub's own share.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use axum::body::Bytes;
use eventwire::Topic;
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::broadcast, task::JoinHandle};

use super::{
    Size,
    memory::{self, hub, topics_of},
    middle_and_tail,
};
use crate::{
    report::{Bar, Report},
    stream::{Chance, Checked, Load, Stream, patterns, processor_time, publish},
};

const TOPICS: usize = 1_000;
const EACH: usize = 5;
/// Events published in one go, before whoever is woken runs.
const BATCH: usize = 50;

/// Who follows what, and the load: the same for all.
struct Scene {
    names: Vec<Topic>,
    follows: Vec<Vec<u64>>,
    /// The same from the topic's side.
    followers: Vec<Vec<usize>>,
    batches: usize,
    load: Load,
}

/// A reader without a task: what lies there is taken between the batches.
struct Held {
    stream: Stream,
    pieces: Vec<Bytes>,
}

pub(super) fn measure(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let (readers, rounds) = (size.of(10_000, 500), size.of(5, 1));
    let mut chance = Chance(88_172_645_463_325_252);
    let follows: Vec<_> = (0..readers).map(|_| chance.different(TOPICS as u64, EACH)).collect();
    let mut followers = vec![Vec::new(); TOPICS];
    for (reader, follows) in follows.iter().enumerate() {
        follows.iter().for_each(|topic| followers[*topic as usize].push(reader));
    }
    let scene = Scene {
        names: topics_of(TOPICS)?,
        follows,
        followers,
        // So many that the kernel's clock, which goes by some milliseconds, tells them apart.
        batches: size.of(200, 4),
        load: memory::load(),
    };
    let (mut alone, mut tasks, mut peer) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let seed = 123_456_789 + round as u64;
        alone.push(on_one_thread(ours(&scene, seed, false))?);
        tasks.push(on_one_thread(ours(&scene, seed, true))?);
        peer.push(on_one_thread(theirs(&scene, seed))?);
    }
    let ratio = |ours: &[f64]| middle_and_tail(peer.iter().zip(ours).map(|(peer, ours)| peer / ours).collect()).0;
    report.against("wake_broadcast_over_ours", ratio(&alone), "x", Bar::AtLeast { must: 6.0, aim: 15.0 });
    report.figure("wake_broadcast_over_ours_with_a_task_per_reader", ratio(&tasks), "x");
    for (name, all) in [("hub", alone), ("with_a_task_per_reader", tasks), ("broadcast", peer)] {
        let (middle, tail) = middle_and_tail(all);
        report.figure(format!("wake_{name}_ns"), middle, "ns");
        report.figure(format!("wake_{name}_p99_ns"), tail, "ns");
    }
    Ok(())
}

fn on_one_thread(measured: impl Future<Output = Result<f64, String>>) -> Result<f64, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(measured)
}

/// Nanoseconds per event and reader.
async fn ours(scene: &Scene, seed: u64, with_tasks: bool) -> Result<f64, String> {
    let hub = hub(256 << 20).await?;
    let (woken, mut tasks, mut held) = (Arc::new(AtomicUsize::new(0)), Vec::new(), Vec::new());
    for follows in &scene.follows {
        let asked = patterns(follows.iter().map(|n| scene.names[*n as usize].to_string()));
        let mut stream = Stream::open(&hub, &asked, Some(hub.position()))?;
        if with_tasks {
            let woken = woken.clone();
            tasks.push(tokio::spawn(async move {
                let mut pieces = Vec::new();
                while let Some(piece) = stream.next().await {
                    woken.fetch_add(1, Relaxed);
                    pieces.push(piece);
                }
                pieces
            }));
        } else {
            held.push(Held { stream, pieces: Vec::new() });
        }
    }
    while hub.stats().live < scene.follows.len() {
        held.iter_mut().for_each(Held::take);
        tokio::task::yield_now().await;
    }
    held.iter_mut().for_each(Held::take);
    let (mut chance, mut owed) = (Chance(seed), BTreeMap::new());
    let began = processor_time()?;
    for _ in 0..scene.batches {
        let mut topics = [0; BATCH];
        for topic in &mut topics {
            *topic = chance.below(TOPICS as u64);
            *owed.entry(*topic).or_insert(0) += 1;
            publish(&hub, &scene.names[*topic as usize], &scene.load)?;
        }
        settled(&woken).await;
        if !with_tasks {
            let followers = topics.iter().flat_map(|topic| &scene.followers[*topic as usize]);
            followers.for_each(|reader| held[*reader].take());
        }
    }
    let spent = (processor_time()? - began) * 1e9;
    // Every stream ends with the hub.
    drop(hub);
    let pieces = match with_tasks {
        true => join_all(tasks).await?,
        false => held.into_iter().map(|held| held.pieces).collect(),
    };
    let mut all = 0;
    for (follows, pieces) in scene.follows.iter().zip(pieces) {
        let expected = follows.iter().filter_map(|topic| owed.get(topic)).sum();
        let mut checked = Checked::new(None);
        pieces.iter().for_each(|piece| checked.read(piece));
        checked.verdict(expected)?;
        all += expected;
    }
    Ok(spent / all as f64)
}

async fn theirs(scene: &Scene, seed: u64) -> Result<f64, String> {
    let channels: Vec<_> = (0..TOPICS).map(|_| broadcast::channel::<(u64, Arc<str>)>(1_024).0).collect();
    let (woken, mut tasks) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    for follows in &scene.follows {
        // As an app merges them for one response: only the channel that has something is looked at.
        let receive = |mut channel: broadcast::Receiver<_>| async move { (channel.recv().await.ok(), channel) };
        let subscribed = follows.iter().map(|n| receive(channels[*n as usize].subscribe()));
        let mut merged: FuturesUnordered<_> = subscribed.collect();
        let woken = woken.clone();
        tasks.push(tokio::spawn(async move {
            let mut events: Vec<(u64, Arc<str>)> = Vec::new();
            while let Some((event, channel)) = merged.next().await {
                let Some(event) = event else { continue };
                woken.fetch_add(1, Relaxed);
                events.push(event);
                merged.push(receive(channel));
            }
            events
        }));
    }
    settled(&woken).await;
    // Framed once, as ours is, and shared.
    let frame: Arc<str> = "x".repeat(256).into();
    let (mut chance, mut owed, mut at) = (Chance(seed), BTreeMap::new(), 0);
    let began = processor_time()?;
    for _ in 0..scene.batches {
        for _ in 0..BATCH {
            let topic = chance.below(TOPICS as u64);
            *owed.entry(topic).or_insert(0) += 1;
            at += 1;
            // Nobody may follow this one.
            let _ = channels[topic as usize].send((at, frame.clone()));
        }
        settled(&woken).await;
    }
    let spent = (processor_time()? - began) * 1e9;
    drop(channels);
    let mut all = 0;
    for (follows, events) in scene.follows.iter().zip(join_all(tasks).await?) {
        let expected: usize = follows.iter().filter_map(|topic| owed.get(topic)).sum();
        if events.len() != expected {
            return Err(format!("broadcast: {} events came, {expected} were owed", events.len()));
        }
        all += expected;
    }
    Ok(spent / all as f64)
}

impl Held {
    fn take(&mut self) {
        self.pieces.extend(std::iter::from_fn(|| self.stream.take()));
    }
}

/// Until nobody was woken any more: on one thread every task that is ready runs before this one does again.
async fn settled(woken: &Arc<AtomicUsize>) {
    let mut before = usize::MAX;
    loop {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let now = woken.load(Relaxed);
        if std::mem::replace(&mut before, now) == now {
            return;
        }
    }
}

async fn join_all<T>(tasks: Vec<JoinHandle<T>>) -> Result<Vec<T>, String> {
    let mut all = Vec::with_capacity(tasks.len());
    for task in tasks {
        all.push(task.await.map_err(|error| error.to_string())?);
    }
    Ok(all)
}
