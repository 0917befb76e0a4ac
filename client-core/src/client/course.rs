//! Where the client goes next: after an attempt, on a hint, under a hold.

use super::{Client, Place};
use crate::{
    Attempt, CloseReason, Dialled, Output, Pause, Status, Timestamp, Trouble, backoff::Backoff, link::Link, page,
    time::Millis,
};
use eventwire::{Code, Retry, frame::Bye};

/// A hint (the page is seen, a topic was added) dials at once, but never sooner than this after an attempt that failed.
const HASTE: Millis = Millis::from_secs(1);
/// A stream that breaks this soon after waking was broken by the sleep.
const WAKING: Millis = Millis::from_secs(10);

impl Client {
    /// The server answered with a status and no stream.
    pub(super) fn answered(&mut self, now: Timestamp, status: Status<'_>) {
        let plain = Code::of_status(status.status);
        let said = status.code.and_then(Code::parse).unwrap_or(plain);
        // A code of ours knows more than the status, but some statuses need no code.
        let last = [said, plain].into_iter().find(|code| code.retry() == Retry::Never);
        if let Some(code) = last {
            let problem = status.code.map(Into::into);
            self.close(None, CloseReason { code, status: Some(status.status), problem });
        } else {
            self.failed(now, Trouble::Refused(status.status, said), status.retry_after.unwrap_or_default().into());
        }
    }

    /// The server said `bye`.
    pub(super) fn dismissed(&mut self, now: Timestamp, bye: Bye) {
        let retry = bye.reason.retry();
        let again = retry == Retry::Resume || retry == Retry::Once && !self.pardoned;
        // After a sleep it is no news: what it asked for is long over.
        if !(again && self.ended_by_sleep(now)) {
            // Without a hello before it the attempt has failed like any.
            let least = if self.greeted().is_some() { Millis::ZERO } else { HASTE };
            self.earliest = now + Backoff::believed(bye.after.into()).max(least);
            self.reckon();
            let trouble = Trouble::Bye(bye.reason);
            if again {
                self.wait_after_loss(now, trouble, bye.after.into());
            } else if retry == Retry::BackOff {
                self.failed(now, trouble, bye.after.into());
            } else {
                self.close(None, CloseReason { code: bye.reason, status: None, problem: None });
            }
        }
        self.pardoned |= retry == Retry::Once;
    }

    /// An attempt is over that the server did not end.
    pub(super) fn lost(&mut self, now: Timestamp, trouble: Trouble) {
        if self.greeted().is_none() {
            self.failed(now, trouble, Millis::ZERO);
        } else if !self.ended_by_sleep(now) {
            self.reckon();
            self.wait_after_loss(now, trouble, Millis::ZERO);
        }
    }

    /// When the running attempt was let in.
    fn greeted(&self) -> Option<Timestamp> {
        match &self.place {
            Place::Linked(link, _) => link.greeted(),
            _ => None,
        }
    }

    /// Dials at once if the device slept through the stream's end: no fleet comes back with this page. Once for each sleep.
    fn ended_by_sleep(&mut self, now: Timestamp) -> bool {
        let Some(woke) = self.woke.take() else { return false };
        let slept = self.greeted() <= Some(woke) && Millis::between(now, woke) < WAKING;
        if slept {
            self.dial(now, Dialled::Woke);
        }
        slept
    }

    pub(super) fn wait_after_loss(&mut self, now: Timestamp, trouble: Trouble, after: Millis) {
        let wait = self.backoff.lost(after);
        self.wait(now, wait, trouble);
    }

    /// The running attempt is over: how long it lived decides what failures before it count.
    pub(super) fn reckon(&mut self) {
        if let Place::Linked(link, _) = &self.place {
            self.backoff.lived(link.health());
        }
    }

    /// An attempt came to nothing.
    pub(super) fn failed(&mut self, now: Timestamp, trouble: Trouble, after: Millis) {
        let wait = self.backoff.failed(after);
        self.earliest = now + Backoff::believed(after).max(HASTE);
        self.wait(now, wait, trouble);
    }

    pub(super) fn wait(&mut self, now: Timestamp, wait: Millis, trouble: Trouble) {
        let wait = if self.page.offline() { wait.max(page::OFFLINE) } else { wait };
        self.trouble = trouble;
        self.go(Place::Waiting(now + wait));
    }

    /// Something says that an attempt would succeed now, or that the running one may have broken unseen.
    pub(super) fn hint(&mut self, now: Timestamp, why: Dialled) {
        match &mut self.place {
            Place::Waiting(_) | Place::Paused(_) => {
                if !matches!(why, Dialled::Topics | Dialled::Drained) {
                    // What made attempts fail is over.
                    self.backoff.reset();
                }
                self.dial(now, why);
            }
            Place::Linked(link, _) if link.greeted().is_some() => {
                if link.watch.hint(now) {
                    self.woke = Some(now);
                }
            }
            Place::Idle | Place::Linked(..) | Place::Closed(_) => {}
        }
    }

    /// Holds still if something says so.
    pub(super) fn obey(&mut self, now: Timestamp) {
        match (&self.place, self.hold()) {
            (Place::Idle, _) | (_, None) => {}
            (_, Some(_)) => {
                self.hang_up();
                self.dial(now, Dialled::Retry); // which it does not: it pauses, or goes on pausing
            }
        }
    }

    pub(super) fn hold(&self) -> Option<Pause> {
        let queue = self.full.then_some(Pause::Queue);
        self.page.hold().or(queue).or(self.reader.interest.nobody().then_some(Pause::Topics))
    }

    /// Dials; or pauses, or waits, if it may not.
    pub(super) fn dial(&mut self, now: Timestamp, why: Dialled) {
        if let Some(hold) = self.hold() {
            return match &self.place {
                Place::Paused(pause) if *pause == hold => {}
                _ => self.go(Place::Paused(hold)),
            };
        }
        if now < self.earliest {
            return match &self.place {
                Place::Waiting(until) if *until == self.earliest => {}
                _ => self.go(Place::Waiting(self.earliest)),
            };
        }
        self.attempt = Attempt(self.attempt.0.wrapping_add(1));
        let query = self.reader.request(&mut self.out);
        self.go(Place::Linked(Link::new(self.attempt, now, self.stall), why));
        self.out.push(Output::Connect { attempt: self.attempt, query });
    }

    /// Closes the running attempt, if there is one. Where the client goes next is the caller's.
    pub(super) fn hang_up(&mut self) {
        if let Some(attempt) = self.running() {
            self.out.push(Output::Disconnect { attempt });
        }
    }

    pub(super) fn running(&self) -> Option<Attempt> {
        match &self.place {
            Place::Linked(link, _) => Some(link.attempt),
            _ => None,
        }
    }

    /// Closes for good. `running`: the attempt that has not ended by itself.
    pub(super) fn close(&mut self, running: Option<Attempt>, reason: CloseReason) {
        self.place = Place::Closed(reason);
        self.out.close(running, self.state());
    }

    pub(super) fn go(&mut self, place: Place) {
        // It was let in, and whatever ended that, `bye auth` after it is another matter.
        self.pardoned &= !matches!(&self.place, Place::Linked(link, _) if link.greeted().is_some());
        self.place = place;
        self.say_state();
    }

    pub(super) fn say_state(&mut self) {
        self.out.push(Output::State(self.state()));
    }
}
