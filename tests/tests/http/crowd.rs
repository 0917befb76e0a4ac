//! Rows N8 to N11: more readers than there is room for, readers that come and go, and nobody ever without a status line.

use super::{
    client::{End, eventually, get, until},
    process::{Harness, publish},
    server::{Server, Under, builder, hub, public, tick},
};
use std::{io::ErrorKind, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const REQUEST: &[u8] = b"GET /events HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n";

#[tokio::test]
async fn n8_without_file_descriptors_streams_live_nothing_spins_and_room_is_used_again() {
    let harness = Harness::limited("ulimit -n 64", &["--heartbeat", "200", "--drain", "1"]).await;
    let mut stream = get(harness.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    // A connection that is there already publishes.
    let publisher = harness.publisher().await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let mut socket = TcpStream::connect(harness.at).await.expect("the kernel queues it");
        socket.write_all(REQUEST).await.expect("written");
        crowd.push(socket);
    }
    until("no descriptor is left", || harness.descriptors() >= 64).await;
    // A second of it: long enough for a loop that spins to show.
    let before = harness.cpu();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let used = harness.cpu() - before;
    assert!(used < Duration::from_millis(500), "{used:?} of processor time in a second of waiting");
    publisher.publish("a", 1).await;
    loop {
        let event = stream.next().await.expect("the stream lives");
        if event.name == "tick" && event.data["n"] == 1 {
            break;
        }
    }
    crowd.clear();
    let mut late = get(harness.at, "/events", &[]).await;
    assert_eq!(late.status, 200);
    late.story_until("cursor \"live\"").await;
}

#[tokio::test]
async fn n9_after_readers_have_come_and_gone_every_counter_is_back() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    tick(&hub, "a", 0).await;
    let baseline = hub.stats();
    let alive = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    for n in 0..400 {
        let mut socket = TcpStream::connect(server.at).await.expect("the server listens");
        socket.write_all(REQUEST).await.expect("written");
        if n % 2 == 0 {
            let mut some = [0; 64];
            // A machine that stood still for ten seconds gives it up; that one leaves nothing behind either.
            if let Err(error) = eventually("a head", socket.read(&mut some)).await {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
            }
        }
        if n % 3 == 0 {
            socket.shutdown().await.expect("half closed");
        }
    }
    until("everything is back", || {
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        hub.stats() == baseline && tasks == alive
    })
    .await;
    assert!(hub.sessions().is_empty());
}

#[tokio::test]
async fn n10_who_comes_when_the_hub_is_full_is_answered_200_told_to_come_back_and_closed() {
    const ROOM: usize = 20;
    let hub = builder().readers(ROOM).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let native: &[(&str, &[u8])] = &[("Accept", b"text/event-stream"), ("Cache-Control", b"no-cache")];
    let arrivals = (0..100).map(|_| {
        let at = server.at;
        tokio::spawn(async move {
            // A head must come: `get` fails if the connection closes before one.
            let mut stream = get(at, "/events", native).await;
            assert_eq!(stream.status, 200);
            let hello = stream.expect("eventwire.hello").await;
            let second = stream.next().await.expect("more than hello");
            (stream, hello, second)
        })
    });
    let (mut inside, mut waits) = (Vec::new(), Vec::new());
    for arrival in arrivals.collect::<Vec<_>>() {
        let (mut stream, hello, second) = arrival.await.expect("no panic");
        if second.name == "eventwire.bye" {
            assert_eq!((&second.data["reason"], &second.data["after"]), (&"limit".into(), &5_000.into()));
            assert_eq!(stream.end().await, End::Clean);
            waits.push(hello.data["retry"].as_u64().expect("a time"));
        } else {
            inside.push(stream);
        }
    }
    assert_eq!((inside.len(), waits.len(), hub.stats().turned_away), (ROOM, 80, 80));
    // Native clients know nothing but `retry`: not before `after`, and not all at once.
    waits.sort_unstable();
    assert!(waits[0] >= 5_000, "{waits:?}");
    assert!(waits[79] - waits[0] > 5_000, "{waits:?}");
    tick(&hub, "a", 1).await;
    for stream in &mut inside {
        stream.story_until("cursor \"live\"").await;
        assert_eq!(stream.expect("tick").await.data["n"], 1);
    }
}

#[tokio::test]
async fn a20_one_user_with_too_many_streams_is_turned_away_and_nobody_else() {
    let harness = Harness::start(&["--per-principal", "2", "--drain", "1"]).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = get(harness.at, "/events?user=ada", &[]).await;
        stream.story_until("cursor \"live\"").await;
        streams.push(stream);
    }
    let mut third = get(harness.at, "/events?user=ada", &[]).await;
    third.expect("eventwire.hello").await;
    assert_eq!(third.expect("eventwire.bye").await.data["reason"], "limit");
    let mut other = get(harness.at, "/events?user=grace", &[]).await;
    other.story_until("cursor \"live\"").await;
}

#[tokio::test]
async fn n11_whoever_is_connected_when_a_drain_begins_gets_a_status_line_and_a_bye() {
    let hub = hub().await;
    let mut server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    let mut sockets = Vec::new();
    for _ in 0..30 {
        sockets.push(TcpStream::connect(server.at).await.expect("the server listens"));
    }
    server.stop();
    for socket in &mut sockets {
        socket.write_all(REQUEST).await.expect("written");
    }
    for socket in &mut sockets {
        let mut all = String::new();
        eventually("all that it is told", socket.read_to_string(&mut all)).await.expect("a clean end");
        assert!(all.starts_with("HTTP/1.1 200"), "{all:?}");
        assert!(all.contains("eventwire.hello") && all.contains("\"reason\":\"drain\""), "{all:?}");
    }
    assert_eq!(stream.expect("eventwire.bye").await.data["reason"], "drain");
    server.ended().await;
}

#[tokio::test]
async fn streams_that_are_old_enough_are_told_bye_rotate_and_miss_nothing_when_they_come_back() {
    let hub = builder().rotate(Duration::from_secs(1)).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    // On a slow machine a stream may end before it has said a position.
    let mut stream = get(server.at, "/events?lastEventId=earliest", &[]).await;
    let (mut n, mut last, mut seen, mut rotated) = (0, String::new(), Vec::new(), 0);
    while rotated < 3 || seen.len() < 4 {
        loop {
            let event = tokio::select! {
                event = stream.next() => event.expect("a stream ends with bye"),
                () = tokio::time::sleep(Duration::from_millis(20)) => {
                    tick(&hub, "a", n).await;
                    n += 1;
                    continue;
                }
            };
            match event.name.as_str() {
                "eventwire.bye" => {
                    assert_eq!(event.data["reason"], "rotate");
                    break;
                }
                "tick" => seen.push(event.data["n"].as_u64().expect("a number")),
                "eventwire.gap" => panic!("{event:?}"),
                _ => {}
            }
            if !event.id.is_empty() {
                last = event.id;
            }
        }
        assert_eq!(stream.end().await, End::Clean);
        rotated += 1;
        let known: [(&str, &[u8]); 1] = [("Last-Event-ID", last.as_bytes())];
        let known = if last.is_empty() { &[][..] } else { &known };
        stream = get(server.at, "/events?lastEventId=earliest", known).await;
    }
    assert_eq!(seen, (0..seen.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a23_a_revoked_user_is_told_at_once_also_where_nothing_happens() {
    let harness = Harness::start(&["--drain", "1"]).await;
    let mut ada = get(harness.at, "/events?user=ada", &[]).await;
    let mut grace = get(harness.at, "/events?user=grace", &[]).await;
    ada.story_until("cursor \"live\"").await;
    grace.story_until("cursor \"live\"").await;
    harness.post("/revoke/ada").await;
    assert_eq!(ada.expect("eventwire.bye").await.data["reason"], "auth");
    assert_eq!(ada.end().await, End::Clean);
    publish(harness.at, "a", 1, 0).await;
    assert_eq!(grace.expect("tick").await.data["n"], 1);
}

#[tokio::test]
async fn a22_a_grant_that_ends_ends_the_stream_also_while_events_pour() {
    let harness = Harness::start(&["--drain", "1"]).await;
    // The grant begins after this, however long the answer takes.
    let began = std::time::Instant::now();
    let mut stream = get(harness.at, "/events?for=1500", &[]).await;
    let mut n = 0;
    let last = loop {
        publish(harness.at, "a", n, 0).await;
        n += 1;
        let event = stream.next().await.expect("a stream ends with bye");
        if event.name == "eventwire.bye" {
            break event;
        }
    };
    assert_eq!(last.data["reason"], "auth");
    assert_eq!(stream.end().await, End::Clean);
    assert!(began.elapsed() >= Duration::from_millis(1_000), "not before its time");
}
