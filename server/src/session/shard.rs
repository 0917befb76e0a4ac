//! A fan as a task on the runtime: the clock, the bell, the question to the store.
//!
//! The fan's lock is held for a turn, never across an await.

use super::{
    fan::{Fan, Rules},
    sink::Place,
    speech::Greeting,
};
use crate::hub::{
    Core, CoreConfig, SessionInfo, Stats,
    core::{HeadSource, Shard},
    door::{Door, News, Order},
    inbox::Bounds,
    sequence::Sequence,
};
use crate::log::Limits;
use crate::sync::Mutex;
use eventwire::Code;
use std::{
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::oneshot,
    time::{self, Instant},
};

impl Core {
    /// A hub whose shard runs on the current tokio runtime.
    pub(crate) fn new(config: CoreConfig) -> Arc<Core> {
        Self::bounded(config, INBOX)
    }

    /// The same with another bound on what a busy shard finds when it looks again.
    pub(crate) fn bounded(config: CoreConfig, inbox: Bounds) -> Arc<Core> {
        let (core, shard) = Self::with_shard(config, inbox);
        tokio::spawn(shard.run());
        core
    }

    /// A hub, and its shard to be run.
    pub(super) fn with_shard(config: CoreConfig, inbox: Bounds) -> (Arc<Core>, Task) {
        let door = Arc::new(Door::default());
        let retain = u64::try_from(config.retain.as_millis()).unwrap_or(u64::MAX);
        let limits = Limits::new(config.budget, retain);
        let sequence = Arc::new(Sequence::new(&config, limits, inbox, vec![door.clone()]));
        let head_source = Arc::new(OnceLock::new());
        let rules = Rules {
            greeting: Greeting { contract: config.contract, heartbeat: config.heartbeat },
            stall: u64::try_from(config.stall.as_millis()).unwrap_or(u64::MAX),
            rotate: config.rotate.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
            readers: config.readers,
            per_principal: config.per_principal,
            has_store: false,
        };
        let fan = Fan::new(sequence.clone(), 0, rules, fastrand::u64(..), sequence.now());
        let fan = Arc::new(Mutex::new(fan));
        let shard = Task {
            fan: fan.clone(),
            sequence: sequence.clone(),
            door: door.clone(),
            head_source: head_source.clone(),
            news: News::default(),
            draining: Vec::new(),
            _cut: Cut { fan: fan.clone(), door: door.clone() },
            retain,
            trimmed: 0,
        };
        let watched: Arc<dyn Shard> = Arc::new(Watched { fan, sequence: sequence.clone() });
        (Core::over(sequence, [(door, watched)], head_source), shard)
    }
}

/// A shard as operators see it.
struct Watched {
    fan: Arc<Mutex<Fan<Place>>>,
    sequence: Arc<Sequence>,
}

impl Shard for Watched {
    fn stats(&self, stats: &mut Stats) {
        self.fan.lock().stats(stats);
    }

    fn sessions(&self, sessions: &mut Vec<SessionInfo>) {
        let now = self.sequence.now();
        self.fan.lock().sessions(now, sessions);
    }
}

pub(super) struct Task {
    fan: Arc<Mutex<Fan<Place>>>,
    sequence: Arc<Sequence>,
    pub(super) door: Arc<Door>,
    head_source: Arc<OnceLock<HeadSource>>,
    news: News,
    /// Drains that are not over: until when, and who waits. One entry per call of `drain`.
    draining: Vec<(u64, oneshot::Sender<()>)>,
    _cut: Cut,
    retain: u64,
    trimmed: u64,
}

/// What a shard that is busy finds when it looks again.
const INBOX: Bounds = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 18 };
/// Turns in one go before others on the runtime have theirs.
const TURNS: usize = 16;
/// After the end of a drain whoever is left is let go.
const GRACE: u64 = 1_000;
/// How long the store may take to say where its head is.
const ANSWER: Duration = Duration::from_secs(5);

impl Task {
    pub(super) async fn run(mut self) {
        let mut timer = pin!(time::sleep(Duration::ZERO));
        loop {
            let Some(deadline) = self.turns() else { return };
            match deadline {
                Next::Now => tokio::task::yield_now().await,
                Next::Rung => self.heard().await,
                Next::At(at) => {
                    if timer.deadline() != at {
                        timer.as_mut().reset(at);
                    }
                    tokio::select! {
                        () = self.heard() => {}
                        () = &mut timer => {}
                    }
                }
            }
        }
    }

    /// Waits for the bell. If readers that were refused rang it, others are about to: whoever can run runs first, so that
    /// one turn serves them all, and what came meanwhile goes out in one piece.
    async fn heard(&self) {
        self.door.heard().await;
        if self.door.presses() {
            tokio::task::yield_now().await;
        }
    }

    /// Does what there is to do. Says when to come back; `None`: never, the hub and its readers are gone.
    pub(super) fn turns(&mut self) -> Option<Next> {
        let fan = self.fan.clone();
        let mut fan = fan.lock();
        let now = self.sequence.now();
        self.hear(&mut fan, now);
        for _ in 0..TURNS {
            fan.turn(self.sequence.now());
            if fan.idle() {
                break;
            }
        }
        self.ask(&mut fan);
        let drained = self.end_drains(&mut fan, now);
        if self.news.closed && fan.readers() == 0 && self.door.open() == 0 {
            return None;
        }
        let trim = self.trim(now);
        if !fan.idle() {
            return Some(Next::Now);
        }
        let deadline = [fan.deadline(), drained, trim].into_iter().flatten().min();
        Some(deadline.map_or(Next::Rung, |at| Next::At(self.sequence.instant(at))))
    }

    fn hear(&mut self, fan: &mut Fan<Place>, now: u64) {
        let closed = self.news.closed;
        self.door.look(&mut self.news);
        for order in self.news.orders.drain(..) {
            match order {
                Order::Join(join, seat) => {
                    // A reader that is gone before it came is not let in; its door has heard of it.
                    if seat.number(fan.next_id()).is_ok() {
                        let until = join.until.map(|until| self.sequence.millis(until));
                        fan.join(*join, until, Place(seat), now);
                    }
                }
                Order::Drain(over, done) => {
                    let until = fan.drain(over, now);
                    self.draining.push((until.saturating_add(GRACE), done));
                }
                Order::Revoke(principal) => fan.revoke(&principal),
                Order::Head(question, head) => fan.answer(question, head),
            }
        }
        self.news.ready.drain(..).for_each(|seat| fan.writable(seat));
        self.news.left.drain(..).for_each(|seat| fan.leave(seat));
        if self.news.closed && !closed {
            // Nobody can publish any more, and nobody can ask for a drain.
            let until = fan.drain(Duration::ZERO, now);
            let (done, _) = oneshot::channel();
            self.draining.push((until.saturating_add(GRACE), done));
        }
        fan.has_store(self.head_source.get().is_some());
    }

    /// Asks the store for its head, if some reader claims to be ahead.
    fn ask(&self, fan: &mut Fan<Place>) {
        let Some(source) = self.head_source.get() else { return };
        let Some(question) = fan.question() else { return };
        let (answer, door) = (source(), self.door.clone());
        tokio::spawn(async move {
            let head = time::timeout(ANSWER, answer).await.ok().flatten();
            door.order(Order::Head(question, head));
        });
    }

    /// Ends drains that are over. Says when the next one is.
    fn end_drains(&mut self, fan: &mut Fan<Place>, now: u64) -> Option<u64> {
        if self.draining.is_empty() {
            return None;
        }
        if self.draining.iter().any(|(until, _)| *until <= now) {
            fan.release_all(Code::Drain);
        }
        let gone = self.door.open() == 0;
        // Dropping the sender tells whoever waits.
        self.draining.retain(|(until, _)| !gone && *until > now);
        self.draining.iter().map(|(until, _)| *until).min()
    }

    /// Forgets what is too old even while nobody publishes. Says when to look again.
    fn trim(&mut self, now: u64) -> Option<u64> {
        let pause = (self.retain / 16).clamp(1_000, 60_000);
        if now >= self.trimmed + pause {
            if !self.sequence.trim(now) {
                return Some(now);
            }
            self.trimmed = now;
        }
        // Also while nothing is kept: what is published without a follower rings nobody.
        Some(self.trimmed + pause)
    }
}

/// When a shard looks again.
pub(super) enum Next {
    Now,
    Rung,
    At(Instant),
}

/// Whatever ends the task, no reader waits for ever: not one that is there, and none that comes.
struct Cut {
    fan: Arc<Mutex<Fan<Place>>>,
    door: Arc<Door>,
}

impl Drop for Cut {
    fn drop(&mut self) {
        let mut fan = self.fan.lock();
        if std::thread::panicking() {
            let readers = fan.readers();
            fan.tally.faults += readers as u64;
            tracing::error!(target: "eventwire::session::fault", readers, "a panic ended the task that serves these streams");
        }
        fan.release_all(Code::Internal);
        drop(fan);
        self.door.end();
    }
}
