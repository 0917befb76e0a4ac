//! The machine at work for a Rust front end: what it asks of the page is handed over typed.
//!
//! Decides nothing. Nothing is borrowed while the page's code runs, so a page may do to its stream whatever it likes.

use crate::{
    flat,
    page::{Endpoint, Event, Page, Raw, Request},
};
use eventwire::{Pattern, Position, Topic};
use eventwire_client_core::{Client, Config, Counters, Output, Timestamp};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/browser/browser.js")]
extern "C" {
    type Browser;
    #[wasm_bindgen(constructor)]
    fn new(url: &str, request: &Request, via_fetch: bool, machine: Door, page: Door) -> Browser;
    #[wasm_bindgen(method)]
    fn start(this: &Browser);
    #[wasm_bindgen(method)]
    fn close(this: &Browser);
    #[wasm_bindgen(method)]
    fn tell(this: &Browser, what: u32, text: &str);
    #[wasm_bindgen(method)]
    fn date(this: &Browser, moment: f64) -> f64;
}

#[wasm_bindgen(module = "/src/browser/fetch.js")]
extern "C" {
    /// It dials by `fetch`, and is handed over with the request: a page of the npm package loads it only where it is needed.
    #[wasm_bindgen(thread_local_v2, js_name = dial)]
    static DIAL: js_sys::Function;
}

// What these import has to be named to be carried along.
#[wasm_bindgen(module = "/src/browser/lines.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = LINE)]
    static _LINE: f64;
}
#[wasm_bindgen(module = "/src/browser/probe.js")]
extern "C" {
    #[wasm_bindgen(js_name = probe)]
    fn _probe();
}
#[wasm_bindgen(module = "/src/browser/frames.js")]
extern "C" {
    #[wasm_bindgen(js_name = read)]
    fn _read();
}
#[wasm_bindgen(module = "/src/browser/numbers.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = OPEN)]
    static _OPEN: f64;
}

/// An open stream. Dropping it closes it.
pub(crate) struct Stream(Rc<Shell>);

struct Shell {
    browser: Browser,
    page: Box<dyn Page>,
    client: RefCell<Client>,
    /// The text that goes with what was asked last.
    text: Cell<String>,
    /// Whose event is handed over next, and where it is.
    next: Cell<Option<(Topic, Position)>>,
}

/// What the browser's half holds of a stream: its machine, and who it is for. It outlives the stream without harm.
// A front end's wasm exports it beside its own: under a name that is not likely to be one of those.
#[derive(Debug)]
#[wasm_bindgen(js_name = EventwireDoor)]
pub struct Door(std::rc::Weak<Shell>);

impl Stream {
    /// A stream that dials a macrotask from now: what is closed before that dials nothing.
    pub(crate) fn open(endpoint: Endpoint, config: Config, page: Box<dyn Page>) -> Self {
        let seed = (js_sys::Math::random() * 2f64.powi(53)) as u64;
        let shell = Rc::new_cyclic(|shell| {
            let door = || Door(shell.clone());
            let given = DIAL.with(|dial| js_sys::Reflect::set(&endpoint.request, &"dial".into(), dial));
            debug_assert!(given.is_ok(), "a plain object takes any member");
            Shell {
                browser: Browser::new(&endpoint.url, &endpoint.request, endpoint.fetch, door(), door()),
                page,
                client: RefCell::new(Client::new(config, seed)),
                text: Cell::default(),
                next: Cell::default(),
            }
        });
        shell.browser.start();
        Self(shell)
    }

    /// Closes the stream for good. May be called from inside the page.
    pub(crate) fn close(&self) {
        self.0.browser.close();
    }

    /// One more user of each of these topics.
    pub(crate) fn add_topics(&self, topics: &[Pattern]) {
        self.0.browser.tell(flat::ADD, &flat::joined(topics));
    }

    /// One user less of each of these topics.
    pub(crate) fn delete_topics(&self, topics: &[Pattern]) {
        self.0.browser.tell(flat::DELETE, &flat::joined(topics));
    }

    /// The page's pull queue holds all it may: nothing is read until it is drained.
    pub(crate) fn queue_full(&self) {
        self.0.browser.tell(flat::FULL, "");
    }

    /// The page has read its pull queue.
    pub(crate) fn queue_drained(&self) {
        self.0.browser.tell(flat::DRAINED, "");
    }

    /// Up to where the page has been handed everything, or told what is missing.
    pub(crate) fn position(&self) -> Option<Position> {
        self.0.client.borrow().position()
    }

    /// What has been counted.
    pub(crate) fn counters(&self) -> Counters {
        self.0.client.borrow().counters()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

#[wasm_bindgen(js_class = EventwireDoor)]
impl Door {
    /// What happened, by the numbers of `flat.rs`; the last of them may be left out.
    #[expect(clippy::too_many_arguments, reason = "the npm package's machine is told the same way")]
    pub fn tell(
        &self,
        text: &str,
        now: f64,
        what: u32,
        attempt: Option<u32>,
        a: Option<f64>,
        b: Option<f64>,
        c: Option<f64>,
        d: Option<f64>,
    ) {
        if let Some(shell) = self.0.upgrade() {
            let numbers = [a, b, c, d].map(Option::unwrap_or_default);
            flat::tell(&mut shell.client.borrow_mut(), now, what, attempt.unwrap_or_default(), numbers, text);
        }
    }

    /// What it asks of the browser next, as the npm package's machine says it. What it asks of the page is done.
    pub fn next(&self) -> f64 {
        let Some(shell) = self.0.upgrade() else { return 0.0 };
        loop {
            let next = shell.client.borrow_mut().poll_output(); // the borrow ends here
            match next {
                None => return 0.0,
                Some(output) => {
                    if let Some(output) = shell.hand_over(output) {
                        let (asked, text) = flat::asked(output);
                        shell.text.set(text);
                        return asked;
                    }
                }
            }
        }
    }

    /// The text that goes with it.
    pub fn text(&self) -> String {
        self.0.upgrade().map(|shell| shell.text.take()).unwrap_or_default()
    }

    /// When to say that the time has come; infinite for never.
    pub fn deadline(&self) -> f64 {
        let deadline = self.0.upgrade().and_then(|shell| shell.client.borrow().deadline());
        deadline.map_or(f64::INFINITY, |at| at.0 as f64)
    }

    /// The next event.
    pub fn event(&self, raw: Raw) {
        if let Some(shell) = self.0.upgrade()
            && let Some((topic, position)) = shell.next.take()
        {
            shell.page.event(Event { raw: &raw, topic, position });
        }
    }
}

impl Shell {
    /// Hands the page what is for it, and gives back what is for the browser. May run the page's code.
    fn hand_over(&self, output: Output) -> Option<Output> {
        match output {
            Output::Gap(gap) => self.page.gap(gap),
            Output::Fault(fault) => self.page.fault(fault),
            Output::Outdated { hash, names } => self.page.outdated(&hash, &names),
            Output::State(state) => self.page.state(&state, state.next_attempt_at().map(|at| self.date(at))),
            Output::Deliver { handle, topic, position } => {
                self.next.set(Some((topic.clone(), position)));
                return Some(Output::Deliver { handle, topic, position });
            }
            asked => return Some(asked),
        }
        None
    }

    /// A moment as a page's `Date` has it.
    fn date(&self, at: Timestamp) -> f64 {
        self.browser.date(at.0 as f64)
    }
}
