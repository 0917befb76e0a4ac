//! Bytes of one event or frame. Nothing here can fail: what could break a line is refused where values are made.

use crate::{EventName, Frame, Position, Topic, flat, limits};
use std::time::Duration;

/// Begins an event: its `id:` line, the only part that depends on the hub's order.
///
/// `id: epoch-offset[.back]/topic\n` is appended to `out`.
pub fn event_prefix(position: Position, back: Option<u64>, topic: &Topic, out: &mut Vec<u8>) {
    id(position, out);
    if let Some(back) = back {
        out.push(b'.');
        flat::digits(back, |digit| out.push(digit));
    }
    out.push(b'/');
    out.extend_from_slice(topic.as_str().as_bytes());
    out.push(b'\n');
}

/// The topic of an event that [`event_prefix`] began; `None` if it did not.
///
/// ```
/// use eventwire::sse;
/// assert_eq!(sse::event_topic(b"id: k3f9x2m1q0ab-1234.5/prices.acme\nevent: tick\ndata: \"/\"\n\n"), Some("prices.acme"));
/// ```
pub fn event_topic(event: &[u8]) -> Option<&str> {
    // An id's line is short whatever else the event holds, and no other `/` comes before the topic's.
    let line = event.get(..event.len().min(limits::ID + 5))?;
    let from = line.iter().position(|byte| *byte == b'/')? + 1;
    let to = from + line[from..].iter().position(|byte| *byte == b'\n')?;
    std::str::from_utf8(&line[from..to]).ok()
}

/// Ends an event: `event: name\ndata: payload\n\n`, made once, outside any lock.
///
/// `payload` is one line of JSON, as a [`Payload`](crate::Payload) holds it. Other text can break nothing: each of its
/// lines gets a `data:` of its own, so that it arrives with CR and CRLF as LF.
///
/// ```
/// use eventwire::{EventName, sse};
/// let mut bytes = Vec::new();
/// sse::event_suffix(&EventName::parse("tick")?, r#"{"n":1}"#, &mut bytes);
/// assert_eq!(bytes, b"event: tick\ndata: {\"n\":1}\n\n");
/// # Ok::<(), eventwire::InvalidEventName>(())
/// ```
pub fn event_suffix(name: &EventName, payload: &str, out: &mut Vec<u8>) {
    out.reserve(name.as_str().len() + payload.len() + 16);
    event(name.as_str(), out);
    // Looked for one by one: the standard library searches a single byte a word at a time.
    if payload.contains('\n') || payload.contains('\r') {
        let mut lines = payload.split('\n').peekable();
        while let Some(line) = lines.next() {
            // The CR of a CRLF went with its LF; one at the very end stands for itself.
            let line = if lines.peek().is_some() { line.strip_suffix('\r').unwrap_or(line) } else { line };
            line.split('\r').for_each(|line| data(line, out));
        }
    } else {
        data(payload, out);
    }
    out.push(b'\n');
}

/// A frame of ours, with its id if it has one: `gap` and `cursor` do, the others do not.
pub fn frame(frame: &Frame, at: Option<Position>, out: &mut Vec<u8>) {
    if let Some(position) = at {
        id(position, out);
        out.push(b'\n');
    }
    event(frame.event(), out);
    data(&frame.data(), out);
    out.push(b'\n');
}

/// A `retry:` line, clamped to 1 s to 60 s, with no event of its own.
pub fn retry(after: Duration, out: &mut Vec<u8>) {
    out.extend_from_slice(b"retry: ");
    let asked = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    flat::digits(limits::retry(asked), |digit| out.push(digit));
    out.push(b'\n');
}

fn id(position: Position, out: &mut Vec<u8>) {
    out.extend_from_slice(b"id: ");
    out.extend_from_slice(&position.epoch.digits());
    out.push(b'-');
    flat::digits(position.offset.0, |digit| out.push(digit));
}

fn event(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
}

fn data(line: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}
