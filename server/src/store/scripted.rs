//! A store in memory that misbehaves on request: what the hub's loop is tested against. Passes the suite when left alone.

use super::*;
use futures_util::stream;
use parking_lot::Mutex;
use std::{collections::BTreeMap, pin::Pin, sync::Arc};
use tokio::sync::watch;

/// Clones are the same store, so that a test keeps one to interfere with.
#[derive(Clone)]
pub(crate) struct Scripted {
    state: Arc<Mutex<State>>,
    pub(crate) changed: Arc<watch::Sender<u64>>,
    epochs: u64,
}

#[derive(Clone)]
pub(crate) struct State {
    pub(crate) epoch: Epoch,
    pub(crate) first: Offset,
    pub(crate) head: Offset,
    pub(crate) records: BTreeMap<Offset, Result<Arc<Record>, InvalidRecord>>,
    pub(crate) kept: BTreeMap<Offset, Arc<Record>>,
    /// Raised to end every tail that is attached.
    attached: u64,
    /// What the next append answers, after storing its records or not.
    next: Option<Next>,
    /// Acknowledgements know no offset.
    pub(crate) blind: bool,
    pub(crate) appends: usize,
    /// Appends are handed over, and wait.
    pub(crate) held: bool,
    /// Nobody answers.
    pub(crate) away: bool,
}

/// What is to happen to the next append.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    Refused,
    LostAck,
    NeverArrived,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        let state = State {
            epoch: Epoch::from_random(1),
            first: Offset(1),
            head: Offset::ZERO,
            records: BTreeMap::new(),
            kept: BTreeMap::new(),
            attached: 0,
            next: None,
            blind: false,
            appends: 0,
            held: false,
            away: false,
        };
        Self { state: Arc::new(Mutex::new(state)), changed: Arc::new(watch::Sender::new(0)), epochs: 1 }
    }

    /// Looks or interferes, then lets tails look again.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let out = act(&mut self.state.lock());
        self.changed.send_modify(|n| *n += 1);
        out
    }

    /// Interferes, and no tail notices by itself.
    pub(crate) fn quietly(&self, act: impl FnOnce(&mut State)) {
        act(&mut self.state.lock());
    }

    pub(crate) fn copy(&self) -> State {
        self.state.lock().clone()
    }

    /// Puts back a copy, as from a backup: whoever is attached loses the store.
    pub(crate) fn restore(&self, copy: State) {
        self.with(|state| {
            let attached = state.attached;
            *state = copy;
            state.attached = attached + 1;
        });
    }

    pub(crate) fn cut_tails(&self) {
        self.with(|state| state.attached += 1);
    }

    pub(crate) fn next_append(&self, next: Next) {
        self.with(|state| state.next = Some(next));
    }
}

impl State {
    pub(crate) fn append(&mut self, batch: Vec<Arc<Record>>) -> Offset {
        let first = self.head.next();
        for record in batch {
            self.head = self.head.next();
            self.records.insert(self.head, Ok(record));
        }
        first
    }

    /// Another life: deleted and created again.
    pub(crate) fn recreate(&mut self, epoch: u64) {
        (self.epoch, self.first, self.head) = (Epoch::from_random(epoch), Offset(1), Offset::ZERO);
        self.records.clear();
        self.kept.clear();
    }
}

impl Store for Scripted {
    type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

    fn profile(&self) -> Profile {
        let offsets_in_acks = !self.state.lock().blind;
        Profile { durability: Durability::Delayed, offsets_in_acks, atomic: true, retention: Retention::Ours }
    }

    async fn bounds(&self) -> Result<Bounds, StoreError> {
        let state = self.state.lock();
        if state.away {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "nobody answers"));
        }
        Ok(Bounds { epoch: state.epoch, first: state.first, head: state.head })
    }

    async fn append(&self, epoch: Epoch, batch: Vec<Arc<Record>>) -> Result<Acked, AppendError> {
        let mut changed = self.changed.subscribe();
        self.with(|state| state.appends += 1);
        let held = || self.state.lock().held;
        while held() && changed.changed().await.is_ok() {}
        self.with(|state| {
            if state.epoch != epoch {
                return Err(AppendError::WrongEpoch(state.epoch));
            }
            let next = state.next.take();
            match next {
                Some(Next::Refused) => {
                    return Err(AppendError::Refused(StoreError::new(StoreErrorKind::Full, "no room")));
                }
                Some(Next::NeverArrived) => {
                    return Err(AppendError::Indeterminate(StoreError::new(StoreErrorKind::Unavailable, "no answer")));
                }
                Some(Next::LostAck) | None => {}
            }
            let first = state.append(batch);
            match next {
                Some(_) => Err(AppendError::Indeterminate(StoreError::new(StoreErrorKind::Unavailable, "no answer"))),
                None => Ok(Acked { first: (!state.blind).then_some(first) }),
            }
        })
    }

    async fn tail(&self, epoch: Epoch, at: Offset) -> Result<Self::Tail, TailEnd> {
        let changed = self.changed.subscribe();
        let attached = {
            let state = self.state.lock();
            match () {
                () if state.epoch != epoch => return Err(TailEnd::OtherEpoch(state.epoch)),
                () if at < state.first => return Err(TailEnd::Trimmed { first: state.first }),
                () if at > state.head.next() => return Err(TailEnd::Ahead { head: state.head }),
                () => state.attached,
            }
        };
        let state = self.state.clone();
        let tail = stream::try_unfold(at, move |at| {
            let (state, mut changed) = (state.clone(), changed.clone());
            async move {
                loop {
                    changed.borrow_and_update();
                    {
                        let state = state.lock();
                        if state.attached != attached {
                            return Err(TailEnd::Lost(StoreError::new(StoreErrorKind::Unavailable, "cut")));
                        }
                        if state.epoch != epoch {
                            return Err(TailEnd::OtherEpoch(state.epoch));
                        }
                        if at < state.first {
                            return Err(TailEnd::Trimmed { first: state.first });
                        }
                        if let Some((offset, record)) = state.records.range(at..).next() {
                            let fed = match record {
                                Ok(record) => Fed::Record(*offset, record.clone()),
                                Err(why) => Fed::Undecodable(*offset, why.clone()),
                            };
                            return Ok(Some((fed, offset.next())));
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
        self.with(|state| {
            if state.epoch == seen {
                let text: u64 = seen.to_string().bytes().map(u64::from).sum();
                state.epoch = Epoch::from_random(text.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.epochs);
            }
            Ok(Bounds { epoch: state.epoch, first: state.first, head: state.head })
        })
    }

    async fn trim(&self, before: Offset, keep: &[Offset]) -> Result<Offset, StoreError> {
        self.with(|state| {
            let rest = state.records.split_off(&before.min(state.head.next()));
            let gone = std::mem::replace(&mut state.records, rest);
            state.kept.extend(gone.into_iter().filter_map(|(at, record)| Some((at, record.ok()?))));
            state.kept.retain(|at, _| keep.contains(at));
            state.first = state.first.max(before.min(state.head.next()));
            Ok(state.first)
        })
    }

    async fn kept(&self) -> Result<Vec<(Offset, Arc<Record>)>, StoreError> {
        Ok(self.state.lock().kept.iter().map(|(at, record)| (*at, record.clone())).collect())
    }
}
