//! Rows N1, N7 and S20: readers that leave, strangers that say nothing, handlers that panic.

use super::{
    client::{End, eventually, get, until},
    server::{Server, Under, hub, public, tick},
};
use axum::{Router, routing};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn n1_a_reader_that_left_is_forgotten_without_anything_being_written() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        let mut streams = Vec::new();
        for _ in 0..5 {
            let mut stream = get(server.at, "/events", &[]).await;
            stream.story_until("cursor \"live\"").await;
            streams.push(stream);
        }
        until("five readers", || hub.stats().readers == 5).await;
        streams.pop();
        until("four readers", || hub.stats().readers == 4).await;
        streams.clear();
        until("no reader", || hub.stats().readers == 0).await;
        assert!(hub.sessions().is_empty());
    }
}

#[tokio::test]
async fn n7_who_says_nothing_or_half_a_request_is_closed_and_no_other_reader_is() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    let halves = ["", "P", "GET /eve", "GET /events HTTP/1.1\r\nhost: te", "PRI * HTTP/2.0\r\n"];
    let closed = halves.map(|half| async move {
        let mut socket = TcpStream::connect(server.at).await.expect("the server listens");
        socket.write_all(half.as_bytes()).await.expect("written");
        let mut all = Vec::new();
        // A reset is a close too.
        let _ = socket.read_to_end(&mut all).await;
        all
    });
    let [a, b, c, d, e] = closed;
    let all = eventually("the server closes them", async { tokio::join!(a, b, c, d, e) }).await;
    assert_eq!(all, (vec![], vec![], vec![], vec![], vec![]));
    tick(&hub, "a", 1).await;
    assert_eq!(stream.expect("tick").await.data["n"], 1);
}

#[tokio::test]
async fn s20_a_handler_that_panics_ends_its_own_request_only() {
    async fn panics() {
        panic!("a handler of the test's panics")
    }
    for under in Under::BOTH {
        let hub = hub().await;
        let app: Router = public(&hub).route("/panic", routing::get(panics));
        let server = Server::start(under, app).await;
        let mut stream = get(server.at, "/events", &[]).await;
        stream.story_until("cursor \"live\"").await;
        if under == Under::Ours {
            // Closing without a status line would make Firefox ask ten times.
            let reply = get(server.at, "/panic", &[]).await;
            assert_eq!((reply.status, reply.header("cache-control")), (500, Some("no-store")));
        } else {
            let mut socket = TcpStream::connect(server.at).await.expect("the server listens");
            socket.write_all(b"GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
            let _ = eventually("the server closes", socket.read_to_end(&mut Vec::new())).await;
        }
        tick(&hub, "a", 1).await;
        assert_eq!(stream.expect("tick").await.data["n"], 1);
        assert_eq!(hub.stats().readers, 1);
    }
}

#[tokio::test]
async fn n2_a_reader_that_closes_its_writing_side_has_left() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut socket = TcpStream::connect(server.at).await.expect("the server listens");
    socket.write_all(b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
    until("a reader", || hub.stats().readers == 1).await;
    socket.shutdown().await.expect("half closed");
    until("no reader", || hub.stats().readers == 0).await;
}

#[tokio::test]
async fn a_hub_that_is_dropped_says_bye_to_its_readers() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, axum::Router::new().route("/events", hub.public_route())).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    // The route holds the hub as well.
    hub.drain(std::time::Duration::ZERO).await;
    assert_eq!(stream.expect("eventwire.bye").await.data["reason"], "drain");
    assert_eq!(stream.end().await, End::Clean);
}
