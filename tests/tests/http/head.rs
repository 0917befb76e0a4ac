//! Rows A1 and S19: what the answer's head says, to GET, to HEAD and to any other method.

use super::{
    client::{ask, get, until},
    server::{Server, Under, hub, public, tick},
};
use axum::{
    extract::FromRequestParts,
    http::{Method, Request},
};
use eventwire_server::{Access, Subscribe};

#[tokio::test]
async fn a1_a_stream_has_exactly_these_headers_and_begins_with_hello() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        let native: &[(&str, &[u8])] = &[("Accept", b"text/event-stream"), ("Cache-Control", b"no-cache")];
        let mut stream = get(server.at, "/events", native).await;
        assert_eq!(stream.status, 200);
        let mut headers = stream.headers.clone();
        headers.retain(|(name, _)| name != "date");
        let expected = [
            ("cache-control", "no-store, no-transform"),
            ("content-type", "text/event-stream"),
            ("cross-origin-resource-policy", "same-origin"),
            ("transfer-encoding", "chunked"),
            ("vary", "Origin"),
            ("x-accel-buffering", "no"),
            ("x-content-type-options", "nosniff"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{under:?}");
        let hello = stream.expect("eventwire.hello").await;
        assert_eq!(hello.data["v"], eventwire::WIRE_VERSION);
        assert_eq!(hello.data["names"], serde_json::json!(["tick", "note"]));
        assert_eq!(hello.id, "", "hello moves no position");
        let told = hello.data["retry"].as_u64().expect("a time");
        assert!(told >= 1000, "{told}");
    }
}

#[tokio::test]
async fn s19_head_gets_the_headers_of_get_and_opens_no_stream() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        let of = |mut headers: Vec<(String, String)>| {
            // How a body is framed is only said when there is one.
            headers.retain(|(name, _)| name != "date" && name != "transfer-encoding");
            headers
        };
        let stream = get(server.at, "/events", &[]).await;
        until("the stream is open", || hub.stats().readers == 1).await;
        let head = ask(server.at, "HEAD", "/events", &[]).await;
        assert_eq!(head.status, 200);
        assert_eq!(of(head.headers.clone()), of(stream.headers.clone()), "{under:?}");
        assert_eq!(head.header("content-length"), None);
        assert_eq!(hub.stats().readers, 1, "{under:?}");
    }
}

#[tokio::test]
async fn s19_head_makes_no_reader_even_for_a_moment() {
    let hub = hub().await;
    let mut held = Vec::new();
    for method in [Method::HEAD, Method::GET] {
        let access = Access::all().principal(method.as_str());
        let request = Request::builder().method(method).uri("/events").body(()).expect("a request");
        let want = Subscribe::from_request_parts(&mut request.into_parts().0, &()).await.expect("readable");
        held.push(hub.stream(want, access).expect("granted"));
    }
    // Readers come in in the order they asked: when the second is here, the first would be.
    let is_here = || hub.sessions().iter().any(|session| session.principal.as_deref() == Some("GET"));
    until("the reader of GET", is_here).await;
    assert_eq!(hub.stats().readers, 1);
}

#[tokio::test]
async fn s19_a3_other_methods_are_told_which_ones_there_are() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
            let reply = ask(server.at, method, "/events", &[("content-length", b"0")]).await;
            assert_eq!(reply.status, 405, "{method}");
            assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS"), "{method}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.json().await["code"], "method-not-allowed");
        }
        let options = ask(server.at, "OPTIONS", "/events", &[]).await;
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
        assert_eq!(hub.stats().readers, 0);
    }
}

#[tokio::test]
async fn two_streams_over_one_hub_are_the_same_bytes_but_for_hello() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut streams = [get(server.at, "/events", &[]).await, get(server.at, "/events", &[]).await];
    for stream in &mut streams {
        stream.story_until("cursor \"live\"").await;
    }
    let id = tick(&hub, "a", 1).await;
    let [one, two] = &mut streams;
    let (one, two) = (one.expect("tick").await, two.expect("tick").await);
    assert_eq!(one, two);
    assert_eq!(one.id, format!("{id}/a"));
}
