//! What `serve` does for other people's handlers and protocols: the peer's address, upgrades, HTTP/2; and row N4.

use super::{
    client::{ask, eventually, get, until},
    server::{Server, Test, Under, hub, public},
};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    http::{StatusCode, header},
    response::Response,
    routing,
};
use hyper_util::rt::TokioIo;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn a_handler_is_told_the_peers_address() {
    async fn whoami(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
        format!("\"{}\"", peer.ip())
    }
    let server = Server::start(Under::Ours, Router::new().route("/", routing::get(whoami))).await;
    assert_eq!(ask(server.at, "GET", "/", &[]).await.json().await, "127.0.0.1");
}

#[tokio::test]
async fn a_connection_may_be_upgraded_and_outlives_the_drain() {
    async fn echo(mut request: Request) -> Response {
        tokio::spawn(async move {
            let upgraded = hyper::upgrade::on(&mut request).await.expect("an upgrade");
            let mut io = TokioIo::new(upgraded);
            let mut some = [0; 4];
            while io.read_exact(&mut some).await.is_ok() {
                io.write_all(&some).await.expect("written");
            }
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        response.header(header::CONNECTION, "upgrade").header(header::UPGRADE, "echo").body(Body::empty()).unwrap()
    }
    let mut server = Server::start(Under::Ours, Router::new().route("/", routing::get(echo))).await;
    let mut socket = TcpStream::connect(server.at).await.expect("the server listens");
    socket
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n")
        .await
        .expect("written");
    let mut head = Vec::new();
    eventually("a head", async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.expect("a byte"));
        }
    })
    .await;
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    let mut some = [0; 4];
    for said in [b"ping", b"pong"] {
        socket.write_all(said).await.expect("written");
        eventually("an echo", socket.read_exact(&mut some)).await.expect("read");
        assert_eq!(&some, said);
        server.stop();
    }
    server.ended().await;
}

#[tokio::test]
async fn a1_over_http_2_a_stream_has_no_connection_header_and_ends_with_bye() {
    let hub = hub().await;
    let mut server = Server::start(Under::Ours, public(&hub)).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let url = format!("http://{}/events", server.at);
    let head = client.head(&url).send().await.expect("a response");
    assert_eq!((head.status().as_u16(), head.headers().get("content-length")), (200, None));
    let mut stream = client.get(&url).send().await.expect("a response");
    assert_eq!(stream.version(), reqwest::Version::HTTP_2);
    let mut names: Vec<_> = stream.headers().keys().map(|name| name.as_str()).filter(|name| *name != "date").collect();
    names.sort_unstable();
    let expected = [
        "cache-control",
        "content-type",
        "cross-origin-resource-policy",
        "vary",
        "x-accel-buffering",
        "x-content-type-options",
    ];
    assert_eq!(names, expected);
    until("a reader", || hub.stats().readers == 1).await;
    server.stop();
    let mut all = String::new();
    while let Some(chunk) = eventually("the stream's end", stream.chunk()).await.expect("a clean end") {
        all.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    assert!(all.contains("event: eventwire.hello") && all.contains("event: eventwire.bye"), "{all}");
    drop(client);
    server.ended().await;
}

#[tokio::test]
async fn n4_a_reader_that_reads_nothing_is_let_go_and_the_others_miss_nothing() {
    let hub = hub().await;
    let mut server = Server::start_with_drain(Under::Ours, public(&hub), Duration::from_secs(600)).await;
    let mut healthy = get(server.at, "/events", &[]).await;
    healthy.story_until("cursor \"live\"").await;
    let mut stalled = TcpStream::connect(server.at).await.expect("the server listens");
    stalled.write_all(b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
    until("two readers", || hub.stats().readers == 2).await;
    let text = "x".repeat(256 << 10);
    for _ in 0..40 {
        hub.publish("a", &Test::Note { text: text.clone() }).await.expect("accepted");
        assert_eq!(healthy.expect("note").await.data["text"], text);
    }
    until("the stalled reader is let go", || hub.stats().readers == 1).await;
    hub.publish("a", &Test::Tick { n: 1 }).await.expect("accepted");
    assert_eq!(healthy.expect("tick").await.data["n"], 1);
    // Its socket is closed too, though nothing was ever read from it: no connection is left to wait for.
    drop(healthy);
    server.stop();
    server.ended().await;
}
