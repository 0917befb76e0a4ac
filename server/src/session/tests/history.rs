//! What may happen to a hub and its readers, one step after the other, with the oracle reading along.

use super::{
    super::{
        fan::{Fan, Rules},
        speech::Greeting,
    },
    oracle::{Client, Published, Tap, World, position},
};
use crate::{
    hub::{CoreConfig, Join, door::Door, inbox::Bounds, seat::SeatId, sequence::Sequence},
    log::Limits,
};
use eventwire::{Epoch, EventName, Offset, Pattern, Start, Topic, frame::GapReason, limits, sse::Decoder};
use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

pub(super) const TOPICS: [&str; 8] = ["a", "a.b", "a.c", "a.b.c", "b", "b.x", "b.y.z", "busy"];
pub(super) const VIEWS: [&[&str]; 12] = [
    &["a"],
    &["a.b"],
    &["busy"],
    &["a", "b"],
    &["a.*"],
    &["a.**"],
    &["*"],
    &["**"],
    &["a.b", "a.*"],
    &["b.**", "busy"],
    &["*.b", "b.*"],
    &["b.y.z", "a.b.c", "a", "b", "b.x"],
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// So many events on a topic, with so much payload.
    Publish {
        topic: usize,
        size: usize,
        times: usize,
    },
    /// The store's next offset is so much higher.
    Skip(u64),
    /// A name that no hello listed.
    Foreign {
        topic: usize,
        name: usize,
    },
    /// Milliseconds pass.
    Time(u64),
    /// A reader comes, so far behind the head, with room for so many bytes.
    Join {
        view: usize,
        start: From,
        room: usize,
    },
    /// A reader goes for good.
    Leave(usize),
    /// A reader can take so many bytes more.
    Room(usize, usize),
    /// A reader is cut wherever it is and comes back where it was.
    Resume {
        reader: usize,
        native: bool,
        room: usize,
    },
    /// It comes back with one topic more.
    Widen {
        reader: usize,
        view: usize,
        room: usize,
    },
    Turn,
    /// The store lost something.
    Lose,
    /// Another life of the order.
    Renew,
    /// The same, in the middle of a turn: just as this reader is written to.
    RenewAt(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    Now,
    Earliest,
    Back(u64),
    Ahead,
    Unreadable,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) limits: Limits,
    pub(super) inbox: Bounds,
    pub(super) latest: &'static [&'static str],
}

struct Stream {
    id: SeatId,
    client: Client,
    tap: Tap,
    decoder: Decoder,
}

/// What a history came to, for tests that ask whether it reached what it was made for. Of the readers there are at the
/// end, one after the other.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) events: usize,
    pub(super) gaps: Vec<GapReason>,
}

pub(super) fn patterns(all: &[&str]) -> Vec<Pattern> {
    all.iter().map(|p| Pattern::parse(p).unwrap()).collect()
}

fn epoch(n: usize) -> Epoch {
    Epoch::parse(&format!("{n:012}")).unwrap()
}

/// A hub, its readers, and the world as it really was.
pub(super) struct Stage {
    sequence: Arc<Sequence>,
    fan: Fan<Tap>,
    pub(super) world: World,
    streams: Vec<Stream>,
    next: u64,
    tally: Tally,
    clock: tokio::runtime::Runtime,
}

impl Stage {
    pub(super) fn new(setting: Setting) -> Self {
        let clock = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let entered = clock.enter();
        let config = CoreConfig {
            epoch: epoch(0),
            start: Offset(0),
            retain: Duration::from_secs(1),
            budget: 0,
            latest: patterns(setting.latest),
            names: vec![EventName::parse("tick").unwrap()],
            contract: "0123456789abcdef".into(),
            heartbeat: Duration::from_secs(1_000),
            stall: Duration::from_secs(100_000),
            rotate: None,
            readers: usize::MAX,
            per_principal: usize::MAX,
        };
        let door = Arc::new(Door::default());
        let sequence = Arc::new(Sequence::new(&config, setting.limits, setting.inbox, vec![door]));
        let rules = Rules {
            greeting: Greeting { contract: config.contract, heartbeat: config.heartbeat },
            stall: 100_000_000,
            rotate: None,
            readers: usize::MAX,
            per_principal: usize::MAX,
            has_store: false,
        };
        let fan = Fan::new(sequence.clone(), 0, rules, 7, sequence.now());
        drop(entered);
        let world = World {
            epoch: epoch(0),
            past: Vec::new(),
            latest: config.latest,
            events: BTreeMap::new(),
            head: 0,
            start: 0,
            kept: HashSet::new(),
            hole: None,
        };
        Self { sequence, fan, world, streams: Vec::new(), next: 1, tally: Tally::default(), clock }
    }

    pub(super) fn step(&mut self, op: Op) {
        let count = self.streams.len();
        match op {
            Op::Publish { topic, size, times } => (0..times).for_each(|_| self.publish(TOPICS[topic], "tick", size)),
            Op::Skip(holes) => self.next += holes,
            Op::Foreign { topic, name } => self.publish(TOPICS[topic], ["tack", "tock", "clack"][name], 0),
            Op::Time(millis) => {
                self.clock.block_on(tokio::time::advance(Duration::from_millis(millis)));
                let _entered = self.clock.enter();
                self.sequence.trim(self.sequence.now());
            }
            Op::Join { view, start, room } => {
                let client = Client::new(patterns(VIEWS[view]));
                self.join(client, Some(start), false, room);
            }
            Op::Leave(i) if count > 0 => {
                let stream = self.streams.swap_remove(i % count);
                self.fan.leave(stream.id);
            }
            Op::Room(i, room) if count > 0 => {
                let stream = &self.streams[i % count];
                stream.tap.0.borrow_mut().room = room;
                self.fan.writable(stream.id);
            }
            Op::Resume { reader, native, room } if count > 0 => {
                let stream = self.streams.swap_remove(reader % count);
                self.fan.leave(stream.id);
                let native = native && stream.client.new.is_empty();
                self.join(stream.client, None, native, room);
            }
            Op::Widen { reader, view, room } if count > 0 => {
                let mut stream = self.streams.swap_remove(reader % count);
                self.fan.leave(stream.id);
                for pattern in patterns(VIEWS[view]) {
                    if !stream.client.view.contains(&pattern) {
                        stream.client.view.push(pattern.clone());
                        stream.client.new.push(pattern);
                    }
                }
                self.join(stream.client, None, false, room);
            }
            Op::Turn => self.turn(),
            Op::Lose => {
                let upto = self.next;
                self.next += 1;
                self.sequence_lose(upto);
            }
            Op::Renew => {
                let renewal = self.renewal();
                renewal();
                self.live_anew();
            }
            Op::RenewAt(i) if count > 0 => {
                let (renewal, happened) = (self.renewal(), Rc::new(Cell::new(false)));
                let pipe = self.streams[i % count].tap.0.clone();
                let happens = happened.clone();
                pipe.borrow_mut().meanwhile.0 = Some(Box::new(move || {
                    renewal();
                    happens.set(true);
                }));
                self.turn();
                pipe.borrow_mut().meanwhile.0 = None;
                if happened.get() {
                    self.live_anew();
                }
            }
            _ => {}
        }
        self.read();
    }

    /// Everyone takes all there is; nothing may be missing then, and nothing may be left when all are gone.
    pub(super) fn finish(mut self) -> Tally {
        for stream in &self.streams {
            stream.tap.0.borrow_mut().room = usize::MAX;
            self.fan.writable(stream.id);
        }
        for _ in 0..10_000 {
            self.turn();
            if self.fan.idle() {
                break;
            }
        }
        assert!(self.fan.idle(), "never quiet");
        self.read();
        for stream in &self.streams {
            stream.client.settle(&self.world);
        }
        self.bookkeeping();
        for stream in std::mem::take(&mut self.streams) {
            self.tally.events += stream.client.seen.events;
            self.tally.gaps.extend(&stream.client.seen.gaps);
            self.fan.leave(stream.id);
        }
        assert_eq!(self.fan.readers(), 0);
        assert!(self.fan.holds_nothing(), "a hub without readers follows nothing");
        self.tally
    }

    fn publish(&mut self, topic: &'static str, name: &str, size: usize) {
        let _entered = self.clock.enter();
        let at = self.next;
        self.next += 1;
        let name = EventName::parse(name).unwrap();
        let payload = format!("\"{}{}\"", at, "#".repeat(size));
        let previous = self.world.events.iter().rev().find(|(_, e)| e.topic == topic).map_or(0, |(at, _)| *at);
        let put = self.sequence.put(Some(Offset(at)), &Topic::parse(topic).unwrap(), &name, &payload);
        assert_eq!(put, Some(position(&self.world, at)));
        self.world.events.insert(at, Published { topic, name, payload, previous });
        self.world.head = at;
    }

    fn sequence_lose(&mut self, upto: u64) {
        self.sequence.lose(Offset(upto), GapReason::Lost);
        self.world.head = upto;
        self.world.hole = Some((upto, GapReason::Lost));
    }

    fn next_life(&self) -> (Epoch, u64) {
        // Lower than before, or higher: another life owes nothing to the last.
        (epoch(self.world.past.len() + 1), self.next / 2)
    }

    fn renewal(&self) -> impl FnOnce() + 'static {
        let (sequence, (next, head)) = (self.sequence.clone(), self.next_life());
        move || sequence.renew(next, Offset(head))
    }

    fn live_anew(&mut self) {
        let (next, head) = self.next_life();
        let past = std::mem::replace(&mut self.world.epoch, next);
        self.world.past.push(past);
        self.world.events.clear();
        self.world.hole = None;
        (self.world.head, self.world.start) = (head, head);
        self.next = head + 1;
    }

    fn join(&mut self, mut client: Client, from: Option<From>, native: bool, room: usize) {
        if let Some(from) = from {
            client.position = match from {
                From::Now | From::Earliest | From::Unreadable => None,
                From::Back(back) => Some(position(&self.world, self.world.head.saturating_sub(back))),
                From::Ahead => Some(position(&self.world, self.world.head + 3)),
            };
            if client.position.is_some() {
                client.new.clear();
            }
        }
        client.dial(native);
        let start = match (client.position, from) {
            (Some(position), _) => Start::After { position, native },
            (None, Some(From::Earliest)) => Start::Earliest,
            (None, Some(From::Unreadable)) => Start::Unreadable { native },
            (None, _) => Start::Now,
        };
        let (new, granted) = client.view.iter().cloned().partition(|pattern| client.new.contains(pattern));
        let order = Join { granted, new, denied: Vec::new(), start, principal: None, until: None };
        let tap = Tap::default();
        tap.0.borrow_mut().room = room;
        let _entered = self.clock.enter();
        let id = self.fan.join(order, None, tap.clone(), self.sequence.now());
        self.streams.push(Stream { id, client, tap, decoder: Decoder::new(limits::LINE) });
    }

    /// As a turn does whose window was taken a while ago.
    pub(super) fn notice_another_life(&mut self) {
        let _entered = self.clock.enter();
        self.fan.begin_anew();
    }

    fn turn(&mut self) {
        let _entered = self.clock.enter();
        self.fan.turn(self.sequence.now());
    }

    /// Every client reads what has come.
    fn read(&mut self) {
        self.world.kept = self.sequence.offsets().into_iter().collect();
        for stream in &mut self.streams {
            let bytes = std::mem::take(&mut stream.tap.0.borrow_mut().bytes);
            stream.client.read(&self.world, &mut stream.decoder, &bytes);
        }
    }

    /// What the log says it lost is what it lost.
    fn bookkeeping(&self) {
        for topic in TOPICS {
            let last = self.world.events.iter().rfind(|(_, e)| e.topic == topic).map_or(0, |(at, _)| *at);
            let lost = self.world.events.iter().filter(|(at, e)| e.topic == topic && !self.world.kept.contains(at));
            let lost = match self.world.is_latest(topic) {
                true if self.world.kept.contains(&last) => 0,
                true => last,
                false => lost.map(|(at, _)| *at).max().unwrap_or(0),
            };
            if let Some(said) = self.sequence.lost_of(topic)
                && self.world.hole.is_none()
                && self.world.past.is_empty()
            {
                assert_eq!(said, lost, "lost of {topic}, kept {:?}", self.world.kept);
            }
        }
    }
}

pub(super) fn run(ops: &[Op], setting: Setting) -> Tally {
    let mut stage = Stage::new(setting);
    for &op in ops {
        stage.step(op);
    }
    stage.finish()
}
