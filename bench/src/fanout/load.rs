//! The readers: thousands of streams in one thread, each event of each checked for its number, its topic and its bytes.
//!
//! Counts what is wrong and goes on; whoever asks decides what that means.

use super::{
    chunks::Chunks,
    plan::Shape,
    tick::{self, NAME},
};
use memchr::memmem;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use std::{
    io::{self, ErrorKind::WouldBlock, Read, Write},
    net::SocketAddr,
    time::{Duration, Instant},
};

/// Everyone who reads from one server.
pub(super) struct Readers {
    poll: Poll,
    events: Events,
    all: Vec<Reader>,
    piece: Vec<u8>,
    tally: Tally,
    shape: Shape,
    topics: u32,
}

/// What came.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Streams that have begun.
    begun: u32,
    pub(super) delivered: u64,
    /// Events that are not the next of their topic, are not whole, or belong to another reader; streams that ended.
    pub(super) wrong: u64,
    /// Microseconds from publishing to reading.
    pub(super) delays: Vec<u32>,
}

struct Reader {
    socket: TcpStream,
    asked: bool,
    begun: bool,
    head: bool,
    over: bool,
    chunks: Chunks,
    /// The beginning of a block whose end has not come.
    rest: Vec<u8>,
    /// The first of its topics.
    first: u32,
    /// Of each of its topics, the number that comes next.
    next: Vec<u32>,
}

/// Streams that are opened at once: fewer than any server's queue of connections holds.
const AT_ONCE: usize = 100;

impl Readers {
    /// Opens all streams and waits until each has begun.
    pub(super) fn open(address: SocketAddr, shape: Shape, readers: u32, patience: Duration) -> io::Result<Self> {
        let mut this = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(2_048),
            all: Vec::with_capacity(readers as usize),
            piece: vec![0; 256 << 10],
            tally: Tally::default(),
            shape,
            topics: shape.topics(readers),
        };
        while this.all.len() < readers as usize {
            for _ in 0..AT_ONCE.min(readers as usize - this.all.len()) {
                let i = this.all.len() as u32;
                let mut socket = TcpStream::connect(address)?;
                let both = Interest::READABLE | Interest::WRITABLE;
                this.poll.registry().register(&mut socket, Token(i as usize), both)?;
                this.all.push(Reader {
                    socket,
                    asked: false,
                    begun: false,
                    head: false,
                    over: false,
                    chunks: Chunks::Begin,
                    rest: Vec::new(),
                    first: shape.first(readers, i),
                    next: vec![0; shape.each() as usize],
                });
            }
            let deadline = Instant::now() + patience;
            while (this.tally.begun as usize) < this.all.len() {
                this.pump(Duration::from_millis(50))?;
                if Instant::now() > deadline || this.tally.wrong > 0 {
                    let (begun, wanted, wrong) = (this.tally.begun, this.all.len(), this.tally.wrong);
                    return Err(io::Error::other(format!(
                        "{begun} of {wanted} streams have begun, {wrong} went wrong"
                    )));
                }
            }
        }
        Ok(this)
    }

    /// Reads on for so long.
    pub(super) fn rest(&mut self, time: Duration) -> io::Result<()> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.pump(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// Reads until so many events have come, or nothing has come for that long.
    pub(super) fn read(&mut self, events: u64, patience: Duration) -> io::Result<()> {
        let mut last = (self.tally.delivered, Instant::now());
        while self.tally.delivered < events && last.1.elapsed() < patience {
            self.pump(Duration::from_millis(50))?;
            if self.tally.delivered > last.0 {
                last = (self.tally.delivered, Instant::now());
            }
        }
        Ok(())
    }

    /// What came since the last call.
    pub(super) fn take(&mut self) -> Tally {
        std::mem::take(&mut self.tally)
    }

    /// How many of these events concern each reader, summed up.
    pub(super) fn owed(&self, first: u64, events: u64) -> u64 {
        let topics = u64::from(self.topics);
        // Of topic t, those of `first..first + events` that are t modulo the topics.
        let upto = |end: u64, topic: u64| end / topics + u64::from(end % topics > topic);
        let of = |topic: u32| upto(first + events, topic.into()) - upto(first, topic.into());
        let each = self.shape.each();
        let owed = |reader: &Reader| (0..each).map(|i| of((reader.first + i) % self.topics)).sum::<u64>();
        self.all.iter().map(owed).sum()
    }

    fn pump(&mut self, patience: Duration) -> io::Result<()> {
        if let Err(error) = self.poll.poll(&mut self.events, Some(patience)) {
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        for event in &self.events {
            let reader = &mut self.all[event.token().0];
            if reader.over {
                continue;
            }
            if event.is_writable() && !reader.asked {
                reader.asked = true;
                let request = request(reader.first, self.shape, self.topics);
                // The first words on a socket always fit.
                reader.over |= reader.socket.write_all(request.as_bytes()).is_err();
            }
            if event.is_readable() {
                reader.hear(&mut self.piece, event.is_read_closed(), self.topics, &mut self.tally);
            }
            if reader.over {
                self.tally.wrong += 1;
            }
        }
        Ok(())
    }
}

fn request(first: u32, shape: Shape, topics: u32) -> String {
    let list: Vec<_> = (0..shape.each()).map(|i| format!("t{}", (first + i) % topics)).collect();
    let list = list.join(",");
    format!("GET /events?topics={list} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n")
}

impl Reader {
    fn hear(&mut self, piece: &mut [u8], closed: bool, topics: u32, tally: &mut Tally) {
        loop {
            match self.socket.read(piece) {
                Ok(0) => self.over = true,
                Ok(n) => {
                    self.take(&piece[..n], tick::now(), topics, tally);
                    // A short read says that nothing is left, unless an end comes behind it, which is told only once.
                    if n < piece.len() && !closed {
                        return;
                    }
                }
                Err(error) if error.kind() == WouldBlock => return,
                Err(_) => self.over = true,
            }
            if self.over {
                return;
            }
        }
    }

    fn take(&mut self, bytes: &[u8], now: u32, topics: u32, tally: &mut Tally) {
        let mut bytes = bytes;
        let head;
        if !self.head {
            self.rest.extend_from_slice(bytes);
            let Some(end) = memmem::find(&self.rest, b"\r\n\r\n") else { return };
            head = std::mem::take(&mut self.rest);
            if !is_stream(&head[..end]) {
                self.over = true;
                return;
            }
            self.head = true;
            bytes = &head[end + 4..];
            // The hub says hello before anything else; the others say nothing before the first event.
            if memmem::find(&head[..end], b"x-accel-buffering").is_none() {
                self.begin(tally);
            }
        }
        while !bytes.is_empty() {
            match self.chunks.next(&mut bytes) {
                Ok(body) => self.body(body, now, topics, tally),
                Err(_) => {
                    self.over = true;
                    return;
                }
            }
        }
    }

    fn body(&mut self, mut body: &[u8], now: u32, topics: u32, tally: &mut Tally) {
        if !self.rest.is_empty() {
            // The blank line may be cut in two: what was there ends with its first half at most.
            let known = self.rest.len() - 1;
            self.rest.extend_from_slice(body);
            let Some(end) = memmem::find(&self.rest[known..], b"\n\n").map(|end| known + end) else { return };
            let rest = std::mem::take(&mut self.rest);
            self.block(&rest[..end], now, topics, tally);
            body = &body[body.len() - (rest.len() - end - 2)..];
        }
        while let Some(end) = memmem::find(body, b"\n\n") {
            self.block(&body[..end], now, topics, tally);
            body = &body[end + 2..];
        }
        self.rest.extend_from_slice(body);
    }

    fn block(&mut self, block: &[u8], now: u32, topics: u32, tally: &mut Tally) {
        let (mut name, mut data) = (&b""[..], &b""[..]);
        for line in block.split(|&byte| byte == b'\n') {
            if let Some(value) = line.strip_prefix(b"data: ") {
                data = value;
            } else if let Some(value) = line.strip_prefix(b"event: ") {
                name = value;
            }
        }
        if name == NAME.as_bytes() {
            let place = tick::read(data).map(|seen| ((seen.topic + topics - self.first) % topics, seen));
            let Some((i, seen)) = place.filter(|(i, _)| (*i as usize) < self.next.len()) else {
                tally.wrong += 1;
                return;
            };
            let next = &mut self.next[i as usize];
            tally.wrong += u64::from(seen.n != *next);
            *next = seen.n + 1;
            tally.delivered += 1;
            tally.delays.push(now.wrapping_sub(seen.at));
        } else if name == b"eventwire.hello" {
            self.begin(tally);
        } else if name != b"eventwire.cursor" {
            // A gap, a bye, or what nobody knows: nothing here may be lost.
            tally.wrong += 1;
        }
    }

    fn begin(&mut self, tally: &mut Tally) {
        if !std::mem::replace(&mut self.begun, true) {
            tally.begun += 1;
        }
    }
}

fn is_stream(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.starts_with("http/1.1 200")
        && head.contains("text/event-stream")
        && head.contains("transfer-encoding: chunked")
}
