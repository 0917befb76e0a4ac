//! The server loop over pipes and a paused clock: hours pass in a moment, and no socket is involved.

use super::*;
use bytes::Bytes;
use http_body::Frame;
use std::{
    convert::Infallible,
    io,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

/// A listener whose outcomes a test writes down.
struct Script {
    outcomes: tokio::sync::Mutex<mpsc::Receiver<io::Result<DuplexStream>>>,
    asked: Arc<AtomicUsize>,
}

impl accept::Listen for Script {
    type Io = DuplexStream;

    async fn next(&self) -> io::Result<(DuplexStream, Peer)> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.outcomes.lock().await.recv().await {
            Some(outcome) => Ok((outcome?, Peer::from(([127, 0, 0, 1], 9)))),
            None => std::future::pending().await,
        }
    }
}

/// A server whose app answers by path: `/endless` streams for ever, `/panic` panics, all else says `hello`.
struct Server {
    clients: mpsc::Sender<io::Result<DuplexStream>>,
    asked: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    /// Endless bodies alive.
    open: Arc<AtomicUsize>,
    drain: Arc<parking_lot::Mutex<Option<Drain>>>,
    running: JoinHandle<()>,
}

/// Never ends; with `burst` it is always ready.
struct Endless {
    burst: bool,
    open: Arc<AtomicUsize>,
}

impl Endless {
    fn new(burst: bool, open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self { burst, open }
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.burst { Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 1024]))))) } else { Poll::Pending }
    }
}

type Answer = http_body_util::Either<Endless, http_body_util::Full<Bytes>>;

impl Server {
    fn start(over: Duration) -> Self {
        let (clients, outcomes) = mpsc::channel(16);
        let (stop, stopped) = oneshot::channel::<()>();
        let (asked, open, drain) =
            <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<parking_lot::Mutex<Option<Drain>>>)>::default();
        let door = Door::new(Script { outcomes: outcomes.into(), asked: asked.clone() });
        let (held, seen) = (open.clone(), drain.clone());
        let app = tower::service_fn(move |request: Request<Incoming>| {
            let held = held.clone();
            *seen.lock() = request.extensions().get::<Drain>().cloned();
            async move {
                let burst = match request.uri().path() {
                    "/panic" => panic!("a handler of the test's panics"),
                    "/error" => return Err(BoxError::from("an app of the test's fails")),
                    "/endless" => false,
                    "/burst" => true,
                    _ => return Ok(Response::new(Answer::Right("hello".into()))),
                };
                Ok::<_, BoxError>(Response::new(Answer::Left(Endless::new(burst, held))))
            }
        });
        let until: Trigger = Box::pin(async {
            let _ = stopped.await;
        });
        let running = tokio::spawn(async move {
            let signals = Signals::listen().unwrap();
            run(door, app, |_, _| {}, over, Some(until), signals).await;
        });
        Self { clients, asked, stop: Some(stop), open, drain, running }
    }

    async fn connect(&self, says: &str) -> DuplexStream {
        let (mut client, server) = tokio::io::duplex(4 << 10);
        self.clients.send(Ok(server)).await.unwrap();
        // A server that answers and closes early does not want the rest.
        let _ = client.write_all(says.as_bytes()).await;
        client
    }

    async fn get(&self, path: &str) -> DuplexStream {
        self.connect(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await
    }

    fn streams(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    async fn streams_are(&self, expected: usize) {
        let reached = async {
            while self.streams() != expected {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
        assert!(reached.is_ok(), "{} streams instead of {expected}", self.streams());
    }

    /// Asks for a drain and waits for its end.
    async fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(SOME * 2, &mut self.running).await.expect("the drain ends").unwrap();
    }
}

async fn head(client: &mut DuplexStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Everything until the server closes. A reset is a close too.
async fn rest(client: &mut DuplexStream) -> String {
    let mut all = Vec::new();
    let _ = client.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

const SOME: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn n7_whoever_does_not_finish_a_request_head_is_closed() {
    let server = Server::start(SOME);
    for half in ["", "G", "P", "PRI * HT", "GET / HT", "GET / HTTP/1.1\r\nhost: te", "GET / HTTP/1.1\r\nhost: test\r\n"]
    {
        let mut client = server.connect(half).await;
        let closed = tokio::time::timeout(Duration::from_secs(11), rest(&mut client)).await;
        assert_eq!(closed.as_deref(), Ok(""), "{half:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn n8_a_process_without_file_descriptors_rests_and_recovers() {
    let server = Server::start(SOME);
    for _ in 0..3 {
        server.clients.send(Err(io::Error::from_raw_os_error(24))).await.unwrap();
    }
    server.clients.send(Err(io::ErrorKind::ConnectionAborted.into())).await.unwrap();
    let began = Instant::now();
    let mut client = server.get("/").await;
    assert!(head(&mut client).await.starts_with("HTTP/1.1 200"));
    // Virtual time: it rested after each of its own failures, and not after the peer's.
    assert!(began.elapsed() >= accept::REST * 3, "{:?}", began.elapsed());
    assert_eq!(server.asked.load(Ordering::Relaxed), 6);
}

#[tokio::test(start_paused = true)]
async fn n4_a_peer_that_stops_reading_is_closed_and_its_response_dropped() {
    let server = Server::start(SOME);
    let mut stuck = server.get("/burst").await;
    head(&mut stuck).await;
    server.streams_are(1).await;
    server.streams_are(0).await;
    rest(&mut stuck).await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_not_closed() {
    let server = Server::start(SOME);
    let mut slow = server.get("/burst").await;
    let mut some = [0; 4096];
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(9)).await;
        slow.read_exact(&mut some).await.unwrap();
    }
    assert_eq!(server.streams(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_is_left_alone() {
    let server = Server::start(SOME);
    let mut idle = server.get("/endless").await;
    head(&mut idle).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(server.streams(), 1);
}

#[tokio::test(start_paused = true)]
async fn a17_a_request_head_over_16_kib_is_answered_431() {
    let server = Server::start(SOME);
    for (bytes, status) in [(15 << 10, "200"), (17 << 10, "431")] {
        let mut client = server.connect(&format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(bytes))).await;
        assert!(head(&mut client).await.starts_with(&format!("HTTP/1.1 {status}")), "{bytes}");
    }
}

#[tokio::test(start_paused = true)]
async fn s20_a_handler_that_panics_or_fails_is_answered_500_and_no_other_stream_ends() {
    let server = Server::start(SOME);
    let mut other = server.get("/endless").await;
    head(&mut other).await;
    for path in ["/panic", "/error"] {
        let mut client = server.get(path).await;
        let head = head(&mut client).await;
        assert!(head.starts_with("HTTP/1.1 500"), "{head}");
        assert!(head.contains("cache-control: no-store"), "{head}");
    }
    assert_eq!(server.streams(), 1);
}

/// Counts how often it is told to drain.
#[derive(Default)]
struct Told(AtomicUsize);

impl Drains for Told {
    fn drain(&self, over: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        assert!(over <= SOME, "{over:?}");
        self.0.fetch_add(1, Ordering::Relaxed);
        // One that never comes to an end must not keep the server.
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn n12_a_drain_tells_whoever_asked_and_ends_with_streams_still_open() {
    let mut server = Server::start(SOME);
    let (mut idle, _stuck) = (server.get("/endless").await, server.get("/burst").await);
    head(&mut idle).await;
    server.streams_are(2).await;
    let drain = server.drain.lock().clone().unwrap();
    let (told, gone) = (Arc::<Told>::default(), Arc::<Told>::default());
    drain.tell(&told);
    drain.tell(&told);
    drain.tell(&gone);
    drop(gone);
    assert!(!drain.has_begun());

    server.stop().await;
    assert!(drain.has_begun());
    assert_eq!(told.0.load(Ordering::Relaxed), 1);
    assert_eq!(server.streams(), 0, "every response is dropped");

    let late = Arc::<Told>::default();
    drain.tell(&late);
    assert_eq!(late.0.load(Ordering::Relaxed), 1, "whoever comes after the beginning is told at once");
}

#[tokio::test(start_paused = true)]
async fn n12_a_drain_without_streams_ends_at_once() {
    let mut server = Server::start(SOME);
    let mut idle = server.get("/").await;
    head(&mut idle).await;
    let began = Instant::now();
    server.stop().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(rest(&mut idle).await, "hello");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_server_closes_every_connection() {
    let server = Server::start(SOME);
    let mut idle = server.get("/endless").await;
    head(&mut idle).await;
    server.running.abort();
    rest(&mut idle).await;
}

#[tokio::test(start_paused = true)]
async fn n11_whoever_is_connected_when_a_drain_begins_is_answered_before_the_connection_closes() {
    let mut server = Server::start(SOME);
    let mut silent = server.connect("").await;
    let mut never = server.connect("").await;
    let mut half = server.connect("GET / HT").await;
    server.stop.take().unwrap().send(()).unwrap();
    // In the queue of the listener when it closes.
    let mut queued = server.get("/").await;
    tokio::time::sleep(LULL / 2).await;
    for (client, rest) in
        [(&mut silent, "GET / HTTP/1.1\r\nhost: test\r\n\r\n"), (&mut half, "TP/1.1\r\nhost: test\r\n\r\n")]
    {
        client.write_all(rest.as_bytes()).await.unwrap();
        assert!(head(client).await.starts_with("HTTP/1.1 200"));
    }
    assert!(head(&mut queued).await.starts_with("HTTP/1.1 200"));
    // Who says nothing at all keeps nobody waiting for long.
    let began = Instant::now();
    tokio::time::timeout(SOME * 2, &mut server.running).await.expect("the drain ends").unwrap();
    assert!(began.elapsed() <= LULL, "{:?}", began.elapsed());
    assert_eq!(rest(&mut never).await, "");
}

#[tokio::test]
async fn n4_a_real_socket_whose_peer_reads_nothing_is_closed_by_the_write_clock_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let _stuck = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    // Not tuned: the kernel would believe in this peer for ever.
    let (stream, _) = listener.accept().await.unwrap();
    let mut timed = super::io::Timed::new(stream, HEAD_TIMEOUT, Duration::from_millis(100));
    let written = async {
        loop {
            if let Err(error) = timed.write_all(&[b'x'; 64 << 10]).await {
                return error.kind();
            }
        }
    };
    let kind = tokio::time::timeout(Duration::from_secs(60), written).await.expect("it ends");
    assert_eq!(kind, std::io::ErrorKind::TimedOut);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[tokio::test]
async fn n3_n4_an_accepted_socket_has_the_kernels_own_clock_and_a_bound_on_unsent_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let door = Door::new(listener);
    let (accepted, _peer) = tokio::join!(door.accept(), tokio::net::TcpStream::connect(at));
    let socket = socket2::SockRef::from(&accepted.0);
    assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(30)));
    assert_eq!(socket.tcp_notsent_lowat().unwrap(), 64 << 10);
    assert!(socket.tcp_nodelay().unwrap());
}
