//! What a page gives a stream and gets from it. The same on every target.

use eventwire::{Position, Topic};
use eventwire_client_core::{Fault, Gap, State};

/// What the browser made of an event, payload included.
#[cfg(target_arch = "wasm32")]
pub type Raw = web_sys::MessageEvent;

/// What the browser made of an event: there is no browser here, and so there are no events.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
pub enum Raw {}

/// How to ask: `withCredentials` as an `EventSource` takes it, and what `browser/fetch.js` reads besides.
#[cfg(target_arch = "wasm32")]
pub type Request = js_sys::Object;

/// How to ask: there is nobody to ask here.
#[cfg(not(target_arch = "wasm32"))]
pub type Request = ();

/// Where the stream is.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The stream's URL, absolute or relative to the page. Its own query is kept; it has no fragment.
    pub url: String,
    /// Whether `fetch` carries the stream, and not `EventSource`.
    pub fetch: bool,
    /// How to ask.
    pub request: Request,
}

/// An event, in order and not handed over before. Not yet decoded.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name and payload.
    pub raw: &'a Raw,
    /// Whose event it is.
    pub topic: Topic,
    /// Where it is.
    pub position: Position,
}

/// Who a stream is for. Called from the browser's tasks, never while the stream is borrowed: whatever a stream can do may
/// be done in here, closing it too.
pub trait Page {
    /// The next event.
    fn event(&self, event: Event<'_>);
    /// Events may be missing.
    fn gap(&self, gap: Gap);
    /// Something was wrong and survived.
    fn fault(&self, fault: Fault);
    /// The server has another contract than this page was built with.
    fn outdated(&self, hash: &str);
    /// Where the client is now. `next_attempt_at` is in milliseconds of `Date.now()`.
    fn state(&self, state: &State, next_attempt_at: Option<f64>);
}
