//! What a page gives a stream and gets from it. No more than a browser has: it decodes nothing.

use eventwire::{EventName, Position, Topic};
use eventwire_client_core::{Fault, Gap, State};

/// What the browser made of an event, payload included.
pub(crate) type Raw = web_sys::MessageEvent;

/// How to ask: `withCredentials` as an `EventSource` takes it, and what `browser/fetch.js` reads besides.
pub(crate) type Request = js_sys::Object;

/// Where the stream is.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// The stream's URL, absolute or relative to the page. Its own query is kept; it has no fragment.
    pub(crate) url: String,
    /// Whether `fetch` carries the stream, and not `EventSource`.
    pub(crate) fetch: bool,
    /// How to ask.
    pub(crate) request: Request,
}

/// An event, in order and not handed over before. Not yet decoded.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    /// Its name and payload.
    pub(crate) raw: &'a Raw,
    /// Whose event it is.
    pub(crate) topic: Topic,
    /// Where it is.
    pub(crate) position: Position,
}

/// Who a stream is for. Called from the browser's tasks, never while the stream is borrowed: whatever a stream can do may
/// be done in here, closing it too.
pub(crate) trait Page {
    /// The next event.
    fn event(&self, event: Event<'_>);
    /// Events may be missing.
    fn gap(&self, gap: Gap);
    /// Something was wrong and survived.
    fn fault(&self, fault: Fault);
    /// The server has another contract than this page was built with: its hash and its names.
    fn outdated(&self, hash: &str, names: &[EventName]);
    /// Where the client is now. `next_attempt_at` is in milliseconds of `Date.now()`.
    fn state(&self, state: &State, next_attempt_at: Option<f64>);
}
