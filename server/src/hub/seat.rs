//! Where a shard puts a reader's next piece, and the reader that takes it.
//!
//! A seat holds one piece. A shard that finds it taken is told when it is free again.

use super::door::Door;
use crate::sync::Mutex;
use bytes::Bytes;
use futures_core::Stream;
use std::{
    fmt,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, Waker},
};

/// A reader's number in its shard, and its serial number, which is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId {
    pub(crate) index: u32,
    pub(crate) serial: u64,
}

/// What a shard touches of it for each event is one line of memory and no more: what it holds, with its lock.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(crate) struct Seat {
    inside: Mutex<Inside>,
    /// Set once, under the lock.
    id: OnceLock<SeatId>,
}

#[derive(Debug, Default)]
struct Inside {
    piece: Option<Bytes>,
    waker: Option<Waker>,
    /// The shard found the seat taken and waits to be told.
    refused: bool,
    end: Option<End>,
    /// The reader is dropped.
    gone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Everything was said.
    Over,
    /// Let go in the middle.
    Released,
}

/// The bytes of one stream, whole frames. Dropping it leaves the hub within a turn.
pub(crate) struct Reader {
    seat: Arc<Seat>,
    door: Arc<Door>,
    over: bool,
}

/// The reader's state is gone in the middle of its stream: its writes were blocked too long, or there is nobody to serve
/// it. It resumes like anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Released;

/// The reader is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

impl Seat {
    pub(super) fn new(door: Arc<Door>) -> (Arc<Self>, Reader) {
        door.opened();
        let seat = Arc::<Self>::default();
        (seat.clone(), Reader { seat, door, over: false })
    }

    /// The shard gives the reader its number.
    pub(crate) fn number(&self, id: SeatId) -> Result<(), Gone> {
        let inside = self.inside.lock();
        if inside.gone {
            return Err(Gone);
        }
        let _ = self.id.set(id);
        Ok(())
    }

    /// Puts a piece down. `false`: the last one is still there.
    pub(crate) fn put(&self, piece: impl FnOnce() -> Bytes) -> Result<bool, Gone> {
        let mut inside = self.inside.lock();
        if inside.gone {
            return Err(Gone);
        }
        if inside.piece.is_some() {
            inside.refused = true;
            return Ok(false);
        }
        inside.piece = Some(piece());
        let waker = inside.waker.take();
        drop(inside);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(true)
    }

    /// Looks at what it holds without taking the lock.
    pub(crate) fn near(&self) -> bool {
        self.inside.is_locked()
    }

    /// Whether a piece could be put down. `false`: the last one is still there.
    pub(crate) fn is_free(&self) -> Result<bool, Gone> {
        let mut inside = self.inside.lock();
        if inside.gone {
            return Err(Gone);
        }
        inside.refused |= inside.piece.is_some();
        Ok(inside.piece.is_none())
    }

    /// Nothing more comes behind what is there.
    pub(crate) fn finish(&self) {
        self.end(End::Over);
    }

    /// What is there is taken back, and this is said instead, as the last thing.
    pub(crate) fn dismiss(&self, bye: Bytes) {
        let mut inside = self.inside.lock();
        if inside.gone || inside.end.is_some() {
            return;
        }
        (inside.piece, inside.refused, inside.end) = (Some(bye), false, Some(End::Over));
        let waker = inside.waker.take();
        drop(inside);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// What is there is taken back, and the reader learns that it was let go, unless everything was said.
    pub(crate) fn release(&self) {
        self.end(End::Released);
    }

    fn end(&self, end: End) {
        let mut inside = self.inside.lock();
        if inside.end.is_none() {
            inside.end = Some(end);
            if end == End::Released {
                inside.piece = None;
            }
        }
        let waker = inside.waker.take();
        drop(inside);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Bytes that wait for the reader.
    pub(crate) fn bytes(&self) -> usize {
        self.inside.lock().piece.as_ref().map_or(0, Bytes::len)
    }
}

impl Stream for Reader {
    type Item = Result<Bytes, Released>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let Self { seat, door, over } = &mut *self;
        let mut inside = seat.inside.lock();
        if let Some(piece) = inside.piece.take() {
            let waiting = if std::mem::take(&mut inside.refused) { seat.id.get() } else { None };
            drop(inside);
            if let Some(id) = waiting {
                door.ready(*id);
            }
            return Poll::Ready(Some(Ok(piece)));
        }
        match inside.end {
            None => {
                if !inside.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    inside.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
            Some(end) => {
                *over = true;
                Poll::Ready((end == End::Released).then_some(Err(Released)))
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut inside = self.seat.inside.lock();
        inside.gone = true;
        inside.piece = None;
        let (id, waker) = (self.seat.id.get().copied(), inside.waker.take());
        drop(inside);
        drop(waker);
        self.door.left(id);
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("over", &self.over).finish_non_exhaustive()
    }
}

impl fmt::Display for Released {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reader was let go in the middle of its stream; it resumes where it was")
    }
}

impl std::error::Error for Released {}
