//! What a typed stream is at the other end: the shell's stream in a browser.

use super::{
    Connect, Fault,
    inbox::{Inbox, Source},
    request::{Asked, request},
};
use crate::{
    page::{Endpoint, Event, Page},
    shell::Stream,
};
use eventwire::{EventName, Events, Pattern, Position};
use eventwire_client_core::{self as core, Config, Counters, Gap, State};
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// A stream of the shell, with what the browser's half calls as long as it is there. Dropping it closes it.
pub(super) struct Line {
    stream: Stream,
    _asked: Asked,
}

impl Line {
    pub(super) fn open<E: Events + DeserializeOwned + 'static>(
        connect: Connect<E>,
        config: Config,
        inbox: &Rc<Inbox<E>>,
    ) -> Self {
        let Connect { url, headers, with_credentials, .. } = connect;
        let fetch = headers.is_some();
        let (request, asked) = request(headers, with_credentials, Rc::downgrade(inbox));
        let endpoint = Endpoint { url, fetch, request };
        Self { stream: Stream::open(endpoint, config, Box::new(Typed(inbox.clone()))), _asked: asked }
    }

    pub(super) fn close(&self) {
        self.stream.close();
    }

    pub(super) fn add_topics(&self, topics: &[Pattern]) {
        self.stream.add_topics(topics);
    }

    pub(super) fn delete_topics(&self, topics: &[Pattern]) {
        self.stream.delete_topics(topics);
    }

    pub(super) fn counters(&self) -> Counters {
        self.stream.counters()
    }
}

impl Source for Line {
    fn full(&self) {
        self.stream.queue_full();
    }

    fn drained(&self) {
        self.stream.queue_drained();
    }

    fn position(&self) -> Option<Position> {
        self.stream.position()
    }
}

struct Typed<E>(Rc<Inbox<E>>);

impl<E: Events + DeserializeOwned> Page for Typed<E> {
    fn event(&self, event: Event<'_>) {
        let payload = event.raw.data().as_string().unwrap_or_default();
        self.0.event(&event.raw.type_(), &payload, event.topic, event.position);
    }

    fn gap(&self, gap: Gap) {
        self.0.gap(gap);
    }

    fn fault(&self, fault: core::Fault) {
        self.0.fault(Fault::Wire(fault));
    }

    fn outdated(&self, hash: &str, names: &[EventName]) {
        self.0.outdated(hash, names);
    }

    fn state(&self, state: &State, next_attempt_at: Option<f64>) {
        self.0.enter(state, next_attempt_at);
    }
}
