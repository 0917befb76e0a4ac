//! Every input in every state, alone and in pairs: no panic, no output after closed, never two attempts at once.

use crate::script::{patterns, position, say};
use eventwire::{
    Code, Frame, Pattern,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, End, Handle, Input, Output, State, Status, Timestamp, TransportEvent,
};
use std::time::Duration;

/// One thing that can happen.
#[derive(Clone, Debug)]
enum Happening {
    Plain(Input<'static>),
    Add(Vec<Pattern>),
    Delete(Vec<Pattern>),
    News(TransportEvent<'static>),
    Frame(Frame, &'static str),
    Event(&'static str),
}

fn everything() -> Vec<Happening> {
    use Happening::{Add, Delete, Event, News, Plain};
    let hello = Hello {
        v: 1,
        start: position("a-10"),
        head: position("a-12"),
        names: Vec::new(),
        contract: "00000000000000aa".into(),
        topics: patterns("a,b"),
        denied: patterns("c"),
        heartbeat: Duration::from_secs(15),
        spread: Duration::from_secs(1),
        retry: Duration::from_secs(1),
    };
    let gap = |reason| Gap { reason, topics: Vec::new() };
    let bye = |reason| Frame::Bye(Bye { reason, after: Duration::ZERO });
    let status = |status| News(TransportEvent::Status(Status { status, retry_after: None, code: None }));
    let plain = [
        Input::Open,
        Input::Close,
        Input::Timeout,
        Input::Visible,
        Input::Hidden,
        Input::PageHide,
        Input::PageShow,
        Input::Online,
        Input::Offline,
        Input::Freeze,
        Input::Resume,
        Input::QueueFull,
        Input::QueueDrained,
        Input::Restart,
    ];
    let mut all: Vec<Happening> = plain.into_iter().map(Plain).collect();
    all.extend([
        Add(patterns("a")),
        Add(patterns("d.*")),
        Delete(patterns("a")),
        Delete(patterns("a,b,c,d.*")),
        News(TransportEvent::Opened),
        News(TransportEvent::Ended(End::Lost)),
        News(TransportEvent::Ended(End::Refused)),
        status(200),
        status(403),
        status(503),
        Happening::Frame(Frame::Hello(hello.clone()), ""),
        Happening::Frame(Frame::Hello(Hello { v: 9, ..hello }), ""),
        Happening::Frame(Frame::Gap(gap(GapReason::Slow)), "aaaaaaaaaaaa-20"),
        Happening::Frame(Frame::Gap(gap(GapReason::Epoch)), "bbbbbbbbbbbb-2"),
        Happening::Frame(Frame::Cursor(CursorKind::Prelude), "aaaaaaaaaaaa-10"),
        Happening::Frame(Frame::Cursor(CursorKind::Live), "aaaaaaaaaaaa-12"),
        Happening::Frame(Frame::Names(Vec::new()), ""),
        Happening::Frame(bye(Code::Drain), ""),
        Happening::Frame(bye(Code::Auth), ""),
        Happening::Frame(bye(Code::Limit), ""),
        Event("aaaaaaaaaaaa-9/a"),
        Event("aaaaaaaaaaaa-11/a"),
        Event("aaaaaaaaaaaa-15.1/b"),
        Event("bbbbbbbbbbbb-3/a"),
        Event("nonsense"),
    ]);
    all
}

/// A client and what it must never break.
struct Watched {
    client: Client,
    now: u64,
    running: Option<Attempt>,
    /// The running attempt has just said that it is over.
    over: bool,
    closed: bool,
}

impl Watched {
    fn new(topics: eventwire_client_core::Topics) -> Self {
        let config = Config { topics, ..Config::default() };
        Self { client: Client::new(config, 7), now: 0, running: None, over: false, closed: false }
    }

    /// `past`: a whole wait later.
    fn happen(&mut self, happening: &Happening, past: bool) {
        self.now += 5;
        if past {
            self.now = self.now.max(self.client.deadline().map_or(0, |at| at.0));
            self.tell(Input::Timeout);
        }
        let attempt = self.running.unwrap_or(Attempt(1));
        match happening {
            Happening::Plain(input) => self.tell(input.clone()),
            Happening::Add(patterns) => self.tell(Input::TopicsAdd(patterns)),
            Happening::Delete(patterns) => self.tell(Input::TopicsDelete(patterns)),
            Happening::News(event) => {
                self.over = matches!(event, TransportEvent::Ended(_) | TransportEvent::Status(_));
                self.tell(Input::Transport(attempt, event.clone()));
                self.over = false;
            }
            Happening::Frame(frame, id) => {
                self.block(attempt, frame.event(), id, Frame::parse(frame.event(), &frame.data()).into())
            }
            Happening::Event(id) => self.block(attempt, "tick", id, Body::Payload(Handle(1))),
        }
    }

    fn block(&mut self, attempt: Attempt, event: &str, id: &str, body: Body) {
        self.tell(Input::Transport(attempt, TransportEvent::Block(Block { event, id, body })));
    }

    fn tell(&mut self, input: Input<'_>) {
        let before = self.client.position();
        self.client.handle_input(Timestamp(self.now), input);
        while let Some(output) = self.client.poll_output() {
            assert!(!self.closed, "after closed: {}", say(&output));
            match &output {
                Output::Connect { attempt, .. } => {
                    let before = self.running.replace(*attempt);
                    assert!(before.is_none() || self.over, "two attempts at once");
                }
                Output::Disconnect { attempt } => assert_eq!(self.running.take(), Some(*attempt), "of no attempt"),
                Output::Probe { attempt } => assert_eq!(self.running, Some(*attempt)),
                Output::State(state) => self.closed |= matches!(state, State::Closed(_)),
                _ => {}
            }
        }
        if self.over && !matches!(self.client.state(), State::Connecting(_) | State::Open) {
            self.running = None;
        }
        match self.client.state() {
            State::Idle | State::Closed(_) => assert_eq!(self.client.deadline(), None),
            State::Paused(_) => assert_eq!(self.running, None, "an attempt while paused"),
            State::Connecting(_) | State::Open | State::Waiting { .. } => {
                assert!(self.client.deadline().is_some(), "nobody will wake {:?}", self.client.state());
            }
        }
        if let (Some(before), Some(after)) = (before, self.client.position()) {
            assert!(before.epoch != after.epoch || before.offset <= after.offset, "{before} fell to {after}");
        }
    }
}

#[test]
fn any_two_things_in_any_state_are_survived_and_nothing_is_said_after_closed() {
    let all = everything();
    for topics in ["", "a,b,c"] {
        let topics = match topics {
            "" => eventwire_client_core::Topics::Granted,
            list => eventwire_client_core::Topics::Named(patterns(list)),
        };
        for opening in [&[][..], &[&all[0]][..], &[&all[0], &all[23]][..], &[&all[0], &all[23], &all[27]][..]] {
            for first in &all {
                for second in &all {
                    for past in [false, true] {
                        let mut watched = Watched::new(topics.clone());
                        opening.iter().for_each(|happening| watched.happen(happening, false));
                        watched.happen(first, past);
                        watched.happen(second, false);
                        for _ in 0..4 {
                            watched.happen(&Happening::Plain(Input::Timeout), true);
                        }
                        watched.happen(&Happening::Plain(Input::Close), false);
                        assert!(matches!(watched.client.state(), State::Closed(_)));
                        for after in &all {
                            watched.happen(after, false);
                        }
                    }
                }
            }
        }
    }
}
