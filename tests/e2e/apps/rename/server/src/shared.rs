//! One order of events for all hubs of this process, as a broker's is for all processes. Forgets nothing, never fails.

use eventwire::{Epoch, Offset};
use eventwire_server::store::{
    Acked, AppendError, Bounds, Durability, Fed, Profile, Record, Retention, Store, StoreError, TailEnd,
};
use futures_util::{Stream, stream};
use std::{pin::Pin, sync::Arc};
use tokio::sync::watch;

/// Clones are the same store.
#[derive(Clone)]
pub struct Shared {
    epoch: Epoch,
    records: Arc<watch::Sender<Vec<Arc<Record>>>>,
}

impl Shared {
    pub fn new() -> Self {
        Self { epoch: Epoch::from_random(1), records: Arc::default() }
    }

    fn now(&self) -> Bounds {
        Bounds { epoch: self.epoch, first: Offset(1), head: Offset(self.records.borrow().len() as u64) }
    }
}

impl Store for Shared {
    type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

    fn profile(&self) -> Profile {
        let (durability, retention) = (Durability::Delayed, Retention::Theirs);
        Profile { durability, offsets_in_acks: true, atomic: true, retention }
    }

    async fn bounds(&self) -> Result<Bounds, StoreError> {
        Ok(self.now())
    }

    async fn append(&self, _: Epoch, batch: Vec<Arc<Record>>) -> Result<Acked, AppendError> {
        let mut first = 0;
        self.records.send_modify(|records| {
            first = records.len() as u64 + 1;
            records.extend(batch);
        });
        Ok(Acked { first: Some(Offset(first)) })
    }

    async fn tail(&self, _: Epoch, at: Offset) -> Result<Self::Tail, TailEnd> {
        let records = self.records.subscribe();
        Ok(Box::pin(stream::unfold((at, records), |(at, mut records)| async move {
            let there = records.wait_for(|records| records.len() as u64 >= at.0).await.ok()?;
            let record = there[at.0 as usize - 1].clone();
            drop(there);
            Some((Ok(Fed::Record(at, record)), (Offset(at.0 + 1), records)))
        })))
    }

    async fn renew(&self, _: Epoch) -> Result<Bounds, StoreError> {
        Ok(self.now())
    }

    async fn trim(&self, _: Offset, _: &[Offset]) -> Result<Offset, StoreError> {
        Ok(Offset(1))
    }
}
