//! The hub as an app uses it, over memory, over a store that misbehaves, and over a disk folder: what publishing answers
//! and what a reader is then shown.

mod accepting;
mod keys;
mod making;
#[cfg(feature = "disk")]
mod restart;
mod scale;
mod stores;

use super::{Builder, Hub, PublishError, join::Join};
use crate::store::{
    Record,
    scripted::{Next, Scripted},
    suite,
};
use eventwire::{Offset, Pattern, Position, Start, limits, sse::Decoder};
use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Long enough for any machine; nothing is measured.
const SOON: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
enum Test {
    Tick { n: u32 },
    Text(String),
}

fn tick(n: u32) -> Test {
    Test::Tick { n }
}

fn builder() -> Builder<Test> {
    Hub::builder().latest("latest.*")
}

async fn memory() -> Hub<Test> {
    builder().build().await.unwrap()
}

async fn scripted() -> (Hub<Test>, Scripted) {
    let store = Scripted::new();
    (builder().store(store.clone()).build().await.unwrap(), store)
}

/// A reader inside the process: what it is shown, one line per event or frame.
struct Page {
    reader: super::seat::Reader,
    decoder: Decoder,
    lines: VecDeque<String>,
}

impl Page {
    /// Reads everything that is kept and everything that comes.
    fn of(hub: &Hub<Test>) -> Self {
        Self::from(hub, Start::Earliest)
    }

    fn from(hub: &Hub<Test>, start: Start) -> Self {
        Self::granted(hub, start, vec![Pattern::all()])
    }

    fn granted(hub: &Hub<Test>, start: Start, granted: Vec<Pattern>) -> Self {
        let order = Join { granted, new: Vec::new(), denied: Vec::new(), start, principal: None, until: None };
        Self { reader: hub.core().join(order), decoder: Decoder::new(limits::LINE), lines: VecDeque::new() }
    }

    /// The next event or frame: `tick {"n":1} @1` with its offset, `gap epoch @0`. Cursors and hello are passed over.
    async fn next(&mut self) -> String {
        // Over all: heartbeats are no news.
        let give_up = Instant::now() + SOON;
        loop {
            if let Some(line) = self.lines.pop_front() {
                return line;
            }
            let bytes = timeout_at(give_up, self.reader.next()).await.expect("the stream goes on");
            let bytes = bytes.expect("the stream lives").expect("the reader reads");
            let lines = &mut self.lines;
            let read = self.decoder.push(&bytes, |block| match block.event {
                "eventwire.hello" | "eventwire.cursor" | "eventwire.names" => {}
                event => {
                    let event = event.strip_prefix("eventwire.").unwrap_or(event);
                    let data: serde_json::Value = serde_json::from_str(block.data).unwrap();
                    let said = data.get("reason").filter(|_| event == "gap" || event == "bye");
                    let said = said.and_then(|reason| reason.as_str()).unwrap_or(block.data);
                    let at = Position::parse(block.id).map_or(0, |position| position.offset.0);
                    lines.push_back(format!("{event} {said} @{at}"));
                }
            });
            read.unwrap();
        }
    }

    /// The next line with this end, passing over others.
    async fn until(&mut self, end: &str) -> String {
        loop {
            let line = self.next().await;
            if line.ends_with(end) {
                return line;
            }
        }
    }

    async fn shows(&mut self, expected: &[&str]) {
        for (n, expected) in expected.iter().enumerate() {
            assert_eq!(self.next().await, *expected, "line {n}");
        }
    }
}

fn at(hub: &Hub<Test>, offset: u64) -> Position {
    Position { offset: Offset(offset), ..hub.position() }
}

/// A record of somebody else's.
fn foreign(n: u64, key: Option<&str>) -> Arc<Record> {
    let mut record = suite::record("somebody", n, "a.b");
    Arc::make_mut(&mut record).key = key.map(Into::into);
    record
}
