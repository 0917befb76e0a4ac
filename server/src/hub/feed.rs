//! The loop that owns a store: gathers publishes into batches, and feeds the log from the store's tail alone.
//!
//! The only recovery there is: bounds, epoch, tail from the last record held, comparison; any doubt ends the tail and is
//! told to readers as a gap. Knows neither readers nor sessions.

use super::{Core, CoreConfig, clock::Clock, publish::PublishError};
use crate::store::{Record, Store, StoreError, StoreErrorKind};
use eventwire::{EventName, Payload, Position, Topic};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

mod follow;
mod orders;
mod turn;

/// Publishes that may wait for the loop. At the bound publishing waits: nothing is dropped, and no reader is involved.
const WAITING: usize = 1024;

/// How long a store may be away before publishes are answered without it: longer than a hiccup, shorter than the patience
/// of whoever waits for an HTTP response.
const AWAY: Duration = Duration::from_secs(10);

/// A hub with a store, being read back.
pub(super) type Starting = Pin<Box<dyn Future<Output = Result<(Arc<Core>, Feed), StoreError>> + Send>>;

/// The way to the loop. When the last is dropped, the loop appends what it was given and lets go of the store.
pub(super) struct Feed {
    orders: mpsc::Sender<Order>,
    turn: Arc<turn::Turn>,
}

/// One event to append, and who waits for its position.
struct Order {
    /// Its writer and its time are the loop's to say.
    record: Arc<Record>,
    answer: Answer,
}

type Answer = oneshot::Sender<Answered>;

struct Answered {
    result: Result<Position, PublishError>,
    /// One that nobody needs any more: it is let go of where the next is made. If the loop's thread freed what all others
    /// allocate, they would wait for each other at the allocator.
    spent: Option<Arc<Record>>,
}

/// Starts the loop of a store; answers once everything kept is in the log.
pub(super) async fn start<S: Store>(store: S, config: CoreConfig) -> Result<(Arc<Core>, Feed), StoreError> {
    let (orders, waiting) = mpsc::channel(WAITING);
    let mut follow = follow::Follow::new(Arc::new(store), config, Clock::start()).await?;
    follow.read_back().await?;
    let (core, bell) = (follow.core().clone(), follow.bell());
    let (turn, own) = turn::Turn::of(follow.run(waiting), bell);
    tokio::spawn(own);
    Ok((core, Feed { orders, turn }))
}

impl Feed {
    pub(super) async fn publish(
        &self,
        topic: Topic,
        name: EventName,
        payload: Payload,
        key: Option<Box<str>>,
    ) -> Result<Position, PublishError> {
        let (answer, answered) = oneshot::channel();
        let record = Arc::new(Record { epoch: None, producer: None, key, time: 0, topic, name, payload });
        if let Some(order) = self.send_alone(Order { record, answer }) {
            // Unconstrained: publishes that are begun in an order are taken in in that order, however many one task begins.
            let sent = tokio::task::unconstrained(self.orders.send(order));
            sent.await.map_err(|_| PublishError::Refused(stopped()))?;
        }
        // From here on the event will be appended whether or not anyone still waits for the answer.
        let answered = answered.await;
        let Ok(Answered { result, spent }) = answered else { return Err(PublishError::Indeterminate(stopped())) };
        drop(spent);
        result
    }

    /// Sends it and moves the loop on, if nobody else publishes. Gives it back otherwise.
    fn send_alone(&self, order: Order) -> Option<Order> {
        let Some(turn) = self.turn.take() else { return Some(order) };
        match self.orders.try_send(order) {
            Ok(()) => {
                turn.move_on();
                None
            }
            Err(TrySendError::Full(order) | TrySendError::Closed(order)) => Some(order),
        }
    }
}

fn stopped() -> StoreError {
    StoreError::new(StoreErrorKind::Broken, "the hub's loop has stopped, with the runtime it ran on; build a new hub")
}

/// The event a record holds is the same: who wrote it and when does not matter, where it lies does.
fn same_event(a: &Record, b: &Record) -> bool {
    a.topic == b.topic && a.name == b.name && a.payload == b.payload && a.producer == b.producer
}
