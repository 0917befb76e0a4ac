//! The response that streams: exactly the headers a stream needs, and a body over whoever reads.
//!
//! Dropping the body is leaving.

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_core::Stream;
use http::{HeaderName, HeaderValue, header};
use http_body::Frame;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// A stream of events as a response. Dropping it, or the body it becomes, leaves the hub.
#[must_use = "a stream that is not returned from the handler is closed"]
pub struct EventStream {
    body: Body,
    policy: &'static str,
}

impl EventStream {
    /// Everything a reader is sent.
    pub(super) fn of<R, E>(reader: R) -> Self
    where
        R: Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
        E: Into<axum::BoxError> + 'static,
    {
        Self { body: Body::new(Reading(reader)), policy: "same-origin" }
    }

    /// The headers of a stream without a reader: the answer to HEAD.
    pub(super) fn head_only() -> Self {
        // Not an empty body: that one has a length, and a `Content-Length: 0` would be a lie about the stream.
        Self::of(Nothing)
    }

    /// Lets pages of other origins of this site read the stream. What they may read with credentials is CORS's to say.
    pub fn same_site(mut self) -> Self {
        self.policy = "same-site";
        self
    }

    /// Lets pages of any origin read the stream. What they may read with credentials is CORS's to say.
    pub fn cross_origin(mut self) -> Self {
        self.policy = "cross-origin";
        self
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body);
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/event-stream"),
            // `no-transform`: a compressing proxy would hold events back.
            (header::CACHE_CONTROL, "no-store, no-transform"),
            (BUFFERING, "no"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CORP, self.policy),
            (header::VARY, "Origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// A body of unknown length over a reader.
struct Reading<R>(R);

impl<R, E> http_body::Body for Reading<R>
where
    R: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Data = Bytes;
    type Error = E;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, E>>> {
        Pin::new(&mut self.0).poll_next(cx).map(|next| next.map(|slice| slice.map(Frame::data)))
    }
}

/// Ends at once, at a length nobody knew.
struct Nothing;

impl Stream for Nothing {
    type Item = Result<Bytes, std::convert::Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(None)
    }
}
