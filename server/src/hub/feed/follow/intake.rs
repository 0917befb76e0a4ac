//! What a store's tail says, taken in: events into the log, losses told, publishers answered.
//!
//! Decides nothing about where a tail begins, nor what its end means.

use super::{Follow, Stop};
use crate::{
    hub::feed::{orders::BATCH, same_event},
    store::{Fed, Record, Store, StoreError, StoreErrorKind, TailEnd},
};
use eventwire::{Offset, Position, frame::GapReason};
use futures_util::{FutureExt, StreamExt};
use std::{pin::Pin, sync::Arc};

impl<S: Store> Follow<S> {
    /// Feeds this, and what is there already behind it; then answers whoever waits for any of it.
    pub(super) fn feed_ready(
        &mut self,
        tail: Pin<&mut S::Tail>,
        first: Option<Result<Fed, TailEnd>>,
    ) -> Result<(), Stop> {
        let fed = self.feed_all(tail, first);
        self.orders.tell();
        fed
    }

    fn feed_all(&mut self, mut tail: Pin<&mut S::Tail>, first: Option<Result<Fed, TailEnd>>) -> Result<(), Stop> {
        let mut next = first;
        for more in (0..BATCH).rev() {
            match next {
                Some(Ok(fed)) => self.feed(fed).map_err(|()| Stop::Replaced)?,
                Some(Err(end)) => return Err(Stop::Tail(end)),
                None => {
                    let ended = StoreError::new(StoreErrorKind::Unavailable, "it ended");
                    return Err(Stop::Tail(TailEnd::Lost(ended)));
                }
            }
            if more == 0 {
                break;
            }
            let Some(following) = tail.next().now_or_never() else { break };
            next = following;
        }
        Ok(())
    }

    /// Takes in what the tail says. `Err`: the anchor is not what it was.
    pub(super) fn feed(&mut self, fed: Fed) -> Result<(), ()> {
        let anchoring = std::mem::take(&mut self.anchoring);
        match fed {
            Fed::Idle(upto) => {
                self.anchoring = anchoring;
                self.last = self.last.max(upto);
            }
            fed if anchoring && !self.is_anchor(&fed) => return Err(()),
            Fed::Record(at, _) | Fed::Undecodable(at, _) if at <= self.last => {}
            Fed::Record(at, record) => self.take_in(at, record),
            Fed::Undecodable(at, why) => {
                tracing::warn!(target: "eventwire::store::undecodable", offset = at.0, %why);
                self.core.gap(GapReason::Undecodable, at);
                self.last = at;
            }
        }
        Ok(())
    }

    fn is_anchor(&self, fed: &Fed) -> bool {
        match (fed, &self.anchor) {
            (Fed::Record(at, record), Some((held, known))) => at == held && same_event(known, record),
            _ => false,
        }
    }

    fn take_in(&mut self, at: Offset, record: Arc<Record>) {
        self.clock.not_before(record.time);
        let before = record.key.as_deref().and_then(|key| self.keys.find(key, record.time));
        let shown = match before {
            // The second record of a key: every tail drops it, and it is where the first one is.
            Some(first) => first,
            None => {
                if let Some(key) = &record.key {
                    self.keys.insert(key, at, record.time);
                }
                self.core.accept(at, &record.topic, &record.name, record.payload.as_str());
                at
            }
        };
        self.orders.resolve(record.producer.as_ref(), Position { epoch: self.epoch, offset: shown });
        self.last = at;
        self.anchor = Some((at, record));
    }
}
