//! Random scripts: what holds whatever page, network and server do, sense or nonsense.

use crate::script::{patterns, say};
use eventwire::{
    Code, Epoch, EventId, Frame, Offset, Pattern, Position, Topic,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Dialled, End, Handle, Input, Output, State, Status, Timestamp, Topics,
    TransportEvent,
};
use proptest::{collection::vec, prelude::*};
use std::{collections::BTreeSet, time::Duration};

#[derive(Clone, Debug)]
enum Step {
    /// Time passes; deadlines fire on the way unless the device sleeps.
    Pass(u64, bool),
    Page(u8),
    Add(u8),
    Opened,
    Ended(bool),
    Status(u16, u16),
    Hello(Hello, bool),
    Gap(bool, u64),
    Cursor(CursorKind, bool, u64),
    Bye(Code, u16),
    Event(bool, u64, Option<u64>),
}

const TOPICS: [&str; 3] = ["a", "b.x", "b.y"];
const PATTERNS: [&str; 3] = ["a", "b.*", "c"];

fn epoch(n: usize) -> Epoch {
    Epoch::parse(&format!("{n:012}")).expect("an epoch")
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let offset = 1..40u64;
    // Whether another epoch begins: rare, or nothing else would be seen. None ever returns.
    let kind = prop::bool::weighted(0.1);
    let cursor = prop_oneof![
        3 => Just(CursorKind::Prelude),
        2 => Just(CursorKind::Live),
        1 => Just(CursorKind::Beat),
        1 => Just(CursorKind::Skip),
    ];
    let code = prop_oneof![Just(Code::Drain), Just(Code::Slow), Just(Code::Auth), Just(Code::Limit)];
    let status = prop_oneof![4 => Just(503u16), 2 => Just(408u16), 1 => Just(429u16), 1 => Just(404u16)];
    let hello = (kind, offset.clone(), 0..8usize, 0..30_000u64, 0..30_000u64).prop_map(
        |(kind, offset, denied, retry, spread)| {
            let start = Position { epoch: epoch(0), offset: Offset(offset) };
            let hello = Hello {
                v: 1,
                start,
                head: start,
                names: Vec::new(),
                contract: "00000000000000aa".into(),
                topics: patterns("a,b.*"),
                denied: PATTERNS.get(denied).map(|denied| patterns(denied)).unwrap_or_default(),
                heartbeat: Duration::from_secs(15),
                spread: Duration::from_millis(spread),
                retry: Duration::from_millis(retry),
            };
            (hello, kind)
        },
    );
    let step = prop_oneof![
        4 => (0..90_000u64, any::<bool>()).prop_map(|(time, asleep)| Step::Pass(time, asleep)),
        4 => (0..3_000u64).prop_map(|time| Step::Pass(time, false)),
        4 => (0..10u8).prop_map(Step::Page),
        1 => (0..3u8).prop_map(Step::Add),
        2 => Just(Step::Opened),
        2 => any::<bool>().prop_map(Step::Ended),
        1 => (status, any::<u16>()).prop_map(|(status, after)| Step::Status(status, after)),
        6 => hello.prop_map(|(hello, kind)| Step::Hello(hello, kind)),
        2 => (kind, offset.clone()).prop_map(|(kind, offset)| Step::Gap(kind, offset)),
        6 => (cursor, kind, offset.clone()).prop_map(|(cursor, kind, offset)| Step::Cursor(cursor, kind, offset)),
        1 => (code, any::<u16>()).prop_map(|(code, after)| Step::Bye(code, after)),
        16 => (kind, offset, proptest::option::of(1..10u64))
            .prop_map(|(kind, offset, back)| Step::Event(kind, offset, back)),
    ];
    vec(step, 1..120)
}

/// A client, and what is known about it from outside.
struct Watched {
    client: Client,
    now: u64,
    running: Option<Attempt>,
    over: bool,
    greeted: bool,
    /// When the last attempt came to its end, and whether it had its hello.
    ended: Option<(u64, bool)>,
    /// Something made the wait another one: a hint, or the network is gone.
    hinted: bool,
    epoch: usize,
    denied: Vec<Pattern>,
    handed: BTreeSet<(Epoch, u64)>,
    /// How far back the event that is being told reaches.
    reaches: Option<(Epoch, u64)>,
    gap: bool,
}

impl Watched {
    fn new(topics: Topics, seed: u64) -> Self {
        let client = Client::new(Config { topics, ..Config::default() }, seed);
        Self {
            client,
            now: 0,
            running: None,
            over: false,
            greeted: false,
            ended: None,
            hinted: false,
            epoch: 0,
            denied: Vec::new(),
            handed: BTreeSet::new(),
            reaches: None,
            gap: false,
        }
    }

    fn step(&mut self, step: &Step) {
        let frame = |me: &mut Self, frame: Frame, kind: bool, offset: u64| {
            let id = me.place(kind, offset).to_string();
            me.block(frame.event(), &id, Frame::parse(frame.event(), &frame.data()).into());
        };
        match step {
            Step::Pass(time, asleep) => {
                let until = self.now + time;
                while let Some(at) = self.client.deadline().filter(|at| !asleep && at.0 <= until) {
                    assert!(at.0 >= self.now || self.now > 0, "a deadline in the past");
                    self.now = self.now.max(at.0);
                    self.tell(Input::Timeout);
                    assert!(self.client.deadline().is_none_or(|next| next.0 > self.now), "the same deadline again");
                }
                self.now = until;
            }
            Step::Page(n) => self.tell(match n {
                0 => Input::Visible,
                1 => Input::Hidden,
                2 => Input::PageHide,
                3 => Input::PageShow,
                4 => Input::Online,
                5 => Input::Offline,
                6 => Input::Freeze,
                7 => Input::Resume,
                8 => Input::QueueFull,
                _ => Input::QueueDrained,
            }),
            Step::Add(n) => self.tell(Input::TopicsAdd(&patterns(PATTERNS[usize::from(*n)]))),
            Step::Opened => self.news(TransportEvent::Opened),
            Step::Ended(refused) => self.news(TransportEvent::Ended(if *refused { End::Refused } else { End::Lost })),
            Step::Status(status, after) => {
                let retry_after = Some(Duration::from_millis(u64::from(*after)));
                self.news(TransportEvent::Status(Status { status: *status, retry_after, code: None }));
            }
            Step::Hello(hello, kind) => {
                self.denied = hello.denied.clone();
                let start = self.place(*kind, hello.start.offset.0);
                frame(self, Frame::Hello(Hello { start, ..hello.clone() }), false, 1);
            }
            Step::Gap(kind, offset) => {
                let gap = Gap { reason: GapReason::Slow, topics: patterns(["", "a", "b.*"][(offset % 3) as usize]) };
                frame(self, Frame::Gap(gap), *kind, *offset);
            }
            Step::Cursor(cursor, kind, offset) => frame(self, Frame::Cursor(*cursor), *kind, *offset),
            Step::Bye(reason, after) => {
                let after = Duration::from_millis(u64::from(*after));
                frame(self, Frame::Bye(Bye { reason: *reason, after }), false, 1);
            }
            Step::Event(kind, offset, back) => {
                let position = self.place(*kind, *offset);
                // No server is so wrong as to give one offset to two topics.
                let topic = Topic::parse(TOPICS[(offset % 3) as usize]).expect("a topic");
                if self.denied.iter().any(|denied| denied.matches(topic.as_str())) {
                    return; // even nonsense ends somewhere: access holds
                }
                let back = back.filter(|back| back <= offset);
                let id = EventId { position, back, topic };
                self.reaches = Some((position.epoch, id.previous().0));
                self.block("tick", &id.to_string(), Body::Payload(Handle(0)));
                self.reaches = None;
            }
        }
    }

    fn place(&mut self, another: bool, offset: u64) -> Position {
        self.epoch += usize::from(another);
        Position { epoch: epoch(self.epoch), offset: Offset(offset) }
    }

    fn block(&mut self, event: &str, id: &str, body: Body) {
        self.news(TransportEvent::Block(Block { event, id, body }));
    }

    fn news(&mut self, event: TransportEvent<'_>) {
        let Some(attempt) = self.running else { return };
        self.over = matches!(event, TransportEvent::Ended(_) | TransportEvent::Status(_));
        self.tell(Input::Transport(attempt, event));
        self.over = false;
    }

    fn tell(&mut self, input: Input<'_>) {
        let before = self.client.position();
        self.gap = false;
        self.client.handle_input(Timestamp(self.now), input);
        let mut why = None;
        while let Some(output) = self.client.poll_output() {
            match &output {
                Output::State(State::Connecting(dialled)) => why = Some(*dialled),
                Output::State(State::Open) => self.greeted = true,
                Output::State(State::Waiting { .. }) if self.ended.is_none() => {
                    self.ended = Some((self.now, self.greeted));
                    self.hinted = false;
                }
                Output::State(State::Waiting { .. }) => self.hinted = true,
                Output::Connect { attempt, .. } => self.connect(*attempt, why.take()),
                Output::Disconnect { attempt } => assert_eq!(self.running.take(), Some(*attempt), "of no attempt"),
                Output::Gap(_) => self.gap = true,
                Output::Deliver { position, .. } => self.deliver(*position, before),
                _ => {}
            }
        }
        let state = self.client.state();
        let linked = matches!(state, State::Connecting(_) | State::Open);
        if self.over && !linked {
            self.running = None;
        }
        assert_eq!(self.running.is_some(), linked, "an attempt while {}", state.kind());
        if let (Some(before), Some(after)) = (before, self.client.position()) {
            assert!(before.epoch != after.epoch || before.offset <= after.offset, "{before} fell to {after}");
            assert!(before.epoch == after.epoch || self.gap, "another epoch and no gap");
        }
    }

    fn connect(&mut self, attempt: Attempt, why: Option<Dialled>) {
        let before = self.running.replace(attempt);
        assert!(before.is_none() || self.over, "two attempts at once");
        if let Some((ended, greeted)) = self.ended.take() {
            let waited = self.now - ended;
            assert!(greeted || waited >= 1_000, "{waited} ms after an attempt that failed");
            assert!(
                why != Some(Dialled::Retry) || self.hinted || waited >= 1_000,
                "{waited} ms after a stream that was lost"
            );
        }
        self.greeted = false;
    }

    fn deliver(&mut self, position: Position, before: Option<Position>) {
        assert!(self.handed.insert((position.epoch, position.offset.0)), "{position} handed over twice");
        let (epoch, previous) = self.reaches.expect("only events are delivered");
        if let Some(before) = before {
            let hole = before.epoch != epoch || previous > before.offset.0;
            assert!(!hole || self.gap, "{position} after {before} and no gap");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn whatever_happens_attempts_keep_their_distance_and_no_event_comes_twice_or_out_of_the_blue(
        steps in steps(), named in any::<bool>(), seed in any::<u64>(),
    ) {
        let topics = if named { Topics::Named(patterns("a,b.*")) } else { Topics::Granted };
        let mut watched = Watched::new(topics, seed);
        watched.tell(Input::Open);
        for step in &steps {
            watched.step(step);
        }
        let closed = matches!(watched.client.state(), State::Closed(_));
        watched.client.handle_input(Timestamp(watched.now), Input::Close);
        let last: Vec<String> = std::iter::from_fn(|| watched.client.poll_output()).map(|output| say(&output)).collect();
        prop_assert_eq!(last.is_empty(), closed);
    }
}

#[test]
fn the_same_seed_and_script_make_the_same_transcript() {
    let script = "0ms open\n1ms ended\n2000ms ended\n9000ms ended\n60000ms end";
    let run = |_| crate::script::run(Config::default(), script);
    assert_eq!(run(1), run(2));
}
