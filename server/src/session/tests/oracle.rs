//! A client that believes nothing: it reads one stream as `docs/wire.md` says and holds it against everything that ever
//! was published.

use bytes::Bytes;
use eventwire::{
    Epoch, EventId, EventName, Frame, Offset, Pattern, Position,
    frame::{CursorKind, GapReason},
    sse::{Block, Decoder},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
    time::Duration,
};

/// One event that was published.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) topic: &'static str,
    pub(super) name: EventName,
    pub(super) payload: String,
    /// Offset of the topic's event before it, 0 if none.
    pub(super) previous: u64,
}

/// Everything that ever was, and what the hub still has of it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) epoch: Epoch,
    pub(super) past: Vec<Epoch>,
    pub(super) latest: Vec<Pattern>,
    /// Of this epoch.
    pub(super) events: BTreeMap<u64, Published>,
    pub(super) head: u64,
    /// What lies at or below is of before this life.
    pub(super) start: u64,
    pub(super) kept: HashSet<u64>,
    /// Where the store lost something.
    pub(super) hole: Option<(u64, GapReason)>,
}

impl World {
    pub(super) fn is_latest(&self, topic: &str) -> bool {
        self.latest.iter().any(|pattern| pattern.matches(topic))
    }

    /// A newer event stands for it.
    fn is_superseded(&self, at: u64, event: &Published) -> bool {
        self.is_latest(event.topic) && self.events.range(at + 1..).any(|(_, e)| e.topic == event.topic)
    }

    /// Events of the view in `(after, upto]` that nothing newer stands for.
    fn owed<'a>(&'a self, view: &'a [Pattern], after: u64, upto: u64) -> impl Iterator<Item = (u64, &'a Published)> {
        let range = (after < upto).then(|| self.events.range(after + 1..=upto)).into_iter().flatten();
        range
            .filter(|(_, event)| view.iter().any(|pattern| pattern.matches(event.topic)))
            .filter(|(at, event)| !self.is_superseded(**at, event))
            .map(|(at, event)| (*at, event))
    }

    fn is_lost(&self, at: u64) -> bool {
        !self.kept.contains(&at) || self.hole.is_some_and(|hole| at <= hole.0)
    }
}

/// Where a stream is in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Hello,
    /// A gap may come, or the prelude.
    Prelude,
    Replay,
    Live,
    Over,
}

/// What happened on one stream.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) events: usize,
    pub(super) preludes: usize,
    pub(super) gaps: Vec<GapReason>,
    pub(super) bye: Option<&'static str>,
    pub(super) live: bool,
}

/// One client through all its streams.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) view: Vec<Pattern>,
    /// Patterns whose prelude is not over.
    pub(super) new: Vec<Pattern>,
    pub(super) position: Option<Position>,
    pub(super) seen: Seen,
    step: Step,
    /// Newest offset per topic that was handed over.
    had: HashMap<&'static str, u64>,
    /// Last id in this prelude, and what came in it.
    prelude: (u64, HashSet<u64>),
    names: HashSet<String>,
    claimed: Option<Position>,
    native: bool,
}

impl Client {
    pub(super) fn new(view: Vec<Pattern>) -> Self {
        Self {
            new: view.clone(),
            view,
            position: None,
            seen: Seen::default(),
            step: Step::Hello,
            had: HashMap::new(),
            prelude: (0, HashSet::new()),
            names: HashSet::new(),
            claimed: None,
            native: false,
        }
    }

    /// A new stream begins. `native`: without a word about new topics.
    pub(super) fn dial(&mut self, native: bool) {
        self.step = Step::Hello;
        self.seen = Seen::default();
        self.prelude = (0, HashSet::new());
        self.names.clear();
        self.claimed = self.position;
        self.native = native && self.position.is_some();
        if self.position.is_none() {
            self.new = self.view.clone();
        }
    }

    /// Reads whole blocks and complains. What a cut left half moves nothing.
    pub(super) fn read(&mut self, world: &World, decoder: &mut Decoder, bytes: &[u8]) {
        let this = RefCell::new(self);
        decoder.push(bytes, |block| this.borrow_mut().block(world, block)).expect("no line too long");
        if this.borrow().seen.preludes + this.borrow().seen.events > 0
            && let Some(retry) = decoder.retry()
        {
            assert!((Duration::from_secs(1)..=Duration::from_secs(60)).contains(&retry), "retry {retry:?}");
        }
    }

    /// All there is was handed over: nothing is missing.
    pub(super) fn settle(&self, world: &World) {
        if self.step == Step::Over {
            return;
        }
        assert_eq!(self.step, Step::Live, "never came to be live: {self:?}");
        let position = self.position.expect("a position");
        assert_eq!(position.epoch, world.epoch);
        let missing: Vec<_> = world.owed(&self.view, position.offset.0, world.head).collect();
        assert!(missing.is_empty(), "silent loss of {missing:?} at the end: {self:?}");
    }

    fn block(&mut self, world: &World, block: Block<'_>) {
        assert_ne!(self.step, Step::Over, "nothing comes after bye: {block:?}");
        match Frame::parse(block.event, block.data).expect("a frame of ours reads") {
            None => self.event(world, block),
            Some(Frame::Hello(hello)) => {
                assert_eq!(self.step, Step::Hello, "one hello, first");
                assert!(hello.head.epoch == world.epoch || world.past.contains(&hello.head.epoch));
                let (start, head) = (hello.start, hello.head);
                assert!(
                    self.position.is_some() || start.epoch == head.epoch && start.offset <= head.offset,
                    "{start} beyond {head}"
                );
                self.names.extend(hello.names.iter().map(|name| name.as_str().to_owned()));
                let mut topics = hello.topics.clone();
                let mut view = self.view.clone();
                topics.sort();
                view.sort();
                assert_eq!(topics, view);
                self.position = self.position.or(Some(hello.start));
                self.step = Step::Prelude;
            }
            Some(_) if self.step == Step::Hello => panic!("{block:?} before hello"),
            Some(Frame::Gap(gap)) => {
                let id: Position = block.id.parse().expect("a gap has an id");
                self.gap(world, id, gap.reason, &gap.topics);
            }
            Some(Frame::Cursor(kind)) => {
                let id: Position = block.id.parse().expect("a cursor has an id");
                self.cursor(world, id, kind);
            }
            Some(Frame::Names(names)) => {
                for name in names {
                    assert!(self.names.insert(name.as_str().to_owned()), "{name} was told already");
                }
            }
            Some(Frame::Bye(bye)) => {
                self.seen.bye = Some(bye.reason.as_str());
                self.step = Step::Over;
            }
        }
    }

    fn event(&mut self, world: &World, block: Block<'_>) {
        let id = EventId::parse(block.id).expect("an event's id");
        let at = id.position.offset.0;
        assert!(self.names.contains(block.event), "{} was not told", block.event);
        assert!(self.view.iter().any(|pattern| pattern.matches(id.topic.as_str())), "{} was not asked", id.topic);
        let position = self.position.expect("a position by now");
        assert_eq!(id.position.epoch, position.epoch, "an event of another epoch without a gap");
        // Bytes of a life that has ended may still be on their way: nothing is known of it any more.
        if id.position.epoch != world.epoch {
            assert!(world.past.contains(&id.position.epoch));
            self.seen.events += 1;
            if matches!(self.step, Step::Replay | Step::Live) {
                assert!(id.position.offset > position.offset);
                self.position = Some(id.position);
            }
            return;
        }
        let event = world.events.get(&at).unwrap_or_else(|| panic!("{id} was never published"));
        assert_eq!((event.topic, event.name.as_str()), (id.topic.as_str(), block.event));
        assert_eq!(event.payload, block.data);
        self.seen.events += 1;
        let latest = world.is_latest(event.topic);
        if let Some(back) = id.back {
            assert!(!latest, "{id}: no continuity for a latest-only topic");
            assert_eq!(at - back, event.previous, "{id}: its predecessor is at {}", event.previous);
        }
        if self.step == Step::Prelude {
            assert!(latest, "{id} in a prelude");
            assert!(at > self.prelude.0, "{id}: ids fall in a prelude");
            assert!(at <= position.offset.0, "{id} of a prelude lies beyond {position}");
            assert!(self.new.iter().any(|p| p.matches(event.topic)), "{id} in a prelude though it is not new");
            self.prelude.0 = at;
            self.prelude.1.insert(at);
        } else {
            assert!(at > position.offset.0, "{id}: ids fall after {position}");
            assert!(id.previous() <= position.offset, "{id}: a client at {position} sees a hole");
            let missing: Vec<_> = world.owed(&self.view, position.offset.0, at - 1).collect();
            assert!(missing.is_empty(), "silent loss of {missing:?} before {id}: {self:?}");
            self.position = Some(id.position);
        }
        let had = self.had.entry(event.topic).or_default();
        // Only what a prelude repeats may have been handed over before: the client drops it by topic and offset.
        assert!(at > *had || self.step == Step::Prelude, "{id} twice");
        *had = at.max(*had);
    }

    fn cursor(&mut self, world: &World, id: Position, kind: CursorKind) {
        let position = self.position.expect("a position by now");
        assert_eq!(id.epoch, position.epoch, "a cursor of another epoch without a gap");
        assert!(id.offset >= position.offset, "cursor {kind:?} {id} before {position}");
        let known = id.epoch == world.epoch;
        match kind {
            CursorKind::Prelude => {
                assert_eq!(self.step, Step::Prelude);
                assert_eq!(id, position, "a prelude moves nothing");
                if known && !self.native {
                    let latest = |(_, event): &(u64, &Published)| world.is_latest(event.topic);
                    let owed = world.owed(&self.new, 0, id.offset.0).filter(latest);
                    let missing: Vec<_> = owed.filter(|(at, _)| !self.prelude.1.contains(at)).collect();
                    // Of what is lost a gap told, on this stream.
                    let told = |at: &u64| !self.seen.gaps.is_empty() && world.is_lost(*at);
                    assert!(missing.iter().all(|(at, _)| told(at)), "not in the prelude: {missing:?} {self:?}");
                }
                self.new.clear();
                self.native = false;
                self.seen.preludes += 1;
                self.step = Step::Replay;
            }
            CursorKind::Live => {
                assert_eq!(self.step, Step::Replay, "live once, behind what followed");
                self.step = Step::Live;
                self.seen.live = true;
            }
            CursorKind::Beat => assert_eq!(self.step, Step::Live),
            CursorKind::Skip => assert_ne!(self.step, Step::Prelude),
        }
        if known && kind != CursorKind::Prelude {
            let missing: Vec<_> = world.owed(&self.view, position.offset.0, id.offset.0).collect();
            assert!(missing.is_empty(), "silent loss of {missing:?} before cursor {id}: {self:?}");
        }
        self.position = Some(id);
    }

    fn gap(&mut self, world: &World, id: Position, reason: GapReason, topics: &[Pattern]) {
        let position = self.position.expect("a position by now");
        assert!(topics.iter().all(|topic| self.view.contains(topic)), "{topics:?} were not asked for");
        let known = id.epoch == world.epoch;
        match reason {
            GapReason::Epoch => assert_ne!(id.epoch, position.epoch, "gap epoch within an epoch"),
            GapReason::Ahead => assert!(position.offset > id.offset, "gap ahead at {id} of a reader at {position}"),
            GapReason::Position => {}
            GapReason::Lost | GapReason::Undecodable if known => {
                assert!(world.hole.is_some_and(|hole| hole.0 > 0), "nothing was lost by the store");
                assert!(id.offset >= position.offset);
            }
            GapReason::Evicted | GapReason::Slow if known => {
                assert_eq!(id.epoch, position.epoch);
                assert!(id.offset >= position.offset, "a gap never falls");
                assert_eq!(reason == GapReason::Slow, self.seen.live, "slow once it was live, evicted before");
                // Whatever is passed over belongs to a pattern that is named.
                let passed = world.owed(&self.view, position.offset.0, id.offset.0);
                for (at, event) in passed {
                    let named = topics.is_empty() || topics.iter().any(|topic| topic.matches(event.topic));
                    assert!(named, "{at} of {} is passed over and not named in {topics:?}", event.topic);
                }
                self.justified(world, position.offset.0, id.offset.0, topics);
            }
            GapReason::Detected | GapReason::Forbidden => panic!("{reason:?} is the client's own"),
            _ => {}
        }
        self.seen.gaps.push(reason);
        let named = if topics.is_empty() { self.view.clone() } else { topics.to_vec() };
        if self.step != Step::Prelude {
            self.new.clear();
        }
        self.new.extend(named.into_iter().filter(|topic| !self.new.contains(topic)).collect::<Vec<_>>());
        self.prelude = (0, HashSet::new());
        self.native = false;
        self.step = Step::Prelude;
        if id.epoch != position.epoch {
            self.had.clear();
        }
        self.position = Some(id);
    }

    /// No gap without a loss: exact for topics, by literal prefix for patterns.
    fn justified(&self, world: &World, after: u64, upto: u64, topics: &[Pattern]) {
        let near = |pattern: &Pattern, topic: &str| match pattern.as_topic() {
            Some(exact) => exact.as_str() == topic,
            None => {
                let prefix = pattern.literal_prefix();
                prefix.is_empty() || topic.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
            }
        };
        let lost = |(at, event): &(&u64, &Published)| {
            // What a newer event stands for now may have been the newest when it was lost.
            world.is_lost(**at) && (**at > after || world.is_latest(event.topic)) && **at <= upto.max(after)
        };
        let any = world.events.iter().filter(lost).any(|(_, e)| self.view.iter().any(|pattern| near(pattern, e.topic)));
        assert!(
            any || world.hole.is_some() || after < world.start,
            "a needless gap {after}..{upto} {topics:?}: {self:?} kept {:?}",
            world.kept
        );
    }
}

/// A pipe that takes what it is told to.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) bytes: Vec<u8>,
    pub(super) room: usize,
    pub(super) finished: bool,
    pub(super) meanwhile: Meanwhile,
}

/// What happens elsewhere just as this pipe is written to, once.
#[derive(Default)]
pub(super) struct Meanwhile(pub(super) Option<Box<dyn FnOnce()>>);

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Meanwhile").field(&self.0.is_some()).finish()
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Tap(pub(super) Rc<RefCell<Pipe>>);

impl super::super::sink::Sink for Tap {
    fn write(&mut self, bytes: &[u8], shared: Option<&mut Option<Bytes>>) -> Result<usize, crate::hub::seat::Gone> {
        if let Some(shared) = shared {
            assert_eq!(shared.get_or_insert_with(|| Bytes::copy_from_slice(bytes)), bytes, "shared with others");
        }
        let meanwhile = self.0.borrow_mut().meanwhile.0.take();
        meanwhile.into_iter().for_each(|happens| happens());
        let mut pipe = self.0.borrow_mut();
        let n = bytes.len().min(pipe.room);
        pipe.room -= n;
        pipe.bytes.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn is_free(&mut self) -> Result<bool, crate::hub::seat::Gone> {
        Ok(self.0.borrow().room > 0)
    }

    fn finish(&mut self) {
        self.0.borrow_mut().finished = true;
    }

    fn dismiss(&mut self, bye: &[u8]) {
        let mut pipe = self.0.borrow_mut();
        pipe.bytes.extend_from_slice(bye);
        pipe.finished = true;
    }

    fn queued(&self) -> usize {
        0
    }
}

/// An offset's position in the world.
pub(super) fn position(world: &World, at: u64) -> Position {
    Position { epoch: world.epoch, offset: Offset(at) }
}
