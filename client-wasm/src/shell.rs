//! The machine at work in a browser: carries out what it asks, and tells it what the browser says.
//!
//! Decides nothing. Nothing is borrowed while the page's code runs, so a page may do to its stream whatever it likes.

use crate::{
    Endpoint, Event, Page, Raw,
    clock::Clock,
    signals::Signals,
    transport::{Data, News, Tell, Transport, message},
};
use eventwire::{Frame, Pattern, Position};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Counters, End, Handle, Input, Output, Timestamp, TransportEvent,
};
use gloo_timers::callback::Timeout;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// An open stream. Dropping it closes it.
pub struct Stream(Rc<Shell>);

struct Shell {
    endpoint: Endpoint,
    page: Box<dyn Page>,
    clock: Clock,
    client: RefCell<Client>,
    /// The running attempt's, or its probe.
    transport: RefCell<Option<(Attempt, Transport)>>,
    /// The query of the last attempt: a probe asks the same.
    query: RefCell<String>,
    timer: RefCell<Option<(Timestamp, Timeout)>>,
    opening: RefCell<Option<Timeout>>,
    signals: RefCell<Option<Signals>>,
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
            endpoint,
            page,
            clock: Clock::default(),
            client: RefCell::new(Client::new(config, seed)),
            transport: RefCell::default(),
            query: RefCell::default(),
            timer: RefCell::default(),
            opening: RefCell::default(),
            signals: RefCell::default(),
            payloads: RefCell::default(),
            draining: Cell::default(),
        });
        let weak = Rc::downgrade(&shell);
        let signals = Signals::listen(move |input| tell(&weak, input));
        *shell.signals.borrow_mut() = Some(signals);
        let weak = Rc::downgrade(&shell);
        *shell.opening.borrow_mut() = Some(Timeout::new(0, move || tell(&weak, Input::Open)));
        Self(shell)
    }

    /// Closes the stream for good. May be called from inside the page.
    pub fn close(&self) {
        self.0.opening.take();
        self.0.signals.take();
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

    /// A frame of ours, in the place of a server that is not ours.
    pub fn frame(&self, event: &str, id: &str, data: &str) {
        if let Some(attempt) = self.0.running() {
            let read = Frame::parse(event, data);
            let block = Block { event, id, body: Body::Frame(&read) };
            self.0.tell(Input::Transport(attempt, TransportEvent::Block(block)));
        }
    }

    /// The page's pull queue holds all it may: nothing is read until it is drained.
    pub fn queue_full(&self) {
        self.0.tell(Input::QueueFull);
    }

    /// The page has read its pull queue.
    pub fn queue_drained(&self) {
        self.0.tell(Input::QueueDrained);
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
        self.0.client.borrow().heard().map(|at| self.0.clock.wall(at))
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

fn tell(shell: &Weak<Shell>, input: Input<'_>) {
    if let Some(shell) = shell.upgrade() {
        shell.tell(input);
    }
}

impl Shell {
    fn tell(self: &Rc<Self>, input: Input<'_>) {
        self.client.borrow_mut().handle_input(self.clock.now(), input);
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
        self.set_timer();
    }

    fn carry_out(self: &Rc<Self>, output: Output) {
        match output {
            Output::Connect { attempt, query } => self.connect(attempt, query),
            Output::Disconnect { attempt } => self.disconnect(attempt),
            Output::Probe { attempt } => self.ask(attempt),
            Output::Listen { names } => {
                if let Some((attempt, transport)) = &mut *self.transport.borrow_mut() {
                    transport.listen(&names, &self.news(*attempt));
                }
            }
            Output::Deliver { handle, topic, position } => {
                let raw = self.payloads.borrow().get(handle.0 as usize).cloned();
                if let Some(raw) = raw {
                    self.page.event(Event { raw: &raw, topic, position });
                }
            }
            Output::Gap(gap) => self.page.gap(gap),
            Output::Fault(fault) => self.page.fault(fault),
            Output::Outdated { hash } => self.page.outdated(&hash),
            Output::State(state) => {
                let next_attempt_at = state.next_attempt_at().map(|at| self.clock.wall(at));
                self.page.state(&state, next_attempt_at);
            }
        }
    }

    fn connect(self: &Rc<Self>, attempt: Attempt, mut query: String) {
        let mut id = String::new();
        if self.endpoint.raw {
            let resume = self.page.resume();
            (id, query) = if self.endpoint.fetch { (resume, id) } else { (id, resume) };
        }
        let url = self.url(&query);
        *self.query.borrow_mut() = query;
        let transport = Transport::open(&self.endpoint, &url, &id, self.news(attempt));
        let opened = transport.is_some();
        drop(self.transport.replace(transport.map(|transport| (attempt, transport))));
        if !opened {
            self.tell(Input::Transport(attempt, TransportEvent::Ended(End::Refused)));
        }
    }

    fn disconnect(&self, attempt: Attempt) {
        // What is dropped lets go of callbacks that may be running: never under a borrow.
        let transport = self.transport.borrow_mut().take_if(|(of, _)| *of == attempt);
        drop(transport);
    }

    fn ask(self: &Rc<Self>, attempt: Attempt) {
        let url = self.url(&self.query.borrow());
        let probe = Transport::ask(&self.endpoint, &url, self.news(attempt));
        drop(self.transport.replace(Some((attempt, probe))));
    }

    /// What hears an attempt's news and passes them on under its name.
    fn news(self: &Rc<Self>, attempt: Attempt) -> Tell {
        let weak = Rc::downgrade(self);
        Rc::new(move |news| {
            let Some(shell) = weak.upgrade() else { return };
            match news {
                News::Plain(event) => {
                    shell.tell(Input::Transport(attempt, event));
                    if shell.endpoint.raw && matches!(event, TransportEvent::Opened) {
                        shell.page.opened();
                    }
                }
                News::Block { name, id, data } if shell.endpoint.raw => {
                    if shell.running() == Some(attempt) {
                        shell.page.raw(&raw(name, id, data));
                    }
                }
                News::Block { name, id, data } => shell.block(attempt, name, id, data),
                News::Read { id, retry } => {
                    if shell.running() == Some(attempt) {
                        shell.page.read(id, retry);
                    }
                }
            }
        })
    }

    fn running(&self) -> Option<Attempt> {
        self.transport.borrow().as_ref().map(|(attempt, _)| *attempt)
    }

    fn block(self: &Rc<Self>, attempt: Attempt, name: &str, id: &str, data: Data<'_>) {
        let (own, read); // only a frame's data crosses into wasm
        let body = if name.starts_with(eventwire::frame::PREFIX) {
            let text = match data {
                Data::Raw(raw) => {
                    own = raw.data().as_string().unwrap_or_default();
                    &own
                }
                Data::Text(text) => text,
            };
            read = Frame::parse(name, text);
            Body::Frame(&read)
        } else {
            let raw = raw(name, id, data);
            let mut payloads = self.payloads.borrow_mut();
            payloads.push(raw);
            Body::Payload(Handle(payloads.len() as u32 - 1))
        };
        self.tell(Input::Transport(attempt, TransportEvent::Block(Block { event: name, id, body })));
    }

    fn url(&self, query: &str) -> String {
        let mut url = String::with_capacity(self.endpoint.url.len() + 1 + query.len());
        url.push_str(&self.endpoint.url);
        if !query.is_empty() {
            url.push(if url.as_bytes().contains(&b'?') { '&' } else { '?' });
            url.push_str(query);
        }
        url
    }

    /// One timer, for the machine's deadline.
    fn set_timer(self: &Rc<Self>) {
        let deadline = self.client.borrow().deadline();
        let set = self.timer.borrow().as_ref().map(|(at, _)| *at);
        if deadline == set {
            return;
        }
        let timer = deadline.map(|at| {
            let wait = at.0.saturating_sub(self.clock.now().0);
            let weak = Rc::downgrade(self);
            // The longest wait a browser knows; the machine does not mind being asked early.
            let timeout = Timeout::new(wait.min(i32::MAX as u64) as u32, move || {
                let Some(shell) = weak.upgrade() else { return };
                shell.timer.take();
                shell.tell(Input::Timeout);
            });
            (at, timeout)
        });
        drop(self.timer.replace(timer));
    }
}

/// An event as the browser has it.
fn raw(name: &str, id: &str, data: Data<'_>) -> Raw {
    match data {
        Data::Raw(raw) => raw.clone(),
        Data::Text(text) => message(name, text, id),
    }
}
