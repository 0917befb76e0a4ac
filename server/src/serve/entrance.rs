//! What every request passes on its way to the app: stamps on the way in, an answer whatever happens on the way out.
//!
//! A connection that closes before a status line makes Firefox repeat its request ten times within 25 ms; so a handler
//! that panics or fails is answered 500, and only what is under way on its own stream ends.

use super::{Drain, Peer, guard::Guarded};
use http::{Extensions, HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{Either, Empty};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use std::{
    convert::Infallible,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::Notify;
use tower::{Service, util::Oneshot};

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Adds what the peer's address is called in the app's framework.
pub(crate) type Stamp = fn(&mut Extensions, Peer);

#[derive(Clone)]
pub(super) struct Entrance<S> {
    app: S,
    peer: Peer,
    stamp: Stamp,
    drain: Drain,
    asked: Arc<Notify>,
}

impl<S> Entrance<S> {
    pub(super) fn new(app: S, peer: Peer, stamp: Stamp, drain: Drain) -> Self {
        Self { app, peer, stamp, drain, asked: Arc::default() }
    }

    /// Is notified when the first request comes through.
    pub(super) fn asked(&self) -> Arc<Notify> {
        self.asked.clone()
    }
}

impl<S, B> hyper::service::Service<Request<Incoming>> for Entrance<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Response = Response<Either<Guarded<B>, Empty<B::Data>>>;
    type Error = Infallible;
    type Future = Answered<Oneshot<S, Request<Incoming>>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.asked.notify_one();
        (self.stamp)(request.extensions_mut(), self.peer);
        request.extensions_mut().insert(self.drain.clone());
        Answered { inner: Oneshot::new(self.app.clone(), request) }
    }
}

pin_project! {
    /// Resolves to a response whatever the app does.
    pub(super) struct Answered<F> {
        #[pin]
        inner: F,
    }
}

impl<F, B, E> Future for Answered<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<Response<Either<Guarded<B>, Empty<B::Data>>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let inner = self.project().inner;
        // A future that panicked is not polled again: this one has resolved.
        let response = match catch_unwind(AssertUnwindSafe(|| inner.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(response))) => response.map(|body| Either::Left(Guarded::new(body))),
            Ok(Poll::Ready(Err(error))) => {
                let error: BoxError = error.into();
                tracing::error!(target: "eventwire::serve::app_failed", %error);
                failed()
            }
            Err(_) => {
                // The panic hook has told what and where.
                tracing::error!(target: "eventwire::serve::app_panicked", "a handler panicked; answered 500");
                failed()
            }
        };
        Poll::Ready(Ok(response))
    }
}

fn failed<B, D: bytes::Buf>() -> Response<Either<B, Empty<D>>> {
    let mut response = Response::new(Either::Right(Empty::new()));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl<S> fmt::Debug for Entrance<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrance").field("peer", &self.peer).finish_non_exhaustive()
    }
}
