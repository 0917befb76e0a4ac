//! The disk store's tail: what was committed, in order, from an offset on.
//!
//! At the end it takes the last batch from memory; behind it, it reads back in pieces, one while the one before is taken.

use super::{Committed, Inner, segments::Spot};
use crate::store::{Fed, Record, TailEnd};
use eventwire::{Epoch, Offset};
use futures_core::Stream;
use futures_util::stream;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};
use tokio::{sync::watch, task::JoinHandle};

pub(super) type Tail = Pin<Box<dyn Stream<Item = Result<Fed, TailEnd>> + Send>>;

struct Following {
    piece: Piece,
    pieces: Pin<Box<dyn Stream<Item = Result<Piece, TailEnd>> + Send>>,
}

/// What is handed over before anything else is looked for.
enum Piece {
    /// Of the last batch: the next one's offset, and its place.
    Last(u64, Arc<[Arc<Record>]>, usize),
    Read(vec::IntoIter<Fed>),
}

struct Reading {
    disk: Arc<Inner>,
    epoch: Epoch,
    spot: Spot,
    committed: watch::Receiver<Committed>,
    /// The next piece, being read.
    ahead: Option<JoinHandle<Back>>,
}

/// What was read back, and where the next is looked for. `Err`: it was forgotten meanwhile, up to this first.
type Back = Result<(Vec<Fed>, Spot), Offset>;

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
    let reading = Reading { disk, epoch, spot: Spot::new(at.0), committed, ahead: None };
    let pieces =
        stream::try_unfold(
            reading,
            |mut reading| async move { Ok(reading.next().await?.map(|piece| (piece, reading))) },
        );
    Ok(Box::pin(Following { piece: Piece::Read(Vec::new().into_iter()), pieces: Box::pin(pieces) }))
}

impl Stream for Following {
    type Item = Result<Fed, TailEnd>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(fed) = self.piece.next() {
                return Poll::Ready(Some(Ok(fed)));
            }
            match ready!(self.pieces.as_mut().poll_next(context)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(end)) => return Poll::Ready(Some(Err(end))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl Iterator for Piece {
    type Item = Fed;

    fn next(&mut self) -> Option<Fed> {
        match self {
            Self::Last(offset, batch, place) => {
                let record = batch.get(*place)?.clone();
                let at = Offset(*offset);
                (*offset, *place) = (*offset + 1, *place + 1);
                Some(Fed::Record(at, record))
            }
            Self::Read(fed) => fed.next(),
        }
    }
}

impl Reading {
    /// `None` once the disk is closed, which it is not while this holds it.
    async fn next(&mut self) -> Result<Option<Piece>, TailEnd> {
        loop {
            let now = self.committed.borrow_and_update().clone();
            if now.epoch != self.epoch {
                return Err(TailEnd::OtherEpoch(now.epoch));
            }
            if now.head.0 < self.spot.next {
                if self.committed.changed().await.is_err() {
                    return Ok(None);
                }
            } else if now.first() == self.spot.next {
                self.spot.next = now.head.0 + 1;
                return Ok(Some(Piece::Last(now.first(), now.batch, 0)));
            } else {
                return self.read_back(&now).await.map(Some);
            }
        }
    }

    async fn read_back(&mut self, now: &Committed) -> Result<Piece, TailEnd> {
        let reading = self.ahead.take().unwrap_or_else(|| self.begin(now.head));
        let (piece, spot) =
            super::finished(reading).await.map_err(TailEnd::Lost)?.map_err(|first| TailEnd::Trimmed { first })?;
        self.spot = spot;
        // What was added last need not be read, and never will be what is looked for before it.
        if self.spot.next < now.first() {
            self.ahead = Some(self.begin(now.head));
        }
        Ok(Piece::Read(piece.into_iter()))
    }

    /// Begins to read a piece.
    fn begin(&self, head: Offset) -> JoinHandle<Back> {
        let (disk, mut spot) = (self.disk.clone(), self.spot);
        tokio::task::spawn_blocking(move || {
            let from = Offset(spot.next);
            let piece = disk.segments.read(&mut spot, head.0);
            // After reading: what was forgotten meanwhile must not pass for a hole.
            let first = *disk.first.lock();
            if first > from { Err(first) } else { Ok((piece, spot)) }
        })
    }
}
