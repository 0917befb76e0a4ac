//! The disk store's tail: what was committed, in order, from an offset on.
//!
//! At the end it takes the last batch from memory; behind it, it reads back in pieces.

use super::{Committed, Inner, segments::Spot};
use crate::store::{Fed, TailEnd};
use eventwire::{Epoch, Offset};
use futures_core::Stream;
use futures_util::stream;
use std::{collections::VecDeque, pin::Pin, sync::Arc};
use tokio::sync::watch;

pub(super) type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

struct Reading {
    disk: Arc<Inner>,
    epoch: Epoch,
    spot: Spot,
    committed: watch::Receiver<Committed>,
    ready: VecDeque<Fed>,
}

pub(super) fn attach(disk: Arc<Inner>, epoch: Epoch, at: Offset) -> Result<Tail, TailEnd> {
    let committed = disk.committed.subscribe();
    let bounds = disk.bounds();
    if bounds.epoch != epoch {
        return Err(TailEnd::OtherEpoch(bounds.epoch));
    }
    if at < bounds.first {
        return Err(TailEnd::Trimmed { first: bounds.first });
    }
    if at > bounds.head.next() {
        return Err(TailEnd::Ahead { head: bounds.head });
    }
    let reading = Reading { disk, epoch, spot: Spot::new(at.0), committed, ready: VecDeque::new() };
    Ok(Box::pin(stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|fed| (fed, reading)))
    })))
}

impl Reading {
    /// `None` once the disk is closed, which it is not while this holds it.
    async fn next(&mut self) -> Result<Option<Fed>, TailEnd> {
        while self.ready.is_empty() {
            let now = self.committed.borrow_and_update().clone();
            if now.epoch != self.epoch {
                return Err(TailEnd::OtherEpoch(now.epoch));
            }
            if now.head.0 < self.spot.next {
                if self.committed.changed().await.is_err() {
                    return Ok(None);
                }
            } else if now.batch.first().is_some_and(|(first, _)| first.0 == self.spot.next) {
                self.ready.extend(now.batch.iter().map(|(offset, record)| Fed::Record(*offset, record.clone())));
                self.spot.next = now.head.0 + 1;
            } else {
                self.read_back(now.head).await?;
            }
        }
        Ok(self.ready.pop_front())
    }

    async fn read_back(&mut self, head: Offset) -> Result<(), TailEnd> {
        let (disk, mut spot) = (self.disk.clone(), self.spot);
        let from = Offset(spot.next);
        let reading = super::blocking(move || {
            let piece = disk.segments.read(&mut spot, head.0);
            (piece, spot)
        });
        let (piece, spot) = reading.await.map_err(TailEnd::Lost)?;
        // After reading: what was forgotten meanwhile must not pass for a hole.
        let first = *self.disk.first.lock();
        if first > from {
            return Err(TailEnd::Trimmed { first });
        }
        self.spot = spot;
        self.ready.extend(piece);
        Ok(())
    }
}
