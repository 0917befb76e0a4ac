//! A store in memory that outlives its hubs and misbehaves on request: appends refused, acknowledgements lost, tails
//! cut, nobody there, another epoch. As the disk does, it knows of what topics it has forgotten something: one that did not
//! would owe a gap to every reader from before.

use eventwire::{Epoch, Offset, Topic};
use eventwire_server::store::{
    Acked, AppendError, Bounds, Durability, Fed, Forgotten, Profile, Record, Retention, Store, StoreError,
    StoreErrorKind, TailEnd,
};
use futures_util::{Stream, stream};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::sync::watch;

/// Clones are the same store.
#[derive(Clone, Debug)]
pub(super) struct Shaky {
    state: Arc<Mutex<State>>,
    changed: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct State {
    epoch: Epoch,
    first: Offset,
    head: Offset,
    records: BTreeMap<Offset, Arc<Record>>,
    kept: BTreeMap<Offset, Arc<Record>>,
    /// The newest of each topic that is neither.
    forgotten: BTreeMap<Topic, Offset>,
    /// Raised to end every tail that is attached.
    attached: u64,
    next: Option<Next>,
    away: bool,
}

/// What is to happen to the next append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Refused,
    /// Stored, and nobody says so.
    LostAck,
    /// Not stored, and nobody says so.
    NeverArrived,
}

impl Shaky {
    pub(super) fn new(epoch: u64) -> Self {
        let state = State {
            epoch: Epoch::from_random(epoch),
            first: Offset(1),
            head: Offset::ZERO,
            records: BTreeMap::new(),
            kept: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            attached: 0,
            next: None,
            away: false,
        };
        Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(watch::Sender::new(0)) }
    }

    pub(super) fn epoch(&self) -> Epoch {
        self.lock().epoch
    }

    pub(super) fn next(&self, next: Next) {
        self.lock().next = Some(next);
    }

    pub(super) fn cut_tails(&self) {
        self.lock().attached += 1;
        self.tell();
    }

    /// Nobody answers, or again somebody does.
    pub(super) fn go_away(&self, away: bool) {
        let mut state = self.lock();
        state.away = away;
        state.attached += u64::from(away);
        drop(state);
        self.tell();
    }

    /// Another life begins under the hub's feet, as when somebody else renews it; `emptied`: as when it was made anew.
    pub(super) fn renew_behind(&self, epoch: u64, emptied: bool) {
        let mut state = self.lock();
        state.epoch = Epoch::from_random(epoch);
        if emptied {
            (state.first, state.head) = (Offset(1), Offset::ZERO);
            state.records.clear();
            state.kept.clear();
            state.forgotten.clear();
        }
        drop(state);
        self.tell();
    }

    fn tell(&self) {
        self.changed.send_modify(|n| *n += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no store panics")
    }
}

impl State {
    fn answering(&self) -> Result<&Self, StoreError> {
        if self.away { Err(gone()) } else { Ok(self) }
    }

    fn bounds(&self) -> Bounds {
        Bounds { epoch: self.epoch, first: self.first, head: self.head }
    }
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "nobody answers")
}

impl Store for Shaky {
    type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

    fn profile(&self) -> Profile {
        Profile { durability: Durability::Delayed, offsets_in_acks: true, atomic: true, retention: Retention::Ours }
    }

    async fn bounds(&self) -> Result<Bounds, StoreError> {
        self.lock().answering().map(State::bounds)
    }

    async fn append(&self, epoch: Epoch, batch: Vec<Arc<Record>>) -> Result<Acked, AppendError> {
        let first = {
            let mut state = self.lock();
            state.answering().map_err(AppendError::Indeterminate)?;
            if state.epoch != epoch {
                return Err(AppendError::WrongEpoch(state.epoch));
            }
            let next = state.next.take();
            match next {
                Some(Next::Refused) => {
                    return Err(AppendError::Refused(StoreError::new(StoreErrorKind::Full, "no room")));
                }
                Some(Next::NeverArrived) => return Err(AppendError::Indeterminate(gone())),
                Some(Next::LostAck) | None => {}
            }
            let first = state.head.next();
            for record in batch {
                state.head = state.head.next();
                let head = state.head;
                state.records.insert(head, record);
            }
            if next.is_some() { Err(AppendError::Indeterminate(gone())) } else { Ok(Acked { first: Some(first) }) }
        };
        self.tell();
        first
    }

    async fn tail(&self, epoch: Epoch, at: Offset) -> Result<Self::Tail, TailEnd> {
        let changed = self.changed.subscribe();
        let attached = {
            let state = self.lock();
            state.answering().map_err(TailEnd::Lost)?;
            match () {
                () if state.epoch != epoch => return Err(TailEnd::OtherEpoch(state.epoch)),
                () if at < state.first => return Err(TailEnd::Trimmed { first: state.first }),
                () if at > state.head.next() => return Err(TailEnd::Ahead { head: state.head }),
                () => state.attached,
            }
        };
        // A tail does not keep the store's senders alive for ever, nor needs to: the day ends with its runtime.
        let store = self.clone();
        let tail = stream::try_unfold(at, move |at| {
            let (store, mut changed) = (store.clone(), changed.clone());
            async move {
                loop {
                    changed.borrow_and_update();
                    {
                        let state = store.lock();
                        if state.attached != attached {
                            return Err(TailEnd::Lost(gone()));
                        }
                        if state.epoch != epoch {
                            return Err(TailEnd::OtherEpoch(state.epoch));
                        }
                        if at < state.first {
                            return Err(TailEnd::Trimmed { first: state.first });
                        }
                        if let Some((offset, record)) = state.records.range(at..).next() {
                            return Ok(Some((Fed::Record(*offset, record.clone()), offset.next())));
                        }
                    }
                    if changed.changed().await.is_err() {
                        return Ok(None);
                    }
                }
            }
        });
        Ok(Box::pin(tail))
    }

    async fn renew(&self, seen: Epoch) -> Result<Bounds, StoreError> {
        let bounds = {
            let mut state = self.lock();
            state.answering()?;
            if state.epoch == seen {
                state.epoch = Epoch::from_random(fastrand::u64(..));
            }
            state.bounds()
        };
        self.tell();
        Ok(bounds)
    }

    async fn trim(&self, before: Offset, keep: &[Offset]) -> Result<Offset, StoreError> {
        let mut state = self.lock();
        state.answering()?;
        let before = before.min(state.head.next());
        let rest = state.records.split_off(&before);
        let trimmed = std::mem::replace(&mut state.records, rest);
        state.kept.extend(trimmed);
        let (kept, forgotten) = std::mem::take(&mut state.kept).into_iter().partition(|(at, _)| keep.contains(at));
        state.kept = kept;
        for (at, record) in forgotten {
            let newest = state.forgotten.entry(record.topic.clone()).or_default();
            *newest = at.max(*newest);
        }
        state.first = state.first.max(before);
        Ok(state.first)
    }

    async fn kept(&self) -> Result<Vec<(Offset, Arc<Record>)>, StoreError> {
        Ok(self.lock().answering()?.kept.iter().map(|(at, record)| (*at, record.clone())).collect())
    }

    async fn forgotten(&self) -> Result<Option<Forgotten>, StoreError> {
        let state = self.lock();
        let topics = state.answering()?.forgotten.iter().map(|(topic, at)| (topic.clone(), *at)).collect();
        Ok(Some(Forgotten { topics, ..Forgotten::default() }))
    }
}
