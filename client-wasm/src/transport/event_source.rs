//! One attempt over `EventSource`.
//!
//! The object never comes back by itself: it is closed on its first error, so that only the machine decides when.

use super::{Data, News, Tell};
use crate::{Endpoint, Raw};
use eventwire::EventName;
use eventwire_client_core::{End, TransportEvent};
use gloo_events::EventListener;
use std::{borrow::Cow, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::EventSource;

/// The frames of ours, and events without a name, which no server of ours sends: both are heard before hello.
const FROM_THE_START: [&str; 6] =
    ["eventwire.hello", "eventwire.gap", "eventwire.cursor", "eventwire.names", "eventwire.bye", "message"];

/// An open `EventSource`. Dropping it closes the stream and forgets its callbacks.
#[derive(Debug)]
pub(crate) struct Transport {
    source: EventSource,
    listeners: Vec<EventListener>,
}

impl Transport {
    /// Dials. Without an answer the URL cannot even be tried.
    pub(crate) fn open(endpoint: &Endpoint, url: &str, tell: Tell) -> Option<Self> {
        let source = EventSource::new_with_event_source_init_dict(url, endpoint.request.unchecked_ref()).ok()?;
        let mut transport = Self { listeners: Vec::with_capacity(8), source };

        let said = Rc::clone(&tell);
        transport.on("open", move |_| said(News::Plain(TransportEvent::Opened)));
        let said = Rc::clone(&tell);
        let failed = transport.source.clone();
        transport.on("error", move |_| {
            let end = match failed.ready_state() {
                EventSource::CLOSED => End::Refused,
                EventSource::CONNECTING => End::Lost,
                _ => return, // an event that somebody named `error`
            };
            failed.close();
            said(News::Plain(TransportEvent::Ended(end)));
        });
        for name in FROM_THE_START {
            transport.block(Cow::Borrowed(name), &tell);
        }
        Some(transport)
    }

    /// Listens for an event of this name. Inside hello's own listener this is early enough for the same chunk.
    pub(crate) fn listen(&mut self, name: &EventName, tell: &Tell) {
        let name = name.as_str();
        let heard = self.listeners.iter().any(|listener| listener.event_type() == name);
        if !heard {
            self.block(Cow::Owned(name.to_owned()), tell);
        }
    }

    fn block(&mut self, name: Cow<'static, str>, tell: &Tell) {
        // The listener brings the name, so that it does not cross with every event.
        let (said, own) = (Rc::clone(tell), name.clone());
        self.on(name, move |event| {
            let raw: &Raw = event.unchecked_ref();
            said(News::Block { name: &own, id: &raw.last_event_id(), data: Data::Raw(raw) });
        });
    }

    fn on(&mut self, name: impl Into<Cow<'static, str>>, callback: impl FnMut(&web_sys::Event) + 'static) {
        self.listeners.push(EventListener::new(&self.source, name, callback));
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.source.close();
    }
}
