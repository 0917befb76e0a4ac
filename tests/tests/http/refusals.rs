//! Rows S10, S18, A2, A6 and A17: what is refused, with which code, and that a refusal touches nobody else.

use super::{
    client::{Reply, get},
    server::{Server, Under, hub, public, tick},
};
use axum::{Router, extract::State, routing};
use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe};

/// A refusal in its full form; its detail.
async fn refused(reply: Reply, status: u16, code: &str) -> String {
    assert_eq!(reply.status, status);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let problem = reply.json().await;
    let mut members: Vec<_> = problem.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["code", "detail", "status", "title", "type"]);
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(status.into()), Some(code)));
    let detail = problem["detail"].as_str().expect("a detail").to_owned();
    // Nothing from the inside: no addresses, no paths, no type names.
    for inside in ["0x", "src/", ".rs", "::", "Err(", "Some("] {
        assert!(!detail.contains(inside), "{detail}");
    }
    detail
}

#[tokio::test]
async fn s10_a17_a_position_is_read_or_refused() {
    const FRESH: &str = "hello [\"**\"]\ncursor \"prelude\"\ncursor \"live\"\n";
    const LOST: &str = "hello [\"**\"]\ngap \"position\"\ncursor \"prelude\"\ncursor \"live\"\n";
    let (long, longer) = ("x".repeat(256), "x".repeat(257));
    type Headers<'a> = &'a [(&'a str, &'a [u8])];
    let streams: &[(&str, Headers<'_>, &str)] = &[
        ("absent", &[], FRESH),
        ("empty", &[("Last-Event-ID", b"")], FRESH),
        ("spaces", &[("Last-Event-ID", b"   ")], FRESH),
        ("256 bytes of no position", &[("Last-Event-ID", long.as_bytes())], LOST),
        ("a word", &[("Last-Event-ID", b"abc")], LOST),
    ];
    let refusals: &[(&str, &str, Headers<'_>)] = &[
        ("257 bytes", "/events", &[("Last-Event-ID", longer.as_bytes())]),
        ("raw UTF-8, as browsers send it", "/events", &[("Last-Event-ID", "é✓".as_bytes())]),
        ("Latin-1", "/events", &[("Last-Event-ID", b"\xe9")]),
        ("two headers", "/events", &[("Last-Event-ID", b"a"), ("Last-Event-ID", b"a")]),
        ("non-ASCII in the query", "/events?lastEventId=%C3%A9", &[]),
        ("a line break in the query", "/events?lastEventId=%0d%0aset-cookie:%20a", &[]),
        ("two in the query", "/events?lastEventId=a&lastEventId=b", &[]),
    ];
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        for (what, headers, story) in streams {
            let mut stream = get(server.at, "/events", headers).await;
            assert_eq!(stream.status, 200, "{what}");
            assert_eq!(stream.story_until("cursor \"live\"").await, *story, "{what}");
        }
        for (what, target, headers) in refusals {
            println!("{under:?}: {what}");
            refused(get(server.at, target, headers).await, 400, "bad-request").await;
        }
    }
}

#[tokio::test]
async fn s10_the_header_wins_over_the_query() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let first = tick(&hub, "a", 1).await;
    let second = tick(&hub, "a", 2).await;
    let target = format!("/events?lastEventId={second}");
    let mut stream = get(server.at, &target, &[("Last-Event-ID", first.as_bytes())]).await;
    let story = stream.story_until("cursor \"live\"").await;
    assert_eq!(story, "hello [\"**\"]\ncursor \"prelude\"\ntick {\"n\":2}\ncursor \"live\"\n");
}

#[tokio::test]
async fn s18_too_many_topics_long_ones_and_impossible_ones_are_refused_by_name() {
    let hub = hub().await;
    let server = Server::start(Under::Axum, public(&hub)).await;
    let names = |count: usize| (0..count).map(|n| format!("t{n}")).collect::<Vec<_>>().join(",");
    for (topics, named) in [
        (names(101), "100 patterns"),
        (names(10_000), "100 patterns"),
        ("x".repeat(71), "70 bytes"),
        ("x".repeat(10 << 10), "6144 bytes"),
        ("a%00b".into(), "'\\0'"),
        ("a..b".into(), "empty"),
        ("a.**.b".into(), "`*`"),
        ("a%0aERROR%20b".into(), "`a\\nERROR b`"),
        ("a%ff".into(), "UTF-8"),
    ] {
        let detail = refused(get(server.at, &format!("/events?topics={topics}"), &[]).await, 400, "bad-request").await;
        assert!(detail.contains(named), "{detail}");
        assert!(detail.len() < 400 && !detail.contains('\n'), "{detail}");
    }
    let stream = get(server.at, &format!("/events?topics={}", names(100)), &[]).await;
    assert_eq!(stream.status, 200);
}

#[tokio::test]
async fn a17_a_head_over_16_kib_is_answered_431() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let cookie = "c".repeat(17 << 10);
    assert_eq!(get(server.at, "/events", &[("Cookie", cookie.as_bytes())]).await.status, 431);
    assert_eq!(get(server.at, "/events", &[("Cookie", &cookie.as_bytes()[..12 << 10])]).await.status, 200);
}

#[tokio::test]
async fn a2_a_reader_that_does_not_accept_event_streams_is_told_so() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        for accept in ["application/json", "text/html", "text/event-stream;q=0"] {
            refused(get(server.at, "/events", &[("Accept", accept.as_bytes())]).await, 406, "not-acceptable").await;
        }
        for accept in ["*/*", "text/*", "application/json, text/event-stream;q=0.5", "text/event-stream; charset=utf-8"]
        {
            assert_eq!(get(server.at, "/events", &[("Accept", accept.as_bytes())]).await.status, 200, "{accept}");
        }
    }
}

/// A hub whose handler grants `prices.*` and `orders.7`.
fn narrow<E: 'static>(hub: &Hub<E>) -> Router {
    async fn events<E>(State(hub): State<Hub<E>>, want: Subscribe) -> Result<EventStream, Problem> {
        hub.stream(want, Access::to(["prices.*", "orders.7"]))
    }
    Router::new().route("/events", routing::get(events::<E>)).with_state(hub.clone())
}

#[tokio::test]
async fn a6_what_is_not_granted_is_403_the_same_for_topics_that_exist_and_that_do_not() {
    for under in Under::BOTH {
        let hub = hub().await;
        tick(&hub, "orders.8", 1).await;
        let server = Server::start(under, narrow(&hub)).await;
        let mut answers = Vec::new();
        for topics in ["orders.8", "orders.404", "**", "prices.**"] {
            let reply = get(server.at, &format!("/events?topics={topics}"), &[]).await;
            assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"insufficient_scope\""));
            let mut headers = reply.headers.clone();
            headers.retain(|(name, _)| name != "date");
            answers.push((headers, refused(reply, 403, "forbidden").await));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(hub.stats().readers, 0);
    }
}

#[tokio::test]
async fn a6_what_is_partly_granted_streams_and_names_the_rest() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, narrow(&hub)).await;
    let mut stream = get(server.at, "/events?topics=orders.8,prices.acme", &[]).await;
    let hello = stream.expect("eventwire.hello").await;
    assert_eq!(hello.data["topics"], serde_json::json!(["prices.acme"]));
    assert_eq!(hello.data["denied"], serde_json::json!(["orders.8"]));
    stream.story_until("cursor \"live\"").await;
    for (topic, n) in [("orders.8", 1), ("orders.7", 2), ("prices.acme", 3)] {
        tick(&hub, topic, n).await;
    }
    let event = loop {
        let event = stream.next().await.expect("the stream lives");
        if event.name == "tick" {
            break event;
        }
    };
    assert_eq!(event.data["n"], 3);
}

#[tokio::test]
async fn nothing_asked_is_all_that_is_granted() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, narrow(&hub)).await;
    let hello = get(server.at, "/events", &[]).await.expect("eventwire.hello").await;
    assert_eq!(hello.data["topics"], serde_json::json!(["orders.7", "prices.*"]));
}
