//! How a shard hears of anything but events: who comes, who went, who can take more, and what the app asks.
//!
//! The bell is rung once for any number of news.

use super::{
    join::Join,
    seat::{Seat, SeatId},
};
use crate::sync::{AtomicBool, AtomicUsize, Mutex, Notify};
use eventwire::Position;
use std::{
    sync::{Arc, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::sync::oneshot;

#[derive(Debug, Default)]
pub(crate) struct Door {
    news: Mutex<News>,
    bell: Notify,
    rung: AtomicBool,
    /// Readers whose bodies are not dropped yet.
    open: AtomicUsize,
}

/// What a shard has not looked at yet. Bounded by the readers there are: each is here at most once per list.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) orders: Vec<Order>,
    /// Readers whose seat was full and is free again.
    pub(crate) ready: Vec<SeatId>,
    /// Readers that were dropped.
    pub(crate) left: Vec<SeatId>,
    /// The hub itself was dropped.
    pub(crate) closed: bool,
    /// The shard has ended: nobody looks any more, and nothing is kept for it.
    ended: bool,
}

#[derive(Debug)]
pub(crate) enum Order {
    /// A reader comes.
    Join(Box<Join>, Arc<Seat>),
    /// Everyone goes, within the time; the sender is dropped when they are gone.
    Drain(Duration, oneshot::Sender<()>),
    /// A principal's streams end.
    Revoke(Box<str>),
    /// The store answered where its head is, or did not.
    Head(u64, Option<Position>),
}

impl Door {
    /// Orders something of the shard. Of one that has ended nobody waits for an answer: a reader is let go.
    pub(crate) fn order(&self, order: Order) {
        let mut news = self.news.lock();
        if news.ended {
            drop(news);
            return order.refuse();
        }
        news.orders.push(order);
        drop(news);
        self.ring();
    }

    pub(super) fn ready(&self, seat: SeatId) {
        self.tell(|news| news.ready.push(seat));
    }

    /// A reader is dropped; `None`: the shard has not seen it yet.
    pub(super) fn left(&self, seat: Option<SeatId>) {
        self.open.fetch_sub(1, SeqCst);
        self.tell(|news| news.left.extend(seat));
    }

    fn tell(&self, what: impl FnOnce(&mut News)) {
        let mut news = self.news.lock();
        if !news.ended {
            what(&mut news);
        }
        drop(news);
        self.ring();
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, SeqCst);
    }

    pub(super) fn close(&self) {
        self.news.lock().closed = true;
        self.ring();
    }

    /// The shard has ended. What it has not looked at, and what comes from here on, it never will.
    pub(crate) fn end(&self) {
        let mut news = self.news.lock();
        let News { orders, .. } = std::mem::replace(&mut *news, News { ended: true, ..News::default() });
        drop(news);
        orders.into_iter().for_each(Order::refuse);
    }

    /// Readers whose bodies are not dropped yet.
    pub(crate) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }

    /// Wakes the shard, if nobody has since it last looked.
    pub(crate) fn ring(&self) {
        if !self.rung.swap(true, SeqCst) {
            self.bell.notify_one();
        }
    }

    /// Waits for the bell; one that rang before is not missed.
    pub(crate) async fn heard(&self) {
        self.bell.notified().await;
    }

    /// Whether readers wait to be served that were refused before.
    pub(crate) fn presses(&self) -> bool {
        !self.news.lock().ready.is_empty()
    }

    /// Takes all news out. Whatever comes from here on rings again.
    pub(crate) fn look(&self, into: &mut News) {
        self.rung.store(false, SeqCst);
        let mut news = self.news.lock();
        into.closed = news.closed;
        into.orders.append(&mut news.orders);
        into.ready.append(&mut news.ready);
        into.left.append(&mut news.left);
    }
}

impl Order {
    /// Nobody will carry it out. Whoever waits for a drain learns by the dropped sender.
    fn refuse(self) {
        if let Self::Join(_, seat) = self {
            tracing::error!(
                target: "eventwire::hub::no_shard",
                "a stream is turned away: the task that serves this hub's streams has ended, by a fault told before or \
                 with the runtime that the hub was built on; build a new hub"
            );
            seat.release();
        }
    }
}
