//! A reader of few manners: writes the bytes it is told, reads a head, a body and the events in it.
//!
//! Never gives up early and never waits for ever: what does not come within a generous time is a failed test.

use eventwire::sse::Decoder;
use std::{collections::VecDeque, fmt::Write, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// After this the test has failed, not the server been slow.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

/// Runs until `done`, or fails the test naming what it waited for.
pub(crate) async fn eventually<T>(what: &str, done: impl Future<Output = T>) -> T {
    tokio::time::timeout(GENEROUS, done).await.unwrap_or_else(|_| panic!("did not come: {what}"))
}

/// Looks again and again until `reached`.
pub(crate) async fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let looking = async {
        while !reached() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    eventually(what, looking).await;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: serde_json::Value,
    pub(crate) id: String,
}

impl Event {
    /// Whether it says only that time has passed.
    fn is_beat(&self) -> bool {
        self.name == "eventwire.cursor" && self.data["kind"] == "beat"
    }
}

/// A response as it comes.
pub(crate) struct Reply {
    socket: TcpStream,
    pub(crate) status: u16,
    /// Names in lower case, sorted.
    pub(crate) headers: Vec<(String, String)>,
    /// Bytes received and not yet taken.
    raw: Vec<u8>,
    framing: Framing,
    decoder: Decoder,
    events: VecDeque<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    None,
    Length(usize),
    Chunked,
    Close,
}

/// Why no more events came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The body was ended.
    Clean,
    /// The connection was cut.
    Cut,
}

/// `GET target` with these headers, each written as it is.
pub(crate) async fn get(at: SocketAddr, target: &str, headers: &[(&str, &[u8])]) -> Reply {
    ask(at, "GET", target, headers).await
}

pub(crate) async fn ask(at: SocketAddr, method: &str, target: &str, headers: &[(&str, &[u8])]) -> Reply {
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {at}\r\n").into_bytes();
    for (name, value) in headers {
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value);
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let mut socket = TcpStream::connect(at).await.expect("the server listens");
    // A server that refuses a long head may close before it has read all of it.
    let _ = socket.write_all(&head).await;
    eventually("a response's head", Reply::read(socket, method == "HEAD")).await
}

impl Reply {
    async fn read(mut socket: TcpStream, head_only: bool) -> Self {
        let mut raw = Vec::new();
        let end = loop {
            if let Some(at) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break at;
            }
            let read = socket.read_buf(&mut raw).await.expect("a response's head");
            assert_ne!(read, 0, "closed before a status line; so far {:?}", String::from_utf8_lossy(&raw));
        };
        let head = String::from_utf8(raw[..end].to_vec()).expect("a head in ASCII");
        raw.drain(..end + 4);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let mut headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        headers.sort();
        let mut reply = Self {
            socket,
            status: status.expect("a status"),
            headers,
            raw,
            framing: Framing::None,
            decoder: Decoder::new(eventwire::limits::LINE),
            events: VecDeque::new(),
        };
        reply.framing = if head_only || matches!(reply.status, 204 | 304) {
            Framing::None
        } else if reply.header("transfer-encoding") == Some("chunked") {
            Framing::Chunked
        } else if let Some(length) = reply.header("content-length") {
            Framing::Length(length.parse().expect("a length"))
        } else {
            Framing::Close
        };
        reply
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    /// A body with an end, as JSON.
    pub(crate) async fn json(mut self) -> serde_json::Value {
        let mut all = Vec::new();
        while let Ok(some) = eventually("the rest of a body", self.piece()).await {
            all.extend_from_slice(&some);
        }
        serde_json::from_slice(&all).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&all)))
    }

    /// The next event, ours included, or why there is none.
    pub(crate) async fn next(&mut self) -> Result<Event, End> {
        eventually("an event", async {
            loop {
                if let Some(event) = self.events.pop_front() {
                    return Ok(event);
                }
                let piece = self.piece().await?;
                let events = &mut self.events;
                let keep = |block: eventwire::sse::Block<'_>| {
                    events.push_back(Event {
                        name: block.event.to_owned(),
                        data: serde_json::from_str(block.data).expect("data is JSON"),
                        id: block.id.to_owned(),
                    });
                };
                self.decoder.push(&piece, keep).expect("lines of bounded length");
            }
        })
        .await
    }

    /// The next event that must come and must be called this. Heartbeats come where a machine is slow, and are passed
    /// over.
    pub(crate) async fn expect(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|end| panic!("{end:?} instead of {name}"));
            if event.name == name {
                return event;
            }
            assert!(event.is_beat(), "not {name}: {event:?}");
        }
    }

    /// Everything but heartbeats up to and with the next event of this name, one line each: name, then what tells it apart.
    pub(crate) async fn story_until(&mut self, last: &str) -> String {
        let mut story = String::new();
        loop {
            let event = self.next().await.unwrap_or_else(|end| panic!("{end:?} before {last}; so far:\n{story}"));
            if event.is_beat() {
                continue;
            }
            let told = match event.name.as_str() {
                "eventwire.hello" => event.data["topics"].to_string(),
                "eventwire.gap" | "eventwire.bye" => event.data["reason"].to_string(),
                "eventwire.cursor" => event.data["kind"].to_string(),
                _ => event.data.to_string(),
            };
            let name = event.name.trim_start_matches("eventwire.");
            let _ = writeln!(story, "{name} {told}");
            if name == last || format!("{name} {told}") == last {
                return story;
            }
        }
    }

    /// Reads to the end, whatever comes.
    pub(crate) async fn end(&mut self) -> End {
        loop {
            if let Err(end) = self.next().await {
                return end;
            }
        }
    }

    /// How a body that is no stream of events ends.
    pub(crate) async fn cut(&mut self) -> End {
        loop {
            if let Err(end) = eventually("the end of a body", self.piece()).await {
                return end;
            }
        }
    }

    /// Bytes of the body.
    async fn piece(&mut self) -> Result<Vec<u8>, End> {
        loop {
            match self.framing {
                Framing::None | Framing::Length(0) => return Err(End::Clean),
                Framing::Length(left) if !self.raw.is_empty() => {
                    let taken = left.min(self.raw.len());
                    self.framing = Framing::Length(left - taken);
                    return Ok(self.raw.drain(..taken).collect());
                }
                Framing::Close if !self.raw.is_empty() => return Ok(std::mem::take(&mut self.raw)),
                Framing::Chunked => {
                    if let Some(chunk) = self.chunk() {
                        if chunk.is_empty() {
                            self.framing = Framing::None;
                            continue;
                        }
                        return Ok(chunk);
                    }
                }
                Framing::Length(_) | Framing::Close => {}
            }
            match self.socket.read_buf(&mut self.raw).await {
                Ok(0) if self.framing == Framing::Close => return Err(End::Clean),
                Ok(0) | Err(_) => return Err(End::Cut),
                Ok(_) => {}
            }
        }
    }

    /// A whole chunk, if it is here. Trailers are never sent to us.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.raw.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&self.raw[..line]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.expect("a chunk's size");
        let whole = line + 2 + size + 2;
        if self.raw.len() < whole {
            return None;
        }
        let chunk = self.raw[line + 2..line + 2 + size].to_vec();
        self.raw.drain(..whole);
        Some(chunk)
    }
}
