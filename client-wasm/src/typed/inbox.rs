//! Between the shell, which hands over when the browser does, and a front end that takes when it likes.
//!
//! Bounded. At the bound nothing is dropped: the source is told, and reads on once all is taken.

use super::{
    Event, Fault, Item, Outdated,
    connect::{OnOutdated, OnState},
};
use eventwire::{DecodeError, EventName, Events, Position, Topic, limits};
use eventwire_client_core::{Gap, State};
use serde::de::DeserializeOwned;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    num::NonZeroUsize,
    rc::Weak,
    task::{Context, Poll, Waker},
};

/// What fills an inbox. Told nothing while the inbox is borrowed.
pub(super) trait Source {
    /// The inbox holds all it may.
    fn full(&self);
    /// All was taken.
    fn drained(&self);
    /// Up to where everything was handed over, or told to be missing.
    fn position(&self) -> Option<Position>;
}

pub(super) struct Inbox<E> {
    items: RefCell<VecDeque<Waiting<E>>>,
    capacity: NonZeroUsize,
    full: Cell<bool>,
    /// Up to where everything was handed over before the next item.
    before: Cell<Option<Position>>,
    /// Names no variant has, each told once.
    unknown: RefCell<Vec<Box<str>>>,
    state: RefCell<State>,
    next_attempt_at: Cell<Option<f64>>,
    on_state: RefCell<Option<OnState>>,
    on_outdated: RefCell<Option<OnOutdated>>,
    waker: RefCell<Option<Waker>>,
    source: RefCell<Option<Weak<dyn Source>>>,
}

struct Waiting<E> {
    item: Item<E>,
    before: Option<Position>,
}

impl<E: Events + DeserializeOwned> Inbox<E> {
    pub(super) fn new(capacity: NonZeroUsize, start: Option<Position>, on_state: Option<OnState>) -> Self {
        Self {
            items: RefCell::default(),
            capacity,
            full: Cell::default(),
            before: Cell::new(start),
            unknown: RefCell::default(),
            state: RefCell::new(State::Idle),
            next_attempt_at: Cell::default(),
            on_state: RefCell::new(on_state),
            on_outdated: RefCell::default(),
            waker: RefCell::default(),
            source: RefCell::default(),
        }
    }

    /// Who is to be told that the server has another contract.
    pub(super) fn warn(&self, on_outdated: Option<OnOutdated>) {
        *self.on_outdated.borrow_mut() = on_outdated;
    }

    pub(super) fn fill_from(&self, source: Weak<dyn Source>) {
        *self.source.borrow_mut() = Some(source);
    }

    /// An event as it came.
    pub(super) fn event(&self, name: &str, payload: &str, topic: Topic, position: Position) {
        let item = match E::decode(name, payload) {
            Ok(data) => Item::Event(Event { data, topic, position }),
            Err(DecodeError::UnknownName(_)) if !self.first(name) => return,
            Err(error) => Item::Fault(Fault::Decode { event: name.into(), topic, position, error }),
        };
        self.push(item);
    }

    pub(super) fn gap(&self, gap: Gap) {
        self.push(Item::Gap(gap));
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.push(Item::Fault(fault));
    }

    /// The server's contract is of this hash and has these names.
    pub(super) fn outdated(&self, hash: &str, names: &[EventName]) {
        let Some((page, call)) = self.on_outdated.take() else { return }; // it is told once
        // An alias is a name that a variant has, too.
        let unknown = |name: &&EventName| matches!(E::decode(name.as_str(), ""), Err(DecodeError::UnknownName(_)));
        let gone = |name: &&&'static str| !names.iter().any(|theirs| theirs.as_str() == **name);
        call(&Outdated {
            page,
            server: hash.into(),
            added: names.iter().filter(unknown).cloned().collect(),
            removed: E::NAMES.iter().filter(gone).copied().collect(),
        });
    }

    pub(super) fn enter(&self, state: &State, next_attempt_at: Option<f64>) {
        *self.state.borrow_mut() = state.clone();
        self.next_attempt_at.set(next_attempt_at);
        let on_state = self.on_state.borrow().clone(); // the borrow ends here: it may drop the stream
        if let Some(call) = on_state {
            call(state);
        }
        if let State::Closed(_) = state {
            self.wake();
        }
    }

    /// Nobody listens any more to what is no item.
    pub(super) fn leave(&self) {
        self.on_state.take();
        self.on_outdated.take();
    }

    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    pub(super) fn next_attempt_at(&self) -> Option<f64> {
        self.next_attempt_at.get()
    }

    /// Up to where the front end has taken everything.
    pub(super) fn position(&self) -> Option<Position> {
        match self.items.borrow().front() {
            Some(oldest) => oldest.before,
            None => {
                // What was said once is before whatever comes next: the position must not fall.
                self.before.set(self.reached());
                self.before.get()
            }
        }
    }

    pub(super) fn take(&self, cx: &mut Context<'_>) -> Poll<Option<Item<E>>> {
        let (first, empty) = {
            let mut items = self.items.borrow_mut();
            (items.pop_front(), items.is_empty())
        };
        if let Some(first) = first {
            if empty && self.full.take() {
                self.tell(|source| source.drained());
            }
            return Poll::Ready(Some(first.item));
        }
        if let State::Closed(_) = *self.state.borrow() {
            return Poll::Ready(None);
        }
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    fn push(&self, item: Item<E>) {
        // A gap and the event behind it arrive in one step, and the source is beyond both: the gap says how far it goes.
        let reaches = match &item {
            Item::Gap(gap) => Some(gap.position),
            Item::Event(_) | Item::Fault(_) => None,
        };
        let length = {
            let mut items = self.items.borrow_mut();
            items.push_back(Waiting { item, before: self.before.get() });
            items.len()
        };
        self.before.set(reaches.unwrap_or_else(|| self.reached()).or(self.before.get()));
        if length >= self.capacity.get() && !self.full.replace(true) {
            self.tell(|source| source.full());
        }
        self.wake();
    }

    fn reached(&self) -> Option<Position> {
        let mut reached = None;
        self.tell(|source| reached = source.position());
        reached.or(self.before.get())
    }

    fn tell(&self, tell: impl FnOnce(&dyn Source)) {
        let source = self.source.borrow().as_ref().and_then(Weak::upgrade); // the borrow ends here: it may call back
        if let Some(source) = source {
            tell(&*source);
        }
    }

    fn wake(&self) {
        let waker = self.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether nothing was said of this name before.
    fn first(&self, name: &str) -> bool {
        let mut unknown = self.unknown.borrow_mut();
        let first = unknown.len() < limits::NAMES && unknown.iter().all(|told| **told != *name);
        if first {
            unknown.push(name.into());
        }
        first
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
