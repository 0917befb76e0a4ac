//! The machine's clock: goes on while the device sleeps and never falls.
//!
//! `performance.now()` stops during sleep in some browsers, and sleep is what must be seen; `Date.now()` goes on, but
//! falls when somebody sets it. A fall is taken out here, so that no deadline moves away.

use eventwire_client_core::Timestamp;
use std::cell::Cell;

#[derive(Debug, Default)]
pub(crate) struct Clock {
    wall: Cell<f64>,
    /// How far the wall clock has fallen since the first reading.
    fallen: Cell<f64>,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let wall = js_sys::Date::now();
        let fall = self.wall.get() - wall;
        if fall > 0.0 {
            self.fallen.set(self.fallen.get() + fall);
        }
        self.wall.set(wall);
        Timestamp((wall + self.fallen.get()) as u64)
    }

    /// The moment as a page's `Date` has it.
    pub(crate) fn wall(&self, moment: Timestamp) -> f64 {
        moment.0 as f64 - self.fallen.get()
    }
}
