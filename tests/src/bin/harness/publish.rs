//! Publishing over HTTP: one event or an array of them, checked whole before any of it is published.

use axum::{
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, Path, Request, State,
        rejection::{BytesRejection, PathRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use eventwire::{DecodeError, EncodeError, Events, Topic};
use eventwire_server::{Hub, PublishError, store::StoreErrorKind};
use eventwire_tests::events::Harness;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use std::borrow::Cow;

/// Bytes of one request's body: some of the largest events, or many small ones.
const BODY: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
}

pub(crate) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY)
}

pub(crate) async fn nothing_here() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here; see `harness --help` for the routes.")
}

pub(crate) async fn publish(
    State(hub): State<Hub<Harness>>,
    topic: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let Path(topic) = topic.map_err(|_| Refusal::bad("The topic in the path is not UTF-8."))?;
    let topic = Topic::parse(&topic).map_err(|why| Refusal::bad(PublishError::Topic(topic.into(), why)))?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json")) {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "Events are published as JSON. Send `Content-Type: application/json`.",
        ));
    }
    let body = Bytes::from_request(request, &()).await?;
    let body = std::str::from_utf8(&body).map_err(|error| Refusal::bad(format!("The body is not UTF-8: {error}.")))?;
    let events = read(body)?;
    // In the order given: each is on its way before the next is looked at.
    let published = join_all(events.iter().map(async |(event, key)| match key {
        Some(key) => hub.publish_keyed(key, &topic, event).await,
        None => hub.publish(&topic, event).await,
    }));
    let mut positions = Vec::with_capacity(events.len());
    for position in published.await {
        positions.push(position?.to_string());
    }
    Ok(axum::Json(json!({ "positions": positions })).into_response())
}

fn read(body: &str) -> Result<Vec<(Harness, Option<String>)>, Refusal> {
    let items: Vec<Item<'_>> = if body.trim_start().starts_with('[') {
        serde_json::from_str(body).map_err(not_events)?
    } else {
        vec![serde_json::from_str(body).map_err(not_events)?]
    };
    let read = |(n, item): (usize, Item<'_>)| {
        let event = Harness::decode(&item.event, item.data.get()).map_err(|error| match error {
            DecodeError::TooLarge(_) => Refusal::too_large(format!("Event {n}: {error}.")),
            error => Refusal::bad(format!("Event {n}: {error}.")),
        })?;
        match item.key {
            Some(key) if key.is_empty() || key.chars().any(char::is_control) => {
                Err(Refusal::bad(format!("Event {n}: a key is text without control characters, and not empty.")))
            }
            key => Ok((event, key.map(Cow::into_owned))),
        }
    };
    items.into_iter().enumerate().map(read).collect()
}

fn not_events(error: serde_json::Error) -> Refusal {
    Refusal::bad(format!("The body is no event: {error}. Send {{\"event\", \"data\", \"key\"}} or an array of them."))
}

/// Why nothing, or perhaps not all, was published: `application/problem+json`.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    fn bad(why: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", why.to_string())
    }

    fn too_large(why: impl ToString) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", why.to_string())
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::too_large(format!("A request has at most {BODY} bytes. Publish in smaller arrays."))
            }
            _ => Self::bad("The body ended early. Send it again."),
        }
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        match &error {
            PublishError::Encode(EncodeError::TooLarge(_)) => Self::too_large(error),
            PublishError::Topic(..) | PublishError::Key(_) | PublishError::Encode(_) => Self::bad(error),
            PublishError::Refused(why) if why.kind() == StoreErrorKind::Full => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", error.to_string())
            }
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", error.to_string()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Refused"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
        });
        let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        (self.status, headers, body.to_string()).into_response()
    }
}
