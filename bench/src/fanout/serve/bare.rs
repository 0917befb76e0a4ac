//! The bare write loop: one thread, and for each reader one `write` of all it has not been sent. No router, no resume,
//! no heartbeat; the least that any server must do, to measure the others against.

use super::{asked, run::Run};
use crate::fanout::tick::{NAME, Tick};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use std::{
    io::{self, ErrorKind::WouldBlock, Read, Write},
    iter::Peekable,
    net::SocketAddr,
    time::{Duration, Instant},
};

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\ntransfer-encoding: chunked\r\n\r\n";
const DONE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const DOOR: Token = Token(usize::MAX);
/// Requests of the benchmark are far below; more is nonsense.
const LONGEST: usize = 1 << 20;

struct Peer {
    socket: TcpStream,
    /// Of a request that is not whole yet.
    heard: Vec<u8>,
    topic: Option<usize>,
    /// How much of its topic it was sent.
    sent: usize,
}

/// A topic's events as chunks since everyone had everything, and who follows it.
#[derive(Default)]
struct Lane {
    chunks: Vec<u8>,
    readers: Vec<usize>,
    /// Readers whose socket is full.
    blocked: usize,
}

struct Server {
    peers: Vec<Option<Peer>>,
    lanes: Vec<Lane>,
    /// Lanes with news.
    fresh: Vec<usize>,
    /// Since when, and what is left.
    runs: Vec<(Instant, Peekable<Due>)>,
}

/// Events, and when each is due.
type Due = Box<dyn Iterator<Item = (u64, Option<Duration>)>>;

pub(super) fn run(topics: u32, ready: impl FnOnce(SocketAddr) -> io::Result<()>) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    poll.registry().register(&mut listener, DOOR, Interest::READABLE)?;
    let lanes = (0..topics).map(|_| Lane::default()).collect();
    let mut server = Server { peers: Vec::new(), lanes, fresh: Vec::new(), runs: Vec::new() };
    ready(listener.local_addr()?)?;
    let mut events = Events::with_capacity(1_024);
    loop {
        if let Err(error) = poll.poll(&mut events, server.publish())
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error);
        }
        for event in &events {
            match event.token() {
                DOOR => server.accept(&listener, &poll)?,
                Token(i) => {
                    if event.is_readable() {
                        server.hear(i);
                    }
                    if event.is_writable() {
                        server.send(i);
                    }
                }
            }
        }
        server.write();
    }
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let token = Token(self.peers.len());
            poll.registry().register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
            self.peers.push(Some(Peer { socket, heard: Vec::new(), topic: None, sent: 0 }));
        }
    }

    fn hear(&mut self, i: usize) {
        let mut piece = [0; 16 << 10];
        while let Some(peer) = &mut self.peers[i] {
            match peer.socket.read(&mut piece) {
                Ok(n) if n > 0 && peer.heard.len() < LONGEST => peer.heard.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() == WouldBlock => break,
                _ => return self.leave(i),
            }
            if let Some((line, body, length)) = request(&peer.heard) {
                let (line, body) = (line.to_owned(), body.to_vec());
                peer.heard.drain(..length);
                self.answer(i, &line, &body);
            }
        }
    }

    fn answer(&mut self, i: usize, line: &str, body: &[u8]) {
        let Some(peer) = &mut self.peers[i] else { return };
        let path = line.split(' ').nth(1).unwrap_or_default();
        let words = match path.split_once('?') {
            Some(("/events", query)) => {
                peer.topic = asked(query).next().filter(|&topic| topic < self.lanes.len());
                if let Some(topic) = peer.topic {
                    let lane = &mut self.lanes[topic];
                    peer.sent = lane.chunks.len();
                    lane.readers.push(i);
                }
                // Nothing of a request is left: a reader costs no more than its socket.
                peer.heard = Vec::new();
                HEAD
            }
            _ => DONE,
        };
        if peer.socket.write_all(words).is_err() {
            return self.leave(i);
        }
        match path {
            "/publish" => {
                let ticks: Vec<Tick> = serde_json::from_slice(body).unwrap_or_default();
                ticks.iter().for_each(|tick| self.take(tick));
            }
            "/run" => {
                if let Ok(run) = serde_json::from_slice::<Run>(body) {
                    let events: Due = Box::new(run.events());
                    self.runs.push((Instant::now(), events.peekable()));
                }
            }
            _ => {}
        }
    }

    /// Publishes what is due. Says how long there is nothing to do.
    fn publish(&mut self) -> Option<Duration> {
        let topics = self.lanes.len() as u32;
        let mut runs = std::mem::take(&mut self.runs);
        let mut rest = None;
        runs.retain_mut(|(begin, events)| {
            let past = begin.elapsed();
            while let Some((j, _)) = events.next_if(|(_, due)| due.is_none_or(|due| due <= past)) {
                self.take(&Tick::new(j, topics));
            }
            let next = events.peek().map(|(_, due)| due.unwrap_or_default().saturating_sub(past));
            rest = [rest, next].into_iter().flatten().min();
            next.is_some()
        });
        self.runs = runs;
        self.write();
        rest
    }

    fn take(&mut self, tick: &Tick) {
        let lane = &mut self.lanes[tick.topic as usize];
        let json = serde_json::to_string(tick).expect("numbers and text are JSON");
        let frame = format!("id: {}\nevent: {NAME}\ndata: {json}\n\n", tick.n);
        if lane.chunks.is_empty() {
            self.fresh.push(tick.topic as usize);
        }
        lane.chunks.extend_from_slice(format!("{:x}\r\n{frame}\r\n", frame.len()).as_bytes());
    }

    /// Everyone's news.
    fn write(&mut self) {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.retain(|&topic| {
            let readers = std::mem::take(&mut self.lanes[topic].readers);
            readers.iter().for_each(|&i| self.send(i));
            let (peers, lane) = (&self.peers, &mut self.lanes[topic]);
            lane.readers = readers;
            lane.readers.retain(|&i| peers[i].is_some());
            let length = lane.chunks.len();
            lane.blocked = lane.readers.iter().filter(|&&i| peers[i].as_ref().is_some_and(|p| p.sent < length)).count();
            if lane.blocked == 0 {
                lane.chunks = Vec::new();
                for &i in &lane.readers {
                    self.peers[i].as_mut().into_iter().for_each(|peer| peer.sent = 0);
                }
            }
            lane.blocked > 0
        });
        self.fresh.append(&mut fresh);
    }

    fn send(&mut self, i: usize) {
        let Some(peer) = &mut self.peers[i] else { return };
        let Some(topic) = peer.topic else { return };
        let chunks = &self.lanes[topic].chunks;
        while peer.sent < chunks.len() {
            match peer.socket.write(&chunks[peer.sent..]) {
                Ok(n) => peer.sent += n,
                Err(error) if error.kind() == WouldBlock => return,
                Err(_) => return self.leave(i),
            }
        }
    }

    fn leave(&mut self, i: usize) {
        self.peers[i] = None;
    }
}

/// A whole request: its first line, its body, its length.
fn request(heard: &[u8]) -> Option<(&str, &[u8], usize)> {
    let end = memchr::memmem::find(heard, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&heard[..end]).ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = end + 4 + length.map_or(0, |length| length.parse().unwrap_or(LONGEST));
    Some((head.lines().next()?, heard.get(end + 4..whole)?, whole))
}
