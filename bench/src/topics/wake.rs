//! What it costs until an event is in the hands of those who follow its topic: 10,000 readers of 5 of 1,000 topics each.
//!
//! Ours and tokio's `broadcast` take turns, each on the one thread of a process of its own, and what is told is the time
//! from the first publish of a batch until whoever was woken has run: that of the middle batch, so that what else ran on
//! this machine does not count. Without a task per reader nobody is woken: what is measured then is the hub's own share, up
//! to where an event lies before each of its readers, and they take it between the batches, out of the time. `broadcast` has
//! no such share, for nobody has an event whose task has not run. A response body on a server has a task as well, so ours
//! is measured with one besides: from publishing until it is taken.
//!
//! What a reader has taken it counts and lets go of, as a server does that has written it: a bench that kept all of it
//! would measure how the kernel finds new memory. What came is kept, and checked event by event, in a run of its own
//! whose time does not count; every measured run must hand each reader as many bytes.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
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
    stream::{Chance, Checked, Load, Stream, patterns, publish},
};

const TOPICS: usize = 1_000;
const EACH: usize = 5;
/// Events published in one go, before whoever is woken runs.
const BATCH: usize = 50;
/// Which topics are published to, the same in every run.
const SEED: u64 = 123_456_789;
/// Bytes of an event of the peer.
const FRAME: usize = 256;

/// Who follows what, and the load: the same for all.
struct Scene {
    names: Vec<Topic>,
    follows: Vec<Vec<u64>>,
    /// The same from the topic's side.
    followers: Vec<Vec<usize>>,
    batches: usize,
    load: Load,
}

/// What a reader was handed.
#[derive(Default)]
struct Taken {
    bytes: usize,
    /// Kept only where it is checked.
    pieces: Option<Vec<Bytes>>,
}

/// A reader without a task: what lies there is taken between the batches.
struct Held {
    stream: Stream,
    taken: Taken,
}

/// How ours is run.
#[derive(Clone, Copy)]
struct Way {
    with_tasks: bool,
    checked: bool,
}

/// Ours without and with a task per reader, and the peer, by the names they are asked for by.
const PARTS: [&str; 3] = ["wake_hub", "wake_with_a_task_per_reader", "wake_broadcast"];

pub(super) fn measure(size: Size, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let mut taken: [Vec<f64>; 3] = Default::default();
    for _ in 0..size.of(5, 1) {
        for (part, taken) in PARTS.iter().zip(&mut taken) {
            taken.push(memory::own(part, size)?);
        }
    }
    let [alone, tasks, peer] = &taken;
    let ratio = |ours: &[f64]| middle_and_tail(peer.iter().zip(ours).map(|(peer, ours)| peer / ours).collect()).0;
    report.against("wake_broadcast_over_ours", ratio(alone), "x", Bar::AtLeast { must: 6.0, aim: 15.0 });
    report.figure("wake_broadcast_over_ours_with_a_task_per_reader", ratio(tasks), "x");
    for (name, all) in PARTS.iter().zip(taken) {
        let (middle, tail) = middle_and_tail(all);
        report.figure(format!("{name}_ns"), middle, "ns");
        report.figure(format!("{name}_p99_ns"), tail, "ns");
    }
    Ok(())
}

/// Nanoseconds per event and reader of one of these, here.
pub(super) async fn part(part: &str, size: Size) -> Result<f64, String> {
    let scene = Scene::new(size)?;
    let with_tasks = part == PARTS[1];
    if part == PARTS[2] {
        return theirs(&scene).await;
    }
    let (spent, handed) = ours(&scene, Way { with_tasks, checked: false }).await?;
    let (_, owed) = ours(&scene, Way { with_tasks, checked: true }).await?;
    if handed != owed {
        return Err("a reader was handed other bytes than in the run that was checked".into());
    }
    Ok(spent)
}

/// Nanoseconds per event and reader, and the bytes that each reader was handed.
async fn ours(scene: &Scene, Way { with_tasks, checked }: Way) -> Result<(f64, Vec<usize>), String> {
    let hub = hub(256 << 20).await?;
    let (woken, mut tasks, mut held) = (Arc::new(AtomicUsize::new(0)), Vec::new(), Vec::new());
    for follows in &scene.follows {
        let asked = patterns(follows.iter().map(|n| scene.names[*n as usize].to_string()));
        let mut stream = Stream::open(&hub, &asked, Some(hub.position()))?;
        let mut taken = Taken { bytes: 0, pieces: checked.then(Vec::new) };
        if with_tasks {
            let woken = woken.clone();
            tasks.push(tokio::spawn(async move {
                while let Some(piece) = stream.next().await {
                    woken.fetch_add(1, Relaxed);
                    taken.take(piece);
                }
                taken
            }));
        } else {
            held.push(Held { stream, taken });
        }
        // As they come to a server: one is let in before the next is there. All at once they would lie as far apart as all
        // that they ask, which is gone when they are in.
        tokio::task::yield_now().await;
    }
    while hub.stats().live < scene.follows.len() {
        held.iter_mut().for_each(Held::take);
        tokio::task::yield_now().await;
    }
    held.iter_mut().for_each(Held::take);
    let (mut chance, mut owed) = (Chance(SEED), BTreeMap::new());
    let mut spent = Vec::with_capacity(scene.batches);
    for _ in 0..scene.batches {
        let began = Instant::now();
        let mut topics = [0; BATCH];
        for topic in &mut topics {
            *topic = chance.below(TOPICS as u64);
            *owed.entry(*topic).or_insert(0) += 1;
            publish(&hub, &scene.names[*topic as usize], &scene.load)?;
        }
        settled(&woken).await;
        spent.push(scene.each(began, &topics));
        if !with_tasks {
            let followers = topics.iter().flat_map(|topic| &scene.followers[*topic as usize]);
            followers.for_each(|reader| held[*reader].take());
        }
    }
    // Every stream ends with the hub.
    drop(hub);
    let taken = match with_tasks {
        true => join_all(tasks).await?,
        false => held.into_iter().map(|held| held.taken).collect(),
    };
    for (follows, taken) in scene.follows.iter().zip(&taken) {
        if let Some(pieces) = &taken.pieces {
            let mut checked = Checked::new(None);
            pieces.iter().for_each(|piece| checked.read(piece));
            checked.verdict(follows.iter().filter_map(|topic| owed.get(topic)).sum())?;
        }
    }
    Ok((middle_and_tail(spent).0, taken.iter().map(|taken| taken.bytes).collect()))
}

async fn theirs(scene: &Scene) -> Result<f64, String> {
    let channels: Vec<_> = (0..TOPICS).map(|_| broadcast::channel::<(u64, Arc<str>)>(1_024).0).collect();
    let (woken, mut tasks) = (Arc::new(AtomicUsize::new(0)), Vec::new());
    for follows in &scene.follows {
        // As an app merges them for one response: only the channel that has something is looked at.
        let receive = |mut channel: broadcast::Receiver<_>| async move { (channel.recv().await.ok(), channel) };
        let subscribed = follows.iter().map(|n| receive(channels[*n as usize].subscribe()));
        let mut merged: FuturesUnordered<_> = subscribed.collect();
        let woken = woken.clone();
        tasks.push(tokio::spawn(async move {
            let mut events = 0;
            while let Some((event, channel)) = merged.next().await {
                let Some((_, frame)) = event else { continue };
                woken.fetch_add(1, Relaxed);
                events += usize::from(frame.len() == FRAME);
                merged.push(receive(channel));
            }
            events
        }));
    }
    settled(&woken).await;
    // Framed once, as ours is, and shared.
    let frame: Arc<str> = "x".repeat(FRAME).into();
    let (mut chance, mut owed, mut at) = (Chance(SEED), BTreeMap::new(), 0);
    let mut spent = Vec::with_capacity(scene.batches);
    for _ in 0..scene.batches {
        let began = Instant::now();
        let mut topics = [0; BATCH];
        for topic in &mut topics {
            *topic = chance.below(TOPICS as u64);
            *owed.entry(*topic).or_insert(0) += 1;
            at += 1;
            // Nobody may follow this one.
            let _ = channels[*topic as usize].send((at, frame.clone()));
        }
        settled(&woken).await;
        spent.push(scene.each(began, &topics));
    }
    drop(channels);
    for (follows, events) in scene.follows.iter().zip(join_all(tasks).await?) {
        let expected: usize = follows.iter().filter_map(|topic| owed.get(topic)).sum();
        if events != expected {
            return Err(format!("broadcast: {events} events came, {expected} were owed"));
        }
    }
    Ok(middle_and_tail(spent).0)
}

impl Scene {
    fn new(size: Size) -> Result<Self, String> {
        let mut chance = Chance(88_172_645_463_325_252);
        let follows: Vec<_> = (0..size.of(10_000, 500)).map(|_| chance.different(TOPICS as u64, EACH)).collect();
        let mut followers = vec![Vec::new(); TOPICS];
        for (reader, follows) in follows.iter().enumerate() {
            follows.iter().for_each(|topic| followers[*topic as usize].push(reader));
        }
        let (batches, load) = (size.of(200, 4), memory::load());
        Ok(Self { names: topics_of(TOPICS)?, follows, followers, batches, load })
    }

    /// Nanoseconds for each reader of each of these events, since then.
    fn each(&self, began: Instant, topics: &[u64]) -> f64 {
        let readers: usize = topics.iter().map(|topic| self.followers[*topic as usize].len()).sum();
        began.elapsed().as_nanos() as f64 / readers.max(1) as f64
    }
}

impl Taken {
    fn take(&mut self, piece: Bytes) {
        // Not a hello, which says by chance when to come back, and not the bye to whoever is still there at the end.
        if piece.starts_with(b"id: ") {
            self.bytes += piece.len();
        }
        if let Some(pieces) = &mut self.pieces {
            pieces.push(piece);
        }
    }
}

impl Held {
    /// Takes the piece that lies there. There is never more than one.
    fn take(&mut self) {
        if let Some(piece) = self.stream.take() {
            self.taken.take(piece);
        }
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
