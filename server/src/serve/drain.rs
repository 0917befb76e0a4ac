//! The handle by which whoever streams asks to be told when the server drains.
//!
//! Knows whom to tell, and when. Knows nothing of what they say to their readers.

use parking_lot::Mutex;
use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::Instant;

/// Something that keeps responses open and can end them in good order.
pub trait Drains: Send + Sync {
    /// Says goodbye to everyone, spread over `over`; resolves when all have been told.
    fn drain(&self, over: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Stands in the extensions of every request that [`serve`](crate::serve()) hands on. A hub's streams use it by
/// themselves; an app's own long responses may.
#[derive(Clone, Default)]
pub struct Drain(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Until when goodbyes are spread, once the drain has begun.
    until: Option<Instant>,
    /// Each once; one that is gone leaves when the next one comes.
    told: Vec<Weak<dyn Drains>>,
}

impl Drain {
    /// From now on `who` is told when the server drains; at once if it drains already. Saying it again changes nothing,
    /// and nothing is kept alive by it.
    pub fn tell<D: Drains + 'static>(&self, who: &Arc<D>) {
        let weak = Arc::downgrade(who);
        let mut state = self.0.lock();
        let known = |other: &Weak<dyn Drains>| std::ptr::addr_eq(other.as_ptr(), weak.as_ptr());
        if state.told.iter().any(known) {
            return;
        }
        state.told.retain(|other| other.strong_count() > 0);
        state.told.push(weak);
        let until = state.until;
        drop(state);
        if let Some(until) = until {
            tokio::spawn(who.drain(until.saturating_duration_since(Instant::now())));
        }
    }

    /// Whether the server drains: a long answer begun now would soon be cut.
    pub fn has_begun(&self) -> bool {
        self.0.lock().until.is_some()
    }

    /// Tells everyone, spread over `over`. They run as tasks: a hub may have readers under another server too.
    pub(super) fn begin(&self, over: Duration) {
        let all: Vec<_> = {
            let mut state = self.0.lock();
            state.until = Some(Instant::now() + over);
            state.told.iter().filter_map(Weak::upgrade).collect()
        };
        for one in all {
            tokio::spawn(one.drain(over));
        }
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("has_begun", &self.has_begun()).finish_non_exhaustive()
    }
}
