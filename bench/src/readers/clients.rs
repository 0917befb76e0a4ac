//! A process of readers: healthy ones that check every event, stalled ones that never read, and visitors that leave.

use super::server::micros;
use eventwire::{limits::LINE, sse::Decoder};
use serde_json::{Value, json};
use socket2::SockRef;
use std::{
    error::Error,
    io::{self, BufRead, stdin},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    sync::Semaphore,
    task::JoinSet,
};

const REQUEST: &[u8] = b"GET /events HTTP/1.1\r\nhost: bench\r\naccept: text/event-stream\r\n\r\n";
/// Connections under way at once: a server's queue of unaccepted ones is finite.
const AT_ONCE: usize = 200;
/// After this a part has failed; nothing here is meant to take that long.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the healthy readers of this process have seen.
#[derive(Default)]
struct Tally {
    live: AtomicU64,
    got: AtomicU64,
    lost: AtomicU64,
    again: AtomicU64,
    gaps: AtomicU64,
    byes: AtomicU64,
    /// Streams that ended, and of these the ones that ended in good order.
    ended: AtomicU64,
    clean: AtomicU64,
    /// Microseconds from publishing to here.
    latencies: Mutex<Vec<u32>>,
    /// When streams said `bye`.
    closes: Mutex<Vec<Instant>>,
}

#[derive(Default)]
struct Readers {
    tally: Arc<Tally>,
    healthy: JoinSet<()>,
    stalled: Vec<TcpStream>,
}

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut readers = Readers::default();
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = runtime.block_on(obey(&words, &mut readers));
        println!("{}", answer.unwrap_or_else(|error| json!({ "error": error.to_string() })));
    }
    runtime.shutdown_background();
    Ok(())
}

async fn obey(words: &[&str], readers: &mut Readers) -> Result<Value, Box<dyn Error>> {
    match words {
        ["connect", at, from, healthy, stalled, next] => {
            let (healthy, stalled, next) = (healthy.parse()?, stalled.parse()?, next.parse()?);
            connect(readers, at.parse()?, from.parse()?, healthy, stalled, next).await?;
            Ok(json!({}))
        }
        ["await", count] => {
            let count: u64 = count.parse()?;
            let tally = &readers.tally;
            wait(|| tally.got.load(Relaxed) + tally.lost.load(Relaxed) >= count).await;
            Ok(tally.summary())
        }
        ["ends"] => {
            let count = readers.healthy.len() as u64;
            wait(|| readers.tally.ended.load(Relaxed) >= count).await;
            Ok(readers.tally.summary())
        }
        ["close"] => {
            *readers = Readers::default();
            Ok(json!({}))
        }
        ["churn", at, from, count] => churn(at.parse()?, from.parse()?, count.parse()?).await,
        _ => Err(format!("not understood: {words:?}").into()),
    }
}

/// Looks again and again, for as long as patience lasts; what is missing then, the summary tells.
async fn wait(reached: impl Fn() -> bool) {
    let give_up = Instant::now() + PATIENCE;
    while !reached() && Instant::now() < give_up {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn dial(at: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(at).await?;
    stream.write_all(REQUEST).await?;
    Ok(stream)
}

async fn connect(
    readers: &mut Readers,
    at: SocketAddr,
    from: IpAddr,
    healthy: usize,
    stalled: usize,
    next: u32,
) -> Result<(), Box<dyn Error>> {
    let gate = Arc::new(Semaphore::new(AT_ONCE));
    for _ in 0..healthy {
        let permit = gate.clone().acquire_owned().await?;
        let tally = readers.tally.clone();
        readers.healthy.spawn(async move {
            let Ok(stream) = dial(at, from).await else {
                tally.ended.fetch_add(1, Relaxed);
                return;
            };
            Reader { tally, next, permit: Some(permit), over: false }.follow(stream).await;
        });
    }
    let (tally, all) = (&readers.tally, healthy as u64);
    wait(|| tally.live.load(Relaxed) + tally.ended.load(Relaxed) >= all).await;
    if tally.live.load(Relaxed) != all {
        return Err(format!("{} of {all} streams opened", tally.live.load(Relaxed)).into());
    }
    for _ in 0..stalled {
        readers.stalled.push(dial(at, from).await?);
    }
    Ok(())
}

struct Reader<P> {
    tally: Arc<Tally>,
    /// The number that must come next.
    next: u32,
    /// Given back once it is live.
    permit: Option<P>,
    over: bool,
}

impl<P> Reader<P> {
    async fn follow(mut self, mut stream: TcpStream) {
        // The response's head, and the sizes of its chunks, are lines of fields that no event stream knows; and chunks end
        // where frames do. So the decoder may read all of it. Were that not so, numbers would be missing.
        let (mut decoder, mut buffer) = (Decoder::new(LINE), vec![0; 4 << 10]);
        let mut tail = [0; 5];
        loop {
            let n = match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(n) => n,
            };
            let kept = n.min(5);
            tail.rotate_left(kept);
            tail[5 - kept..].copy_from_slice(&buffer[n - kept..n]);
            if decoder.push(&buffer[..n], |block| self.take(block.event, block.data)).is_err() {
                break;
            }
            // The last chunk: it ended the stream in good order. The server may keep the connection.
            if self.over && &tail == b"0\r\n\r\n" {
                self.tally.clean.fetch_add(1, Relaxed);
                break;
            }
        }
        self.tally.ended.fetch_add(1, Relaxed);
    }

    fn take(&mut self, event: &str, data: &str) {
        let tally = &self.tally;
        match event {
            "tick" => {
                let tick: Value = serde_json::from_str(data).unwrap_or_default();
                let n = tick["n"].as_u64().unwrap_or_default() as u32;
                if n < self.next || self.over {
                    tally.again.fetch_add(1, Relaxed);
                    return;
                }
                tally.lost.fetch_add((n - self.next).into(), Relaxed);
                self.next = n + 1;
                let late = micros() - tick["at"].as_f64().unwrap_or_default();
                tally.latencies.lock().unwrap_or_else(PoisonError::into_inner).push(late.max(0.0) as u32);
                tally.got.fetch_add(1, Relaxed);
            }
            "eventwire.gap" => drop(tally.gaps.fetch_add(1, Relaxed)),
            "eventwire.bye" => {
                self.over = true;
                tally.byes.fetch_add(1, Relaxed);
                tally.closes.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            }
            "eventwire.cursor" if data.contains("live") && self.permit.take().is_some() => {
                tally.live.fetch_add(1, Relaxed);
            }
            _ => {}
        }
    }
}

impl Tally {
    fn summary(&self) -> Value {
        let mut latencies = self.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        latencies.sort_unstable();
        let at = |share: f64| latencies.get((latencies.len() as f64 * share) as usize).copied().unwrap_or_default();
        let mut closes = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
        closes.sort_unstable();
        let first = closes.first().copied();
        let millis: Vec<u128> = closes.iter().flat_map(|at| first.map(|first| (*at - first).as_millis())).collect();
        json!({
            "got": self.got.load(Relaxed),
            "lost": self.lost.load(Relaxed),
            "again": self.again.load(Relaxed),
            "gaps": self.gaps.load(Relaxed),
            "byes": self.byes.load(Relaxed),
            "ended": self.ended.load(Relaxed),
            "clean": self.clean.load(Relaxed),
            "p50": at(0.5),
            "p99": at(0.99),
            "closes": millis.iter().map(|at| *at as u64).collect::<Vec<_>>(),
        })
    }
}

/// Comes and goes, many times: by turns while the head is under way, once `hello` has come, and in good order.
async fn churn(at: SocketAddr, from: Ipv4Addr, count: usize) -> Result<Value, Box<dyn Error>> {
    const WORKERS: usize = 64;
    let (left, failed) = (Arc::new(AtomicUsize::new(count)), Arc::new(AtomicU64::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..WORKERS {
        let (left, failed) = (left.clone(), failed.clone());
        workers.spawn(async move {
            let take = |left: usize| left.checked_sub(1);
            while let Ok(n) = left.fetch_update(Relaxed, Relaxed, take) {
                if visit(at, another(from, n), n).await.is_err() {
                    failed.fetch_add(1, Relaxed);
                }
            }
        });
    }
    tokio::time::timeout(PATIENCE * 10, workers.join_all()).await?;
    Ok(json!({ "failed": failed.load(Relaxed) }))
}

/// Of the addresses that differ in their last number.
///
/// Whoever says first that it goes keeps its port for a minute, and to find a free one the system looks at one after the
/// other of the address: one address for all visits, and soon they do little else.
fn another(from: Ipv4Addr, n: usize) -> IpAddr {
    let [a, b, c, _] = from.octets();
    Ipv4Addr::new(a, b, c, 1 + (n % 250) as u8).into()
}

async fn visit(at: SocketAddr, from: IpAddr, n: usize) -> io::Result<()> {
    let mut stream = dial(at, from).await?;
    // Leaves by a reset: a port that waits a minute after each visit would be missing soon.
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    if n.is_multiple_of(2) {
        let (mut seen, mut some) = (Vec::new(), [0; 1024]);
        while !seen.windows(15).any(|part| part == b"eventwire.hello") {
            match tokio::time::timeout(PATIENCE, stream.read(&mut some)).await?? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => seen.extend_from_slice(&some[..n]),
            }
        }
    }
    if n.is_multiple_of(4) {
        // Says that it goes, and waits for the other side to go too.
        stream.shutdown().await?;
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await?;
    }
    Ok(())
}
