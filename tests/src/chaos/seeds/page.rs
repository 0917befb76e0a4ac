//! A page without a browser in a simulated day: the real client machine, one wire at a time, and what it was handed.
//!
//! Between it and the hub are the bytes of a response body, late, cut anywhere, or never to come.

use super::grants::{self, Grants};
use crate::chaos::chance::Chance;
use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::Request,
};
use eventwire::{Code, Pattern, Position, limits, sse};
use eventwire_client_core::{
    Attempt, Block, Body as Carried, Client, Config, End, Handle, Input, Output, Pause, State, Status, Timestamp,
    Topics, TransportEvent,
};
use eventwire_judge::{Item, Reading};
use futures_util::{FutureExt, StreamExt};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;
use tower::ServiceExt;

/// Bytes of this many pieces may be under way to a page; the rest waits in the body.
const UNDER_WAY: usize = 64;

pub(super) struct Page {
    name: String,
    client: Client,
    topics: Topics,
    /// It starts from a position it holds the state of.
    from: Option<Position>,
    wire: Option<Wire>,
    chance: Chance,
    items: Vec<Item>,
    pub(super) dials: u64,
    /// What was told, for a failing day.
    pub(super) log: Vec<String>,
    started: Instant,
}

/// One response.
struct Wire {
    attempt: Attempt,
    body: BodyDataStream,
    decoder: sse::Decoder,
    under_way: VecDeque<(Instant, Vec<u8>)>,
    ended: bool,
    /// Half open: nothing comes any more, and nobody says so.
    dead: bool,
    /// Nothing was read yet: what comes first is where most can go wrong.
    fresh: bool,
}

/// What is to be done to the bytes that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// They come, after this time.
    Late(Duration),
    /// The connection is lost after so many bytes of the next piece.
    Cut(usize),
}

impl Page {
    pub(super) fn new(name: String, config: Config, from: Option<Position>, seed: u64) -> Self {
        let topics = config.topics.clone();
        let client = Client::new(config, seed);
        let log = vec![format!("{topics:?} from {from:?}")];
        let chance = Chance::new(seed);
        let started = Instant::now();
        Self { name, client, topics, from, wire: None, chance, items: Vec::new(), dials: 0, log, started }
    }

    /// For the judge.
    pub(super) fn reading(&self) -> Reading {
        let first = self.items.iter().find_map(|item| match item {
            Item::At(at) => Some(*at),
            _ => None,
        });
        let from = self.from.or(first);
        Reading { view: Vec::new(), from, new: self.from.is_none(), items: self.items.clone() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn state(&self) -> State {
        self.client.state()
    }

    /// Whether it is where it should be when everything works: reading, or with nothing to read.
    pub(super) fn is_settled(&self) -> bool {
        match self.client.state() {
            State::Open | State::Paused(Pause::Topics) => true,
            // `auth`: access was changed again before the answer to the first change let anything through.
            State::Closed(why) => matches!(why.code, Code::Forbidden | Code::Auth),
            _ => false,
        }
    }

    pub(super) fn is_named(&self) -> bool {
        matches!(self.topics, Topics::Named(_))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let due = self.client.deadline().map(|at| self.started + Duration::from_millis(at.0));
        let coming = self.wire.as_ref().and_then(|wire| wire.under_way.front()).map(|(at, _)| *at);
        due.into_iter().chain(coming).min()
    }

    pub(super) fn withdrawn(&mut self, at: Position) {
        self.items.push(Item::Withdrawn(at));
    }

    /// Tells the machine, and carries out what it asks.
    pub(super) async fn tell(&mut self, net: &Net<'_>, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
        self.carry_out(net).await;
    }

    /// Takes what the body has, to come as `fate` says; hears what is due.
    pub(super) async fn read(&mut self, net: &Net<'_>, pieces: usize, mut fate: Fate) {
        for _ in 0..pieces {
            let Some(wire) = &mut self.wire else { break };
            if wire.ended || wire.under_way.len() >= UNDER_WAY {
                break;
            }
            match wire.body.next().now_or_never() {
                None => break,
                Some(None | Some(Err(_))) => wire.ended = true,
                Some(Some(Ok(_))) if wire.dead => {}
                Some(Some(Ok(bytes))) => {
                    if std::mem::take(&mut wire.fresh) && net.rough && self.chance.one_in(4) {
                        fate = Fate::Cut(self.chance.index(bytes.len() + 1));
                    }
                    let late = if let Fate::Late(late) = fate { late } else { Duration::ZERO };
                    let due = wire.under_way.back().map_or(Instant::now(), |(at, _)| *at).max(Instant::now() + late);
                    let end = if let Fate::Cut(end) = fate { end % (bytes.len() + 1) } else { bytes.len() };
                    wire.under_way.push_back((due, bytes[..end].to_vec()));
                    if let Fate::Cut(_) = fate {
                        wire.ended = true;
                        fate = Fate::Late(Duration::ZERO);
                    }
                }
            }
        }
        if let (Fate::Cut(_), Some(wire)) = (fate, &mut self.wire) {
            wire.ended = true;
        }
        self.hear_due(net).await;
    }

    /// The wire is gone with all that was under way.
    pub(super) async fn cut(&mut self, net: &Net<'_>) {
        if let Some(wire) = self.wire.take() {
            self.log.push(format!("{} cut", self.now().0));
            self.tell(net, Input::Transport(wire.attempt, TransportEvent::Ended(End::Lost))).await;
        }
    }

    pub(super) fn half_open(&mut self) {
        if let Some(wire) = &mut self.wire {
            wire.dead = true;
            wire.under_way.clear();
        }
    }

    /// What is due by now: bytes, the end of the wire, the machine's own deadline.
    pub(super) async fn hear_due(&mut self, net: &Net<'_>) {
        while let Some(wire) = &mut self.wire {
            let due = wire.under_way.front().is_some_and(|(at, _)| *at <= Instant::now());
            if due {
                let (_, bytes) = wire.under_way.pop_front().expect("it was there");
                self.hear(net, &bytes).await;
            } else if wire.ended && wire.under_way.is_empty() && !wire.dead {
                self.cut(net).await;
            } else {
                break;
            }
        }
        if self.client.deadline().is_some_and(|deadline| deadline <= self.now()) {
            self.tell(net, Input::Timeout).await;
        }
    }

    async fn hear(&mut self, net: &Net<'_>, bytes: &[u8]) {
        let now = self.now();
        let Some(mut wire) = self.wire.take() else { return };
        let (client, items, log) = (&mut self.client, &mut self.items, &mut self.log);
        let mut others = Vec::new();
        let pushed = wire.decoder.push(bytes, |block| {
            let ours = block.event.starts_with(eventwire::frame::PREFIX);
            let read = eventwire::Frame::parse(block.event, block.data);
            let body = if ours { read.into() } else { Carried::Payload(Handle(0)) };
            let told = Block { event: block.event, id: block.id, body };
            log.push(format!("{} < {} {} {:.200}", now.0, block.event, block.id, block.data));
            client.handle_input(now, Input::Transport(wire.attempt, TransportEvent::Block(told)));
            while let Some(output) = client.poll_output() {
                match output {
                    Output::Deliver { topic, position, .. } => {
                        items.push(Item::Event { at: position, topic, content: content(block.data).to_owned() });
                    }
                    Output::Gap(gap) => {
                        items.push(Item::Gap { at: gap.position, reason: gap.reason, topics: gap.topics });
                    }
                    other => others.push(other),
                }
            }
            note(items, client.position());
        });
        pushed.expect("no line is longer than a payload may be");
        let attempt = wire.attempt;
        let hung_up = others.iter().any(|o| matches!(o, Output::Disconnect { attempt: of } if *of == attempt));
        if hung_up {
            net.zombies.borrow_mut().push_back(wire.body);
        } else {
            self.wire = Some(wire);
        }
        for output in others {
            self.log.push(format!("{} {output:?}", now.0));
            match output {
                Output::Connect { attempt, query } => self.dial(net, attempt, &query).await,
                Output::State(state) => self.stand(state),
                _ => {}
            }
        }
        self.carry_out(net).await;
    }

    /// Where it stands: paused without topics, or closed, nothing is asked for any more.
    fn stand(&mut self, state: State) {
        if matches!(state, State::Paused(Pause::Topics) | State::Closed(_)) {
            note(&mut self.items, self.client.position());
            self.items.push(Item::View(Vec::new()));
        }
    }

    async fn carry_out(&mut self, net: &Net<'_>) {
        while let Some(output) = self.client.poll_output() {
            self.log.push(format!("{} {output:?}", self.now().0));
            match output {
                Output::Connect { attempt, query } => self.dial(net, attempt, &query).await,
                // The server may not hear of it for a while.
                Output::Disconnect { .. } => net.zombies.borrow_mut().extend(self.wire.take().map(|wire| wire.body)),
                Output::Gap(gap) => {
                    self.items.push(Item::Gap { at: gap.position, reason: gap.reason, topics: gap.topics })
                }
                Output::Deliver { .. } => unreachable!("an event is delivered while its block is read"),
                Output::State(state) => self.stand(state),
                Output::Fault(_) | Output::Probe { .. } | Output::Outdated { .. } => {}
            }
        }
    }

    async fn dial(&mut self, net: &Net<'_>, attempt: Attempt, query: &str) {
        net.zombies.borrow_mut().extend(self.wire.take().map(|wire| wire.body));
        self.dials += 1;
        let answer = match net.router {
            None => {
                self.let_go(query);
                TransportEvent::Ended(End::Lost)
            }
            Some(_) if net.refusing => {
                self.let_go(query);
                let status = Status { status: 503, retry_after: Some(Duration::from_secs(2)), code: None };
                TransportEvent::Status(status)
            }
            Some(router) => {
                note(&mut self.items, self.client.position());
                self.items.push(Item::View(net.grants.of(&self.name, query)));
                let uri = format!("/events/{}?{query}", self.name);
                let request = Request::get(uri).body(Body::empty()).expect("a request");
                let response = router.clone().oneshot(request).await.expect("a router answers");
                let status = response.status().as_u16();
                if status == 200 {
                    let body = response.into_body().into_data_stream();
                    let decoder = sse::Decoder::new(limits::LINE);
                    let under_way = VecDeque::new();
                    self.wire =
                        Some(Wire { attempt, body, decoder, under_way, ended: false, dead: false, fresh: true });
                    TransportEvent::Opened
                } else {
                    TransportEvent::Status(Status { status, retry_after: None, code: None })
                }
            }
        };
        let now = self.now();
        self.log.push(format!("{} dialled {answer:?}", now.0));
        self.client.handle_input(now, Input::Transport(attempt, answer));
    }

    /// A request that reached nobody asks for less, too: what is not in it, the page has let go of. Asked for again, it is new.
    fn let_go(&mut self, query: &str) {
        let asked = grants::asked(query);
        let before = self.items.iter().rev().find_map(|item| match item {
            Item::View(view) => Some(view),
            _ => None,
        });
        let left: Vec<Pattern> = before
            .into_iter()
            .flatten()
            .filter(|pattern| asked.is_empty() || asked.contains(pattern))
            .cloned()
            .collect();
        if before.is_some_and(|before| before.len() > left.len()) {
            note(&mut self.items, self.client.position());
            self.items.push(Item::View(left));
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.started.elapsed().as_millis()).expect("a day is short"))
    }
}

/// What lies between pages and the hub.
pub(super) struct Net<'a> {
    /// `None`: nobody listens.
    pub(super) router: Option<&'a Router>,
    pub(super) grants: &'a Grants,
    /// Connections are lost by themselves.
    pub(super) rough: bool,
    /// A proxy says 503.
    pub(super) refusing: bool,
    /// Responses whose pages are gone and whose server has not heard of it.
    pub(super) zombies: &'a std::cell::RefCell<VecDeque<BodyDataStream>>,
}

fn note(items: &mut Vec<Item>, position: Option<Position>) {
    let last = items.iter().rev().find_map(|item| match item {
        Item::At(at) => Some(*at),
        _ => None,
    });
    if let Some(position) = position.filter(|position| Some(*position) != last) {
        items.push(Item::At(position));
    }
}

/// An event as it is told apart: its number is enough, and shorter than its padding.
pub(super) fn content(data: &str) -> &str {
    data.split(',').next().unwrap_or_default()
}

pub(super) fn patterns(list: &[&str]) -> Vec<Pattern> {
    list.iter().map(|raw| Pattern::parse(raw).expect("a pattern")).collect()
}
