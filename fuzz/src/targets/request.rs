//! A request as a stranger may send it, through the public route of a hub, and every byte of the answer up to live.
//!
//! The first line is the query, each further one a `Last-Event-ID` header. `k3f9x2m1q0ab` stands for the hub's epoch.

use crate::Target;
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response},
};
use eventwire::{Epoch, EventId, Events, Pattern, Position, Request as Asked, Start, sse::Decoder};
use eventwire_server::Hub;
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::runtime::Runtime;
use tower::ServiceExt;

pub(crate) const TARGET: Target = Target {
    name: "request",
    about: "any request is a stream or a refusal with its code; a stream is hello, a gap if one is due, the prelude, what was missed, live, and nothing else",
    words: &[
        "topics=",
        "&new=",
        "&lastEventId=",
        "earliest",
        "k3f9x2m1q0ab-",
        "k3f9x2m1q0ab-3",
        "\nk3f9x2m1q0ab-5/a",
        "prices.*",
        "prices.acme",
        "b.**",
        "**",
        "%2C",
        "%2A",
        "%",
        "+",
        "&topics=",
        "\n \n",
        "18446744073709551615",
        "aaaaaaaaaaaa-1",
    ],
    changes: 1_500,
    run,
};

const STAND_IN: &str = "k3f9x2m1q0ab";
/// What was published, in order.
const PUBLISHED: [&str; 9] = ["a", "prices.acme", "b.x", "prices.b", "prices.acme", "b.y.z", "a", "prices.c", "c"];
const LATEST: &str = "prices.*";

#[derive(Debug, Serialize, JsonSchema, Events)]
#[serde(rename_all = "camelCase")]
enum Tick {
    Tick(u32),
}

/// A hub on a paused clock, made once: a stream that goes silent is seen at once by its heartbeats.
struct World {
    runtime: Runtime,
    app: Router,
    epoch: Epoch,
}

impl World {
    fn new() -> Self {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        let (app, epoch) = runtime.block_on(async {
            let hub = Hub::<Tick>::builder().latest(LATEST).build().await.expect("a hub");
            for (n, topic) in (1..).zip(PUBLISHED) {
                hub.publish(topic, &Tick::Tick(n)).await.expect("memory takes all");
            }
            let epoch = hub.position().epoch;
            (Router::new().route("/events", hub.public_route()), epoch)
        });
        Self { runtime, app, epoch }
    }
}

fn run(input: &[u8]) {
    thread_local! {
        static WORLD: World = World::new();
    }
    WORLD.with(|world| world.runtime.block_on(asked(world, input)));
}

async fn asked(world: &World, input: &[u8]) {
    let input = replaced(input, STAND_IN.as_bytes(), world.epoch.to_string().as_bytes());
    let mut lines = input.split(|byte| *byte == b'\n');
    let query = lines.next().unwrap_or_default();
    let mut request = Request::builder();
    let mut headers = Vec::new();
    for line in lines {
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        headers.push(value.as_bytes().to_vec());
        request = request.header("last-event-id", value);
    }
    let Ok(uri) = axum::http::Uri::try_from([b"/events?", query].concat()) else { return };
    let query = uri.query().unwrap_or_default().to_owned();
    let Ok(request) = request.uri(uri).body(Body::empty()) else { return };
    let parsed = Asked::parse(&query, headers.iter().map(Vec::as_slice));
    let response = world.app.clone().oneshot(request).await.expect("a route cannot fail");
    let claim = headers.first().map(|header| header.trim_ascii()).unwrap_or_default();
    let improper = headers.len() > 1 || claim.len() > 256 || !claim.iter().all(u8::is_ascii_graphic);
    match parsed {
        Err(refusal) => {
            assert_eq!(response.status(), 400, "{refusal}");
            let problem = response.into_body().collect().await.expect("a body").to_bytes();
            let problem: serde_json::Value = serde_json::from_slice(&problem).expect("a problem is JSON");
            assert_eq!(problem["code"], "bad-request");
        }
        Ok(asked) => {
            assert!(!improper, "{asked:?} out of {headers:?}");
            assert_eq!(response.status(), 200);
            let again = Asked::parse(&asked.to_query(), []).expect("what is asked can be written");
            assert_eq!((&again.topics, &again.new), (&asked.topics, &asked.new));
            let said = said(response).await;
            assert_eq!(said, owed(&asked, !claim.is_empty(), world.epoch), "{asked:?}");
        }
    }
}

/// Everything up to live, a word or two per frame.
async fn said(response: Response<Body>) -> Vec<String> {
    let (mut body, mut decoder, mut said) = (response.into_body(), Decoder::new(1 << 20), Vec::new());
    loop {
        let piece = body.frame().await.expect("a stream does not end").expect("nor break");
        let each = |block: eventwire::sse::Block<'_>| {
            said.push(match (block.event, EventId::parse(block.id)) {
                ("tick", Ok(id)) => {
                    let (offset, topic) = (id.position.offset.0, id.topic);
                    assert_eq!((block.data, topic.as_str()), (&*offset.to_string(), PUBLISHED[offset as usize - 1]));
                    offset.to_string()
                }
                ("eventwire.hello", _) => "hello".to_owned(),
                (event, _) => {
                    let data: serde_json::Value = serde_json::from_str(block.data).expect("a frame is JSON");
                    let word = data["reason"].as_str().or(data["kind"].as_str()).unwrap_or_default();
                    let position = Position::parse(block.id).expect("a frame with an id");
                    format!("{event} {word} {}", position.offset)
                }
            });
        };
        decoder.push(piece.data_ref().expect("data"), each).expect("within the bound");
        assert!(said.len() < 50, "not live: {said:?}");
        if said.last().is_some_and(|last| last.starts_with("eventwire.cursor live")) {
            return said;
        }
    }
}

/// The answer that `docs/wire.md` section 4 and 6 give, worked out from the list of what was published.
fn owed(asked: &Asked, native: bool, epoch: Epoch) -> Vec<String> {
    let head = PUBLISHED.len() as u64;
    let all = vec![Pattern::all()];
    let view: Vec<Pattern> = asked.topics.iter().chain(&asked.new).cloned().collect();
    let view = if view.is_empty() { all } else { view };
    let (gap, from, fresh) = match &asked.start {
        Start::Now => (None, head, view.clone()),
        Start::Earliest => (None, 0, view.clone()),
        Start::Unreadable { .. } => (Some("position"), head, view.clone()),
        Start::After { position, .. } if position.epoch != epoch => (Some("epoch"), head, view.clone()),
        Start::After { position, .. } if position.offset.0 > head => (Some("ahead"), head, view.clone()),
        // What a header claims comes from a browser's own reconnect.
        Start::After { position, .. } => (None, position.offset.0, if native { Vec::new() } else { asked.new.clone() }),
    };
    let latest = Pattern::parse(LATEST).expect("a pattern");
    let mut said = vec!["hello".to_owned()];
    said.extend(gap.map(|reason| format!("eventwire.gap {reason} {head}")));
    let (mut prelude, mut missed) = (Vec::new(), Vec::new());
    for (n, topic) in PUBLISHED.into_iter().enumerate() {
        let offset = n as u64 + 1;
        let of = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(topic));
        if latest.matches(topic) && PUBLISHED[n + 1..].contains(&topic) {
            continue; // superseded
        }
        if offset > from && of(&view) {
            missed.push(offset.to_string());
        } else if offset <= from && latest.matches(topic) && of(&fresh) {
            prelude.push(offset.to_string());
        }
    }
    said.extend(prelude);
    said.push(format!("eventwire.cursor prelude {from}"));
    said.extend(missed);
    said.push(format!("eventwire.cursor live {head}"));
    said
}

fn replaced(input: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(input.len()), 0);
    while at < input.len() {
        if input[at..].starts_with(from) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(input[at]);
            at += 1;
        }
    }
    out
}
