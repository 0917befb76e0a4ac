//! The promise (`docs/wire.md` section 7) as the client keeps it, against a small server that is always right: a short
//! history with every cut of the wire.
//!
//! I4 order, I5 nothing lost without a word, I6 nothing twice, I8 no needless gap, I10 the hub's order, I12 epochs, I13
//! cuts, I17 coming back, I18 the distance of attempts, I22 clocks, I23 what is left behind, I24 what cannot be read.

use eventwire::{
    Code, Epoch, EventId, Frame, Offset, Position, Request, Start, Topic,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Contract, End, Fault, Handle, Input, Output, State, Status, Timestamp,
    TransportEvent,
};
use std::{collections::BTreeSet, time::Duration};

/// Events 1 to 8 of one order; of the last topic only the newest matters.
const HISTORY: [&str; 8] = ["a", "latest", "b", "a", "latest", "b", "latest", "a"];
const LATEST: &str = "latest";

/// The hub as it is at one moment.
#[derive(Clone, Copy)]
struct Server {
    epoch: &'static str,
    head: u64,
    /// Events up to here are gone.
    lost: u64,
}

/// One block on its way, in words of the wire.
type Sent = (String, String, Option<String>);

impl Server {
    fn position(self, offset: u64) -> Position {
        Position { epoch: Epoch::parse(&self.epoch.repeat(12)).expect("an epoch"), offset: Offset(offset) }
    }

    /// The whole answer to a request, up to `cursor live`.
    fn answer(self, query: &str) -> Vec<Sent> {
        let request = Request::parse(query, []).expect("a query");
        let (from, fresh) = match request.start {
            Start::After { position, .. } => (position, !request.new.is_empty()),
            _ => (self.position(self.head), true),
        };
        let hello = Hello {
            v: 1,
            start: from,
            head: self.position(self.head),
            names: Vec::new(),
            contract: "00000000000000aa".into(),
            topics: crate::script::patterns("**"),
            denied: Vec::new(),
            heartbeat: Duration::from_secs(15),
            spread: Duration::from_secs(1),
            retry: Duration::from_secs(1),
        };
        let mut sent = vec![frame(Frame::Hello(hello), "")];
        let foreign = from.epoch != self.position(0).epoch;
        let gap = if foreign {
            Some((GapReason::Epoch, self.head))
        } else {
            (from.offset.0 < self.lost).then_some((GapReason::Evicted, self.lost))
        };
        if let Some((reason, offset)) = gap {
            sent.push(frame(Frame::Gap(Gap { reason, topics: Vec::new() }), &self.position(offset).to_string()));
        }
        let from = gap.map_or(from.offset.0, |(_, offset)| offset);
        let newest = |upto: u64| (1..=upto).rev().find(|n| topic(*n) == LATEST);
        if fresh || gap.is_some() {
            sent.extend(newest(from).filter(|n| *n > self.lost).map(|n| self.event(n)));
        }
        sent.push(frame(Frame::Cursor(CursorKind::Prelude), &self.position(from).to_string()));
        let owed = (from + 1..=self.head).filter(|n| topic(*n) != LATEST || newest(self.head) == Some(*n));
        sent.extend(owed.map(|n| self.event(n)));
        sent.push(frame(Frame::Cursor(CursorKind::Live), &self.position(self.head).to_string()));
        sent
    }

    fn event(self, offset: u64) -> Sent {
        let previous = (1..offset).rev().find(|n| topic(*n) == topic(offset) && topic(*n) != LATEST);
        let back = previous.filter(|n| *n > self.lost).map(|n| offset - n);
        let id =
            EventId { position: self.position(offset), back, topic: Topic::parse(topic(offset)).expect("a topic") };
        ("tick".to_owned(), id.to_string(), None)
    }
}

fn topic(offset: u64) -> &'static str {
    HISTORY[offset as usize - 1]
}

fn frame(frame: Frame, id: &str) -> Sent {
    (frame.event().to_owned(), id.to_owned(), Some(frame.data()))
}

/// What the page was told, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Event(Position),
    /// Everything between may be missing.
    Gap(Option<Position>, Option<Position>),
}

/// A client with its page and a clock.
struct Reader {
    client: Client,
    clock: u64,
    attempt: Option<(Attempt, String)>,
    told: Vec<Told>,
    attempts: Vec<u64>,
    faults: Vec<Fault>,
}

impl Reader {
    fn new(config: Config) -> Self {
        let client = Client::new(config, 7);
        Self { client, clock: 0, attempt: None, told: Vec::new(), attempts: Vec::new(), faults: Vec::new() }
    }

    fn tell(&mut self, input: Input<'_>) {
        let before = self.client.position();
        self.client.handle_input(Timestamp(self.clock), input);
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect { attempt, query } => {
                    self.attempt = Some((attempt, query));
                    self.attempts.push(self.clock);
                }
                Output::Disconnect { .. } => self.attempt = None,
                Output::Deliver { position, .. } => self.told.push(Told::Event(position)),
                Output::Gap(gap) => self.told.push(Told::Gap(before, gap.position)),
                Output::Fault(fault) => self.faults.push(fault),
                _ => {}
            }
        }
    }

    fn news(&mut self, event: TransportEvent<'_>) {
        let attempt = self.attempt.as_ref().expect("an attempt").0;
        if matches!(event, TransportEvent::Ended(End::Lost) | TransportEvent::Status(_)) {
            self.attempt = None;
        }
        self.tell(Input::Transport(attempt, event));
    }

    fn receive(&mut self, (event, id, data): &Sent) {
        let read = data.as_ref().map(|data| Frame::parse(event, data));
        let body = read.map_or(Body::Payload(Handle(0)), Body::from);
        self.news(TransportEvent::Block(Block { event, id, body }));
    }

    /// Waits until an attempt is under way.
    fn dial(&mut self) {
        for _ in 0..100 {
            if self.attempt.is_some() {
                return;
            }
            self.clock = self.clock.max(self.client.deadline().expect("a wait").0);
            self.tell(Input::Timeout);
        }
        panic!("no attempt in {:?}", self.client.state());
    }

    /// Reads what the server answers up to the `cut`th block, then loses the connection.
    fn read(&mut self, server: Server, cut: usize) {
        self.dial();
        let query = self.attempt.as_ref().expect("an attempt").1.clone();
        let sent = server.answer(&query);
        sent.iter().take(cut).for_each(|block| self.receive(block));
        if cut < sent.len() {
            self.news(TransportEvent::Ended(End::Lost));
        }
    }
}

/// I4, I5, I6, I8 and I10 over what a page was told, when it first stood at `began` and the order has come to `server`.
fn judge(told: &[Told], began: u64, server: Server, lossless: bool) {
    let mut handed = BTreeSet::new();
    let mut excused = BTreeSet::new();
    let mut last = 0;
    for word in told {
        match *word {
            Told::Event(position) => {
                let offset = position.offset.0;
                assert!(handed.insert(offset), "I6: {offset} twice: {told:?}");
                assert!(topic(offset) == LATEST || offset > last, "I4, I10: {offset} after {last}: {told:?}");
                last = last.max(offset);
            }
            Told::Gap(before, after) => {
                assert!(!lossless, "I8: nothing was lost: {told:?}");
                let (before, after) = (before.expect("a position"), after.expect("a position"));
                assert!(before.offset < after.offset, "I8: a gap over nothing: {told:?}");
                excused.extend(before.offset.0 + 1..=after.offset.0);
            }
        }
    }
    let newest = (1..=server.head).rev().find(|n| topic(*n) == LATEST);
    for offset in 1..=server.head {
        let owed =
            if topic(offset) == LATEST { newest == Some(offset) && offset > server.lost } else { offset > began };
        let seen = handed.contains(&offset);
        assert!(seen || !owed || excused.contains(&offset), "I5: {offset} never came: {told:?}");
        assert!(topic(offset) == LATEST || !(seen && excused.contains(&offset)), "I5: {offset} came and was lost");
    }
}

/// Every two cuts of a wire, with everything that can happen to the hub in between.
fn every_cut(mut each: impl FnMut(&mut Reader, u64, Server, bool)) {
    for began in 0..=HISTORY.len() as u64 {
        for middle in began..=HISTORY.len() as u64 {
            for lost in [0, began, middle] {
                for first in 1..8 {
                    for second in 0..8 {
                        let mut reader = Reader::new(Config::default());
                        reader.tell(Input::Open);
                        let server = |head, lost| Server { epoch: "a", head, lost };
                        reader.read(server(began, 0), first);
                        if reader.attempt.is_some() {
                            reader.news(TransportEvent::Ended(End::Lost));
                        }
                        reader.read(server(middle, lost), second);
                        if reader.attempt.is_some() {
                            reader.news(TransportEvent::Ended(End::Lost));
                        }
                        let last = server(HISTORY.len() as u64, lost);
                        reader.read(last, usize::MAX);
                        each(&mut reader, began, last, lost <= began);
                    }
                }
            }
        }
    }
}

#[test]
fn i5_i6_i8_i13_a_wire_cut_anywhere_twice_is_made_whole_and_only_a_loss_is_a_gap() {
    let mut gaps = 0;
    every_cut(|reader, began, server, lossless| {
        judge(&reader.told, began, server, lossless);
        gaps += reader.told.iter().filter(|word| matches!(word, Told::Gap(..))).count();
        assert_eq!(reader.faults, []);
    });
    assert!(gaps > 0, "no history lost anything");
}

#[test]
fn i12_another_epoch_is_told_before_any_of_its_events_wherever_the_wire_was_cut() {
    for head in 0..=HISTORY.len() as u64 {
        for first in 1..8 {
            for second in 0..8 {
                let mut reader = Reader::new(Config::default());
                reader.tell(Input::Open);
                reader.read(Server { epoch: "a", head: 5, lost: 0 }, first);
                if reader.attempt.is_some() {
                    reader.news(TransportEvent::Ended(End::Lost));
                }
                let server = Server { epoch: "b", head, lost: 0 };
                reader.read(server, second);
                if reader.attempt.is_some() {
                    reader.news(TransportEvent::Ended(End::Lost));
                }
                reader.read(server, usize::MAX);
                let foreign =
                    |word: &Told| matches!(word, Told::Event(position) if position.epoch == server.position(0).epoch);
                let gap = reader.told.iter().position(|word| matches!(word, Told::Gap(..))).expect("a gap");
                assert!(!reader.told[..gap].iter().any(foreign), "{:?}", reader.told);
                assert!(reader.told[gap..].iter().all(|word| foreign(word) || matches!(word, Told::Gap(..))));
                let newest = (1..=head).rev().find(|n| topic(*n) == LATEST).map(|n| Told::Event(server.position(n)));
                assert!(newest.is_none_or(|newest| reader.told[gap..].contains(&newest)), "{:?}", reader.told);
            }
        }
    }
}

#[test]
fn i22_what_is_handed_over_does_not_depend_on_what_the_clock_says() {
    let read = |clock: &dyn Fn(usize) -> u64| {
        let mut reader = Reader::new(Config::default());
        reader.tell(Input::Open);
        for (n, (head, cut)) in [(2, 3), (4, 2), (4, 4), (8, 2), (8, usize::MAX)].into_iter().enumerate() {
            reader.clock = clock(n);
            reader.read(Server { epoch: "a", head, lost: 0 }, cut);
            if reader.attempt.is_some() && cut != usize::MAX {
                reader.news(TransportEvent::Ended(End::Lost));
            }
        }
        reader.told
    };
    let steady = read(&|n| n as u64 * 60_000);
    judge(&steady, 2, Server { epoch: "a", head: 8, lost: 0 }, true);
    assert_eq!(read(&|n| 1_000_000 - n as u64 * 1000), steady, "a clock that falls");
    assert_eq!(read(&|_| 0), steady, "a clock that stands");
    assert_eq!(read(&|n| u64::MAX >> (5 - n)), steady, "a clock that leaps");
}

#[test]
fn i17_whatever_went_wrong_before_a_good_server_is_found_within_the_longest_wait() {
    type Bad = fn(&mut Reader);
    let bad: [(&str, Bad); 5] = [
        ("lost", |reader| reader.news(TransportEvent::Ended(End::Lost))),
        ("refused", |reader| {
            reader.news(TransportEvent::Ended(End::Refused));
            reader.news(TransportEvent::Status(Status { status: 503, retry_after: None, code: None }));
        }),
        ("no answer", |reader| {
            while reader.attempt.is_some() {
                reader.clock = reader.client.deadline().expect("a watch").0;
                reader.tell(Input::Timeout);
            }
        }),
        ("hello and the end", |reader| {
            let hello = Server { epoch: "a", head: 3, lost: 0 }.answer("").remove(0);
            reader.receive(&hello);
            reader.news(TransportEvent::Ended(End::Lost));
        }),
        ("bye limit", |reader| {
            let bye = Bye { reason: Code::Limit, after: Duration::ZERO };
            reader.receive(&frame(Frame::Bye(bye), ""));
        }),
    ];
    for (name, bad) in bad {
        for times in [1, 2, 7, 40] {
            let mut reader = Reader::new(Config::default());
            reader.tell(Input::Open);
            for _ in 0..times {
                reader.dial();
                bad(&mut reader);
            }
            let good = reader.clock;
            reader.read(Server { epoch: "a", head: 8, lost: 0 }, usize::MAX);
            assert!(reader.clock - good <= 31_000, "{name}: {} ms", reader.clock - good);
            assert_eq!(reader.client.state(), State::Open, "{name}");
        }
    }
}

#[test]
fn i18_attempts_that_fail_are_a_second_to_thirty_one_apart_and_there_are_none_while_paused() {
    let mut reader = Reader::new(Config::default());
    reader.tell(Input::Open);
    for _ in 0..40 {
        reader.news(TransportEvent::Ended(End::Lost));
        reader.dial();
    }
    for pair in reader.attempts.windows(2) {
        assert!((1_000..=31_000).contains(&(pair[1] - pair[0])), "{pair:?}");
    }
    let made = reader.attempts.len();
    for (pause, input) in [Input::PageHide, Input::QueueFull].into_iter().enumerate() {
        reader.tell(input);
        for step in 0..1_000u64 {
            reader.clock += step * 100;
            reader.tell(Input::Timeout);
            reader.tell(Input::Online);
            reader.tell(Input::Offline);
            reader.tell(Input::Visible);
        }
        assert_eq!(reader.attempts.len(), made, "pause {pause}");
    }
}

#[test]
fn i23_a_client_that_is_closed_or_paused_holds_no_attempt_and_asks_for_no_time() {
    for leave in [Input::Close, Input::PageHide, Input::QueueFull] {
        for cut in 0..6 {
            let mut reader = Reader::new(Config::default());
            reader.tell(Input::Open);
            let sent = Server { epoch: "a", head: 3, lost: 0 }.answer("");
            sent.iter().take(cut).for_each(|block| reader.receive(block));
            reader.tell(leave.clone());
            assert_eq!(reader.attempt, None, "{leave:?} after {cut}");
            assert_eq!(reader.client.deadline(), None, "{leave:?} after {cut}");
            assert_eq!(reader.client.heard(), None, "{leave:?} after {cut}");
        }
    }
}

#[test]
fn i24_an_event_that_cannot_be_read_is_told_once_and_blocks_nothing() {
    let contract = Contract { names: Some("tick".into()), hash: "00000000000000aa".into() };
    let mut reader = Reader::new(Config { contract: Some(contract), ..Config::default() });
    reader.tell(Input::Open);
    let server = Server { epoch: "a", head: 1, lost: 0 };
    reader.read(server, usize::MAX);
    let (_, id, _) = server.event(3);
    let broken: [Sent; 4] = [
        ("renamed".to_owned(), id, None),
        ("renamed".to_owned(), server.event(4).1, None),
        ("tick".to_owned(), "nonsense".to_owned(), None),
        ("eventwire.gap".to_owned(), String::new(), Some("nonsense".to_owned())),
    ];
    broken.iter().for_each(|block| reader.receive(block));
    reader.receive(&server.event(6));
    let words: Vec<&str> = reader.faults.iter().map(Fault::as_str).collect();
    assert_eq!(words, ["unknown", "id", "frame"]);
    assert_eq!(reader.told, [Told::Event(server.position(6))]);
    assert_eq!(reader.client.position(), Some(server.position(6)));
    assert_eq!(reader.client.state(), State::Open);
}
