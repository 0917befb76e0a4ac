//! The client's machine from the bytes of a stream on: whatever page, network and server do, in whatever order.
//!
//! The input is lines, the first character says what happens: see [`Watched::play`]. Lines of a stream begin with `|`.

use crate::{Target, pieces::text};
use eventwire::{EventId, Pattern, Position, frame::GapReason, frame::PREFIX, limits, sse::Decoder};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, End, Handle, Input, Output, State, Status, Timestamp, Topics, TransportEvent,
};
use std::{collections::BTreeSet, time::Duration};

pub(crate) const TARGET: Target = Target {
    name: "client",
    about: "the client never falls within an epoch but by gap `ahead`, hands no event over twice, tells of every hole, and has one attempt at most",
    words: &[
        "\n|",
        "\n|\n",
        "|id: aaaaaaaaaaaa-",
        "|id: bbbbbbbbbbbb-",
        "|event: tick\n|data: 1\n|\n",
        "|event: eventwire.gap\n",
        "|data: {\"reason\":\"ahead\",\"topics\":[]}\n|\n",
        "|data: {\"reason\":\"epoch\",\"topics\":[]}\n|\n",
        "|event: eventwire.cursor\n",
        "|data: {\"kind\":\"prelude\"}\n|\n",
        "|data: {\"kind\":\"live\"}\n|\n",
        "|event: eventwire.bye\n|data: {\"reason\":\"drain\",\"after\":0}\n|\n",
        "|event: eventwire.names\n|data: {\"names\":[\"tick\"]}\n|\n",
        "\nH10\n",
        "\nO\n",
        "\nL\n",
        "\nR\n",
        "\nS503\n",
        "\nS200\n",
        "\nt\n",
        "\nw60000\n",
        "\nz90000\n",
        "\nh\n",
        "\nv\n",
        "\n+c\n",
        "\n-a\n",
        "/a",
        "/b.x",
    ],
    changes: 4_000,
    run,
};

/// Lines of one input that are played: what comes after would only repeat it.
const LINES: usize = 400;

fn run(input: &[u8]) {
    let mut lines = text(input).split('\n');
    let topics = match lines.next() {
        Some("granted") => Topics::Granted,
        _ => Topics::Named(patterns("a,b.*")),
    };
    let mut watched = Watched::new(topics);
    for line in lines.take(LINES) {
        watched.play(line);
    }
    // Closing ends everything, and nothing comes after it.
    watched.tell(Input::Close);
    assert!(matches!(watched.client.state(), State::Closed(_)) && watched.running.is_none());
    watched.client.handle_input(Timestamp(watched.now), Input::Visible);
    assert!(watched.client.poll_output().is_none() && watched.client.deadline().is_none());
}

/// A client, and what is known about it from outside.
struct Watched {
    client: Client,
    now: u64,
    running: Option<Attempt>,
    decoder: Decoder,
    /// News that end the attempt are being told.
    over: bool,
    /// Offsets handed over since the epoch began, or the position fell.
    handed: BTreeSet<u64>,
    /// The event that is being told, and its payload's number.
    told: Option<EventId>,
    payloads: u32,
}

impl Watched {
    fn new(topics: Topics) -> Self {
        let client = Client::new(Config { topics, ..Config::default() }, 7);
        let (running, told, handed) = (None, None, BTreeSet::new());
        Self { client, now: 0, running, decoder: Decoder::new(limits::LINE), over: false, handed, told, payloads: 0 }
    }

    fn play(&mut self, line: &str) {
        let Some(what) = line.chars().next() else { return };
        let rest = &line[what.len_utf8()..];
        match what {
            'o' => self.tell(Input::Open),
            'c' => self.tell(Input::Close),
            'v' => self.tell(Input::Visible),
            'h' => self.tell(Input::Hidden),
            'p' => self.tell(Input::PageHide),
            'P' => self.tell(Input::PageShow),
            'n' => self.tell(Input::Online),
            'N' => self.tell(Input::Offline),
            'f' => self.tell(Input::Freeze),
            'F' => self.tell(Input::Resume),
            'q' => self.tell(Input::QueueFull),
            'Q' => self.tell(Input::QueueDrained),
            'X' => self.tell(Input::Restart),
            '+' => self.tell(Input::TopicsAdd(&patterns(rest))),
            '-' => self.tell(Input::TopicsDelete(&patterns(rest))),
            // A timer fires though nothing is due; the next deadline; time passes awake; time passes asleep.
            'T' => self.tell(Input::Timeout),
            't' => self.fire(),
            'w' => self.wait(number(rest)),
            'z' => self.now += number(rest).min(1 << 40),
            'O' => self.news(TransportEvent::Opened),
            'L' => self.news(TransportEvent::Ended(End::Lost)),
            'R' => self.news(TransportEvent::Ended(End::Refused)),
            'S' => self.status(rest),
            'H' => self.stream(&hello(number(rest))),
            '|' => self.stream(&format!("{rest}\n")),
            _ => {}
        }
    }

    fn fire(&mut self) {
        if let Some(deadline) = self.client.deadline() {
            self.now = self.now.max(deadline.0);
            self.tell(Input::Timeout);
            assert!(self.client.deadline().is_none_or(|next| next.0 > self.now), "the same deadline again");
        }
    }

    fn wait(&mut self, millis: u64) {
        let until = self.now + millis.min(600_000);
        // At most one attempt a second, and a few deadlines each.
        for _ in 0..10_000 {
            if self.client.deadline().is_none_or(|at| at.0 > until) {
                self.now = until;
                return;
            }
            self.fire();
        }
        panic!("deadlines without end");
    }

    fn status(&mut self, rest: &str) {
        let mut words = rest.split(' ');
        let status = words.next().map_or(0, number) as u16;
        let retry_after = words.next().map(number).map(Duration::from_millis);
        self.news(TransportEvent::Status(Status { status, retry_after, code: words.next() }));
    }

    fn stream(&mut self, bytes: &str) {
        if self.running.is_none() {
            return;
        }
        let mut blocks = Vec::new();
        let each =
            |block: eventwire::sse::Block<'_>| blocks.push([block.event, block.data, block.id].map(str::to_owned));
        let pushed = self.decoder.push(bytes.as_bytes(), each);
        for [event, data, id] in blocks {
            if event.starts_with(PREFIX) {
                self.news(TransportEvent::Block(Block {
                    event: &event,
                    id: &id,
                    body: eventwire::Frame::parse(&event, &data).into(),
                }));
            } else {
                self.told = EventId::parse(&id).ok();
                self.payloads += 1;
                let body = Body::Payload(Handle(self.payloads));
                self.news(TransportEvent::Block(Block { event: &event, id: &id, body }));
                self.told = None;
            }
        }
        if pushed.is_err() {
            self.news(TransportEvent::Ended(End::Lost));
        }
    }

    fn news(&mut self, event: TransportEvent<'_>) {
        let Some(attempt) = self.running else { return };
        self.over = matches!(event, TransportEvent::Ended(_) | TransportEvent::Status(_));
        self.tell(Input::Transport(attempt, event));
        self.over = false;
    }

    fn tell(&mut self, input: Input<'_>) {
        let before = self.client.position();
        let closed = matches!(self.client.state(), State::Closed(_));
        let mut gaps = Vec::new();
        self.client.handle_input(Timestamp(self.now), input);
        while let Some(output) = self.client.poll_output() {
            assert!(!closed, "{output:?} after the end");
            match output {
                Output::Connect { attempt, query } => {
                    assert!(self.running.is_none_or(|_| self.over), "two attempts at once");
                    self.running = Some(attempt);
                    self.decoder = Decoder::new(limits::LINE);
                    let request = eventwire::Request::parse(&query, []).expect("a client asks what a server reads");
                    assert_eq!(request.to_query(), query);
                }
                Output::Disconnect { attempt } => assert_eq!(self.running.take(), Some(attempt), "of no attempt"),
                Output::Probe { attempt } => assert_eq!(self.running, Some(attempt), "of no attempt"),
                Output::Gap(gap) => gaps.push(gap.reason),
                Output::Deliver { handle, topic, position } => {
                    self.deliver(handle, topic.as_str(), position, before, &gaps)
                }
                _ => {}
            }
        }
        let linked = matches!(self.client.state(), State::Connecting(_) | State::Open);
        if self.over && !linked {
            self.running = None;
        }
        assert_eq!(self.running.is_some(), linked, "an attempt while {}", self.client.state().kind());
        self.moved(before, &gaps);
    }

    fn deliver(
        &mut self,
        handle: Handle,
        topic: &str,
        position: Position,
        before: Option<Position>,
        gaps: &[GapReason],
    ) {
        let id = self.told.take().expect("only an event is delivered, and once");
        assert_eq!((handle.0, topic, position), (self.payloads, id.topic.as_str(), id.position));
        if before.is_some_and(|before| before.epoch != position.epoch) {
            self.handed.clear();
        }
        assert!(self.handed.insert(position.offset.0), "{position} handed over twice");
        if let Some(before) = before {
            let hole = before.epoch != position.epoch || id.previous() > before.offset;
            assert!(!hole || !gaps.is_empty(), "{position} after {before} and no gap");
        }
    }

    fn moved(&mut self, before: Option<Position>, gaps: &[GapReason]) {
        let (before, after) = match (before, self.client.position()) {
            (Some(before), Some(after)) => (before, after),
            (before, after) => return assert!(before.is_none() || after.is_some(), "the position was forgotten"),
        };
        if before.epoch != after.epoch {
            assert!(!gaps.is_empty(), "another epoch and no gap");
            self.handed.retain(|offset| *offset == after.offset.0);
        } else if after.offset < before.offset {
            assert!(gaps.contains(&GapReason::Ahead), "{before} fell to {after}");
            self.handed.clear();
        }
    }
}

fn number(raw: &str) -> u64 {
    raw.parse().unwrap_or(0)
}

fn patterns(list: &str) -> Vec<Pattern> {
    list.split(',').filter_map(|raw| Pattern::parse(raw).ok()).collect()
}

fn hello(start: u64) -> String {
    format!(
        "event: eventwire.hello\ndata: {{\"v\":1,\"start\":\"aaaaaaaaaaaa-{start}\",\"head\":\"aaaaaaaaaaaa-{start}\",\"names\":[\"tick\"],\
         \"contract\":\"00000000000000aa\",\"topics\":[\"a\",\"b.*\"],\"denied\":[],\"heartbeat\":15000,\"spread\":1000,\"retry\":1000}}\n\n"
    )
}
