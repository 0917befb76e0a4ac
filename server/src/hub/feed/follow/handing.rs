//! Handing batches to a store, one at a time, and what becomes of those who wait when it has answered.
//!
//! Whoever waits is told the position by `intake`, once the event has come back; here only what went wrong.

use super::Follow;
use crate::{
    hub::publish::PublishError,
    store::{Acked, AppendError, Record, Store, TailEnd},
};
use eventwire::Offset;
use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::Poll,
};
use tokio::time::Instant;

/// After so many batches of one a publisher may move the loop on itself; and one in so many batches waits for the loop's
/// own task all the same: publishers in company, whom nothing makes wait for each other, are seen then.
const LONE: (u32, u32) = (4, 512);

/// How an append ended.
pub(super) struct Appended {
    batch: Vec<Arc<Record>>,
    result: Result<Acked, AppendError>,
}

impl<S: Store> Follow<S> {
    /// Hands the next batch to the store, if none is on its way. `Some`: it was answered at once, and the tail is over.
    pub(super) async fn send(&mut self) -> Option<TailEnd> {
        if self.appending.is_some() || self.orders.is_idle() {
            return None;
        }
        let (store, epoch, batch) = (self.store.clone(), self.epoch, self.orders.batch(self.epoch));
        self.company = batch.len();
        let mut append: Pin<Box<dyn Future<Output = Appended> + Send>> = Box::pin(async move {
            let result = store.append(epoch, batch.clone()).await;
            Appended { batch, result }
        });
        let at_once = poll_fn(|context| Poll::Ready(append.as_mut().poll(context)));
        match at_once.await {
            Poll::Ready(appended) => {
                if self.alone > 0 {
                    // It rang for what is looked at next anyway.
                    self.bell.hush();
                }
                self.appended(appended, false)
            }
            Poll::Pending => {
                self.away = Some(Instant::now());
                self.appending = Some(append);
                None
            }
        }
    }

    pub(super) fn appended(&mut self, Appended { batch, result }: Appended, waited: bool) -> Option<TailEnd> {
        self.away = None;
        self.waited = waited;
        self.alone = if waited || self.company > 1 { 0 } else { self.alone.wrapping_add(1) };
        self.bell.set_lone(self.alone >= LONE.0 && !self.alone.is_multiple_of(LONE.1));
        let seqs = batch.iter().filter_map(|record| record.producer.as_ref()).map(|own| own.seq);
        match result {
            // Answered when they come back. Where acknowledgements know offsets, one that passed us by is told.
            Ok(Acked { first }) => {
                if let Some(first) = first {
                    self.orders.settle(seqs.zip((first.0..).map(Offset)), self.last);
                }
                self.orders.stored(batch);
                None
            }
            Err(AppendError::Refused(error)) => {
                self.orders.fail(seqs, || PublishError::Refused(error.clone()));
                None
            }
            // It may still come back through the tail, and readers get it then.
            Err(AppendError::Indeterminate(error)) => {
                self.orders.fail(seqs, || PublishError::Indeterminate(error.clone()));
                None
            }
            Err(AppendError::WrongEpoch(epoch)) => {
                self.orders.put_back(batch);
                Some(TailEnd::OtherEpoch(epoch))
            }
        }
    }
}
