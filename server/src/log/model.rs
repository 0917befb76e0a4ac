//! Random histories against everything that was ever appended: what a log keeps, reads and knows to have lost is
//! compared with the whole past after each step.

use super::{Batch, Limits, Log, Reach, Read, TopicId, scan_segments};
use eventwire::{Topic, frame::GapReason};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    hash::{BuildHasherDefault, DefaultHasher},
};

const TOPICS: [&str; 7] = ["a", "b.x", "b.y", "c.d.e", "latest.x", "latest.y", "latest.z.z"];
const PREFIXES: [&str; 6] = ["", "b", "c", "c.d", "never", "latest"];

fn is_latest(name: &str) -> bool {
    name.starts_with("latest.")
}

/// One event that was appended.
#[derive(Clone, Debug)]
struct Past {
    at: u64,
    topic: &'static str,
    bytes: Vec<u8>,
    born: u64,
}

#[derive(Clone, Debug)]
enum Op {
    /// So many events of a topic, each so large, the first so far above the head.
    Append {
        topic: usize,
        size: usize,
        times: usize,
        above: u64,
    },
    Time(u64),
    /// Forgets at most so many segments; 0: all that is due.
    Trim(usize),
    Lose(u64),
    Renew(u64),
}

struct Model {
    log: Log<BuildHasherDefault<DefaultHasher>>,
    limits: Limits,
    now: u64,
    start: u64,
    hole: u64,
    past: Vec<Past>,
}

impl Model {
    fn new(limits: Limits) -> Self {
        Self { log: Log::new(limits, 0, Default::default()), limits, now: 0, start: 0, hole: 0, past: Vec::new() }
    }

    fn play(&mut self, op: &Op) {
        match *op {
            Op::Append { topic, size, times, above } => {
                for n in 0..times {
                    let at = self.log.head() + 1 + if n == 0 { above } else { 0 };
                    self.append(TOPICS[topic], at, size);
                }
            }
            Op::Time(passed) => self.now += passed,
            Op::Trim(0) => {
                while !self.log.trim(self.now, 3) {}
                let one = self.past.iter().map(|event| event.bytes.len()).max().unwrap_or(0).max(self.limits.segment);
                assert!(self.log.bytes() <= self.limits.budget.max(one), "{} bytes are too many", self.log.bytes());
            }
            Op::Trim(most) => _ = self.log.trim(self.now, most),
            Op::Lose(above) => {
                self.hole = self.log.head() + above;
                self.log.lose_all(self.hole, GapReason::Lost);
                assert_eq!(self.log.tail(), self.hole);
                assert_eq!(self.log.reason_of(self.hole), Some(GapReason::Lost));
                assert_eq!(self.log.reason_of(self.hole + 1), None);
            }
            Op::Renew(start) => {
                self.log.renew(start);
                (self.start, self.hole) = (start, 0);
                self.past.clear();
                assert_eq!((self.log.tail(), self.log.topics()), (0, 0));
            }
        }
    }

    fn append(&mut self, name: &'static str, at: u64, size: usize) {
        let topic = self.topic(name);
        let last = self.of(name).last().map(|event| event.at).filter(|_| self.log.slot(topic).last > 0);
        assert_eq!(self.log.back(topic, at), last.filter(|_| !is_latest(name)).map(|last| at - last), "{name} at {at}");
        let bytes = format!("{at}:{name}{};", "#".repeat(size)).into_bytes();
        self.log.append(topic, at, self.now, &bytes[..3], &bytes[3..]);
        self.past.push(Past { at, topic: name, bytes, born: self.now });
        assert_eq!((self.log.head(), self.log.tail()), (at, at));
    }

    fn topic(&mut self, name: &str) -> TopicId {
        self.log.topic(&Topic::parse(name).expect("a topic"), is_latest)
    }

    fn of(&self, name: &str) -> impl DoubleEndedIterator<Item = &Past> {
        self.past.iter().filter(move |event| event.topic == name)
    }

    fn check(&mut self) {
        let offsets = self.log.offsets();
        assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
        let kept: BTreeSet<u64> = offsets.into_iter().collect();
        let bytes: usize =
            self.past.iter().filter(|event| kept.contains(&event.at)).map(|event| event.bytes.len()).sum();
        assert_eq!((self.log.events(), self.log.bytes()), (kept.len(), bytes));
        let mut lost = Vec::new();
        for name in TOPICS {
            lost.push((
                name,
                if is_latest(name) { self.check_latest(name, &kept) } else { self.check_whole(name, &kept) },
            ));
        }
        self.check_prefixes(&lost);
        self.check_views(&kept, lost.iter().map(|(_, lost)| *lost).max().unwrap_or(0));
    }

    /// A topic that keeps all: all behind its last loss is there, and the loss is exact. Hands back the loss.
    fn check_whole(&mut self, name: &str, kept: &BTreeSet<u64>) -> u64 {
        let topic = self.topic(name);
        let lost = self.of(name).rev().find(|event| !kept.contains(&event.at)).map_or(0, |event| event.at);
        let told = lost.max(self.start).max(self.hole);
        assert_eq!(self.log.lost(topic, 0).unwrap_or(0), told, "{name}");
        assert_eq!(self.log.lost(topic, told), None, "{name}");
        assert_eq!(self.log.newest_lost(topic), None, "{name}");
        let later: Vec<Past> = self.of(name).filter(|event| event.at > lost).cloned().collect();
        for after in [lost, (lost + self.log.head()) / 2, self.log.head()] {
            let owed: Vec<u8> =
                later.iter().filter(|event| event.at > after).flat_map(|event| event.bytes.clone()).collect();
            assert_eq!(self.read(topic, after), owed, "{name} after {after}");
        }
        // Links are 32 bits wide; whoever needs longer ones is read in one pass.
        let long = later.len() > 16 || self.log.head() >= u64::from(u32::MAX) && self.log.is_long(&[topic], lost);
        assert_eq!(self.log.is_long(&[topic], lost), long, "{} of {name}", later.len());
        if self.limits.budget == usize::MAX {
            let spent = |event: &&Past| self.now - event.born > self.limits.retain;
            assert!(self.of(name).filter(|event| event.at <= lost).all(|event| spent(&event)), "{name} went too early");
        }
        self.log.release(topic);
        lost
    }

    /// A latest-only topic: its newest event is there or told to be lost.
    fn check_latest(&mut self, name: &str, kept: &BTreeSet<u64>) -> u64 {
        let topic = self.topic(name);
        let newest = self.of(name).next_back().cloned();
        let at = newest.as_ref().map_or(0, |event| event.at);
        let lost = if kept.contains(&at) { 0 } else { at };
        let told = if at <= self.hole { self.hole } else { lost };
        assert_eq!(self.log.lost(topic, 0).unwrap_or(0), told, "{name}");
        assert_eq!(self.log.newest_lost(topic).unwrap_or(0), told, "{name}");
        let owed = newest.filter(|_| lost == 0).map_or(Vec::new(), |event| event.bytes);
        assert_eq!(self.read(topic, 0), owed, "{name}");
        assert!(self.read(topic, at).is_empty(), "{name}");
        let mut batch = Batch::default();
        let (head, before) = (self.log.head(), at.saturating_sub(1));
        let read = self.log.newest(&[topic], before, head, usize::MAX, &mut batch);
        assert_eq!((read, batch.bytes), (Read::Done { at: head.max(before) }, owed), "{name}");
        assert_eq!(self.log.back(topic, self.log.head() + 1), None);
        self.log.release(topic);
        lost
    }

    fn check_prefixes(&self, lost: &[(&str, u64)]) {
        for prefix in PREFIXES {
            let under =
                |name: &str| prefix.is_empty() || name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
            let most = lost.iter().filter(|(name, _)| under(name)).map(|(_, lost)| *lost).max().unwrap_or(0);
            let told = self.log.lost_under(prefix, 0).unwrap_or(0);
            let exact = most.max(self.start).max(self.hole);
            assert!(told >= exact, "{prefix}: {told} hides {exact}");
            assert!(told == exact || prefix.is_empty() || prefix == "latest", "{prefix}: {told} for {exact}");
            assert_eq!(self.log.lost_under(prefix, told), None);
            let newest = lost.iter().filter(|(name, _)| under(name) && is_latest(name)).map(|(_, lost)| *lost).max();
            let told = self.log.newest_lost_under(prefix).unwrap_or(0);
            assert!(told >= newest.unwrap_or(0), "{prefix}: {told} hides {newest:?}");
            assert_eq!(told == 0, newest.unwrap_or(0) == 0, "{prefix}");
        }
    }

    /// All topics at once: in one pass, in pieces, without the log, and what a store has to keep.
    fn check_views(&self, kept: &BTreeSet<u64>, lost: u64) {
        let head = self.log.head();
        let newest: BTreeSet<u64> = TOPICS
            .iter()
            .filter(|name| is_latest(name))
            .filter_map(|name| Some(self.of(name).next_back()?.at))
            .collect();
        let stands =
            |event: &&Past| kept.contains(&event.at) && (!is_latest(event.topic) || newest.contains(&event.at));
        let owed = |after: u64, upto: u64| -> Vec<u8> {
            let inside = self.past.iter().filter(|event| event.at > after && event.at <= upto);
            inside.filter(stands).flat_map(|event| event.bytes.clone()).collect()
        };
        for limit in [1, 300, usize::MAX] {
            assert_eq!(
                pieces(lost, head, |at, out| self.log.scan(
                    Reach { after: at, upto: head, limit, newest: false },
                    |_| true,
                    out
                )),
                owed(lost, head)
            );
        }
        let fresh: Vec<u8> = self
            .past
            .iter()
            .filter(|event| newest.contains(&event.at) && kept.contains(&event.at))
            .flat_map(|event| event.bytes.clone())
            .collect();
        assert_eq!(
            pieces(0, head, |at, out| self.log.scan(
                Reach { after: at, upto: head, limit: 200, newest: true },
                |_| true,
                out
            )),
            fresh
        );
        let window = self.log.window(lost, head, 1_000);
        if let Some(end) = window.last().map(|segment| segment.last()) {
            let read = |after, out: &mut Batch| {
                let reach = Reach { after, upto: end, limit: 300, newest: false };
                scan_segments(window.iter().map(|s| &**s), reach, 7, |_| true, |_, _| true, out)
            };
            assert_eq!(pieces(lost, end, read), owed(lost, end));
        }
        let (first, below) = self.log.retained();
        assert!(self.past.iter().all(|event| event.at < first || kept.contains(&event.at)), "not all from {first} on");
        let spared: Vec<u64> = newest.iter().copied().filter(|at| *at < first && kept.contains(at)).collect();
        assert_eq!(below, spared);
    }

    fn read(&self, topic: TopicId, after: u64) -> Vec<u8> {
        let head = self.log.head();
        let whole = pieces(after, head, |at, out| self.log.read(&[topic], at, head, usize::MAX, out));
        assert_eq!(pieces(after, head, |at, out| self.log.read(&[topic], at, head, 100, out)), whole);
        whole
    }
}

/// Reads to the end, piece by piece.
fn pieces(after: u64, upto: u64, read: impl Fn(u64, &mut Batch) -> Read) -> Vec<u8> {
    let (mut all, mut at) = (Vec::new(), after);
    loop {
        let mut batch = Batch::default();
        let read = read(at, &mut batch);
        all.append(&mut batch.bytes);
        match read {
            Read::Done { at } => {
                assert_eq!(at, upto.max(after));
                return all;
            }
            Read::More { at: next } => {
                assert!(next > at, "no progress at {at}");
                at = next;
            }
        }
    }
}

fn op() -> impl Strategy<Value = Op> {
    let size = prop_oneof![4 => 0..60usize, 1 => Just(600usize)];
    let above = prop_oneof![6 => Just(0u64), 2 => 1..9u64, 1 => Just(1u64 << 33)];
    prop_oneof![
        12 => (0..TOPICS.len(), size, 1..20usize, above)
            .prop_map(|(topic, size, times, above)| Op::Append { topic, size, times, above }),
        3 => (1..400u64).prop_map(Op::Time),
        4 => (0..3usize).prop_map(Op::Trim),
        1 => (0..5u64).prop_map(Op::Lose),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    let budget = prop_oneof![Just(usize::MAX), 400..6_000usize];
    (100..1_000usize, budget, 0..500usize).prop_map(|(segment, budget, quiet)| Limits {
        segment,
        budget,
        retain: 500,
        quiet,
        tombs: 1_000,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_a_log_keeps_is_read_whole_and_what_it_forgot_it_knows(
        limits in limits(), before in prop::collection::vec(op(), 1..40),
        start in 0..50u64, after in prop::collection::vec(op(), 0..20),
    ) {
        let mut model = Model::new(limits);
        for op in before.iter().chain([&Op::Renew(start)]).chain(&after) {
            model.play(op);
            model.check();
        }
    }
}
