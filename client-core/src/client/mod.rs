//! The client: one match over where it is and what happens. Decides when and whether to connect.
//!
//! Knows no socket, clock, chance or payload; what arrives on a stream is judged in `reader.rs`.

mod course;

use crate::{
    Attempt, CloseReason, Config, Counters, Dialled, End, Input, Output, Pause, State, Timestamp, TransportEvent,
    Trouble,
    backoff::Backoff,
    link::{Link, Stage},
    outbox::Outbox,
    page::{self, Page},
    reader::{News, Reader},
    time::Millis,
    topics::Change,
    watchdog::{LATE, Verdict},
};
use eventwire::{Code, Pattern, Position};

/// A page that is seen looks at the clock this long after the last input of its stream: a sleep is noticed by a look that
/// comes late. Timers of hidden pages are late without one.
const LOOK: Millis = Millis::from_secs(3);

/// A client without IO: inputs with their time go in, outputs are drained after each, and a deadline says when to come
/// back without news.
#[derive(Debug)]
pub struct Client {
    place: Place,
    now: Timestamp,
    page: Page,
    stall: Option<Millis>,
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
    /// `bye auth` sent the client back, and the answer to that was not yet to let it in.
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
            stall: config.stall.map(Into::into),
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
                self.reader.interest.add(now, patterns, &mut self.out);
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
            (Place::Idle, Input::Restart) => {} // it has not begun
            (_, Input::Restart) => {
                self.reckon();
                self.hang_up();
                self.dial(now, Dialled::Retry);
            }

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
        let due = self.due();
        (due < Timestamp::NEVER).then_some(due)
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

    fn due(&self) -> Timestamp {
        let own = match &self.place {
            Place::Idle | Place::Closed(_) => return Timestamp::NEVER,
            Place::Linked(link, _) if self.page.seen() => link.watch.deadline().min(self.now + LOOK),
            Place::Linked(link, _) => link.watch.deadline(),
            Place::Waiting(until) => *until,
            Place::Paused(_) => Timestamp::NEVER,
        };
        own.min(self.page.deadline()).min(self.reader.interest.deadline())
    }

    /// Time as the machine believes it: it never falls. A deadline that passed unseen means that the device slept.
    fn look_at_the_clock(&mut self, now: Timestamp) -> Timestamp {
        let due = self.due();
        self.now = self.now.max(now.min(Timestamp::LAST));
        if self.now > due + LATE {
            self.woke = Some(self.now);
        }
        self.now
    }

    fn time_out(&mut self, now: Timestamp) {
        match (&self.place, self.reader.gathered(now)) {
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
                let before = self.reader.position();
                match self.reader.block(link, block, &mut self.out) {
                    // A stream that says `hello` and lets nothing through has not let it in.
                    News::Nothing => self.pardoned &= link.stage != Stage::Live && self.reader.position() == before,
                    News::Hello(hello) => {
                        link.greet(now, hello.heartbeat.into());
                        self.backoff.hello(hello.retry.into(), hello.spread.into());
                        if self.reader.hello(hello, &mut self.out) {
                            self.say_state();
                        } else {
                            self.hang_up();
                            self.dial(now, Dialled::Topics);
                        }
                    }
                    News::Version => {
                        self.hang_up();
                        self.failed(now, Trouble::Version, Millis::ZERO);
                    }
                    News::Bye(bye) => {
                        self.hang_up();
                        self.dismissed(now, bye);
                    }
                }
            }
        }
    }
}

impl CloseReason {
    fn page() -> Self {
        Self { code: Code::Closed, status: None, problem: None }
    }
}
