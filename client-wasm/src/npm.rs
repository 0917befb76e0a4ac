//! What the npm package calls. Flat strings and numbers; the TypeScript around it is the interface.
//!
//! Trusts its caller: topics and names were checked there; a list that cannot be read here is empty.

use crate::flat::{self, list, millis, patterns};
use eventwire::{EventName, Position, Start};
use eventwire_client_core::{Background, Client, Config, Contract, Topics};
use talc::{
    cell::TalcSyncCell,
    wasm::{WasmBinning, WasmGrowAndClaim},
};
use wasm_bindgen::prelude::wasm_bindgen;

/// A third of the standard one's size, and the package is paid for by every visitor.
#[global_allocator]
static ALLOCATOR: TalcSyncCell<WasmGrowAndClaim, WasmBinning> = TalcSyncCell::new_wasm(WasmGrowAndClaim);

/// The machine of one stream.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Machine {
    client: Client,
    /// What goes with the last thing it asked.
    text: String,
}

#[wasm_bindgen]
impl Machine {
    /// `text`, one a line: the contract's hash and its names; `=` and the topics, or nothing for all that is granted;
    /// where to start. Lists are joined by commas, which neither a topic nor a name can hold. `grace` in milliseconds,
    /// infinite to keep a hidden page's stream. `stall`: the longest silence, in milliseconds; 0 for what the heartbeat
    /// allows. `seed` is a whole number of up to 53 bits.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, grace: f64, stall: f64, seed: f64) -> Self {
        let mut rest = text;
        let mut line = || flat::cut(&mut rest, b'\n');
        let (hash, names, topics, from) = (line(), line(), line(), line());
        let config = Config {
            topics: match topics.strip_prefix("=") {
                Some(topics) => Topics::Named(patterns(topics).unwrap_or_default()),
                None => Topics::Granted,
            },
            start: match from {
                "" => Start::Now,
                "earliest" => Start::Earliest,
                from => match Position::parse(from) {
                    Ok(position) => Start::After { position, native: false },
                    Err(_) => Start::Unreadable { native: false },
                },
            },
            contract: Some(Contract {
                names: Some(list(names, EventName::read).unwrap_or_default()),
                hash: hash.into(),
            }),
            background: if grace == f64::INFINITY {
                Background::Keep
            } else if grace > 0.0 {
                Background::Grace(millis(grace))
            } else {
                Background::Immediate
            },
            stall: (stall > 0.0).then(|| millis(stall)),
        };
        Self { client: Client::new(config, seed as u64), text: String::new() }
    }

    /// What happened, by the numbers of `flat.rs`.
    #[expect(clippy::too_many_arguments, reason = "each further object would be glue in every page")]
    pub fn tell(&mut self, now: f64, what: u32, attempt: u32, a: f64, b: f64, c: f64, d: f64, text: &str) {
        flat::tell(&mut self.client, now, what, attempt, [a, b, c, d], text);
    }

    /// What it asks next: sixteen times the number that goes with it, and what it is; 0 for nothing.
    pub fn next(&mut self) -> f64 {
        let Some(output) = self.client.poll_output() else { return 0.0 };
        let (asked, text) = flat::asked(output);
        self.text = text;
        asked
    }

    /// The text that goes with it.
    pub fn text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// When to say that the time has come; infinite for never.
    pub fn deadline(&self) -> f64 {
        self.client.deadline().map_or(f64::INFINITY, |at| at.0 as f64)
    }

    /// When the server was last heard (0: never), then the machine's counters in their order.
    pub fn counter(&self, n: u32) -> f64 {
        let counters = self.client.counters();
        let count = match n {
            0 => self.client.heard().unwrap_or_default().0,
            1 => counters.events,
            2 => counters.duplicates,
            3 => counters.gaps,
            4 => counters.faults,
            5 => counters.attempts,
            _ => counters.stalls,
        };
        count as f64
    }

    /// The position; empty before the first.
    pub fn position(&self) -> String {
        let mut text = String::new();
        flat::push_position(&mut text, self.client.position());
        text
    }
}
