//! Bad networks on demand: a visitor's own streams, both of them, are cut or slowed to a trickle.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use futures_util::{StreamExt, stream};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Visitors remembered; the one that came first is forgotten when there are more.
const VISITORS: usize = 1_000;
/// A slow link carries this many bytes a second.
const SLOW: usize = 8 << 10;
/// How long a link stays slow.
const SLOW_FOR: Duration = Duration::from_secs(20);

/// What is being done to each visitor.
#[derive(Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<HashMap<Box<str>, watch::Sender<Link>>>>);

#[derive(Clone, Copy, Default)]
struct Link {
    cuts: u32,
    slow_until: Option<Instant>,
}

impl Trouble {
    /// Cuts a visitor's streams in the middle of whatever they say.
    pub(crate) async fn cut(State(trouble): State<Self>, headers: HeaderMap) -> StatusCode {
        trouble.link(&headers).send_modify(|link| link.cuts += 1);
        StatusCode::ACCEPTED
    }

    /// Slows a visitor's streams for twenty seconds.
    pub(crate) async fn slow(State(trouble): State<Self>, headers: HeaderMap) -> StatusCode {
        trouble.link(&headers).send_modify(|link| link.slow_until = Some(Instant::now() + SLOW_FOR));
        StatusCode::ACCEPTED
    }

    /// The layer around both streams.
    pub(crate) async fn layer(State(trouble): State<Self>, request: Request, next: Next) -> Response {
        let link = trouble.link(request.headers()).subscribe();
        let (parts, body) = next.run(request).await.into_parts();
        Response::from_parts(parts, Body::from_stream(troubled(body, link)))
    }

    fn link(&self, headers: &HeaderMap) -> watch::Sender<Link> {
        let visitor = visitor(headers).unwrap_or_default();
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if links.len() >= VISITORS && !links.contains_key(visitor) {
            links.retain(|_, link| link.receiver_count() > 0);
            if links.len() >= VISITORS {
                links.clear();
            }
        }
        links.entry(visitor.into()).or_insert_with(|| watch::channel(Link::default()).0).clone()
    }
}

/// Who asks, by the page's own cookie.
pub(crate) fn visitor(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("visitor="))
}

fn troubled(body: Body, link: watch::Receiver<Link>) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    let cuts = link.borrow().cuts;
    let state = (body.into_data_stream(), link, Bytes::new());
    stream::unfold(Some(state), move |state| async move {
        let (mut body, mut link, mut rest) = state?;
        if rest.is_empty() {
            tokio::select! {
                // A cut is an error of the body: the connection breaks, nobody says goodbye.
                _ = link.wait_for(|link| link.cuts > cuts) => return Some((Err(cut()), None)),
                next = body.next() => match next? {
                    Ok(bytes) => rest = bytes,
                    Err(error) => return Some((Err(io::Error::other(error)), None)),
                },
            }
        }
        let slow = link.borrow().slow_until.is_some_and(|until| Instant::now() < until);
        if !slow {
            return Some((Ok(rest), Some((body, link, Bytes::new()))));
        }
        let portion = rest.split_to(rest.len().min(SLOW / 10));
        tokio::select! {
            _ = link.wait_for(|link| link.cuts > cuts) => return Some((Err(cut()), None)),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
        Some((Ok(portion), Some((body, link, rest))))
    })
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the visitor asked for it")
}
