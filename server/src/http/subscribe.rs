//! The extractor: what a request asks of a hub.
//!
//! Reads and refuses. Grants nothing.

use super::{Problem, accept::accepts_event_stream};
use crate::serve::Drain;
use axum::extract::FromRequestParts;
use eventwire::{Pattern, Request};
use http::{Method, request::Parts};

/// What a reader asks: topics, and where to start. An argument of the handler that answers with an
/// [`EventStream`](crate::EventStream); what cannot be read is refused before the handler runs.
///
/// 405 unless the method is GET or HEAD, 406 if `Accept` excludes `text/event-stream`, 400 for topics, patterns or a
/// position that cannot be read.
#[derive(Clone, Debug)]
pub struct Subscribe {
    pub(super) request: Request,
    /// HEAD: the headers are wanted, not the stream.
    pub(super) head_only: bool,
    /// Present under [`serve`](crate::serve()).
    pub(super) drain: Option<Drain>,
}

impl Subscribe {
    /// The patterns asked for, new ones last. None means: all that access grants.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.request.topics.iter().chain(&self.request.new)
    }

    /// What is asked, as it stood in the request.
    pub fn request(&self) -> &Request {
        &self.request
    }
}

/// A request that did not come by HTTP, or that the app has changed.
impl From<Request> for Subscribe {
    fn from(request: Request) -> Self {
        Self { request, head_only: false, drain: None }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Subscribe {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let head_only = match parts.method {
            Method::GET => false,
            Method::HEAD => true,
            _ => return Err(Problem::method_not_allowed()),
        };
        if !accepts_event_stream(&parts.headers) {
            return Err(Problem::not_acceptable());
        }
        let positions = parts.headers.get_all("last-event-id").iter().map(|value| value.as_bytes());
        let request = Request::parse(parts.uri.query().unwrap_or_default(), positions)?;
        Ok(Self { request, head_only, drain: parts.extensions.get::<Drain>().cloned() })
    }
}
