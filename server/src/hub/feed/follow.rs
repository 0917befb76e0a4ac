//! Following one store: attach, compare, feed; and when in doubt begin again.
//!
//! What a store that is away costs, and for how long it is waited for, `patience` says.

use super::{
    Order,
    orders::{BATCH, Orders},
    turn::{Bell, back_of_the_queue},
};
use crate::{
    hub::{
        Core, CoreConfig,
        clock::Clock,
        keys::{KEYS, Keys},
    },
    store::{Bounds, Record, Retention, Store, StoreError, StoreErrorKind, TailEnd},
};
use eventwire::{Epoch, Offset, Position, frame::GapReason};
use futures_util::StreamExt;
use std::{
    future::{Future, pending},
    iter,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

mod handing;
mod intake;
mod patience;

use handing::Appended;

/// How often the store is told what the log has forgotten.
const TRIM: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// So many times its budget of events a log may have to read in records, at most.
const READ_BACK: u64 = 4;
/// Bytes of records read back however little is kept: the window of keys.
const READ_AT_LEAST: u64 = 256 << 20;

type Working<T> = Option<Pin<Box<dyn Future<Output = T> + Send>>>;

pub(super) struct Follow<S: Store> {
    store: Arc<S>,
    core: Arc<Core>,
    clock: Clock,
    keys: Keys,
    orders: Orders,
    epoch: Epoch,
    /// The newest offset that was fed, and the newest record with its place: where to attach again, and what to find.
    last: Offset,
    anchor: Option<(Offset, Arc<Record>)>,
    /// Attached at the anchor, and it has not come by yet.
    anchoring: bool,
    /// Below this the store was trimmed.
    first: Offset,
    trim: Duration,
    /// Since when the store has not answered, if it does not.
    away: Option<Instant>,
    /// Records of the newest batch: about so many publishers are at it.
    company: usize,
    /// Batches of one in a row that the store answered at once.
    alone: u32,
    bell: Arc<Bell>,
    /// The store did not answer the newest batch at once.
    waited: bool,
    appending: Working<Appended>,
    trimming: Working<Result<Offset, StoreError>>,
}

/// Why following stopped.
enum Stop {
    /// No one can publish any more, and everything taken in is stored.
    Done,
    Tail(TailEnd),
    /// The record at the place of the last one is another: a restored copy.
    Replaced,
}

impl<S: Store> Follow<S> {
    pub(super) async fn new(store: Arc<S>, config: CoreConfig, clock: Clock) -> Result<Self, StoreError> {
        let Bounds { epoch, first, .. } = store.bounds().await?;
        // What the log would only forget again is not read; keys of large events may lie further back than events.
        let enough = (READ_BACK * config.budget as u64).max(READ_AT_LEAST);
        let from = store.oldest_within(enough).await?.max(first);
        let start = Offset(from.0.saturating_sub(1));
        let trim = (config.retain / 20).clamp(TRIM.0, TRIM.1);
        let core = Core::new(CoreConfig { epoch, start, ..config });
        // Readers may outlive the store; they must not hold it.
        let asked = Arc::downgrade(&store);
        core.set_head_source(Box::new(move || {
            let store = asked.upgrade();
            Box::pin(async move {
                let bounds = store?.bounds().await.ok()?;
                Some(Position { epoch: bounds.epoch, offset: bounds.head })
            })
        }));
        let tag = Epoch::from_random(fastrand::u64(..));
        let mut follow = Self {
            store,
            core,
            clock,
            keys: Keys::new(KEYS),
            orders: Orders::new(&tag.to_string()),
            epoch,
            last: start,
            anchor: None,
            anchoring: false,
            first,
            trim,
            away: None,
            company: 0,
            alone: 0,
            bell: Arc::default(),
            waited: false,
            appending: None,
            trimming: None,
        };
        let known = follow.store.forgotten().await?;
        let torn = known.as_ref().map_or(Offset::ZERO, |known| known.torn);
        if let Some(known) = known {
            follow.core.recall(if from > first { start } else { known.floor }, known.topics);
        }
        follow.feed_kept().await?;
        if torn > Offset::ZERO {
            follow.core.gap(GapReason::Lost, torn);
        }
        Ok(follow)
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(super) fn bell(&self) -> Arc<Bell> {
        self.bell.clone()
    }

    /// Feeds everything up to the head of this moment: from then on any reader can resume here.
    pub(super) async fn read_back(&mut self) -> Result<(), StoreError> {
        /// A store that changes its mind more often than this while it is read has more than one master.
        const TRIES: usize = 20;
        for _ in 0..TRIES {
            let bounds = self.store.bounds().await?;
            if let Some(tail) = self.attachable(bounds).await? {
                let mut tail = pin!(tail);
                loop {
                    if self.last >= bounds.head {
                        return Ok(());
                    }
                    match tail.next().await {
                        Some(Ok(fed)) => {
                            if self.feed(fed).is_err() {
                                self.renew().await?;
                                break;
                            }
                        }
                        Some(Err(TailEnd::Lost(error))) => return Err(error),
                        Some(Err(_)) | None => break,
                    }
                }
            }
        }
        Err(StoreError::new(
            StoreErrorKind::Unavailable,
            "the store kept changing while it was read back; look for another process that renews or trims it",
        ))
    }

    /// A tail that goes on where we are; what must be told before is told. `None`: what was found has changed again.
    async fn attachable(&mut self, bounds: Bounds) -> Result<Option<S::Tail>, StoreError> {
        if bounds.epoch != self.epoch {
            self.begin(bounds).await?;
        }
        let at = self.anchor.as_ref().map_or(self.last.next(), |(at, _)| *at);
        let mut tail = self.store.tail(self.epoch, at).await;
        // The last record itself is forgotten, as we asked or by age, and nothing that followed it.
        let forgotten = |end: &TailEnd| matches!(end, TailEnd::Trimmed { first } if *first <= self.last.next());
        if self.anchor.is_some() && tail.as_ref().err().is_some_and(forgotten) {
            self.anchor = None;
            tail = self.store.tail(self.epoch, self.last.next()).await;
        }
        match tail {
            Ok(tail) => {
                self.anchoring = self.anchor.is_some();
                Ok(Some(tail))
            }
            Err(TailEnd::Trimmed { first }) => {
                // Whether anything followed the last record before it was forgotten, no one can say any more.
                self.lost(Offset(first.0.saturating_sub(1)).max(self.last));
                Ok(None)
            }
            // The store ends before something that was shown: a restored copy.
            Err(TailEnd::Ahead { .. }) => {
                self.renew().await?;
                Ok(None)
            }
            Err(TailEnd::OtherEpoch(_)) => Ok(None),
            Err(TailEnd::Lost(error)) => Err(error),
        }
    }

    async fn follow(&mut self, mut tail: Pin<&mut S::Tail>, orders: &mut mpsc::Receiver<Order>) -> Stop {
        let mut taken = Vec::with_capacity(BATCH);
        let mut open = true;
        let mut trim = time::interval(self.trim);
        trim.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            if let Some(end) = self.send().await {
                return Stop::Tail(end);
            }
            if !open && self.appending.is_none() {
                return Stop::Done;
            }
            let room = self.orders.room();
            tokio::select! {
                // What is stored is shown before more is taken in.
                biased;
                fed = tail.next() => {
                    if let Err(stop) = self.feed_ready(tail.as_mut(), fed) {
                        return stop;
                    }
                    if self.company > 1 {
                        // Those that were answered, all of them, before the next batch is what the quickest have sent.
                        back_of_the_queue().await;
                    }
                }
                appended = working(&mut self.appending) => {
                    if let Some(end) = self.appended(appended, true) {
                        return Stop::Tail(end);
                    }
                }
                result = working(&mut self.trimming) => self.trimmed(result),
                count = orders.recv_many(&mut taken, room), if open && room > 0 => {
                    open = count > 0;
                    if self.waited && self.appending.is_none() && (count > 1 || self.company > 1) {
                        gather(orders, &mut taken, room).await;
                    }
                    let now = self.clock.now();
                    for order in taken.drain(..) {
                        self.orders.take(order, self.epoch, &self.keys, now);
                    }
                }
                _ = trim.tick() => {
                    self.pass_on();
                    self.look_at_the_time();
                }
            }
        }
    }

    /// Another life of the order: told, and read from its beginning.
    async fn begin(&mut self, bounds: Bounds) -> Result<(), StoreError> {
        tracing::warn!(target: "eventwire::store::epoch", old = %self.epoch, new = %bounds.epoch);
        self.epoch = bounds.epoch;
        self.first = bounds.first;
        self.last = Offset(bounds.first.0.saturating_sub(1));
        self.anchor = None;
        self.keys.clear();
        self.orders.lose_sent(&StoreError::new(StoreErrorKind::Unavailable, "the store began another epoch"));
        self.core.renew(self.epoch, self.last);
        self.feed_kept().await
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        let bounds = self.store.renew(self.epoch).await?;
        if bounds.epoch != self.epoch {
            self.begin(bounds).await?;
        }
        Ok(())
    }

    fn lost(&mut self, upto: Offset) {
        self.orders
            .lose_sent(&StoreError::new(StoreErrorKind::Unavailable, "the store forgot it before it was read back"));
        self.core.gap(GapReason::Lost, upto);
        self.last = upto;
        self.anchor = None;
    }

    async fn feed_kept(&mut self) -> Result<(), StoreError> {
        for (at, record) in self.store.kept().await? {
            self.core.accept(at, &record.topic, &record.name, record.payload.as_str());
        }
        Ok(())
    }

    /// Tells the store what the log has forgotten.
    fn pass_on(&mut self) {
        if self.trimming.is_some() || self.store.profile().retention == Retention::Theirs {
            return;
        }
        let (first, keep) = self.core.retained();
        // The key window is read back out of the store: as long as it lasts, what it knows stays there.
        let first = self.keys.oldest(self.clock.now()).map_or(first, |known| first.min(known));
        if first <= self.first {
            return;
        }
        let store = self.store.clone();
        self.trimming = Some(Box::pin(async move { store.trim(first, &keep).await }));
    }

    fn trimmed(&mut self, result: Result<Offset, StoreError>) {
        match result {
            Ok(first) => self.first = first,
            // Nothing is lost by keeping too much; the next time it may work.
            Err(error) => tracing::warn!(target: "eventwire::store::untrimmed", %error),
        }
    }
}

/// Whoever was answered a moment ago publishes again in a moment: one write for all of them. Until nobody comes any more
/// within one turn of everybody who can run.
async fn gather(orders: &mut mpsc::Receiver<Order>, taken: &mut Vec<Order>, room: usize) {
    let mut before = 0;
    while before < taken.len() && taken.len() < room {
        before = taken.len();
        tokio::task::yield_now().await;
        taken.extend(iter::from_fn(|| orders.try_recv().ok()).take(room - before));
    }
}

/// What is on its way, once it is done; never, if nothing is. Dropping it half-way leaves the work where it was.
async fn working<T>(work: &mut Working<T>) -> T {
    let Some(running) = work else { return pending().await };
    let done = running.await;
    *work = None;
    done
}
