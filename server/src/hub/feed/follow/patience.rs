//! Patience with a store that is away: when it is asked again, who waits meanwhile, and how long.
//!
//! Feeds nothing and appends nothing: what is on its way comes to its end, what has waited too long is answered.

use super::{Follow, Stop, working};
use crate::{
    hub::feed::{AWAY, Order, orders::BATCH},
    store::{Store, StoreError, StoreErrorKind, TailEnd},
};
use std::{pin::pin, time::Duration};
use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

/// The first wait after a lost tail, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

impl<S: Store> Follow<S> {
    /// Follows until no one can publish any more.
    pub(in crate::hub::feed) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut wait = BACKOFF.0;
        loop {
            let before = self.last;
            let why = match self.round(&mut orders).await {
                Ok(Stop::Done) => return,
                Ok(Stop::Replaced) => match self.renew().await {
                    Ok(()) => continue,
                    Err(error) => error.to_string(),
                },
                Ok(Stop::Tail(end)) => end.to_string(),
                Err(error) => error.to_string(),
            };
            if self.last > before {
                wait = BACKOFF.0;
            }
            self.away.get_or_insert_with(Instant::now);
            tracing::warn!(target: "eventwire::store::tail_ended", %why, again_ms = wait.as_millis());
            if orders.is_closed() && orders.is_empty() && self.orders.is_idle() && self.appending.is_none() {
                return;
            }
            self.pause(wait + Duration::from_millis(fastrand::u64(0..20)), &mut orders, &why).await;
            wait = (wait * 2).min(BACKOFF.1);
        }
    }

    async fn round(&mut self, orders: &mut mpsc::Receiver<Order>) -> Result<Stop, StoreError> {
        let asked = async {
            let bounds = self.store.bounds().await?;
            self.attachable(bounds).await
        };
        let silent = |_| StoreError::new(StoreErrorKind::Unavailable, format!("the store did not answer in {AWAY:?}"));
        match time::timeout(AWAY, asked).await.map_err(silent)?? {
            Some(tail) => {
                self.away = None;
                Ok(self.follow(pin!(tail), orders).await)
            }
            None => Ok(Stop::Tail(TailEnd::OtherEpoch(self.epoch))),
        }
    }

    /// An append that does not come back: whoever waits is told, and it may still come back.
    pub(super) fn look_at_the_time(&mut self) {
        match self.away {
            Some(since) if self.appending.is_some() && since.elapsed() >= AWAY => {
                self.orders.give_up(&gone("it does not say whether it stored what it was given"));
            }
            _ => {}
        }
    }

    /// Waits, and lets an append that is on its way come to its end meanwhile. A store that is away for long keeps nobody
    /// waiting for an answer.
    async fn pause(&mut self, wait: Duration, orders: &mut mpsc::Receiver<Order>, why: &str) {
        let mut over = pin!(time::sleep(wait));
        let patience = self.away.map_or(Instant::now(), |since| since + AWAY);
        let mut taken = Vec::new();
        loop {
            let patient = Instant::now() < patience;
            if !patient {
                self.orders.give_up(&gone(why));
            }
            tokio::select! {
                () = &mut over => return,
                appended = working(&mut self.appending) => {
                    self.appended(appended, true);
                }
                () = time::sleep_until(patience), if patient => {}
                count = orders.recv_many(&mut taken, BATCH), if !patient && !orders.is_closed() => {
                    let now = self.clock.now();
                    for order in taken.drain(..count) {
                        self.orders.take(order, self.epoch, &self.keys, now);
                    }
                }
            }
        }
    }
}

fn gone(why: &str) -> StoreError {
    let text = format!("the store has been away for {AWAY:?} ({why}); see to it, and publish again once it is back");
    StoreError::new(StoreErrorKind::Unavailable, text)
}
