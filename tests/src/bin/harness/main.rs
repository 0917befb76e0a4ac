//! A hub behind HTTP that any tool can black-box: publish, listen, look.
//!
//! Prints `listening http://HOST:PORT` once it is ready: with a disk store, once everything kept has been read back.

mod options;
mod publish;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    routing,
};
use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe, store::Disk};
use eventwire_tests::events::{Changed, Harness};
use options::{Options, Store};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    error::Error,
    io::Write,
    process::ExitCode,
    time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tower_http::cors::{Any, CorsLayer};

#[tokio::main]
async fn main() -> ExitCode {
    match Options::parse(std::env::args_os().skip(1)) {
        Ok(Some(options)) => match run(options).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("harness: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(None) => {
            println!("{}", options::HELP);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("harness: {error}; see --help");
            ExitCode::from(2)
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut builder = Hub::<Harness>::builder().retain(options.retain, options.max_bytes);
    builder = builder.heartbeat(options.heartbeat).stall(options.stall);
    if let Some(age) = options.rotate {
        builder = builder.rotate(age);
    }
    if let Some(most) = options.readers {
        builder = builder.readers(most);
    }
    if let Some(most) = options.per_principal {
        builder = builder.readers_per_principal(most);
    }
    for pattern in &options.latest {
        builder = builder.latest(pattern);
    }
    let hub = match &options.store {
        Store::Memory => builder.build().await?,
        Store::Disk(folder) => {
            let disk = Disk::open(folder)?.sync(options.sync.unwrap_or_default().0);
            builder.store(disk).build().await?
        }
    };
    let listener = TcpListener::bind(&options.listen)
        .await
        .map_err(|error| format!("--listen {}: {error}; choose another address or port", options.listen))?;
    println!("listening http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;

    let contract = match options.changed {
        false => hub.contract_route(),
        true => Hub::<Changed>::builder().build().await?.contract_route(),
    };
    // Pages of another port listen here, and their scripts publish.
    let anyone = CorsLayer::new().allow_origin(Any).allow_methods(Any).allow_headers(Any);
    let app = Router::new()
        .route("/events", routing::any(events))
        .route("/revoke/{user}", routing::post(revoke))
        .route("/contract", contract)
        .route("/publish/{topic}", routing::post(publish::publish).layer(publish::limit()))
        .route("/stats", routing::get(stats))
        .route("/sessions", routing::get(sessions))
        .fallback(publish::nothing_here)
        .layer(anyone)
        .with_state(hub);
    eventwire_server::serve(listener, app).drain(options.drain).await?;
    Ok(())
}

/// Whose stream it is, and for how long, as a stranger says: a harness believes everyone.
#[derive(Deserialize)]
struct Whose {
    user: Option<String>,
    #[serde(rename = "for")]
    millis: Option<u64>,
}

async fn events(
    State(hub): State<Hub<Harness>>,
    Query(whose): Query<Whose>,
    want: Subscribe,
) -> Result<EventStream, Problem> {
    let mut access = Access::all();
    if let Some(user) = whose.user {
        access = access.principal(user);
    }
    if let Some(millis) = whose.millis {
        access = access.until(Instant::now() + Duration::from_millis(millis));
    }
    hub.stream(want, access)
}

async fn revoke(State(hub): State<Hub<Harness>>, Path(user): Path<String>) {
    hub.revoke(user);
}

/// What a leak test compares before and after.
async fn stats(State(hub): State<Hub<Harness>>) -> Json<Value> {
    let stats = hub.stats();
    Json(json!({
        "readers": stats.readers,
        "live": stats.live,
        "behind": stats.behind,
        "sessions": hub.sessions().len(),
        "topics": stats.topics,
        "events": stats.events,
        "bytes": stats.log_bytes,
        "queued": stats.queued_bytes,
        "tasks": stats.tasks,
        "refused": stats.refused,
        "turnedAway": stats.turned_away,
        "letGo": stats.let_go,
        "faults": stats.faults,
        "position": hub.position().to_string(),
        "pid": std::process::id(),
    }))
}

async fn sessions(State(hub): State<Hub<Harness>>) -> Json<Value> {
    let rows = hub.sessions().into_iter().map(|session| {
        json!({
            "id": session.id,
            "topics": session.topics.iter().map(|pattern| pattern.as_str()).collect::<Vec<_>>(),
            "position": session.position.to_string(),
            "live": session.live,
            "ageMs": u64::try_from(session.age.as_millis()).unwrap_or(u64::MAX),
            "principal": session.principal,
        })
    });
    Json(rows.collect())
}
