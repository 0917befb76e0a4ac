//! One record of a store: an event and what is needed to place it again. One line of JSON, so that other languages write
//! it too.
//!
//! ```json
//! {"v":1,"epoch":"k3f9x2m1q0ab","producer":"p4x0c9f2m1ab","seq":17,"key":"order-7","time":1795255200000,
//!  "event":"orderMoved","topic":"orders.7","data":{"to":"packed"}}
//! ```
//!
//! `v`, `event`, `topic` and `data` are needed; `epoch`, `producer` with `seq`, `key` and `time` (milliseconds since
//! 1970) may be absent. Form is checked here, the schema never.

use eventwire::{Epoch, EventName, Payload, Topic};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, sync::Arc};

/// The version of the format.
const VERSION: u32 = 1;

/// One event as a store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The epoch its writer believed in.
    pub epoch: Option<Epoch>,
    /// Who wrote it, and as which of their records: how an acknowledgement without offset is found again.
    pub producer: Option<Producer>,
    /// Two records of one key within the window are one event; the second is dropped by every tail.
    pub key: Option<Box<str>>,
    /// When it was written, in milliseconds since 1970, by the writer's clock.
    pub time: u64,
    /// What it was published to.
    pub topic: Topic,
    /// Its name.
    pub name: EventName,
    /// Its payload.
    pub payload: Payload,
}

/// A writer's tag and its running number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Producer {
    /// Random, one per hub that runs.
    pub tag: Arc<str>,
    /// Rises with each record of this writer.
    pub seq: u64,
}

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRecord {
    reason: Box<str>,
}

#[derive(Deserialize)]
struct Line<'a> {
    v: u32,
    #[serde(borrow, default)]
    epoch: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    producer: Option<Cow<'a, str>>,
    #[serde(default)]
    seq: Option<u64>,
    #[serde(borrow, default)]
    key: Option<Cow<'a, str>>,
    #[serde(default)]
    time: u64,
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    topic: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Record {
    /// The record's line of JSON.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.as_str().len() + 256);
        self.encode_to(&mut out);
        out
    }

    /// Appends the record's line of JSON.
    pub(crate) fn encode_to(&self, out: &mut Vec<u8>) {
        // Written by hand: this is done for every event, in the one place where all of them wait for each other.
        number(VERSION.into(), b"{\"v\":", out);
        if let Some(epoch) = self.epoch {
            out.extend_from_slice(b",\"epoch\":\"");
            out.extend_from_slice(&epoch.digits());
            out.push(b'"');
        }
        if let Some(Producer { tag, seq }) = &self.producer {
            text(tag, b",\"producer\":", out);
            number(*seq, b",\"seq\":", out);
        }
        if let Some(key) = &self.key {
            text(key, b",\"key\":", out);
        }
        number(self.time, b",\"time\":", out);
        text(self.name.as_str(), b",\"event\":", out);
        text(self.topic.as_str(), b",\"topic\":", out);
        // A payload is one line of JSON by type; it is not read again to be written.
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(self.payload.as_str().as_bytes());
        out.push(b'}');
    }

    /// Reads a record's line.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let line: Line<'_> = serde_json::from_slice(bytes).map_err(InvalidRecord::because)?;
        if line.v != VERSION {
            return Err(InvalidRecord::because(format_args!("format version {}, this server reads {VERSION}", line.v)));
        }
        let epoch = line.epoch.as_deref().map(Epoch::parse).transpose().map_err(InvalidRecord::because)?;
        Ok(Self {
            epoch,
            producer: line.producer.map(|tag| Producer { tag: tag.into(), seq: line.seq.unwrap_or_default() }),
            key: line.key.map(Into::into),
            time: line.time,
            topic: Topic::parse(&line.topic).map_err(InvalidRecord::because)?,
            name: EventName::parse(&line.event).map_err(InvalidRecord::because)?,
            payload: Payload::parse(line.data.get()).map_err(InvalidRecord::because)?,
        })
    }
}

fn number(number: u64, after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(after);
    json(&number, out);
}

fn text(text: &str, after: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(after);
    // Nearly always it stands for itself.
    if text.bytes().fold(true, |plain, byte| plain & (byte >= b' ') & (byte != b'"') & (byte != b'\\')) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        json(text, out);
    }
}

fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Text and numbers into memory: there is nothing in here that cannot be written.
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

impl InvalidRecord {
    pub(crate) fn because(reason: impl fmt::Display) -> Self {
        Self { reason: reason.to_string().into() }
    }
}

impl fmt::Display for InvalidRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no record: {}", self.reason)
    }
}

impl std::error::Error for InvalidRecord {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<&str, &str>) {
        let got = Record::decode(line.as_bytes()).map(|record| String::from_utf8(record.encode()).unwrap());
        match (got, expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(got), Err(expected)) => assert!(got.to_string().contains(expected), "{line}: {got}"),
            (got, expected) => panic!("{line}: {got:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let line = r#"{"v":1,"epoch":"k3f9x2m1q0ab","producer":"p","seq":17,"key":"order-7\n","time":5,"event":"moved","topic":"orders.7","data":{"to":"a\nb"}}"#;
        check(line, Ok(line));
    }

    #[test]
    fn what_other_languages_leave_out_is_not_missed() {
        check(
            r#"{ "topic": "a.b", "event": "tick", "data": [1, 2], "v": 1, "more": true }"#,
            Ok(r#"{"v":1,"time":0,"event":"tick","topic":"a.b","data":[1,2]}"#),
        );
        check(
            r#"{"v":1,"topic":"a","event":"e","data":null}"#,
            Ok(r#"{"v":1,"time":0,"event":"e","topic":"a","data":null}"#),
        );
    }

    #[test]
    fn what_has_no_form_is_refused_with_the_reason() {
        check("", Err("EOF"));
        check("\u{0}\u{0}", Err("expected value"));
        check(r#"{"v":1,"topic":"a","event":"e"}"#, Err("data"));
        check(r#"{"v":2,"topic":"a","event":"e","data":1}"#, Err("version 2"));
        check(r#"{"v":1,"topic":"a b","event":"e","data":1}"#, Err("' '"));
        check(r#"{"v":1,"topic":"a","event":"error","data":1}"#, Err("reserved"));
        check(r#"{"v":1,"epoch":"x","topic":"a","event":"e","data":1}"#, Err("epoch"));
    }
}
