//! What a reader asks: `?topics=a,b.*&new=c&lastEventId=…`, to and from a query string. `docs/wire.md` section 3.

use crate::{Code, InvalidTopic, Pattern, Position, limits};
use std::fmt;

/// What a reader asks of a hub.
///
/// ```
/// use eventwire::{Request, Start};
/// let asked = Request::parse("topics=prices.acme,orders.*&theme=dark", [])?;
/// assert_eq!(asked.topics.len(), 2);
/// assert_eq!(asked.start, Start::Now);
/// assert_eq!(asked.to_query(), "topics=prices.acme,orders.*");
/// # Ok::<(), eventwire::InvalidRequest>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// Patterns the reader's position speaks for.
    pub topics: Vec<Pattern>,
    /// Patterns the reader is new to: their newest events come first. Disjoint from `topics`.
    pub new: Vec<Pattern>,
    /// Where to start.
    pub start: Start,
}

/// Where a stream starts.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Start {
    /// No position: now, after the prelude of all topics.
    #[default]
    Now,
    /// `earliest`: all that is kept.
    Earliest,
    /// After this position. `native`: it came by header, from a browser's own reconnect, so `new` gets no prelude.
    After {
        /// The claimed position.
        position: Position,
        /// Whether a `Last-Event-ID` header brought it.
        native: bool,
    },
    /// Something that is no position of ours: answered with gap `position`.
    Unreadable {
        /// Whether a `Last-Event-ID` header brought it.
        native: bool,
    },
}

/// Why a request was refused; each is a 400.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRequest {
    /// A pattern that cannot be read, as it was given (cut to 100 characters).
    Pattern(Box<str>, InvalidTopic),
    /// A pattern in both `topics` and `new`.
    Twice(Pattern),
    /// More than 100 patterns or 6 KiB of them.
    TooMany,
    /// A position over 256 bytes or not of visible ASCII.
    Position,
    /// More than one `Last-Event-ID` header, or a parameter given twice.
    Repeated(&'static str),
    /// The query is no `application/x-www-form-urlencoded` text in UTF-8.
    Query,
}

impl Request {
    /// Reads the query of a URL (without `?`) and the values of all `Last-Event-ID` headers, which win over the query.
    /// An empty position is none. Parameters not known are the app's own and ignored.
    pub fn parse<'a>(query: &str, last_event_id: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, InvalidRequest> {
        let (mut topics, mut new, mut position) = (None, None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, slot) = match &decode(name)[..] {
                b"topics" => ("topics", &mut topics),
                b"new" => ("new", &mut new),
                b"lastEventId" => ("lastEventId", &mut position),
                _ => continue,
            };
            if slot.replace(decode(value)).is_some() {
                return Err(InvalidRequest::Repeated(name));
            }
        }
        let (topics, new) = (topics.unwrap_or_default(), new.unwrap_or_default());
        if topics.len() + new.len() > limits::PATTERN_BYTES {
            return Err(InvalidRequest::TooMany);
        }
        let (topics, new) = (patterns(&topics)?, patterns(&new)?);
        if topics.len() + new.len() > limits::PATTERNS {
            return Err(InvalidRequest::TooMany);
        }
        if let Some(both) = new.iter().find(|pattern| topics.contains(pattern)) {
            return Err(InvalidRequest::Twice(both.clone()));
        }
        let mut headers = last_event_id.into_iter();
        let header = headers.next().unwrap_or_default().trim_ascii();
        if headers.next().is_some() {
            return Err(InvalidRequest::Repeated("Last-Event-ID"));
        }
        let start = match header {
            b"" => start(&position.unwrap_or_default(), false)?,
            header => start(header, true)?,
        };
        Ok(Self { topics, new, start })
    }

    /// Writes the query of a URL (without `?`), empty if nothing is asked. A position always goes by query here.
    ///
    /// No character of a pattern or a position needs percent-encoding in a query.
    pub fn to_query(&self) -> String {
        let [topics, new] = [&self.topics, &self.new].map(|patterns| {
            let mut list = String::new();
            patterns.iter().for_each(|pattern| pattern.push_to(&mut list));
            list
        });
        Self::query(&topics, &new, &self.start)
    }

    /// The query that asks for these: lists as [`Pattern::push_to`] makes them, empty for none.
    pub fn query(topics: &str, new: &str, start: &Start) -> String {
        let mut position = String::new();
        match start {
            Start::Now => {}
            Start::Earliest => position.push_str("earliest"),
            Start::After { position: after, .. } => after.push_to(&mut position),
            // What was claimed is gone; that it was unreadable is not.
            Start::Unreadable { .. } => position.push('-'),
        }
        let mut query = String::new();
        for (name, value) in [("topics", topics), ("new", new), ("lastEventId", &position)] {
            if value.is_empty() {
                continue;
            }
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            query.push('=');
            query.push_str(value);
        }
        query
    }
}

impl InvalidRequest {
    /// The code of the refusal.
    pub const fn code(&self) -> Code {
        Code::BadRequest
    }
}

/// Undoes `application/x-www-form-urlencoded` as the URL standard does: `+` is a space, a `%` without two hex digits
/// is itself.
fn decode(raw: &str) -> Vec<u8> {
    let hex = |at: usize| raw.as_bytes().get(at).and_then(|b| (*b as char).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(raw.len()), 0);
    while let Some(byte) = raw.as_bytes().get(at) {
        let (byte, length) = match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            (b'+', ..) => (b' ', 1),
            (byte, ..) => (*byte, 1),
        };
        out.push(byte);
        at += length;
    }
    out
}

/// A list of patterns, each kept once.
fn patterns(raw: &[u8]) -> Result<Vec<Pattern>, InvalidRequest> {
    let raw = std::str::from_utf8(raw).map_err(|_| InvalidRequest::Query)?;
    let mut patterns = Vec::new();
    if raw.is_empty() {
        return Ok(patterns);
    }
    for (n, raw) in raw.split(',').enumerate() {
        // Also the bound of the search below.
        if n == limits::PATTERNS {
            return Err(InvalidRequest::TooMany);
        }
        let pattern = Pattern::parse(raw)
            .map_err(|reason| InvalidRequest::Pattern(raw.chars().take(100).collect::<String>().into(), reason))?;
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    Ok(patterns)
}

fn start(claim: &[u8], native: bool) -> Result<Start, InvalidRequest> {
    if claim.len() > limits::CLAIM || !claim.iter().all(u8::is_ascii_graphic) {
        return Err(InvalidRequest::Position);
    }
    let claim = std::str::from_utf8(claim).map_err(|_| InvalidRequest::Position)?;
    Ok(match claim {
        "" => Start::Now,
        "earliest" => Start::Earliest,
        _ => match Position::parse(claim) {
            Ok(position) => Start::After { position, native },
            Err(_) => Start::Unreadable { native },
        },
    })
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pattern(raw, reason) => write!(f, "the pattern {raw:?} cannot be read: {reason}"),
            Self::Twice(pattern) => {
                write!(f, "`{pattern}` is in `topics` and in `new`; name it in one of them")
            }
            Self::TooMany => write!(
                f,
                "more than {} patterns, or more than {} bytes of them; ask for a wildcard pattern, or open a second stream",
                limits::PATTERNS,
                limits::PATTERN_BYTES
            ),
            Self::Position => write!(
                f,
                "a position has at most {} bytes of visible ASCII; send back the `id:` of an event as it came, or nothing",
                limits::CLAIM
            ),
            Self::Repeated(name) => write!(f, "`{name}` is given more than once; send it once"),
            Self::Query => f.write_str("`topics` and `new` are percent-encoded UTF-8; encode the query again"),
        }
    }
}

impl std::error::Error for InvalidRequest {}
