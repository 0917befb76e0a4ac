//! The machine at work in a browser: has carried out what it asks, and tells it what the browser says.
//!
//! Decides nothing. Nothing is borrowed while the page's code runs, so a page may do to its stream whatever it likes.

use crate::{
    Endpoint, Event, Page, Raw,
    browser::{Browser, Door},
};
use eventwire::{Frame, Pattern, Position, frame::InvalidFrame, limits, sse::Decoder};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Counters, Handle, Input, Output, Timestamp, TransportEvent,
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// An open stream. Dropping it closes it.
pub struct Stream(Rc<Shell>);

pub(crate) struct Shell {
    browser: Browser,
    page: Box<dyn Page>,
    client: RefCell<Client>,
    /// Of an attempt whose bytes are framed here; taken out while it works.
    decoder: RefCell<Option<(Attempt, Decoder)>>,
    /// Events that are not handed over yet; a [`Handle`] is an index.
    payloads: RefCell<Vec<Raw>>,
    /// Outputs are being carried out further up the stack; whatever comes meanwhile waits for its turn there.
    draining: Cell<bool>,
}

impl Stream {
    /// A stream that dials a macrotask from now: what is closed before that dials nothing.
    pub fn open(endpoint: Endpoint, config: Config, page: Box<dyn Page>) -> Self {
        let seed = (js_sys::Math::random() * 2f64.powi(53)) as u64;
        let shell = Rc::new(Shell {
            browser: Browser::new(&endpoint.url, &endpoint.request, endpoint.fetch),
            page,
            client: RefCell::new(Client::new(config, seed)),
            decoder: RefCell::default(),
            payloads: RefCell::default(),
            draining: Cell::default(),
        });
        shell.browser.start(Door(Rc::downgrade(&shell)));
        Self(shell)
    }

    /// Closes the stream for good. May be called from inside the page.
    pub fn close(&self) {
        self.0.browser.stop();
        self.0.tell(Input::Close);
    }

    /// One more user of each of these topics.
    pub fn add_topics(&self, topics: &[Pattern]) {
        self.0.tell(Input::TopicsAdd(topics));
    }

    /// One user less of each of these topics.
    pub fn delete_topics(&self, topics: &[Pattern]) {
        self.0.tell(Input::TopicsDelete(topics));
    }

    /// The page's pull queue holds all it may: nothing is read until it is drained.
    pub fn queue_full(&self) {
        self.0.tell(Input::QueueFull);
    }

    /// The page has read its pull queue.
    pub fn queue_drained(&self) {
        self.0.tell(Input::QueueDrained);
    }

    /// Closes the running connection and opens another, at once.
    pub fn restart(&self) {
        self.0.tell(Input::Restart);
    }

    /// Up to where the page has been handed everything, or told what is missing.
    pub fn position(&self) -> Option<Position> {
        self.0.client.borrow().position()
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        self.0.client.borrow().counters()
    }

    /// When the server was last heard on the running attempt, in milliseconds of `Date.now()`.
    pub fn heard(&self) -> Option<f64> {
        let heard = self.0.client.borrow().heard();
        heard.map(|at| self.0.date(at))
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

impl Shell {
    pub(crate) fn tell(&self, input: Input<'_>) {
        let now = Timestamp(self.browser.now() as u64);
        self.client.borrow_mut().handle_input(now, input);
        if self.draining.replace(true) {
            return;
        }
        loop {
            let next = self.client.borrow_mut().poll_output(); // the borrow ends here
            match next {
                Some(output) => self.carry_out(output), // may run the page's code
                None => break,
            }
        }
        self.payloads.borrow_mut().clear();
        self.draining.set(false);
        let deadline = self.client.borrow().deadline();
        self.browser.wake(deadline.map_or(f64::INFINITY, |at| at.0 as f64));
    }

    fn carry_out(&self, output: Output) {
        match output {
            Output::Connect { attempt, query } => self.browser.connect(attempt.0, &query),
            Output::Disconnect { attempt } => self.browser.disconnect(attempt.0),
            Output::Probe { attempt } => self.browser.probe(attempt.0),
            Output::Listen { names } => names.iter().for_each(|name| self.browser.listen(name.as_str())),
            Output::Deliver { handle, topic, position } => {
                let raw = self.payloads.borrow().get(handle.0 as usize).cloned();
                if let Some(raw) = raw {
                    self.page.event(Event { raw: &raw, topic, position });
                }
            }
            Output::Gap(gap) => self.page.gap(gap),
            Output::Fault(fault) => self.page.fault(fault),
            Output::Outdated { hash } => self.page.outdated(&hash),
            Output::State(state) => self.page.state(&state, state.next_attempt_at().map(|at| self.date(at))),
        }
    }

    pub(crate) fn event(&self, attempt: Attempt, name: &str, id: &str, raw: Raw) {
        let handle = {
            let mut payloads = self.payloads.borrow_mut();
            payloads.push(raw);
            Handle(payloads.len() as u32 - 1)
        };
        self.block(attempt, name, id, Body::Payload(handle));
    }

    pub(crate) fn frame(&self, attempt: Attempt, name: &str, id: &str, read: &Result<Option<Frame>, InvalidFrame>) {
        self.block(attempt, name, id, Body::Frame(read));
    }

    fn block(&self, attempt: Attempt, event: &str, id: &str, body: Body<'_>) {
        self.tell(Input::Transport(attempt, TransportEvent::Block(Block { event, id, body })));
    }

    /// Frames bytes. The answer is whether the attempt goes on.
    pub(crate) fn bytes(&self, attempt: Attempt, bytes: &[u8]) -> bool {
        let before = self.decoder.take().filter(|(of, _)| *of == attempt);
        let (_, mut decoder) = before.unwrap_or_else(|| (attempt, Decoder::new(limits::LINE)));
        let framed = decoder.push(bytes, |block| self.browser.framed(attempt.0, block.event, block.id, block.data));
        let retry = decoder.retry().map_or(0.0, |retry| retry.as_millis() as f64);
        self.browser.read(attempt.0, decoder.last_event_id(), retry);
        self.frame_bytes(attempt, decoder);
        framed.is_ok()
    }

    pub(crate) fn frame_bytes(&self, attempt: Attempt, decoder: Decoder) {
        *self.decoder.borrow_mut() = Some((attempt, decoder));
    }

    /// A moment as a page's `Date` has it.
    fn date(&self, at: Timestamp) -> f64 {
        self.browser.date(at.0 as f64)
    }
}
