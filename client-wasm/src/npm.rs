//! What the npm package calls. Flat strings and numbers; the TypeScript around it is the interface.
//!
//! Trusts its caller: topics and names were checked there; a list that cannot be read here is empty.

#![expect(unreachable_pub, reason = "wasm-bindgen exports public functions alone")]

use crate::flat::{self, millis, patterns};
use eventwire::{Position, Start};
use eventwire_client_core::{Background, Client, Config, Contract, Topics};
use lol_alloc::{FreeListAllocator, LockedAllocator};
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

/// A tenth of the standard one's size, and the package is paid for by every visitor. It looks through a list of what is
/// free, which is short: a stream holds little, and what lies beside each other becomes one.
#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

thread_local! {
    static MACHINES: RefCell<Machines> = const { RefCell::new(Machines { all: Vec::new(), text: String::new() }) };
}

/// The machines of the page's streams, by the numbers that JavaScript has for them. Not a class of wasm-bindgen: that would
/// count and check what the package's own JavaScript keeps in order.
struct Machines {
    all: Vec<Option<Client>>,
    /// What goes with the last thing that one of them asked.
    text: String,
}

/// Lets `ask` have a machine; one that is gone says nothing.
fn with<T>(machine: u32, ask: impl FnOnce(&mut Client, &mut String) -> T) -> Option<T> {
    MACHINES.with_borrow_mut(|Machines { all, text }| Some(ask(all.get_mut(machine as usize)?.as_mut()?, text)))
}

/// A machine. `text`, one a line: the contract's hash and its names; `=` and the topics, or nothing for all that is granted;
/// where to start. Lists are joined by commas, which neither a topic nor a name can hold. `grace` in milliseconds, infinite to
/// keep a hidden page's stream. `stall`: the longest silence, in milliseconds; 0 for what the heartbeat allows. `seed` is a
/// whole number of up to 53 bits.
#[wasm_bindgen]
pub fn machine(text: &str, grace: f64, stall: f64, seed: f64) -> u32 {
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
        contract: Some(Contract { names: Some(names.into()), hash: hash.into() }),
        // A grace of nothing is none.
        background: if grace == f64::INFINITY { Background::Keep } else { Background::Grace(millis(grace)) },
        stall: (stall > 0.0).then(|| millis(stall)),
    };
    let client = Some(Client::new(config, seed as u64));
    MACHINES.with_borrow_mut(|Machines { all, .. }| {
        let at = all.iter().position(Option::is_none).unwrap_or(all.len());
        match all.get_mut(at) {
            Some(free) => *free = client,
            None => all.push(client),
        }
        at as u32
    })
}

/// Forgets a machine; its number may be another's from now on.
#[wasm_bindgen]
pub fn forget(machine: u32) {
    MACHINES.with_borrow_mut(|Machines { all, .. }| {
        if let Some(client) = all.get_mut(machine as usize) {
            *client = None;
        }
    });
}

/// What happened, by the numbers of `flat.rs`. The text first: what is missing behind the last number is 0, or not a number.
#[wasm_bindgen]
#[expect(clippy::too_many_arguments, reason = "each further object would be glue in every page")]
pub fn tell(machine: u32, text: &str, now: f64, what: u32, attempt: u32, a: f64, b: f64, c: f64, d: f64) {
    with(machine, |client, _| flat::tell(client, now, what, attempt, [a, b, c, d], text)).unwrap_or_default();
}

/// What it asks next: sixteen times the number that goes with it, and what it is; 0 for nothing.
#[wasm_bindgen]
pub fn next(machine: u32) -> f64 {
    with(machine, |client, text| {
        let Some(output) = client.poll_output() else { return 0.0 };
        let (asked, words) = flat::asked(output);
        *text = words;
        asked
    })
    .unwrap_or_default()
}

/// The text that goes with it.
#[wasm_bindgen]
pub fn text() -> String {
    MACHINES.with_borrow_mut(|Machines { text, .. }| std::mem::take(text))
}

/// When to say that the time has come; infinite for never.
#[wasm_bindgen]
pub fn deadline(machine: u32) -> f64 {
    with(machine, |client, _| client.deadline().map_or(f64::INFINITY, |at| at.0 as f64)).unwrap_or(f64::INFINITY)
}

/// When the server was last heard (0: never), then the machine's counters in their order.
#[wasm_bindgen]
pub fn counter(machine: u32, n: u32) -> f64 {
    with(machine, |client, _| {
        let counters = client.counters();
        let all = [
            client.heard().unwrap_or_default().0,
            counters.events,
            counters.duplicates,
            counters.gaps,
            counters.faults,
            counters.attempts,
            counters.stalls,
        ];
        all.get(n as usize).map_or(0.0, |count| *count as f64)
    })
    .unwrap_or_default()
}

/// The position; empty before the first.
#[wasm_bindgen]
pub fn position(machine: u32) -> String {
    with(machine, |client, _| {
        let mut text = String::new();
        flat::push_position(&mut text, client.position());
        text
    })
    .unwrap_or_default()
}
