//! The loop that owns a store: gathers publishes into batches, and feeds the log from the store's tail alone.
//!
//! The only recovery there is: bounds, epoch, tail from the last record held, comparison; any doubt ends the tail and is
//! told to readers as a gap. Knows neither readers nor sessions.

use super::{Core, CoreConfig, clock::Clock, publish::PublishError};
use crate::store::{Record, Store, StoreError, StoreErrorKind};
use eventwire::{EventName, Payload, Position, Topic};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::sync::{mpsc, oneshot};

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
    topic: Topic,
    name: EventName,
    payload: Payload,
    key: Option<Box<str>>,
    answer: Answer,
}

type Answer = oneshot::Sender<Result<Position, PublishError>>;

/// Starts the loop of a store; answers once everything kept is in the log.
pub(super) async fn start<S: Store>(store: S, config: CoreConfig) -> Result<(Arc<Core>, Feed), StoreError> {
    let (orders, waiting) = mpsc::channel(WAITING);
    let mut follow = follow::Follow::new(Arc::new(store), config, Clock::start()).await?;
    follow.read_back().await?;
    let (core, lone) = (follow.core().clone(), follow.lone());
    let (turn, own) = turn::Turn::of(follow.run(waiting), lone);
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
        let order = Order { topic, name, payload, key, answer };
        // Unconstrained: publishes that are begun in an order are taken in in that order, however many one task begins.
        let sent = tokio::task::unconstrained(self.orders.send(order));
        // From here on the event will be appended whether or not anyone still waits for the answer.
        sent.await.map_err(|_| PublishError::Refused(stopped()))?;
        self.turn.help();
        answered.await.unwrap_or_else(|_| Err(PublishError::Indeterminate(stopped())))
    }
}

fn stopped() -> StoreError {
    StoreError::new(StoreErrorKind::Broken, "the hub's loop has stopped, with the runtime it ran on; build a new hub")
}

/// The event a record holds is the same: who wrote it and when does not matter, where it lies does.
fn same_event(a: &Record, b: &Record) -> bool {
    a.topic == b.topic && a.name == b.name && a.payload == b.payload && a.producer == b.producer
}
