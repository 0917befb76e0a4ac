//! The demo's server: the page, our stream, the naive one, and the door the publisher uses.

use crate::{
    access::AccessLog,
    naive::Naive,
    publisher::Record,
    trouble::{Trouble, visitor},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use eventwire::{Events, Topic};
use eventwire_demo::Demo;
use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe, store::Disk};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{error::Error, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, net::TcpListener};
use tower_http::services::ServeDir;

/// Events accepted together.
const PORTION: usize = 25;

/// What the supervisor tells its server.
pub(crate) struct Serve {
    /// The port on loopback.
    pub(crate) port: u16,
    /// The port of the publisher's own doors.
    pub(crate) control: u16,
    /// Where events and access log are kept.
    pub(crate) data: PathBuf,
    /// The built page.
    pub(crate) page: PathBuf,
    /// What the publisher shows to be let in.
    pub(crate) secret: String,
}

#[derive(Clone)]
struct App {
    hub: Hub<Demo>,
    naive: Naive,
    secret: Arc<str>,
    control: Arc<str>,
}

/// Serves until standard input closes, then drains.
pub(crate) async fn serve(serve: Serve) -> Result<(), Box<dyn Error>> {
    let hub = Hub::<Demo>::builder()
        .store(Disk::open(serve.data.join("events"))?)
        .retain(Duration::from_secs(600), 64 << 20)
        .latest("host.**")
        .types("web/src/demo.events.ts")
        .build()
        .await?;
    let control = format!("http://127.0.0.1:{}", serve.control).into();
    let app = App { hub, naive: Naive::new(), secret: serve.secret.into(), control };
    let (trouble, log) = (Trouble::default(), AccessLog::open(&serve.data)?);
    let streams = Router::new()
        .route("/events", get(events))
        .route("/naive", get(naive))
        .layer(middleware::from_fn_with_state(trouble.clone(), Trouble::layer));
    let buttons = Router::new()
        .route("/trouble/cut", post(Trouble::cut))
        .route("/trouble/slow", post(Trouble::slow))
        .with_state(trouble);
    let router = Router::new()
        .route("/publish", post(publish).layer(DefaultBodyLimit::max(16 << 20)))
        .route("/contract", app.hub.contract_route())
        .route("/page.json", get(page))
        .route("/sessions.json", get(sessions))
        .merge(streams)
        .with_state(app)
        .merge(buttons)
        .fallback_service(ServeDir::new(serve.page))
        .layer(middleware::from_fn(move |request, next| log.clone().layer(request, next)));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, serve.port)).await?;
    println!("listening http://127.0.0.1:{}", serve.port);
    eventwire_server::serve(listener, router).drain(Duration::from_secs(2)).until(asked_to_end()).await?;
    Ok(())
}

async fn events(State(app): State<App>, headers: HeaderMap, want: Subscribe) -> Result<EventStream, Problem> {
    app.hub.stream(want, Access::all().principal(visitor(&headers).unwrap_or("somebody")))
}

async fn naive(State(app): State<App>) -> impl IntoResponse {
    app.naive.stream().await
}

/// What the page begins with: the position is taken before anything else is asked.
async fn page(State(app): State<App>, headers: HeaderMap) -> Response {
    let position = app.hub.position().to_string();
    let body = Json(json!({ "position": position, "control": &*app.control }));
    if visitor(&headers).is_some() {
        return body.into_response();
    }
    let id = format!("{:x}{:x}", eventwire_demo::now() as u64, std::process::id());
    ([(header::SET_COOKIE, format!("visitor={id}; Path=/; HttpOnly; SameSite=Strict"))], body).into_response()
}

/// The live sessions, as an operator would see them.
async fn sessions(State(app): State<App>, headers: HeaderMap) -> Json<Value> {
    let me = visitor(&headers).unwrap_or_default();
    let list: Vec<Value> = app
        .hub
        .sessions()
        .into_iter()
        .map(|session| {
            json!({
                "id": session.id,
                "topics": session.topics.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "position": session.position.to_string(),
                "live": session.live,
                "age": session.age.as_secs_f64(),
                "mine": session.principal.as_deref() == Some(me),
            })
        })
        .collect();
    Json(json!({ "head": app.hub.position().to_string(), "sessions": list }))
}

/// Accepts what the publisher sends, in order; a batch that was accepted before is accepted again, once.
async fn publish(State(app): State<App>, headers: HeaderMap, Json(batch): Json<Vec<Record>>) -> Response {
    if headers.get("x-publisher").is_none_or(|shown| shown.as_bytes() != app.secret.as_bytes()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // Together they share one write to the disk; the hub takes them in the order in which they are first polled, and
    // `join_all` polls so few of them in theirs.
    for portion in batch.chunks(PORTION) {
        let accepted = join_all(portion.iter().map(|record| accept(&app, record))).await;
        for (record, accepted) in portion.iter().zip(accepted) {
            match accepted {
                Ok(()) if record.key.is_some() => app.naive.send(&record.event, record.data.get()),
                Ok(()) => {}
                Err(error) => {
                    let why = Json(json!({ "topic": record.topic, "event": record.event, "error": error }));
                    return (StatusCode::UNPROCESSABLE_ENTITY, why).into_response();
                }
            }
        }
    }
    app.naive.begin();
    StatusCode::OK.into_response()
}

async fn accept(app: &App, record: &Record) -> Result<(), String> {
    let topic = Topic::parse(&record.topic).map_err(|e| e.to_string())?;
    let event = Demo::decode(&record.event, record.data.get()).map_err(|e| e.to_string())?;
    let accepted = match &record.key {
        Some(key) => app.hub.publish_keyed(key, topic, &event).await,
        None => app.hub.publish(topic, &event).await,
    };
    accepted.map(|_position| ()).map_err(|e| e.to_string())
}

/// The supervisor closes our standard input for a deploy; so does its own end.
async fn asked_to_end() {
    let (mut input, mut byte) = (tokio::io::stdin(), [0]);
    while matches!(input.read(&mut byte).await, Ok(1..)) {}
}
