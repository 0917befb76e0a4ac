//! Blocks out of bytes, by the WHATWG standard, on any chunking.
//!
//! Knows fields and lines. Knows nothing of our frames, of ids that mean something, or of when to come back.

use crate::limits;
use std::{mem, time::Duration};

/// What one blank line completes; with [`Decoder::with_comments`] also one comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The event's type; `message` if none was given. Empty: a comment, with its text as data.
    pub event: &'a str,
    /// The data, lines joined by LF.
    pub data: &'a str,
    /// The last event ID in force.
    pub id: &'a str,
}

/// A line, or the data of one block, was longer than the decoder's bound; nothing after it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// The bound, in bytes.
    pub limit: usize,
}

/// An incremental decoder. Holds at most one line and one block, both bounded. Dropping it forgets half a block, as
/// the standard wants.
///
/// ```
/// use eventwire::{limits, sse::Decoder};
/// let mut decoder = Decoder::new(limits::LINE);
/// let mut seen = Vec::new();
/// for chunk in ["id: 7\neve", "nt: tick\nda", "ta: 1\n", "\n"] {
///     decoder.push(chunk.as_bytes(), |block| seen.push((block.event.to_owned(), block.data.to_owned())))?;
/// }
/// assert_eq!(seen, [("tick".to_owned(), "1".to_owned())]);
/// assert_eq!(decoder.last_event_id(), "7");
/// # Ok::<(), eventwire::sse::LineTooLong>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    /// The beginning of a line whose end has not come.
    line: Vec<u8>,
    /// Nothing was read yet: a byte order mark may come.
    first: bool,
    /// The last byte was CR: an LF that comes now belongs to it.
    cr: bool,
    /// A line was too long.
    broken: bool,
    /// Comments are handed over too.
    comments: bool,
    event: String,
    /// Every line of data with an LF behind it.
    data: String,
    /// The standard's "last event ID buffer": what an `id:` line set, in force with the next blank line.
    next_id: String,
    id: String,
    retry: Option<Duration>,
}

impl Decoder {
    /// A decoder that refuses lines, and data of one block, over `limit` bytes (see [`crate::limits::LINE`]).
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            first: true,
            cr: false,
            broken: false,
            comments: false,
            event: String::new(),
            data: String::new(),
            next_id: String::new(),
            id: String::new(),
            retry: None,
        }
    }

    /// Hands over comments as well, each when its line ends.
    pub fn with_comments(mut self) -> Self {
        self.comments = true;
        self
    }

    /// Goes on with the last event ID of the connection before.
    pub fn with_id(mut self, id: &str) -> Self {
        self.id = id.into();
        self.next_id = id.into();
        self
    }

    /// Takes the next bytes and hands every block they complete to `each`, in order. After an error every further
    /// call is the same error.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Block<'_>)) -> Result<(), LineTooLong> {
        loop {
            if self.broken {
                return Err(LineTooLong { limit: self.limit });
            }
            if mem::take(&mut self.cr) {
                match bytes.first() {
                    Some(b'\n') => bytes = &bytes[1..],
                    Some(_) => {}
                    None => self.cr = true, // an empty chunk tells nothing
                }
            }
            let end = line_end(bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + part.len() > self.limit {
                self.broken = true;
                continue;
            }
            let Some(end) = end else {
                self.line.extend_from_slice(part);
                return Ok(());
            };
            self.cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            if self.line.is_empty() {
                self.take_line(part, &mut each);
            } else {
                let mut line = mem::take(&mut self.line);
                line.extend_from_slice(part);
                self.take_line(&line, &mut each);
                line.clear();
                self.line = line; // its room is used again
            }
        }
    }

    /// The last event ID as of the last completed block.
    pub fn last_event_id(&self) -> &str {
        &self.id
    }

    /// The reconnection time that a `retry:` line set, if any did: 1 s to 60 s, whatever was asked.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn take_line(&mut self, mut line: &[u8], each: &mut impl FnMut(Block<'_>)) {
        if mem::take(&mut self.first) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return self.end_block(each);
        }
        let (field, value) = match line.iter().position(|b| *b == b':') {
            Some(colon) => {
                let value = &line[colon + 1..];
                (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
            }
            None => (line, &[][..]),
        };
        match field {
            b"data" => {
                // As it is held: what is no UTF-8 takes more room there than in the stream.
                let value = String::from_utf8_lossy(value);
                if self.data.len() + value.len() > self.limit {
                    self.broken = true;
                    return;
                }
                self.data += &value;
                self.data.push('\n');
            }
            b"event" => set(&mut self.event, value),
            b"id" if !value.contains(&0) => set(&mut self.next_id, value),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let asked =
                    value.iter().fold(0u64, |ms, digit| ms.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
                self.retry = Some(Duration::from_millis(limits::retry(asked)));
            }
            b"" if self.comments => each(Block { event: "", data: &String::from_utf8_lossy(value), id: &self.id }),
            _ => {} // a comment, a field the standard does not know, an id with NUL, a retry that is no number
        }
    }

    fn end_block(&mut self, each: &mut impl FnMut(Block<'_>)) {
        self.id.clone_from(&self.next_id);
        // Every line of data left an LF; the last one is not part of it. None at all: no event.
        if self.data.pop().is_some() {
            let event = if self.event.is_empty() { "message" } else { &self.event };
            each(Block { event, data: &self.data, id: &self.id });
            self.data.clear();
        }
        self.event.clear();
    }
}

/// Where the first LF or CR is. Eight bytes at a time: most of a stream is no end of a line.
fn line_end(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    // The lowest bit set of what comes back is of the first byte that is zero; above it may be false ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let (words, rest) = bytes.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * 10)) | zeros(word ^ (ONES * 13));
        if found != 0 {
            return Some(n * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    Some(bytes.len() - rest.len() + found)
}

fn set(field: &mut String, value: &[u8]) {
    field.clear();
    field.push_str(&String::from_utf8_lossy(value));
}

impl std::fmt::Display for LineTooLong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "a line of the stream, or the data of one event, is longer than {} bytes; drop this connection, and let the publisher put large things behind a URL",
            self.limit
        )
    }
}

impl std::error::Error for LineTooLong {}
