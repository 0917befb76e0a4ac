//! The publisher: numbers events, keeps them until the server has accepted them, and sends them in order.
//!
//! It is a process of its own, so killing the server does not stop the world. Knows nothing of hubs: it speaks to the
//! server by `POST /publish`, as any other language would.

use eventwire::Events;
use eventwire_demo::Demo;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Numbered events kept for a server that is away. At the bound producers wait: nothing is dropped.
const WAITING: usize = 100_000;
/// Events of one request to the server.
const BATCH: usize = 500;

/// One event on its way to the server.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Where it is published.
    pub(crate) topic: Box<str>,
    /// Its name.
    pub(crate) event: Box<str>,
    /// Its payload.
    pub(crate) data: Box<RawValue>,
    /// What makes a second copy of it harmless; only numbered events have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Box<str>>,
}

/// Numbers events and holds them until they are accepted. A clone is another handle on the same queue.
#[derive(Clone)]
pub(crate) struct Publisher(Arc<Inner>);

struct Inner {
    run: Box<str>,
    queue: Mutex<Queue>,
    /// Something was put in.
    filled: Notify,
    /// Something was taken out.
    drained: Notify,
}

#[derive(Default)]
struct Queue {
    published: u32,
    accepted: u32,
    numbered: VecDeque<Record>,
    latest: BTreeMap<Box<str>, Record>,
}

/// What the dashboard's score is counted against.
#[derive(Clone, Serialize)]
pub(crate) struct Published {
    /// This run of the publisher; another run counts from 1 again.
    pub(crate) run: Box<str>,
    /// Numbers given so far.
    pub(crate) published: u32,
    /// How many of them the server has accepted.
    pub(crate) accepted: u32,
}

impl Publisher {
    /// A publisher whose keys begin with `run`.
    pub(crate) fn new(run: &str) -> Self {
        Self(Arc::new(Inner {
            run: run.into(),
            queue: Mutex::default(),
            filled: Notify::new(),
            drained: Notify::new(),
        }))
    }

    /// Publishes the next numbered event; waits while the server is so far behind that the queue is full.
    pub(crate) async fn every(&self, topic: &str, event: impl FnOnce(u32) -> Demo) {
        loop {
            let room = self.0.drained.notified();
            if self.queue().numbered.len() < WAITING {
                break;
            }
            room.await;
        }
        let mut queue = self.queue();
        let n = queue.published + 1;
        if let Some(mut record) = record(topic, &event(n)) {
            record.key = Some(format!("{}-{n}", self.0.run).into());
            queue.published = n;
            queue.numbered.push_back(record);
            self.0.filled.notify_one();
        }
    }

    /// Publishes an event of which only the newest matters; an older one still waiting is replaced.
    pub(crate) fn latest(&self, topic: &str, event: &Demo) {
        if let Some(record) = record(topic, event) {
            self.queue().latest.insert(topic.into(), record);
            self.0.filled.notify_one();
        }
    }

    /// What was numbered and what was accepted.
    pub(crate) fn published(&self) -> Published {
        let queue = self.queue();
        Published { run: self.0.run.clone(), published: queue.published, accepted: queue.accepted }
    }

    /// Sends for ever; what was not accepted is sent again, in the same order and under the same keys.
    pub(crate) async fn send_to(self, server: String, secret: String) {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().unwrap_or_default();
        let url = format!("{server}/publish");
        loop {
            let (batch, numbered) = self.batch();
            if batch.is_empty() {
                self.0.filled.notified().await;
                // Gather what comes within a moment: one request for many events.
                tokio::time::sleep(Duration::from_millis(15)).await;
                continue;
            }
            let sent = http.post(&url).header("x-publisher", &secret).json(&batch).send().await;
            if matches!(sent, Ok(answer) if answer.status().is_success()) {
                let mut queue = self.queue();
                queue.numbered.drain(..numbered);
                queue.accepted += numbered as u32;
                for record in &batch[numbered..] {
                    // A newer one may have taken its place while this one was on its way.
                    if queue.latest.get(&record.topic).is_some_and(|r| r.data.get() == record.data.get()) {
                        queue.latest.remove(&record.topic);
                    }
                }
                drop(queue);
                self.0.drained.notify_waiters();
            } else {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    /// The oldest numbered events and all newest ones, without taking them out.
    fn batch(&self) -> (Vec<Record>, usize) {
        let queue = self.queue();
        let mut batch: Vec<Record> = queue.numbered.iter().take(BATCH).cloned().collect();
        let numbered = batch.len();
        batch.extend(queue.latest.values().cloned());
        (batch, numbered)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn record(topic: &str, event: &Demo) -> Option<Record> {
    let encoded = event.encode().map_err(|e| e.to_string()).and_then(|(name, payload)| {
        let data = RawValue::from_string(payload.as_str().to_owned()).map_err(|e| e.to_string())?;
        Ok(Record { topic: topic.into(), event: name.as_str().into(), data, key: None })
    });
    encoded.map_err(|error| eprintln!("publisher: an event for {topic} was refused: {error}")).ok()
}
