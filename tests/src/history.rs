//! A judge's history as JSON, for tests that are not written in Rust.
//!
//! Decides nothing: it reads what `eventwire_judge::check` is asked, and writes what that answers. What is missing is
//! read the strict way: a reading without `from` is owed all, one without `new` also newest events from before.
//!
//! ```json
//! {
//!   "published": [
//!     {"topic": "load.a", "content": "tick {\"n\":1}", "outcome": {"accepted": "k3f9x2m1q0ab-1"}, "retried": false},
//!     {"topic": "load.a", "content": "tick {\"n\":2}", "outcome": "unknown"},
//!     {"topic": "load.a", "content": "tick {\"n\":3}", "outcome": "refused"}
//!   ],
//!   "latest": ["prices.*"],
//!   "lost": ["k3f9x2m1q0ab-7"],
//!   "readings": [
//!     {
//!       "view": ["load.*"], "from": "k3f9x2m1q0ab-0", "new": true,
//!       "items": [
//!         {"event": {"at": "k3f9x2m1q0ab-1", "topic": "load.a", "content": "tick {\"n\":1}"}},
//!         {"at": "k3f9x2m1q0ab-1"},
//!         {"gap": {"at": "k3f9x2m1q0ab-7", "reason": "lost", "topics": []}},
//!         {"withdrawn": "k3f9x2m1q0ab-9"},
//!         {"view": ["load.a"]}
//!       ]
//!     }
//!   ]
//! }
//! ```
//!
//! `retried`, `latest`, `lost`, a gap's `at` and the rest named above may be left out; another word is refused. What each
//! means stands at the type of its name in `eventwire_judge`. The answer, with the kinds of `eventwire_judge::Kind`:
//!
//! ```json
//! [{"kind": "lateGap", "reader": 0, "at": "k3f9x2m1q0ab-3", "what": "load.a"}]
//! ```

use eventwire::{Pattern, Position, Topic, frame::GapReason};
use eventwire_judge::{History, Item, Kind, Outcome, Published, Reading, Violation};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::{Value, json};
use std::{collections::HashSet, fmt::Display, str::FromStr};

/// Reads a history.
///
/// # Errors
/// Where it is none, with what was found there.
pub fn read(text: &str) -> Result<History, String> {
    let told: Told = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut contents = HashSet::new();
    for one in &told.published {
        if !contents.insert((&one.topic.0, &one.content)) {
            let (topic, content) = (&one.topic.0, &one.content);
            return Err(format!("{topic} {content:.60} is published twice; number them, so that they are told apart"));
        }
    }
    Ok(History {
        published: told.published.into_iter().map(Into::into).collect(),
        latest: bare(told.latest),
        lost: bare(told.lost),
        readings: told.readings.into_iter().map(Into::into).collect(),
    })
}

/// Writes what is wrong with it.
pub fn write(violations: &[Violation]) -> Value {
    let one = |Violation { kind, reader, at, what }: &Violation| json!({ "kind": word(*kind), "reader": reader, "at": at.to_string(), "what": what });
    violations.iter().map(one).collect()
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Lost => "lost",
        Kind::Duplicated => "duplicated",
        Kind::Reordered => "reordered",
        Kind::Divergent => "divergent",
        Kind::Phantom => "phantom",
        Kind::LateGap => "lateGap",
        Kind::NeedlessGap => "needlessGap",
        Kind::EarlyPosition => "earlyPosition",
        Kind::WrongEpoch => "wrongEpoch",
        Kind::Unauthorised => "unauthorised",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    published: Vec<ToldPublished>,
    #[serde(default)]
    latest: Vec<Word<Pattern>>,
    #[serde(default)]
    lost: Vec<Word<Position>>,
    readings: Vec<ToldReading>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldPublished {
    topic: Word<Topic>,
    content: String,
    outcome: ToldOutcome,
    #[serde(default)]
    retried: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ToldOutcome {
    Accepted(Word<Position>),
    Refused,
    Unknown,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToldReading {
    view: Vec<Word<Pattern>>,
    from: Option<Word<Position>>,
    #[serde(default = "strictly")]
    new: bool,
    items: Vec<ToldItem>,
}

const fn strictly() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum ToldItem {
    Event { at: Word<Position>, topic: Word<Topic>, content: String },
    Gap { at: Option<Word<Position>>, reason: Reason, topics: Vec<Word<Pattern>> },
    At(Word<Position>),
    View(Vec<Word<Pattern>>),
    Withdrawn(Word<Position>),
}

/// What is one word on the wire, too.
struct Word<T>(T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(from)?;
        raw.parse().map(Self).map_err(|error| D::Error::custom(format_args!("{raw:?}: {error}")))
    }
}

struct Reason(GapReason);

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = String::deserialize(from)?;
        let known = GapReason::parse(&raw).map(Self);
        known.ok_or_else(|| D::Error::custom(format_args!("{raw:?} is no reason of a gap; docs/wire.md lists them")))
    }
}

fn bare<T>(words: Vec<Word<T>>) -> Vec<T> {
    words.into_iter().map(|word| word.0).collect()
}

impl From<ToldPublished> for Published {
    fn from(told: ToldPublished) -> Self {
        let outcome = match told.outcome {
            ToldOutcome::Accepted(at) => Outcome::Accepted(at.0),
            ToldOutcome::Refused => Outcome::Refused,
            ToldOutcome::Unknown => Outcome::Unknown,
        };
        Self { topic: told.topic.0, content: told.content, outcome, retried: told.retried }
    }
}

impl From<ToldReading> for Reading {
    fn from(told: ToldReading) -> Self {
        let items = told.items.into_iter().map(Into::into).collect();
        Self { view: bare(told.view), from: told.from.map(|from| from.0), new: told.new, items }
    }
}

impl From<ToldItem> for Item {
    fn from(told: ToldItem) -> Self {
        match told {
            ToldItem::Event { at, topic, content } => Self::Event { at: at.0, topic: topic.0, content },
            ToldItem::Gap { at, reason, topics } => {
                Self::Gap { at: at.map(|at| at.0), reason: reason.0, topics: bare(topics) }
            }
            ToldItem::At(at) => Self::At(at.0),
            ToldItem::View(view) => Self::View(bare(view)),
            ToldItem::Withdrawn(at) => Self::Withdrawn(at.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventwire_judge::check;

    /// What the judge says of a page that began before 1, with three events published.
    #[track_caller]
    fn judged(items: &str, expected: Value) {
        let published = [1, 2, 3].map(|n| {
            format!(r#"{{"topic": "a", "content": "tick {n}", "outcome": {{"accepted": "k3f9x2m1q0ab-{n}"}}}}"#)
        });
        let reading = format!(r#"{{"view": ["*"], "from": "k3f9x2m1q0ab-0", "items": [{items}]}}"#);
        let text = format!(r#"{{"published": [{}], "readings": [{reading}]}}"#, published.join(","));
        assert_eq!(write(&check(&read(&text).unwrap())), expected);
    }

    fn event(n: u32) -> String {
        format!(r#"{{"event": {{"at": "k3f9x2m1q0ab-{n}", "topic": "a", "content": "tick {n}"}}}}"#)
    }

    #[test]
    fn what_was_handed_over_as_it_was_published_is_right() {
        judged(&[event(1), event(2), event(3)].join(","), json!([]));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_name() {
        let lost = json!([{ "kind": "lost", "reader": 0, "at": "k3f9x2m1q0ab-2", "what": "a" }]);
        judged(&[event(1), event(3)].join(","), lost);
    }

    #[test]
    fn the_format_that_is_described_is_the_one_that_is_read() {
        let module = include_str!("history.rs");
        let lines = module.lines().filter_map(|line| line.strip_prefix("//! ").or(line.strip_prefix("//!")));
        let described = lines.skip_while(|line| *line != "```json").skip(1).take_while(|line| *line != "```");
        let history = read(&described.collect::<String>()).unwrap();
        assert_eq!((history.published.len(), history.latest.len(), history.lost.len()), (3, 1, 1));
        assert_eq!(history.readings[0].items.len(), 5);
    }

    /// What cannot be read is never a history with nothing wrong in it.
    #[track_caller]
    fn refused(text: &str, culprit: &str) {
        let error = read(text).expect_err(text);
        assert!(error.contains(culprit), "{error}");
    }

    #[test]
    fn what_is_no_history_is_refused_with_what_was_found() {
        let reading = |inside: &str| format!(r#"{{"published": [], "readings": [{{"view": ["a"], {inside}}}]}}"#);
        refused("", "EOF");
        refused("{}", "`published`");
        refused(r#"{"published": []}"#, "`readings`");
        refused(r#"{"published": [], "readings": [], "lots": []}"#, "`lots`");
        refused(&reading(r#""items": [{"evnt": {}}]"#), "`evnt`");
        refused(&reading(r#""items": [{"at": "here"}]"#), "\"here\"");
        refused(&reading(r#""items": [{"gap": {"reason": "whim", "topics": []}}]"#), "\"whim\" is no reason");
        refused(&reading(r#""from": 7, "items": []"#), "`7`");
        refused(r#"{"published": [{"topic": "a..b", "content": "", "outcome": "refused"}], "readings": []}"#, "a..b");
        let twice = r#"{"topic": "a", "content": "tick 1", "outcome": "refused"}"#;
        refused(&format!(r#"{{"published": [{twice}, {twice}], "readings": []}}"#), "a tick 1 is published twice");
    }
}
