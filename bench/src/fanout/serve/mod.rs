//! The server process: one of three kinds of server behind the same three requests.
//!
//! `GET /events?topics=0,1,2` streams, `POST /publish` takes an array of events, `POST /run` has the server publish by
//! itself, so that nothing but fan-out is in the figures. It says where it listens on its standard output and ends when
//! its standard input does: a parent that dies leaves nothing behind.

mod axum_sse;
mod bare;
mod hub;
mod run;

pub(super) use run::Run;

use super::{
    plan::Kind,
    tick::{Load, Tick},
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    routing::{MethodRouter, post},
};
use std::{
    error::Error,
    future::Future,
    io::{Read, Write},
    net::SocketAddr,
    thread,
};
use tokio::net::TcpListener;

/// Runs a server until standard input ends.
pub(super) fn run(kind: Kind, topics: u32) -> Result<(), Box<dyn Error>> {
    thread::spawn(|| {
        // What the parent does not say does not matter, only that it is there.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    if kind == Kind::Bare {
        return Ok(bare::run(topics, listening)?);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let ready = || listening(address);
        match kind {
            Kind::Ours => hub::run(listener, topics, ready).await,
            Kind::Axum | Kind::Bare => axum_sse::run(listener, topics, ready).await,
        }
    })
}

fn listening(address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening {address}")?;
    out.flush()
}

/// What the two servers on axum do with an event.
trait Publish: Clone + Send + Sync + 'static {
    fn publish(&self, event: Load) -> impl Future<Output = ()> + Send;
}

/// The same routes around either stream.
fn routes<P: Publish>(publish: P, topics: u32, events: MethodRouter<()>) -> Router {
    async fn take<P: Publish>(State(publish): State<P>, Json(ticks): Json<Vec<Tick>>) -> StatusCode {
        for tick in ticks {
            publish.publish(Load::Tick(tick)).await;
        }
        StatusCode::NO_CONTENT
    }
    let own = publish.clone();
    let start = move |Json(run): Json<Run>| async move {
        tokio::spawn(async move {
            let begin = tokio::time::Instant::now();
            for (j, due) in run.events() {
                // One that is not paced never yields.
                if let Some(due) = due {
                    let due = begin + due;
                    if due > tokio::time::Instant::now() {
                        tokio::time::sleep_until(due).await;
                    }
                }
                own.publish(Load::Tick(Tick::new(j, topics))).await;
            }
        });
        StatusCode::NO_CONTENT
    };
    Router::new()
        .route("/publish", post(take::<P>).with_state(publish))
        .route("/run", post(start))
        .route("/events", events)
}

/// The topics asked for, out of a request's query.
fn asked(query: &str) -> impl Iterator<Item = usize> + '_ {
    let list = query.strip_prefix("topics=").unwrap_or_default();
    list.split(',').filter_map(|topic| topic.strip_prefix('t')?.parse().ok())
}
