//! The client: one match over state and input. Decides when and whether to connect, and what may be handed over.
//!
//! Knows no socket, clock, chance or payload.

use crate::{Config, Input, Output, State, Timestamp};
use eventwire::Position;

/// What a client has counted since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events handed over.
    pub events: u64,
    /// Events dropped because the page had them.
    pub duplicates: u64,
    /// Gaps told.
    pub gaps: u64,
    /// Faults told.
    pub faults: u64,
    /// Attempts made.
    pub attempts: u64,
    /// Attempts given up for their silence.
    pub stalls: u64,
}

/// A client without IO: inputs with their time go in, outputs are drained after each, and a deadline says when to come
/// back without news.
#[derive(Debug)]
pub struct Client {
    config: Config,
    state: State,
}

impl Client {
    /// A client that has not been opened. The seed decides its waits: give every page another one.
    pub fn new(config: Config, seed: u64) -> Self {
        let _ = seed;
        Self {
            config,
            state: State::Idle,
        }
    }

    /// Takes one input. Drain [`Client::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Timestamp, input: Input<'_>) {
        let _ = (now, input, &self.config);
    }

    /// The next thing to carry out. Let go of the client before doing so: the page's code may call back.
    pub fn poll_output(&mut self) -> Option<Output> {
        None
    }

    /// When to say [`Input::Timeout`], if ever.
    pub fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// Where the client is.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Up to where the page has been handed everything, or told what is missing.
    pub fn position(&self) -> Option<Position> {
        None
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// When the server was last heard on the running attempt.
    pub fn heard(&self) -> Option<Timestamp> {
        None
    }
}
