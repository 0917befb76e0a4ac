//! The disk store's tail: what was committed, in order, from an offset on.
//!
//! At the end it takes the last batch from memory; behind it, it reads back in pieces. Offsets are contiguous, so whatever
//! is missing is told.

use super::{Committed, Inner, number};
use crate::store::{Fed, InvalidRecord, Record, TailEnd};
use eventwire::{Epoch, Offset};
use futures_core::Stream;
use futures_util::stream;
use std::{collections::VecDeque, pin::Pin, sync::Arc};
use tokio::sync::watch;

pub(super) type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

/// Records read back in one piece.
const AT_ONCE: usize = 256;
/// Bytes after which a piece ends early.
const BYTES_AT_ONCE: usize = 1 << 20;

struct Reading {
    disk: Arc<Inner>,
    epoch: Epoch,
    next: Offset,
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
    let reading = Reading { disk, epoch, next: at, committed, ready: VecDeque::new() };
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
            if now.head < self.next {
                if self.committed.changed().await.is_err() {
                    return Ok(None);
                }
            } else if now.batch.first().is_some_and(|(first, _)| *first == self.next) {
                self.ready.extend(now.batch.iter().map(|(offset, record)| Fed::Record(*offset, record.clone())));
                self.next = now.head.next();
            } else {
                self.read_back(now.head).await?;
            }
        }
        Ok(self.ready.pop_front())
    }

    async fn read_back(&mut self, head: Offset) -> Result<(), TailEnd> {
        let (disk, from) = (self.disk.clone(), self.next);
        let piece = super::blocking(move || disk.piece(from, head)).await.map_err(TailEnd::Lost)?;
        // After reading: what was forgotten meanwhile must not pass for a hole.
        let first = *self.disk.first.lock();
        if first > from {
            return Err(TailEnd::Trimmed { first });
        }
        if let Some(Fed::Record(last, _) | Fed::Undecodable(last, _) | Fed::Idle(last)) = piece.last() {
            self.next = last.next();
        }
        self.ready.extend(piece);
        Ok(())
    }
}

impl Inner {
    /// Some of what lies between, in order; at least one, whatever the disk says.
    fn piece(&self, from: Offset, upto: Offset) -> Vec<Fed> {
        let mut piece = Vec::new();
        let (mut next, mut bytes) = (from.0, 0);
        for guard in self.log.range(from.0.to_be_bytes()..=upto.0.to_be_bytes()) {
            let Ok((key, value)) = guard.into_inner() else {
                // Which one it was is not said; one by one it will be found.
                piece.push(self.one(Offset(next)));
                return piece;
            };
            let Some(offset) = number(&key) else { continue };
            if offset > next {
                piece.push(missing(Offset(offset - 1)));
            }
            bytes += value.len();
            piece.push(decode(Offset(offset), &value));
            next = offset + 1;
            if piece.len() >= AT_ONCE || bytes >= BYTES_AT_ONCE {
                return piece;
            }
        }
        if next <= upto.0 {
            piece.push(missing(upto));
        }
        piece
    }

    fn one(&self, offset: Offset) -> Fed {
        match self.log.get(offset.0.to_be_bytes()) {
            Ok(Some(value)) => decode(offset, &value),
            Ok(None) => missing(offset),
            Err(error) => Fed::Undecodable(offset, InvalidRecord::because(error)),
        }
    }
}

fn decode(offset: Offset, value: &[u8]) -> Fed {
    match Record::decode(value) {
        Ok(record) => Fed::Record(offset, record),
        Err(error) => Fed::Undecodable(offset, error),
    }
}

/// `offset` ends a range that should be there.
fn missing(offset: Offset) -> Fed {
    Fed::Undecodable(offset, InvalidRecord::because("it is not there any more"))
}
