//! Row N12: a drain says `bye` to all and ends, with idle streams, a stalled reader and other people's long responses.

use super::{
    client::{End, get, until},
    server::{Server, Test, Under, hub, public},
};
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn n12_every_reader_is_told_bye_and_the_server_ends() {
    let hubs = [hub().await, hub().await];
    let [one, two] = &hubs;
    let app = public(one).route("/other", two.public_route());
    let mut server = Server::start_with_drain(Under::Ours, app, Duration::from_secs(10)).await;
    let mut streams = Vec::new();
    for target in ["/events", "/events", "/other", "/events?topics=a"] {
        let mut stream = get(server.at, target, &[]).await;
        stream.story_until("cursor \"live\"").await;
        streams.push(stream);
    }
    server.stop();
    for stream in &mut streams {
        let bye = stream.expect("eventwire.bye").await;
        assert_eq!(bye.data["reason"], "drain");
        assert_eq!(stream.end().await, End::Clean);
    }
    server.ended().await;
    until("no reader", || hubs.iter().all(|hub| hub.stats().readers == 0)).await;
}

#[tokio::test]
async fn n12_a_reader_that_reads_nothing_does_not_keep_the_server() {
    let hub = hub().await;
    let mut server = Server::start_with_drain(Under::Ours, public(&hub), Duration::from_secs(8)).await;
    let mut idle = get(server.at, "/events?topics=idle", &[]).await;
    idle.story_until("cursor \"live\"").await;
    let mut stalled = TcpStream::connect(server.at).await.expect("the server listens");
    stalled.write_all(b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("written");
    until("two readers", || hub.stats().readers == 2).await;
    let text = "x".repeat(512 << 10);
    for _ in 0..40 {
        hub.publish("a", &Test::Note { text: text.clone() }).await.expect("accepted");
    }
    until("the stalled reader is behind", || hub.stats().behind == 1).await;
    server.stop();
    assert_eq!(idle.expect("eventwire.bye").await.data["reason"], "drain");
    server.ended().await;
    until("no reader", || hub.stats().readers == 0).await;
}

#[tokio::test]
async fn n12_under_axum_the_app_drains_the_hub_and_the_server_ends() {
    let hub = hub().await;
    let mut server = Server::start(Under::Axum, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    hub.drain(Duration::from_millis(100)).await;
    server.stop();
    assert_eq!(stream.expect("eventwire.bye").await.data["reason"], "drain");
    assert_eq!(stream.end().await, End::Clean);
    server.ended().await;
}
