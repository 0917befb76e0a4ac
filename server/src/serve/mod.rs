//! Accepts connections, times them, and lets them go: a server loop for any `tower` service.
//!
//! Does what `axum::serve` does not: a silent or half-spoken request is closed after ten seconds, a socket whose peer
//! has stopped reading is closed after ten, a dead one after thirty, a request head over 16 KiB is answered 431, a
//! handler that panics is answered 500, and a drain says goodbye to every stream and always ends. The 431 has no body: it
//! is said before there is a request that could be answered. An HTTP/2 stream whose peer opens no window keeps its place
//! among the 200 of its connection, while what stood behind it is let go.
//!
//! Knows HTTP and sockets. Knows neither sessions nor hubs nor axum: whoever wants to be drained says so through the
//! [`Drain`] handle that stands in the extensions of every request.

mod accept;
mod connection;
mod drain;
mod entrance;
mod guard;
mod io;
mod signal;
mod socket;

pub use drain::{Drain, Drains};

use crate::serve::{
    accept::{Accept, Door},
    connection::{Phase, drive},
    entrance::{BoxError, Entrance, Stamp},
    signal::Signals,
};
use futures_util::FutureExt;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioTimer},
    server::conn::auto,
};
use std::{fmt, future::IntoFuture, net::SocketAddr, pin::Pin, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::coop::unconstrained, time::Instant};
use tower::Service;

/// How long a peer may take to say a request head, its first byte included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest request head. Every proxy's default is at or below it; a position and 6 KiB of patterns fit.
const HEAD_BYTES: usize = 16 << 10;
/// How long a write may be blocked before the socket is closed.
const BLOCKED: Duration = Duration::from_secs(10);
/// How long a connection that has asked nothing yet is kept when a drain begins.
const LULL: Duration = Duration::from_secs(1);
/// Connections that wait to be accepted when a drain begins, at most: as many as the kernel queues.
const QUEUED: usize = 4096;
/// Requests of one HTTP/2 connection at once.
const STREAMS: u32 = 200;
/// Bytes that HTTP/2 may hold back for one stream whose peer does not take them.
const HELD: usize = 64 << 10;
/// How often an HTTP/2 peer is asked whether it lives, and how long it may think about it.
const PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));
/// How long a drain takes unless [`Serve::drain`] says otherwise: orchestrators kill after thirty.
const DRAIN: Duration = Duration::from_secs(20);

type Trigger = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server that is not running yet: await it. Dropping it while it runs closes every connection at once.
pub struct Serve<S> {
    listener: TcpListener,
    app: S,
    stamp: Stamp,
    drain: Duration,
    until: Option<Trigger>,
}

impl<S> Serve<S> {
    /// Serves `app` on `listener`. `stamp` may add to the extensions of every request.
    pub(crate) fn new(listener: TcpListener, app: S, stamp: Stamp) -> Self {
        Self { listener, app, stamp, drain: DRAIN, until: None }
    }

    /// How long a drain may take, 20 seconds unless said otherwise. Streams are told to come back elsewhere, spread
    /// over three quarters of it; requests under way may finish; then everything that is left is closed.
    pub fn drain(mut self, over: Duration) -> Self {
        self.drain = over;
        self
    }

    /// Drains when `trigger` resolves, besides on SIGTERM and Ctrl-C.
    pub fn until(mut self, trigger: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(trigger));
        self
    }
}

impl<S> fmt::Debug for Serve<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("listener", &self.listener).field("drain", &self.drain).finish_non_exhaustive()
    }
}

impl<S, B> IntoFuture for Serve<S>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Output = std::io::Result<()>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let signals = Signals::listen()?;
            run(Door::new(self.listener), self.app, self.stamp, self.drain, self.until, signals).await;
            Ok(())
        })
    }
}

async fn run<A, S, B>(door: A, app: S, stamp: Stamp, over: Duration, until: Option<Trigger>, mut signals: Signals)
where
    A: Accept,
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let drain = Drain::default();
    let (phase, _) = watch::channel(Phase::Open);
    let builder = Arc::new(protocols());

    let (handle, phases) = (drain.clone(), phase.clone());
    let mut admit = move |io, peer| {
        let entrance = Entrance::new(app.clone(), peer, stamp, handle.clone());
        tokio::spawn(drive(io, entrance, builder.clone(), phases.subscribe()));
    };
    let welcome = {
        // Exclusively: an app need not be `Sync`.
        let (door, admit) = (&door, &mut admit);
        async move {
            loop {
                let (io, peer) = door.accept().await;
                admit(io, peer);
            }
        }
    };
    let until = async {
        match until {
            Some(trigger) => trigger.await,
            None => std::future::pending().await,
        }
    };
    let why = tokio::select! {
        never = welcome => match never {},
        () = until => "asked",
        name = signals.first() => name,
    };
    tracing::info!(target: "eventwire::serve::drain", why, over = ?over, connections = phase.receiver_count());
    // Whoever waits at the door is connected already: to be told, not to be cut off without a status line.
    for _ in 0..QUEUED {
        let Some((io, peer)) = unconstrained(door.accept()).now_or_never() else { break };
        admit(io, peer);
    }
    // Nobody new comes in; the second signal must find someone who listens, also after this function has returned.
    drop(door);
    signals.exit_on_the_next();

    let deadline = Instant::now() + over;
    drain.begin(over / 4 * 3);
    phase.send_replace(Phase::Draining);
    // Whoever is still here at the deadline has had its time: a stalled reader cannot even be told.
    if tokio::time::timeout_at(deadline, phase.closed()).await.is_err() {
        tracing::info!(target: "eventwire::serve::cut", connections = phase.receiver_count());
    }
    phase.send_replace(Phase::Closed);
    phase.closed().await;
}

/// HTTP/1.1 and, by its preface, HTTP/2 without TLS.
fn protocols() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        // hyper answers 431 when a head does not fit; it also bounds what is copied for writing.
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(HELD)
        // Streams that a peer opens and resets at once cost it the connection: `RUSTSEC-2023-0034` and its kin.
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .keep_alive_interval(PING.0)
        .keep_alive_timeout(PING.1)
        .enable_connect_protocol();
    builder
}

/// The peer of a connection, for those who stamp requests.
pub(crate) type Peer = SocketAddr;

#[cfg(test)]
mod tests;
