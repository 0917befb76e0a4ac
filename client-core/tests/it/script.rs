//! Scripts and transcripts: one line per input with its time, one line per output with its time. The harness fires
//! deadlines in between, so nothing sleeps.
//!
//! An id is written `a-12.3/prices`; `a` stands for the epoch `aaaaaaaaaaaa`. `#1 ended` is news of attempt 1, without a
//! number they are of the newest. After `asleep` no deadline fires until the next line.

use eventwire::{
    Code, EventName, Frame, Pattern, Position, Start,
    frame::{Bye, CursorKind, Gap as GapFrame, GapReason, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, End, Handle, Input, Output, State, Status, Timestamp, TransportEvent,
};
use expect_test::Expect;
use std::{fmt::Write, time::Duration};

/// Runs a script on a default client and compares its transcript.
pub(crate) fn check(script: &str, expected: Expect) {
    check_with(Config::default(), script, expected);
}

/// Runs a script on a client with this configuration and compares its transcript.
pub(crate) fn check_with(config: Config, script: &str, expected: Expect) {
    expected.assert_eq(&run(config, script));
}

/// Runs a script; the transcript.
pub(crate) fn run(config: Config, script: &str) -> String {
    let mut stage = Actors { client: Client::new(config, 7), newest: Attempt(0), now: 0, transcript: String::new() };
    let mut asleep = false;
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (at, words) = line.split_once("ms ").unwrap_or_else(|| panic!("no time in {line:?}"));
        let at = at.parse().unwrap_or_else(|_| panic!("no time in {line:?}"));
        if !asleep {
            stage.fire_until(at);
        }
        stage.now = at;
        asleep = words == "asleep";
        stage.play(words);
    }
    stage.transcript
}

struct Actors {
    client: Client,
    newest: Attempt,
    now: u64,
    transcript: String,
}

impl Actors {
    fn fire_until(&mut self, at: u64) {
        let mut fired = 0;
        while let Some(deadline) = self.client.deadline().filter(|deadline| deadline.0 <= at) {
            self.now = self.now.max(deadline.0);
            self.tell(Input::Timeout);
            fired += 1;
            assert!(fired < 10_000, "deadlines without end:\n{}", self.transcript);
        }
    }

    fn play(&mut self, words: &str) {
        let mut words = words.split_whitespace();
        let mut word = words.next().unwrap_or_default();
        let mut attempt = self.newest;
        if let Some(number) = word.strip_prefix('#') {
            attempt = Attempt(number.parse().expect("a number"));
            word = words.next().expect("news");
        }
        let rest: Vec<&str> = words.collect();
        let first = rest.first().copied().unwrap_or_default();
        let news = |event| Input::Transport(attempt, event);
        match word {
            "asleep" | "end" => {}
            "open" => self.tell(Input::Open),
            "close" => self.tell(Input::Close),
            "timeout" => self.tell(Input::Timeout),
            "visible" => self.tell(Input::Visible),
            "hidden" => self.tell(Input::Hidden),
            "pagehide" => self.tell(Input::PageHide),
            "pageshow" => self.tell(Input::PageShow),
            "online" => self.tell(Input::Online),
            "offline" => self.tell(Input::Offline),
            "freeze" => self.tell(Input::Freeze),
            "resume" => self.tell(Input::Resume),
            "full" => self.tell(Input::QueueFull),
            "restart" => self.tell(Input::Restart),
            "drained" => self.tell(Input::QueueDrained),
            "add" => self.tell(Input::TopicsAdd(&patterns(first))),
            "delete" => self.tell(Input::TopicsDelete(&patterns(first))),
            "opened" => self.tell(news(TransportEvent::Opened)),
            "ended" => self.tell(news(TransportEvent::Ended(End::Lost))),
            "refused" => self.tell(news(TransportEvent::Ended(End::Refused))),
            "status" => {
                let status = first.parse().expect("a status");
                let retry_after = option(&rest, "retry-after").map(millis);
                let code = option(&rest, "code");
                self.tell(news(TransportEvent::Status(Status { status, retry_after, code })));
            }
            "event" => {
                let name = rest.get(1).copied().unwrap_or("tick");
                self.block(attempt, name, &long(first), Body::Payload(Handle(self.now as u32)));
            }
            "hello" => self.frame(attempt, Frame::Hello(hello(&rest)), ""),
            "gap" => {
                let reason = GapReason::parse(rest[1]).expect("a reason");
                self.frame(attempt, Frame::Gap(GapFrame { reason, topics: tail(&rest, 2) }), first);
            }
            "cursor" => {
                let kind = CursorKind::parse(rest[1]).expect("a kind");
                self.frame(attempt, Frame::Cursor(kind), first);
            }
            "names" => self.frame(attempt, Frame::Names(names(first)), ""),
            "bye" => {
                let reason = Code::parse(first).expect("a code");
                let after = option(&rest, "after").map(millis).unwrap_or_default();
                self.frame(attempt, Frame::Bye(Bye { reason, after }), "");
            }
            "raw" => self.block(attempt, first, "", Frame::parse(first, &rest[1..].join(" ")).into()),
            other => panic!("no such line: {other:?}"),
        }
    }

    fn frame(&mut self, attempt: Attempt, frame: Frame, id: &str) {
        self.block(attempt, frame.event(), &long(id), Frame::parse(frame.event(), &frame.data()).into());
    }

    fn block(&mut self, attempt: Attempt, event: &str, id: &str, body: Body) {
        self.tell(Input::Transport(attempt, TransportEvent::Block(Block { event, id, body })));
    }

    fn tell(&mut self, input: Input<'_>) {
        self.client.handle_input(Timestamp(self.now), input);
        while let Some(output) = self.client.poll_output() {
            if let Output::Connect { attempt, .. } = output {
                self.newest = attempt;
            }
            writeln!(self.transcript, "{}ms {}", self.now, short(&say(&output))).expect("a String takes all");
        }
    }
}

/// One output in words.
pub(crate) fn say(output: &Output) -> String {
    match output {
        Output::Connect { attempt, query } => format!("connect #{} {query}", attempt.0).trim_end().to_owned(),
        Output::Disconnect { attempt } => format!("disconnect #{}", attempt.0),
        Output::Probe { attempt } => format!("probe #{}", attempt.0),
        Output::Deliver { topic, position, .. } => format!("deliver {topic} {position}"),
        Output::Gap(gap) => {
            let topics = if gap.topics.is_empty() { "all".to_owned() } else { joined(&gap.topics) };
            let position = gap.position.map(|position| format!(" at {position}")).unwrap_or_default();
            format!("gap {} {topics}{position}", gap.reason.as_str())
        }
        Output::Fault(fault) => format!("fault {fault:?}"),
        Output::Outdated { hash, .. } => format!("outdated {hash}"),
        Output::State(State::Waiting { until, trouble }) => format!("waiting {} until {}ms", trouble.as_str(), until.0),
        Output::State(State::Closed(reason)) => {
            let status = reason.status.map(|status| format!(" {status}")).unwrap_or_default();
            let problem = reason.problem.as_ref().map(|problem| format!(" {problem}")).unwrap_or_default();
            format!("closed {}{status}{problem}", reason.code.as_str())
        }
        Output::State(State::Open) => "open".to_owned(),
        Output::State(state) => format!("{} {}", state.kind(), state.reason()),
    }
}

/// A hello out of `key=value`s.
fn hello(rest: &[&str]) -> Hello {
    let start = position(option(rest, "start").unwrap_or("a-10"));
    let time = |key, default| option(rest, key).map_or(Duration::from_millis(default), millis);
    Hello {
        v: option(rest, "v").map_or(1, |v| v.parse().expect("a version")),
        start,
        head: start,
        names: names(option(rest, "names").unwrap_or_default()),
        contract: option(rest, "contract").unwrap_or("00000000000000aa").into(),
        topics: patterns(option(rest, "topics").unwrap_or("**")),
        denied: patterns(option(rest, "denied").unwrap_or_default()),
        heartbeat: time("heartbeat", 15_000),
        spread: time("spread", 1_000),
        retry: time("retry", 1_000),
    }
}

pub(crate) fn position(short: &str) -> Position {
    Position::parse(&long(short)).expect("a position")
}

pub(crate) fn after(short: &str) -> Start {
    Start::After { position: position(short), native: false }
}

pub(crate) fn patterns(list: &str) -> Vec<Pattern> {
    list.split(',').filter(|p| !p.is_empty()).map(|p| Pattern::parse(p).expect("a pattern")).collect()
}

pub(crate) fn names(list: &str) -> Vec<EventName> {
    list.split(',').filter(|n| !n.is_empty()).map(|n| EventName::parse(n).expect("a name")).collect()
}

/// `a-12` to `aaaaaaaaaaaa-12`; what is no such thing stays.
fn long(id: &str) -> String {
    match id.split_once('-') {
        Some((epoch, rest)) if epoch.len() == 1 => format!("{}-{rest}", epoch.repeat(12)),
        _ => id.to_owned(),
    }
}

fn short(line: &str) -> String {
    ["a", "b", "c"].iter().fold(line.to_owned(), |line, epoch| line.replace(&epoch.repeat(12), epoch))
}

fn tail(rest: &[&str], at: usize) -> Vec<Pattern> {
    patterns(rest.get(at).copied().unwrap_or_default())
}

fn option<'a>(rest: &[&'a str], key: &str) -> Option<&'a str> {
    rest.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

fn millis(raw: &str) -> Duration {
    Duration::from_millis(raw.parse().expect("milliseconds"))
}

fn joined(list: &[impl AsRef<str>]) -> String {
    list.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")
}
