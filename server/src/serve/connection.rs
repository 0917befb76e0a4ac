//! One connection, from its first byte to its last.
//!
//! Knows hyper and the server's phase. Knows nothing of sockets' making.

use super::{
    BLOCKED, HEAD_TIMEOUT, LULL,
    entrance::{BoxError, Entrance},
    io::Timed,
};
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use std::{
    pin::{Pin, pin},
    sync::Arc,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::Sleep,
};
use tower::Service;

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// Requests under way may finish; no connection takes another.
    Draining,
    /// What is left is dropped.
    Closed,
}

/// Serves one connection. Holding `phase` is what the server counts as being connected.
pub(super) async fn drive<I, S, B>(
    io: I,
    entrance: Entrance<S>,
    builder: Arc<auto::Builder<TokioExecutor>>,
    mut phase: watch::Receiver<Phase>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let io = TokioIo::new(Timed::new(io, HEAD_TIMEOUT, BLOCKED));
    let first = entrance.asked();
    let mut connection = pin!(builder.serve_connection_with_upgrades(io, entrance));
    // A request may be on its way from a peer that has said nothing yet. Closed before a status line, a browser would
    // ask again, and again: it has a moment to be told properly.
    let (mut asked, mut lull): (_, Option<Pin<Box<Sleep>>>) = (false, None);
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(target: "eventwire::serve::connection_failed", %error);
                }
                return;
            }
            () = first.notified(), if !asked => {
                asked = true;
                if lull.take().is_some() {
                    connection.as_mut().graceful_shutdown();
                }
            }
            () = over(&mut lull), if lull.is_some() => {
                lull = None;
                connection.as_mut().graceful_shutdown();
            }
            changed = phase.changed() => match (changed, *phase.borrow_and_update()) {
                // The server's future was dropped.
                (Err(_), _) | (_, Phase::Closed) => return,
                (_, Phase::Draining) if !asked => lull = Some(Box::pin(tokio::time::sleep(LULL))),
                (_, Phase::Draining) => connection.as_mut().graceful_shutdown(),
                (_, Phase::Open) => {}
            },
        }
    }
}

/// Waits for the end of a lull; without one for ever.
async fn over(lull: &mut Option<Pin<Box<Sleep>>>) {
    match lull {
        Some(lull) => lull.await,
        None => std::future::pending().await,
    }
}
