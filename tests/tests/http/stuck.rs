//! Rows N5, N6 and N13: readers that take little or nothing, beside readers that take all; and what one that was stuck is
//! told when it reads again.

use super::{
    client::{Event, Reply, get, until},
    process::{Harness, publish},
    server::{Server, Test, Under, builder, public, tick},
};
use eventwire_server::Hub;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

const REQUEST: &[u8] = b"GET /events HTTP/1.1\r\nhost: a\r\n\r\n";

async fn live(at: SocketAddr, target: &str) -> Reply {
    let mut stream = get(at, target, &[]).await;
    stream.story_until("cursor \"live\"").await;
    stream
}

async fn stalled(at: SocketAddr, target: &str) -> TcpStream {
    let mut socket = TcpStream::connect(at).await.expect("the server listens");
    socket.write_all(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n").as_bytes()).await.expect("written");
    socket
}

async fn note(hub: &Hub<Test>, topic: &str, n: usize, bytes: usize) {
    let text = format!("{n}:{}", "x".repeat(bytes));
    hub.publish(topic, &Test::Note { text }).await.expect("accepted");
}

fn offset(event: &Event) -> u64 {
    event.id.split(['-', '.', '/']).nth(1).and_then(|digits| digits.parse().ok()).expect("an offset")
}

fn number(event: &Event) -> usize {
    let text = event.data["text"].as_str().expect("a note");
    text.split(':').next().and_then(|n| n.parse().ok()).expect("a number")
}

#[tokio::test]
async fn n5_a_reader_at_one_byte_a_second_is_cut_by_time() {
    let hub = builder().stall(Duration::from_secs(1)).build().await.expect("a hub");
    let mut server = Server::start_with_drain(Under::Ours, public(&hub), Duration::from_secs(600)).await;
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 << 10).expect("a small buffer");
    let mut trickle = socket.connect(server.at).await.expect("the server listens");
    trickle.write_all(REQUEST).await.expect("written");
    until("a reader", || hub.stats().readers == 1).await;
    for n in 0..20 {
        note(&hub, "a", n, 256 << 10).await;
    }
    // As slow as the row says: that is the fault, not a wait for luck.
    let trickling = tokio::spawn(async move {
        while trickle.read_u8().await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    until("its session is gone", || hub.stats().readers == 0).await;
    assert_eq!(hub.stats().let_go, 1);
    // And its socket: no connection is left to wait for.
    server.stop();
    server.ended().await;
    trickling.abort();
}

#[tokio::test]
async fn n6_healthy_readers_miss_nothing_beside_as_many_that_never_read() {
    const EACH: usize = 30;
    let hub = builder().build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stuck = Vec::new();
    for _ in 0..EACH {
        stuck.push(stalled(server.at, "/events").await);
    }
    let mut healthy = Vec::new();
    for _ in 0..EACH {
        healthy.push(live(server.at, "/events").await);
    }
    until("all readers", || hub.stats().readers == 2 * EACH).await;
    for n in 0..60 {
        note(&hub, "a", n, 16 << 10).await;
        for stream in &mut healthy {
            assert_eq!(number(&stream.expect("note").await), n);
        }
        // A piece waits in each seat: at most 64 KiB and one event.
        let queued = hub.stats().queued_bytes;
        assert!(queued <= 2 * EACH * ((64 << 10) + (17 << 10)), "{queued} bytes");
    }
    // Where all of this took more than ten seconds, they are gone.
    let stats = hub.stats();
    assert!(stats.behind > 0 || stats.readers < 2 * EACH, "the stalled ones have stalled");
}

#[tokio::test]
async fn a_reader_that_falls_off_the_log_is_told_gap_slow_on_the_same_stream() {
    let hub = builder().retain(Duration::from_secs(600), 2 << 20).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut slow = live(server.at, "/events?topics=a,b").await;
    for n in 0..100 {
        note(&hub, "a", n, 256 << 10).await;
    }
    let mut seen = Vec::new();
    let gap = loop {
        let event = slow.next().await.expect("the same stream goes on");
        match event.name.as_str() {
            "note" => seen.push(number(&event)),
            _ => break event,
        }
    };
    assert_eq!((gap.name.as_str(), &gap.data["reason"]), ("eventwire.gap", &serde_json::json!("slow")));
    assert_eq!(gap.data["topics"], serde_json::json!(["a"]), "of `b` nothing is lost");
    assert_eq!(seen, (0..seen.len()).collect::<Vec<_>>(), "nothing is missing before the gap");
    assert_eq!(slow.expect("eventwire.cursor").await.data["kind"], "prelude");
    let mut next = offset(&gap) + 1;
    while next <= 100 {
        let event = slow.expect("note").await;
        assert_eq!(offset(&event), next, "nor behind it");
        next += 1;
    }
    assert_eq!(slow.expect("eventwire.cursor").await.data["kind"], "live");
    tick(&hub, "b", 7).await;
    assert_eq!(slow.expect("tick").await.data["n"], 7);
}

#[tokio::test]
async fn a_reader_that_was_stuck_gets_the_newest_of_a_latest_topic_and_ids_that_never_fall() {
    const COUNT: usize = 1_000;
    let hub = builder().latest("prices.*").build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut slow = live(server.at, "/events").await;
    for n in 0..COUNT {
        note(&hub, "prices.acme", n, 16 << 10).await;
        if n % 100 == 0 {
            tick(&hub, "a", n as u32).await;
        }
    }
    tick(&hub, "a", u32::MAX).await;
    let (mut last, mut prices, mut ticks) = (0, Vec::new(), 0);
    loop {
        let event = slow.next().await.expect("the stream lives");
        assert!(!event.name.ends_with("gap"), "a superseded event is no loss: {event:?}");
        let at = offset(&event);
        assert!(at > last || event.name == "eventwire.cursor", "{at} after {last}");
        last = at;
        match event.name.as_str() {
            "note" => prices.push(number(&event)),
            "tick" if event.data["n"] == u32::MAX => break,
            "tick" => ticks += 1,
            _ => {}
        }
    }
    assert_eq!(ticks, COUNT / 100, "a topic that keeps all misses nothing");
    assert_eq!(prices.last(), Some(&(COUNT - 1)), "the newest came");
    assert!(prices.len() < COUNT, "and not everything it replaced");
}

#[tokio::test]
async fn n13_readers_that_take_nothing_cannot_fill_the_memory_of_the_process() {
    // All the memory that the process may ever ask for, in KiB. Were what 100 of them are owed kept for each, it would be
    // some 6 GiB.
    let harness = Harness::limited("ulimit -v 1500000", &["--max-bytes", "8388608", "--drain", "1"]).await;
    let mut healthy = live(harness.at, "/events?topics=a").await;
    let mut stuck = Vec::new();
    for n in 0..100 {
        // Each with an interest of its own: they share no bytes.
        stuck.push(stalled(harness.at, &format!("/events?topics=a,b{n}")).await);
    }
    for n in 0..250 {
        publish(harness.at, "a", n, 256 << 10).await;
        assert_eq!(healthy.expect("tick").await.data["n"], n);
    }
}
