//! Rows N5, N14 and N15: HTTP/2, spoken well by one reader, badly by another, and by a third to do harm.

use super::{
    client::{End, GENEROUS, eventually, get, until},
    server::{Server, Test, Under, builder, hub, public, tick},
};
use bytes::Bytes;
use eventwire::{limits::LINE, sse::Decoder};
use futures_util::FutureExt;
use h2::{RecvStream, client};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
};

async fn open(requests: &mut client::SendRequest<Bytes>) -> RecvStream {
    let mut ready = requests.clone().ready().await.expect("room for a stream");
    let request = http::Request::get("http://a/events").body(()).expect("a request");
    let (response, _) = ready.send_request(request, true).expect("sent");
    let response = eventually("a head", response).await.expect("a response");
    assert_eq!(response.status(), 200);
    response.into_body()
}

async fn connect(at: SocketAddr, window: u32) -> client::SendRequest<Bytes> {
    let socket = TcpStream::connect(at).await.expect("the server listens");
    let mut builder = client::Builder::new();
    builder.initial_window_size(window).initial_connection_window_size(1 << 30);
    let (requests, connection) = builder.handshake(socket).await.expect("a handshake");
    tokio::spawn(connection);
    requests
}

#[tokio::test]
async fn n5_an_http_2_reader_that_opens_no_window_is_let_go_by_time() {
    let beat = Duration::from_millis(100);
    let hub = builder().heartbeat(beat).stall(beat).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut requests = connect(server.at, 0).await;
    let _shut = open(&mut requests).await;
    until("its session is gone", || hub.stats().let_go == 1).await;
    assert_eq!((hub.stats().readers, hub.stats().queued_bytes), (0, 0));
}

#[tokio::test]
async fn n15_of_200_streams_on_one_connection_one_stalls_and_the_others_get_everything() {
    const EVENTS: usize = 40;
    const BEAT: Duration = Duration::from_millis(500);
    let hub = builder().heartbeat(BEAT).stall(Duration::from_secs(5)).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut requests = connect(server.at, 64 << 10).await;
    let stalled = open(&mut requests).await;
    let mut readers = Vec::new();
    for _ in 0..199 {
        let mut body = open(&mut requests).await;
        readers.push(tokio::spawn(async move {
            let (mut decoder, mut notes) = (Decoder::new(LINE), Vec::new());
            while notes.len() < EVENTS {
                let piece = eventually("a piece", body.data()).await.expect("more").expect("no error");
                body.flow_control().release_capacity(piece.len()).expect("released");
                let take = |block: eventwire::sse::Block<'_>| {
                    if block.event == "note" {
                        notes.push(block.data.len());
                    }
                };
                decoder.push(&piece, take).expect("lines of bounded length");
            }
            notes
        }));
    }
    until("all streams", || hub.stats().live == 200).await;
    let text = "x".repeat(4 << 10);
    for _ in 0..EVENTS {
        hub.publish("a", &Test::Note { text: text.clone() }).await.expect("accepted");
    }
    for reader in readers {
        assert_eq!(reader.await.expect("no panic").len(), EVENTS);
    }
    // The others have left with all they wanted; on a busy machine that may be heard late.
    until("the stalled one is let go", || hub.stats().let_go >= 1 && hub.stats().readers == 0).await;
    drop(stalled);
}

// Frames as bytes, for what no library would send.
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

/// `GET /events` of `http://a`, in HPACK without a table.
fn request() -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, 7];
    block.extend_from_slice(b"/events");
    block.extend_from_slice(&[0x01, 1, b'a']);
    block
}

/// One way of doing harm: the frames of its nth blow.
type Attack = fn(u32, &mut Vec<u8>);

fn rapid_reset(n: u32, out: &mut Vec<u8>) {
    let stream = 2 * n + 1;
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &request(), out);
    frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes(), out);
}

/// The server is made to do the resetting: a window that grows by nothing is an error of that stream.
fn made_you_reset(n: u32, out: &mut Vec<u8>) {
    let stream = 2 * n + 1;
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &request(), out);
    frame(WINDOW_UPDATE, 0, stream, &0_u32.to_be_bytes(), out);
}

fn continuation_flood(n: u32, out: &mut Vec<u8>) {
    if n == 0 {
        frame(HEADERS, END_STREAM, 1, &request(), out);
    }
    // A header that is legal and new each time, without an end.
    let mut field = vec![0x00, 6];
    field.extend_from_slice(format!("x{n:05}").as_bytes());
    field.extend_from_slice(&[100]);
    field.extend_from_slice(&[b'x'; 100]);
    frame(CONTINUATION, 0, 1, &field, out);
}

fn empty_data_flood(n: u32, out: &mut Vec<u8>) {
    if n == 0 {
        frame(HEADERS, END_HEADERS, 1, &request(), out);
    }
    frame(0, 0, 1, &[], out);
}

fn ping_flood(n: u32, out: &mut Vec<u8>) {
    frame(PING, 0, 0, &u64::from(n).to_be_bytes(), out);
}

fn settings_flood(_: u32, out: &mut Vec<u8>) {
    frame(SETTINGS, 0, 0, &[], out);
}

/// Whether the server closed the connection before `blows` had fallen, or within `patience` after. Answers are read and
/// thrown away, if `reads`.
async fn attack(at: SocketAddr, attack: Attack, blows: u32, reads: bool, patience: Duration) -> bool {
    let (mut read, mut write) = TcpStream::connect(at).await.expect("the server listens").into_split();
    let mut start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    frame(SETTINGS, 0, 0, &[], &mut start);
    write.write_all(&start).await.expect("written");
    let closed = tokio::spawn(async move {
        let mut some = vec![0; 16 << 10];
        if !reads {
            // Nor closed by us.
            return std::future::pending().await;
        }
        while !matches!(read.read(&mut some).await, Ok(0) | Err(_)) {}
    });
    let mut blow = Vec::new();
    for n in 0..blows {
        attack(n, &mut blow);
        if n % 16 == 15 {
            // Who does not read its answers is made to wait: that is a bound too.
            match tokio::time::timeout(patience, write.write_all(&blow)).await {
                Ok(Ok(())) => blow.clear(),
                Ok(Err(_)) => return true,
                Err(_) => break,
            }
        }
    }
    let ended = tokio::time::timeout(patience, closed).await.is_ok();
    drop(write);
    ended
}

#[tokio::test]
async fn n14_abuse_of_http_2_closes_its_own_connection_and_nobody_else_notices() {
    let attacks: [(&str, Attack, u32); 4] = [
        ("rapid reset", rapid_reset, 10_000),
        ("made you reset", made_you_reset, 10_000),
        ("CONTINUATION flood", continuation_flood, 10_000),
        ("empty DATA flood", empty_data_flood, 100_000),
    ];
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    for (n, (name, blows_of, blows)) in attacks.into_iter().enumerate() {
        let closed = attack(server.at, blows_of, blows, true, GENEROUS).await;
        assert!(closed, "{name} was borne to its end");
        tick(&hub, "a", n as u32).await;
        assert_eq!(stream.expect("tick").await.data["n"], n);
        until("nothing is left of it", || hub.stats().readers == 1).await;
    }
}

#[tokio::test]
async fn n14_floods_that_only_ask_for_answers_are_held_back_while_others_are_served() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    for flood in [ping_flood as Attack, settings_flood] {
        for reads in [true, false] {
            let at = server.at;
            let flooding = tokio::spawn(attack(at, flood, 50_000, reads, Duration::from_secs(2)));
            for n in 0..20 {
                tick(&hub, "a", n).await;
                assert_eq!(stream.expect("tick").await.data["n"], n);
            }
            eventually("the flood's end", flooding).await.expect("no panic");
        }
    }
}

#[tokio::test]
async fn s20_a_body_that_panics_ends_its_own_stream_and_not_its_connection() {
    let now = Arc::new(Notify::new());
    let held = now.clone();
    let panics = move || {
        let held = held.clone();
        async move {
            let pieces = futures_util::stream::once(async move {
                held.notified().await;
                assert!(held.notified().now_or_never().is_some(), "a body of the test's panics");
                Ok::<_, std::io::Error>("never")
            });
            axum::body::Body::from_stream(pieces)
        }
    };
    let hub = hub().await;
    let app = public(&hub).route("/panics", axum::routing::get(panics));
    let server = Server::start(Under::Ours, app).await;
    let mut requests = connect(server.at, 64 << 10).await;
    let mut healthy = open(&mut requests).await;
    let request = http::Request::get("http://a/panics").body(()).expect("a request");
    let (response, _) = requests.send_request(request, true).expect("sent");
    let mut body = eventually("a head", response).await.expect("a response").into_body();
    now.notify_one();
    let ended = async {
        while let Some(piece) = body.data().await {
            piece?;
        }
        Ok::<_, h2::Error>(())
    };
    assert!(eventually("its end", ended).await.is_err(), "it did not end in good order");
    until("a reader", || hub.stats().live == 1).await;
    tick(&hub, "a", 1).await;
    let mut all = String::new();
    while !all.contains("event: tick") {
        let piece = eventually("a piece", healthy.data()).await.expect("more").expect("no error");
        all.push_str(std::str::from_utf8(&piece).expect("text"));
    }
    // Over HTTP/1.1 the connection is the stream: cut, not ended.
    let mut reply = get(server.at, "/panics", &[]).await;
    now.notify_one();
    assert_eq!(reply.cut().await, End::Cut);
}
