//! A help desk with its own state, its own login and its own layers, into which the server crate is put.
//!
//! The foreign app of `cargo xtask e2e embed`. Served by plain `axum::serve`; knows nothing of how streams work.

use std::{
    collections::HashMap,
    error::Error,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::{get, post},
};
use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the desk tells its pages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
enum Desk {
    /// A ticket was moved.
    TicketMoved { ticket: u32, status: Status },
    /// Somebody wrote.
    Note(String),
}

/// Where a ticket stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Status {
    Open,
    Waiting { until: String },
    Done,
}

#[derive(Clone)]
struct App {
    hub: Hub<Desk>,
    people: Arc<Mutex<HashMap<String, Person>>>,
    requests: Arc<AtomicU64>,
}

/// Who works where, and may they read what the bosses write?
#[derive(Clone)]
struct Person {
    name: String,
    tenant: &'static str,
    boss: bool,
}

/// Whoever has a session. The app's own extractor, with the app's own refusal.
struct Visitor(Person);

impl FromRequestParts<App> for Visitor {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let cookies = parts.headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let session = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("desk="));
        let people = app.people.lock().unwrap_or_else(PoisonError::into_inner);
        match session.and_then(|name| people.get(name)) {
            Some(person) => Ok(Self(person.clone())),
            None => Err((StatusCode::UNAUTHORIZED, "who are you? POST /login/{name} first")),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let mut hub = Hub::<Desk>::builder().latest("*.status.*");
    if let Some(types) = options.types {
        hub = hub.types(types);
    }
    let people = [("alice", "acme", true), ("carol", "acme", false), ("bob", "globex", true)];
    let people = people.map(|(name, tenant, boss)| (name.to_owned(), Person { name: name.to_owned(), tenant, boss }));
    let app = App {
        hub: hub.build().await?,
        people: Arc::new(Mutex::new(HashMap::from(people))),
        requests: Arc::new(AtomicU64::new(0)),
    };
    let desk = Router::new()
        .route("/login/{name}", post(login))
        .route("/hire/{name}", post(hire))
        .route("/demote/{name}", post(demote))
        .route("/publish/{topic}", post(publish))
        .route("/requests", get(requests))
        .route("/events", get(events))
        .layer(from_fn_with_state(app.clone(), count))
        .layer(from_fn(sign))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("listening http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().nest("/desk", desk)).await?;
    Ok(())
}

/// The stream is a response like any other: who may read what is decided here.
async fn events(Visitor(person): Visitor, State(app): State<App>, want: Subscribe) -> Result<EventStream, Problem> {
    let mut granted = vec![format!("{}.tickets.*", person.tenant), format!("{}.status.*", person.tenant)];
    if person.boss {
        granted.push(format!("{}.bosses", person.tenant));
    }
    app.hub.stream(want, Access::to(granted).principal(person.name))
}

async fn publish(State(app): State<App>, Path(topic): Path<String>, Json(event): Json<Desk>) -> Result<String, String> {
    let position = app.hub.publish(topic.as_str(), &event).await.map_err(|error| error.to_string())?;
    Ok(position.to_string())
}

async fn login(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<([(header::HeaderName, String); 1], &'static str), StatusCode> {
    let known = app.people.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&name);
    let cookie = format!("desk={name}; HttpOnly; SameSite=Lax; Path=/");
    if known { Ok(([(header::SET_COOKIE, cookie)], "hello")) } else { Err(StatusCode::NOT_FOUND) }
}

/// One more boss at acme.
async fn hire(State(app): State<App>, Path(name): Path<String>) {
    let person = Person { name: name.clone(), tenant: "acme", boss: true };
    app.people.lock().unwrap_or_else(PoisonError::into_inner).insert(name, person);
}

/// From now on no boss; a running stream is ended, and whoever comes back is asked again.
async fn demote(State(app): State<App>, Path(name): Path<String>) {
    if let Some(person) = app.people.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&name) {
        person.boss = false;
    }
    app.hub.revoke(&name);
}

async fn requests(State(app): State<App>) -> String {
    app.requests.load(Ordering::Relaxed).to_string()
}

async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    app.requests.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

/// A layer that touches every response, as layers do.
async fn sign(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-desk", HeaderValue::from_static("open"));
    response
}

struct Options {
    listen: String,
    types: Option<PathBuf>,
}

fn options() -> Result<Options, lexopt::Error> {
    let mut options = Options { listen: "127.0.0.1:0".into(), types: None };
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("listen") => options.listen = args.value()?.to_string_lossy().into_owned(),
            lexopt::Arg::Long("types") => options.types = Some(args.value()?.into()),
            other => return Err(other.unexpected()),
        }
    }
    Ok(options)
}
