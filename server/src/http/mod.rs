//! The HTTP face: what a request asks, what the app grants, the response that streams, and refusals.
//!
//! The only place that names axum. Knows status codes and headers; knows nothing of logs, stores or sockets.

mod accept;
mod access;
mod event_stream;
mod problem;
mod routes;
mod stream;
mod subscribe;

pub use access::{Access, Expiry};
pub use event_stream::EventStream;
pub use problem::Problem;
pub use subscribe::Subscribe;

use crate::serve::{Peer, Serve};
use axum::extract::ConnectInfo;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Serves `app`, an [`axum::Router`] or any other `tower` service, until a drain is over.
///
/// A drain begins on SIGTERM, Ctrl-C or [`until`](Serve::until); a second signal ends the process at once. Handlers
/// find the peer's address in `ConnectInfo<SocketAddr>`.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// let app = axum::Router::<()>::new();
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// eventwire_server::serve(listener, app).drain(std::time::Duration::from_secs(20)).await
/// # }
/// ```
pub fn serve<S>(listener: TcpListener, app: S) -> Serve<S> {
    fn stamp(extensions: &mut http::Extensions, peer: Peer) {
        extensions.insert(ConnectInfo::<SocketAddr>(peer));
    }
    Serve::new(listener, app, stamp)
}
