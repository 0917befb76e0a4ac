//! What carries an attempt: one seam, a module per transport.
//!
//! Knows no machine state: a transport dials once, says what happens, and is over when it is dropped.

mod event_source;
mod fetch;

use crate::{Endpoint, Raw};
use eventwire::EventName;
use eventwire_client_core::TransportEvent;
use std::{rc::Rc, time::Duration};

pub(crate) use fetch::message;

/// What an attempt says.
pub(crate) enum News<'a> {
    /// As the machine takes it.
    Plain(TransportEvent<'a>),
    /// One event or frame.
    Block { name: &'a str, id: &'a str, data: Data<'a> },
    /// So far all of a raw stream was framed.
    Read { id: &'a str, retry: Option<Duration> },
}

/// The data of an event or frame, where the transport has it.
pub(crate) enum Data<'a> {
    /// The browser made an event of it.
    Raw(&'a Raw),
    /// Out of the bytes that were framed here.
    Text(&'a str),
}

/// Who hears the news.
pub(crate) type Tell = Rc<dyn Fn(News<'_>)>;

/// One attempt, or the question for the status that an `EventSource` hides. Dropping it ends the request, and nothing is
/// heard of it afterwards.
pub(crate) enum Transport {
    EventSource(event_source::Transport),
    Fetch { _request: fetch::Transport },
}

impl Transport {
    /// Dials; a raw stream behind `id`. Without an answer the URL cannot even be tried.
    pub(crate) fn open(endpoint: &Endpoint, url: &str, id: &str, tell: Tell) -> Option<Self> {
        if endpoint.fetch {
            return Some(Self::Fetch { _request: fetch::Transport::dial(endpoint, url, id, false, tell) });
        }
        event_source::Transport::open(endpoint, url, tell).map(Self::EventSource)
    }

    /// Asks by `fetch` for the status; a stream is not read.
    pub(crate) fn ask(endpoint: &Endpoint, url: &str, tell: Tell) -> Self {
        Self::Fetch { _request: fetch::Transport::dial(endpoint, url, "", true, tell) }
    }

    /// Listens for events of these names, if this transport needs to be told.
    pub(crate) fn listen(&mut self, names: &[EventName], tell: &Tell) {
        if let Self::EventSource(source) = self {
            names.iter().for_each(|name| source.listen(name, tell));
        }
    }
}
