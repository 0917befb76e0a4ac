//! A server process as the measuring one sees it: where it listens, what it has cost, what it can be told.
//!
//! Dropping it ends it.

use super::{
    plan::{BATCH, Variant},
    serve::Run,
    tick::Tick,
};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(super) struct Server {
    process: Child,
    pub(super) address: SocketAddr,
    variant: Variant,
    topics: u32,
    /// The next event.
    next: u64,
}

/// The word that makes this program a server, before its kind and its topics.
pub(super) const SERVE: &str = "serve";
/// A server that does not say where it listens, or does not answer, is broken.
const ANSWER: Duration = Duration::from_secs(20);

impl Server {
    /// Starts one and waits until it listens.
    pub(super) fn start(variant: Variant, readers: u32) -> io::Result<Self> {
        let topics = variant.shape.topics(readers);
        let mut process = Command::new(std::env::current_exe()?)
            .args(["fanout", SERVE, variant.kind.name(), &topics.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = process.stdout.take();
        out.map(|out| BufReader::new(out).read_line(&mut line)).transpose()?;
        let address = line.trim().strip_prefix("listening ").and_then(|address| address.parse().ok());
        match address {
            Some(address) => Ok(Self { process, address, variant, topics, next: 0 }),
            None => {
                let _ = process.kill();
                let _ = process.wait();
                Err(io::Error::other(format!("the server {} did not start: it said {line:?}", variant.name())))
            }
        }
    }

    /// Nanoseconds of processor time of all its threads.
    pub(super) fn cpu(&self) -> io::Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // A thread may end between the two reads.
            let Ok(line) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
            sum += line.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Bytes of its memory: resident now, and at most ever.
    pub(super) fn memory(&self) -> io::Result<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib << 10)
        };
        Ok((field("VmRSS:"), field("VmHWM:")))
    }

    /// Events it was told to publish so far.
    pub(super) fn published(&self) -> u64 {
        self.next
    }

    /// Topics it has.
    pub(super) fn topics(&self) -> u32 {
        self.topics
    }

    pub(super) fn variant(&self) -> Variant {
        self.variant
    }

    /// Has it publish by itself; returns at once. `rate`: events a second, 0 for as fast as it goes.
    pub(super) fn run(&mut self, events: u64, rate: f64) -> io::Result<()> {
        let run = Run { first: self.next, events, rate };
        self.next += events;
        Publisher::connect(self.address)?.post("/run", &serde_json::to_vec(&run)?)
    }

    /// What publishes to it from outside, one request after the other, up to so many events.
    pub(super) fn publisher(&mut self, events: u64) -> impl FnOnce() -> io::Result<()> + Send + 'static {
        self.publishing(events, 1)
    }

    /// The same in batches.
    pub(super) fn batches(&mut self, events: u64) -> impl FnOnce() -> io::Result<()> + Send + 'static {
        self.publishing(events, u64::from(BATCH))
    }

    fn publishing(&mut self, events: u64, each: u64) -> impl FnOnce() -> io::Result<()> + Send + 'static {
        let (address, topics, first) = (self.address, self.topics, self.next);
        self.next += events;
        move || {
            let mut publisher = Publisher::connect(address)?;
            for j in (first..first + events).step_by(each as usize) {
                let upto = (j + each).min(first + events);
                let ticks: Vec<_> = (j..upto).map(|j| Tick::new(j, topics)).collect();
                publisher.post("/publish", &serde_json::to_vec(&ticks)?)?;
            }
            Ok(())
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One connection that posts.
struct Publisher {
    socket: TcpStream,
    heard: Vec<u8>,
}

impl Publisher {
    fn connect(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER))?;
        Ok(Self { socket, heard: Vec::new() })
    }

    /// Posts and waits for the answer, which must be 204.
    fn post(&mut self, path: &str, body: &[u8]) -> io::Result<()> {
        let length = body.len();
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.socket.write_all(&request)?;
        let mut piece = [0; 1 << 10];
        loop {
            if let Some(end) = memchr::memmem::find(&self.heard, b"\r\n\r\n") {
                let head: Vec<u8> = self.heard.drain(..end + 4).collect();
                if head.starts_with(b"HTTP/1.1 204") {
                    return Ok(());
                }
                let head = String::from_utf8_lossy(&head);
                return Err(io::Error::other(format!(
                    "{path} was answered {}",
                    head.lines().next().unwrap_or_default()
                )));
            }
            match self.socket.read(&mut piece)? {
                0 => return Err(io::Error::other(format!("{path} was not answered"))),
                n => self.heard.extend_from_slice(&piece[..n]),
            }
        }
    }
}
