//! The client: one match over where it is and what happens. Decides when and whether to connect.
//!
//! Knows no socket, clock, chance or payload; what arrives on a stream is judged in `reader.rs`.

use crate::{
    Attempt, CloseReason, Config, Counters, Dialled, End, Input, Output, Pause, State, Status, Timestamp,
    TransportEvent, Trouble,
    backoff::Backoff,
    link::{Link, Stage},
    outbox::Outbox,
    page::{self, Page},
    reader::{News, Reader},
    topics::Change,
    watchdog::{LATE, Verdict},
};
use eventwire::{Code, Pattern, Position, Retry, frame::Bye};
use std::time::Duration;

/// A hint (the page is seen, a topic was added) dials at once, but never sooner than this after an attempt that failed.
const HASTE: Duration = Duration::from_secs(1);
/// A stream that breaks this soon after waking was broken by the sleep.
const WAKING: Duration = Duration::from_secs(10);

/// A client without IO: inputs with their time go in, outputs are drained after each, and a deadline says when to come
/// back without news.
#[derive(Debug)]
pub struct Client {
    place: Place,
    now: Timestamp,
    page: Page,
    reader: Reader,
    backoff: Backoff,
    /// What went wrong last.
    trouble: Trouble,
    /// The page's pull queue is full.
    full: bool,
    attempt: Attempt,
    /// Not before this, whatever hints say: a server asked for it, or an attempt has just failed.
    earliest: Timestamp,
    /// When a sleep was last noticed.
    woke: Option<Timestamp>,
    /// `bye auth` sent the client back, and no stream has become live since.
    pardoned: bool,
    out: Outbox,
}

/// Where a client is, with what it holds there.
#[derive(Debug)]
enum Place {
    Idle,
    Linked(Link, Dialled),
    Waiting(Timestamp),
    Paused(Pause),
    Closed(CloseReason),
}

impl Client {
    /// A client that has not been opened. The seed decides its waits: give every page another one.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            place: Place::Idle,
            now: Timestamp(0),
            page: Page::new(config.background),
            reader: Reader::new(config),
            backoff: Backoff::new(seed),
            trouble: Trouble::Lost,
            full: false,
            attempt: Attempt(0),
            earliest: Timestamp(0),
            woke: None,
            pardoned: false,
            out: Outbox::default(),
        }
    }

    /// Takes one input. Drain [`Client::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Timestamp, input: Input<'_>) {
        let now = self.look_at_the_clock(now);
        match (&mut self.place, input) {
            (Place::Closed(_), _) => {}
            (Place::Idle, Input::Close) => self.place = Place::Closed(CloseReason::page()),
            (_, Input::Close) => {
                let running = self.running();
                self.close(running, CloseReason::page());
            }
            (Place::Idle, Input::Open) => {
                self.page.open(now);
                self.dial(now, Dialled::Opened);
            }
            (_, Input::Open) => {}
            (_, Input::Timeout) => self.time_out(now),

            (_, Input::Hidden) => {
                self.page.hide(now);
                self.obey(now);
            }
            (_, Input::PageHide) => {
                self.page.leave();
                self.obey(now);
            }
            (_, Input::Freeze) => {
                self.page.freeze();
                self.obey(now);
            }
            (_, Input::Visible) => {
                self.page.show();
                self.hint(now, Dialled::Visible);
            }
            (_, Input::PageShow) => {
                self.page.come_back();
                self.hint(now, Dialled::Visible);
            }
            (_, Input::Resume) => {
                self.woke = Some(now);
                self.hint(now, Dialled::Woke);
            }
            (_, Input::Online) if self.page.network(false) => self.hint(now, Dialled::Online),
            (Place::Waiting(until), Input::Offline) if self.page.network(true) => {
                *until = (*until).max(now + page::OFFLINE);
                self.say_state();
            }
            (_, Input::Online) => {}                            // said twice
            (_, Input::Offline) => _ = self.page.network(true), // a hint: a stream that flows is kept

            (_, Input::TopicsAdd(patterns)) => {
                for pattern in self.reader.interest.add(now, patterns) {
                    self.out.fault(crate::Fault::TooMany { pattern });
                }
            }
            (_, Input::TopicsDelete(patterns)) => self.reader.interest.delete(now, patterns),
            (_, Input::QueueFull) => {
                self.full = true;
                self.obey(now);
            }
            (_, Input::QueueDrained) if self.full => {
                self.full = false;
                self.hint(now, Dialled::Drained);
            }
            (_, Input::QueueDrained) => {}

            (Place::Linked(link, _), Input::Transport(attempt, event)) if link.attempt == attempt => {
                self.on_transport(now, event);
            }
            (_, Input::Transport(..)) => {} // of an attempt that is over
        }
    }

    /// The next thing to carry out. Let go of the client before doing so: the page's code may call back.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// When to say [`Input::Timeout`], if ever.
    pub fn deadline(&self) -> Option<Timestamp> {
        let own = match &self.place {
            Place::Idle | Place::Closed(_) => return None,
            Place::Linked(link, _) => Some(link.watch.deadline()),
            Place::Waiting(until) => Some(*until),
            Place::Paused(_) => None,
        };
        [own, self.page.deadline(), self.reader.interest.deadline()].into_iter().flatten().min()
    }

    /// Where the client is.
    pub fn state(&self) -> State {
        match &self.place {
            Place::Idle => State::Idle,
            Place::Linked(link, why) if link.greeted().is_none() => State::Connecting(*why),
            Place::Linked(..) => State::Open,
            Place::Waiting(until) => State::Waiting { until: *until, trouble: self.trouble },
            Place::Paused(pause) => State::Paused(*pause),
            Place::Closed(reason) => State::Closed(reason.clone()),
        }
    }

    /// Up to where the page has been handed everything, or told what is missing.
    pub fn position(&self) -> Option<Position> {
        self.reader.position()
    }

    /// What is asked for; empty if that is all that access grants and no server has said yet what that is.
    pub fn topics(&self) -> impl Iterator<Item = &Pattern> {
        self.reader.interest.patterns()
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        self.out.counters
    }

    /// When the server was last heard on the running attempt.
    pub fn heard(&self) -> Option<Timestamp> {
        match &self.place {
            Place::Linked(link, _) if link.greeted().is_some() => Some(link.watch.heard()),
            _ => None,
        }
    }

    /// Time as the machine believes it: it never falls. A deadline that passed unseen means that the device slept.
    fn look_at_the_clock(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        if self.deadline().is_some_and(|deadline| self.now > deadline + LATE) {
            self.woke = Some(self.now);
        }
        self.now
    }

    fn time_out(&mut self, now: Timestamp) {
        match (&self.place, self.reader.interest.gathered(now)) {
            (_, Change::None) => {}
            (Place::Linked(..), _) => {
                self.hang_up();
                self.dial(now, Dialled::Topics);
            }
            (_, Change::More) => self.hint(now, Dialled::Topics),
            (_, Change::Fewer) => {}
        }
        self.page.look(now);
        self.obey(now);
        match &mut self.place {
            Place::Linked(link, _) => {
                if link.watch.judge(now) == Verdict::Fine {
                    return;
                }
                self.out.counters.stalls += 1;
                let trouble = match link.stage {
                    Stage::Dialling | Stage::Probing => Trouble::NoAnswer,
                    Stage::Opened => Trouble::NoHello,
                    Stage::Prelude | Stage::Following | Stage::Live => Trouble::Stalled,
                };
                self.hang_up();
                self.lost(now, trouble);
            }
            Place::Waiting(until) if *until <= now => self.dial(now, Dialled::Retry),
            _ => {}
        }
    }

    fn on_transport(&mut self, now: Timestamp, event: TransportEvent<'_>) {
        let Place::Linked(link, _) = &mut self.place else { return };
        match (link.stage, event) {
            (Stage::Dialling, TransportEvent::Opened) => link.open(now),
            (_, TransportEvent::Opened) => {} // said twice
            (Stage::Dialling | Stage::Opened, TransportEvent::Ended(End::Refused)) => {
                link.probe(now);
                let attempt = link.attempt;
                self.out.push(Output::Probe { attempt });
            }
            (_, TransportEvent::Ended(_)) => self.lost(now, Trouble::Lost),
            (Stage::Dialling | Stage::Opened | Stage::Probing, TransportEvent::Status(status)) => {
                self.answered(now, status);
            }
            (_, TransportEvent::Status(_)) => {} // no stream that runs has one
            (Stage::Probing, TransportEvent::Block(_)) => {} // of the transport that is gone
            (_, TransportEvent::Block(block)) => {
                if link.greeted().is_some() {
                    link.watch.hear(now);
                }
                match self.reader.block(link, block, &mut self.out) {
                    News::Nothing => self.pardoned &= link.stage != Stage::Live,
                    News::Hello(hello) => {
                        link.greet(now, hello.heartbeat);
                        self.backoff.hello(hello.retry, hello.spread);
                        self.reader.hello(link, hello, &mut self.out);
                        self.say_state();
                    }
                    News::Version => {
                        self.hang_up();
                        self.failed(now, Trouble::Version, Duration::ZERO);
                    }
                    News::Bye(bye) => {
                        self.hang_up();
                        self.dismissed(now, bye);
                    }
                }
            }
        }
    }

    /// The server answered with a status and no stream.
    fn answered(&mut self, now: Timestamp, status: Status<'_>) {
        let plain = Code::of_status(status.status);
        let said = status.code.and_then(Code::parse).unwrap_or(plain);
        // A code of ours knows more than the status, but some statuses need no code.
        let last = [said, plain].into_iter().find(|code| code.retry() == Retry::Never);
        if let Some(code) = last {
            let problem = status.code.map(Into::into);
            self.close(None, CloseReason { code, status: Some(status.status), problem });
        } else {
            self.failed(now, Trouble::Refused(status.status, said), status.retry_after.unwrap_or_default());
        }
    }

    /// The server said `bye`.
    fn dismissed(&mut self, now: Timestamp, bye: Bye) {
        let trouble = Trouble::Bye(bye.reason);
        self.earliest = now + Backoff::believed(bye.after);
        self.reckon();
        match bye.reason.retry() {
            Retry::Resume => self.wait_after_loss(now, trouble, bye.after),
            Retry::Once if !self.pardoned => {
                self.pardoned = true;
                self.wait_after_loss(now, trouble, bye.after);
            }
            Retry::BackOff => self.failed(now, trouble, bye.after),
            Retry::Once | Retry::Never => {
                self.close(None, CloseReason { code: bye.reason, status: None, problem: None });
            }
        }
    }

    /// An attempt is over that the server did not end.
    fn lost(&mut self, now: Timestamp, trouble: Trouble) {
        let greeted = match &self.place {
            Place::Linked(link, _) => link.greeted(),
            _ => None,
        };
        match greeted {
            None => self.failed(now, trouble, Duration::ZERO),
            // A sleep broke it, nobody else's stream: no fleet comes back with this page.
            Some(at) if self.woke.take().is_some_and(|woke| woke >= at && now.since(woke) < WAKING) => {
                self.dial(now, Dialled::Woke);
            }
            Some(_) => {
                self.reckon();
                self.wait_after_loss(now, trouble, Duration::ZERO);
            }
        }
    }

    fn wait_after_loss(&mut self, now: Timestamp, trouble: Trouble, after: Duration) {
        let wait = self.backoff.lost(after);
        self.wait(now, wait, trouble);
    }

    /// The running attempt is over: how long it lived decides what failures before it count.
    fn reckon(&mut self) {
        if let Place::Linked(link, _) = &self.place {
            self.backoff.lived(link.health());
        }
    }

    /// An attempt came to nothing.
    fn failed(&mut self, now: Timestamp, trouble: Trouble, after: Duration) {
        let wait = self.backoff.failed(after);
        self.earliest = now + Backoff::believed(after).max(HASTE);
        self.wait(now, wait, trouble);
    }

    fn wait(&mut self, now: Timestamp, wait: Duration, trouble: Trouble) {
        let wait = if self.page.offline() { wait.max(page::OFFLINE) } else { wait };
        self.trouble = trouble;
        self.go(Place::Waiting(now + wait));
    }

    /// Something says that an attempt would succeed now, or that the running one may have broken unseen.
    fn hint(&mut self, now: Timestamp, why: Dialled) {
        match &mut self.place {
            Place::Waiting(_) | Place::Paused(_) => {
                if !matches!(why, Dialled::Topics | Dialled::Drained) {
                    // What made attempts fail is over.
                    self.backoff.reset();
                }
                self.dial(now, why);
            }
            Place::Linked(link, _) if link.greeted().is_some() => {
                if link.watch.hint(now) {
                    self.woke = Some(now);
                }
            }
            Place::Idle | Place::Linked(..) | Place::Closed(_) => {}
        }
    }

    /// Holds still if something says so.
    fn obey(&mut self, now: Timestamp) {
        match (&self.place, self.hold()) {
            (Place::Idle, _) | (_, None) => {}
            (Place::Paused(pause), Some(hold)) if *pause == hold => {}
            (_, Some(_)) => {
                self.hang_up();
                self.dial(now, Dialled::Retry); // which it does not: it pauses
            }
        }
    }

    fn hold(&self) -> Option<Pause> {
        let queue = self.full.then_some(Pause::Queue);
        self.page.hold().or(queue).or(self.reader.interest.nobody().then_some(Pause::Topics))
    }

    /// Dials; or pauses, or waits, if it may not.
    fn dial(&mut self, now: Timestamp, why: Dialled) {
        if let Some(hold) = self.hold() {
            return match &self.place {
                Place::Paused(pause) if *pause == hold => {}
                _ => self.go(Place::Paused(hold)),
            };
        }
        if now < self.earliest {
            return match &self.place {
                Place::Waiting(until) if *until == self.earliest => {}
                _ => self.go(Place::Waiting(self.earliest)),
            };
        }
        self.attempt = Attempt(self.attempt.0.wrapping_add(1));
        let request = self.reader.request(&mut self.out);
        self.go(Place::Linked(Link::new(self.attempt, now), why));
        self.out.push(Output::Connect { attempt: self.attempt, query: request.to_query() });
    }

    /// Closes the running attempt, if there is one. Where the client goes next is the caller's.
    fn hang_up(&mut self) {
        if let Some(attempt) = self.running() {
            self.out.push(Output::Disconnect { attempt });
        }
    }

    fn running(&self) -> Option<Attempt> {
        match &self.place {
            Place::Linked(link, _) => Some(link.attempt),
            _ => None,
        }
    }

    /// Closes for good. `running`: the attempt that has not ended by itself.
    fn close(&mut self, running: Option<Attempt>, reason: CloseReason) {
        self.place = Place::Closed(reason);
        self.out.close(running, self.state());
    }

    fn go(&mut self, place: Place) {
        self.place = place;
        self.say_state();
    }

    fn say_state(&mut self) {
        self.out.push(Output::State(self.state()));
    }
}

impl CloseReason {
    fn page() -> Self {
        Self { code: Code::Closed, status: None, problem: None }
    }
}
