//! What the npm package calls. Flat strings and numbers; the TypeScript around it is the interface.
//!
//! Trusts its caller: topics and names were checked there; a list that cannot be read here is empty.

use crate::{
    Endpoint, Event, Page, Request, Stream,
    browser::{list, patterns},
};
use eventwire::{EventName, Pattern, Position, Start};
use eventwire_client_core::{Background, Config, Contract, Fault, Gap, State, Topics};
use std::time::Duration;
use talc::{
    cell::TalcSyncCell,
    wasm::{WasmBinning, WasmGrowAndClaim},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// A third of the standard one's size, and the package is paid for by every visitor.
#[global_allocator]
static ALLOCATOR: TalcSyncCell<WasmGrowAndClaim, WasmBinning> = TalcSyncCell::new_wasm(WasmGrowAndClaim);

#[wasm_bindgen]
extern "C" {
    /// The TypeScript side. None of its functions throws.
    pub type Sink;
    #[wasm_bindgen(method)]
    fn event(this: &Sink, event: &web_sys::MessageEvent);
    #[wasm_bindgen(method)]
    fn gap(this: &Sink, reason: &str, topics: &str, position: &str);
    #[wasm_bindgen(method)]
    fn fault(this: &Sink, reason: &str, event: &str, path: &str, found: &JsValue, topic: &str);
    #[wasm_bindgen(method)]
    fn outdated(this: &Sink, hash: &str);
    #[wasm_bindgen(method)]
    fn state(this: &Sink, kind: &str, reason: &str, next_attempt_at: f64, status: u32, problem: &str);
}

/// A stream, for TypeScript.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Machine(Stream);

#[wasm_bindgen]
impl Machine {
    /// `text`, one a line: the URL; the contract's hash and its names; `=` and the topics, or nothing for all that is
    /// granted; where to start. Lists are joined by commas, which neither a topic nor a name can hold. `request` as
    /// `browser/fetch.js` reads it, and `EventSource` its `withCredentials`. `grace` in milliseconds, infinite to keep a
    /// hidden page's stream. `stall`: the longest silence, in milliseconds; 0 for what the heartbeat allows.
    #[wasm_bindgen(constructor)]
    pub fn new(text: &str, request: Request, fetch: bool, grace: f64, stall: f64, sink: Sink) -> Self {
        let mut lines = text.splitn(5, '\n');
        let mut line = || lines.next().unwrap_or_default();
        let (url, hash, names, topics, from) = (line().into(), line(), line(), line(), line());
        let config = Config {
            topics: match topics.strip_prefix('=') {
                Some(topics) => Topics::Named(named(topics)),
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
                names: list(names, |name| EventName::parse(name).ok()).unwrap_or_default(),
                hash: hash.into(),
            }),
            background: if grace == f64::INFINITY {
                Background::Keep
            } else if grace > 0.0 {
                Background::Grace(Duration::from_millis(grace as u64))
            } else {
                Background::Immediate
            },
            stall: (stall > 0.0).then(|| Duration::from_millis(stall as u64)),
        };
        Self(Stream::open(Endpoint { url, fetch, request }, config, Box::new(sink)))
    }

    /// Closes for good.
    pub fn close(&self) {
        self.0.close();
    }

    /// One more user of each topic.
    pub fn add_topics(&self, topics: &str) {
        self.0.add_topics(&named(topics));
    }

    /// One user less of each topic.
    pub fn delete_topics(&self, topics: &str) {
        self.0.delete_topics(&named(topics));
    }

    /// The pull queue holds all it may.
    pub fn queue_full(&self) {
        self.0.queue_full();
    }

    /// The pull queue was read.
    pub fn queue_drained(&self) {
        self.0.queue_drained();
    }

    /// Another connection, at once.
    pub fn restart(&self) {
        self.0.restart();
    }

    /// When the server was last heard (0: never), then the machine's counters in their order.
    pub fn counter(&self, n: u32) -> f64 {
        let counters = self.0.counters();
        let count = match n {
            0 => return self.0.heard().unwrap_or_default(),
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
        text(self.0.position())
    }
}

impl Page for Sink {
    fn event(&self, event: Event<'_>) {
        // Topic and position are in the event's own id: nothing has to cross for them.
        self.event(event.raw);
    }

    fn gap(&self, gap: Gap) {
        self.gap(gap.reason.as_str(), &joined(&gap.topics), &text(gap.position));
    }

    fn fault(&self, fault: Fault) {
        let none = JsValue::UNDEFINED;
        let (event, path, topic, found) = match &fault {
            Fault::Id { event, id } => (&**event, "", "", JsValue::from_str(id)),
            Fault::Frame { event, member } => (&**event, &**member, "", none),
            Fault::Unknown { event } | Fault::Early { event } => (&**event, "", "", none),
            Fault::Denied { pattern } | Fault::TooMany { pattern } => ("", "", pattern.as_str(), none),
            Fault::Version { version } => ("eventwire.hello", "v", "", JsValue::from_f64(f64::from(*version))),
        };
        self.fault(fault.as_str(), event, path, &found, topic);
    }

    fn outdated(&self, hash: &str) {
        self.outdated(hash);
    }

    fn state(&self, state: &State, next_attempt_at: Option<f64>) {
        let (status, problem) = match state {
            State::Closed(reason) => (reason.status.unwrap_or_default(), reason.problem.as_deref().unwrap_or_default()),
            _ => (0, ""),
        };
        self.state(state.kind(), state.reason(), next_attempt_at.unwrap_or_default(), status.into(), problem);
    }
}

fn text(position: Option<Position>) -> String {
    let mut text = String::new();
    if let Some(position) = position {
        position.push_to(&mut text);
    }
    text
}

fn named(joined: &str) -> Vec<Pattern> {
    patterns(joined).unwrap_or_default()
}

fn joined(patterns: &[Pattern]) -> String {
    let mut text = String::new();
    for pattern in patterns {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(pattern.as_str());
    }
    text
}
