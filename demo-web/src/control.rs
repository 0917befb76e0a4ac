//! The publisher's own doors, on a port of their own, so that the score and the buttons work while the server is dead.

use crate::{
    job::Jobs,
    publisher::Publisher,
    supervisor::{Ask, Supervisor},
};
use axum::{
    Json, Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use eventwire_demo::{Broken, Demo, Drop, Note, now};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool, atomic::Ordering::SeqCst},
    time::Duration,
};
use tokio::time::interval;

/// Notes remembered for pages that load later.
const NOTES: usize = 50;
/// Longest note, in characters.
const NOTE: usize = 200;
/// A flood: this many events, in this many portions, one each 20 ms.
const FLOOD: (u32, u32) = (10_000, 250);

/// What the doors need.
#[derive(Clone)]
pub(crate) struct Control(Arc<Inner>);

struct Inner {
    publisher: Publisher,
    supervisor: Supervisor,
    jobs: Jobs,
    notes: Mutex<VecDeque<Note>>,
    flooding: AtomicBool,
    folder: PathBuf,
    /// The dashboard's origins; no other page may press a button.
    origins: [String; 2],
}

impl Control {
    /// The doors for a dashboard on `port`; jobs hash `folder`.
    pub(crate) fn new(publisher: Publisher, supervisor: Supervisor, port: u16, folder: PathBuf) -> Self {
        let origins = [format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
        let (jobs, notes, flooding) = (Jobs::default(), Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Inner { publisher, supervisor, jobs, notes, flooding, folder, origins }))
    }

    /// The routes.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/score", get(score))
            .route("/state", get(state))
            .route("/kill", post(|control| ask(control, Ask::Kill)))
            .route("/deploy", post(|control| ask(control, Ask::Deploy)))
            .route("/flood", post(flood))
            .route("/break", post(break_contract))
            .route("/jobs", post(start_job))
            .route("/notes", post(leave_note))
            .layer(middleware::from_fn_with_state(self.clone(), same_origin))
            .with_state(self)
    }
}

/// Answers the dashboard's origins and nobody else's; a button needs one of them.
async fn same_origin(State(control): State<Control>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let origin = headers.get(header::ORIGIN).filter(|o| control.0.origins.iter().any(|known| known.as_str() == *o));
    let mut response = match (request.method(), origin) {
        (&Method::OPTIONS, _) => StatusCode::NO_CONTENT.into_response(),
        (&Method::GET, _) | (_, Some(_)) => next.run(request).await,
        _ => refusal(StatusCode::FORBIDDEN, "only the dashboard's own page may do this"),
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type"));
    }
    response
}

async fn score(State(control): State<Control>) -> Json<Value> {
    let published = control.0.publisher.published();
    Json(json!({ "published": published, "server": control.0.supervisor.health() }))
}

/// What a page that loads now has missed: the last jobs and notes.
async fn state(State(control): State<Control>) -> Json<Value> {
    let notes: Vec<Note> = control.0.notes.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect();
    Json(json!({ "jobs": control.0.jobs.list(), "notes": notes }))
}

async fn ask(State(control): State<Control>, ask: Ask) -> Response {
    if control.0.supervisor.ask(ask) {
        StatusCode::ACCEPTED.into_response()
    } else {
        refusal(StatusCode::CONFLICT, "the server is not running just now")
    }
}

async fn flood(State(control): State<Control>) -> Response {
    if control.0.flooding.swap(true, SeqCst) {
        return refusal(StatusCode::CONFLICT, "one flood at a time");
    }
    tokio::spawn(async move {
        let (of, portions) = FLOOD;
        let mut tick = interval(Duration::from_millis(20));
        let mut index = 0;
        for _ in 0..portions {
            tick.tick().await;
            for _ in 0..of / portions {
                index += 1;
                control.0.publisher.every("log.flood", |n| Demo::Drop(Drop { n, index, of })).await;
            }
        }
        control.0.flooding.store(false, SeqCst);
    });
    StatusCode::ACCEPTED.into_response()
}

async fn break_contract(State(control): State<Control>) -> StatusCode {
    control.0.publisher.every("log.broken", |n| Demo::Broken(Broken { n, celsius: 21.5 })).await;
    StatusCode::ACCEPTED
}

async fn start_job(State(control): State<Control>) -> Response {
    let id = format!("{:x}", now() as u64);
    match control.0.jobs.start(control.0.publisher.clone(), control.0.folder.clone(), id) {
        Some(id) => (StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response(),
        None => refusal(StatusCode::CONFLICT, "a job is running already"),
    }
}

#[derive(Deserialize)]
struct Leave {
    text: String,
}

async fn leave_note(State(control): State<Control>, Json(leave): Json<Leave>) -> Response {
    let text: String = leave.text.trim().chars().filter(|c| !c.is_control()).take(NOTE).collect();
    if text.is_empty() {
        return refusal(StatusCode::BAD_REQUEST, "a note needs some text");
    }
    let inner = &control.0;
    inner
        .publisher
        .every("board.notes", |n| {
            let note = Note { n, at: now(), text };
            let mut notes = inner.notes.lock().unwrap_or_else(PoisonError::into_inner);
            if notes.len() == NOTES {
                notes.pop_front();
            }
            notes.push_back(note.clone());
            Demo::Note(note)
        })
        .await;
    StatusCode::ACCEPTED.into_response()
}

fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}
