//! The readers of one shard: who follows what, how far they have come, and what each is owed. Single-threaded, no IO of
//! its own; time arrives as milliseconds, chance as a seed.
//!
//! A live reader stores no position: it is at the shard's. Everyone else is behind, and catches up from the log.

use super::{
    admission::{Admission, Tally},
    alarms::{Alarm, Alarms},
    beats::Beats,
    behind::{Behind, Stage},
    groups::Groups,
    live::Runs,
    pieces::Pieces,
    sink::Sink,
    speech::Greeting,
};
use crate::{
    hub::{
        Join, SessionInfo, Stats,
        inbox::Window,
        seat::SeatId,
        sequence::{Sequence, Standing},
    },
    log::Batch,
};
use eventwire::{Code, Offset, Position};
use slab::Slab;
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// What a shard is told once.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) greeting: Greeting,
    /// Milliseconds a reader's writes may be blocked.
    pub(crate) stall: u64,
    /// Milliseconds a stream may live; `None`: as long as it likes.
    pub(crate) rotate: Option<u64>,
    /// Readers there may be.
    pub(crate) readers: usize,
    /// Readers one principal may have.
    pub(crate) per_principal: usize,
    /// Whether there is a store to ask for its head.
    pub(crate) has_store: bool,
}

/// What is touched for each event stands first, and so in one line of memory.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Reader<S> {
    pub(super) sink: S,
    /// When it was last handed something.
    pub(super) last: u64,
    pub(super) id: SeatId,
    pub(super) group: u32,
    /// Its place among the group's live readers.
    pub(super) live: u32,
    pub(super) behind: Option<Box<Behind>>,
    /// How many names it was told.
    pub(super) names: usize,
    pub(super) principal: Option<Box<str>>,
    /// How much is composed for it in one go when it catches up: doubled each time it was taken.
    pub(super) room: u32,
    /// It has been live: a loss is from now on its own slowness.
    pub(super) running: bool,
    /// An alarm watches its blocked writes.
    pub(super) watched: bool,
    /// It counts against the limits.
    pub(super) admitted: bool,
    born: u64,
}

impl<S: Sink> Reader<S> {
    /// Since when it takes nothing of what there is for it.
    pub(super) fn stuck(&self) -> Option<u64> {
        let blocked = self.behind.as_ref().and_then(|behind| behind.blocked);
        blocked.or_else(|| (self.sink.queued() > 0).then_some(self.last))
    }
}

/// See the module. Dropping it cuts every stream.
#[derive(Debug)]
pub(crate) struct Fan<S> {
    pub(super) sequence: Arc<Sequence>,
    pub(super) shard: usize,
    pub(super) rules: Rules,
    /// Where every live reader is.
    pub(super) at: Standing,
    pub(super) window: Window,
    pub(super) runs: Runs,
    pub(super) readers: Slab<Reader<S>>,
    pub(super) groups: Groups,
    pub(super) out: Batch,
    pub(super) pieces: Pieces,
    pub(super) now: u64,
    /// Readers that can go on, each at most once.
    pub(super) ready: VecDeque<SeatId>,
    /// Readers that wait for the tail.
    pub(super) waiting: Vec<SeatId>,
    pub(super) chance: fastrand::Rng,
    pub(super) holes: u64,
    pub(super) names: usize,
    pub(super) live: usize,
    pub(super) beats: Beats,
    pub(super) due: Vec<SeatId>,
    pub(super) alarms: Alarms,
    pub(super) admission: Admission,
    pub(super) tally: Tally,
    serial: u64,
    /// The inbox was empty and will ring.
    pub(super) asleep: bool,
    /// From when to when everyone goes.
    drain: Option<(u64, u64)>,
    /// The question to the store that is under way, and the last one there was.
    pub(super) asking: Option<u64>,
    pub(super) questions: u64,
}

impl<S: Sink> Fan<S> {
    pub(crate) fn new(sequence: Arc<Sequence>, shard: usize, rules: Rules, seed: u64, now: u64) -> Self {
        let names = sequence.names().read().count();
        let heartbeat = u64::try_from(rules.greeting.heartbeat.as_millis()).unwrap_or(u64::MAX);
        Self {
            at: sequence.standing(),
            holes: sequence.holes(),
            names,
            shard,
            window: Window::default(),
            runs: Runs::default(),
            readers: Slab::new(),
            groups: Groups::default(),
            out: Batch::default(),
            pieces: Pieces::default(),
            now,
            ready: VecDeque::new(),
            waiting: Vec::new(),
            chance: fastrand::Rng::with_seed(seed),
            live: 0,
            beats: Beats::new(heartbeat.clamp(1, 3_600_000), rules.stall.clamp(1, 3_600_000), now),
            due: Vec::new(),
            alarms: Alarms::default(),
            admission: Admission::default(),
            tally: Tally::default(),
            serial: 0,
            asleep: false,
            drain: None,
            asking: None,
            questions: 0,
            sequence,
            rules,
        }
    }

    /// The number the next reader will have.
    pub(crate) fn next_id(&self) -> SeatId {
        SeatId { index: self.readers.vacant_key() as u32, serial: self.serial }
    }

    /// A reader comes. Nothing after its position is missed, or it is told. `until`: when its grant expires.
    pub(crate) fn join(&mut self, order: Join, until: Option<u64>, sink: S, now: u64) -> SeatId {
        let id = self.next_id();
        self.serial += 1;
        let group = self.groups.enter(&self.sequence, self.shard, &order);
        let principal = order.principal.clone();
        let mut behind = Behind::arriving(Box::new(order));
        let admitted = self.admission.admit(&self.rules, principal.as_deref());
        if self.drain.is_some() {
            behind.bye = Some(Code::Drain);
        } else if !admitted {
            behind.bye = Some(Code::Limit);
            self.tally.turned_away += 1;
        }
        self.readers.insert(Reader {
            sink,
            id,
            group,
            live: super::groups::NONE,
            behind: Some(Box::new(behind)),
            last: now,
            names: 0,
            running: false,
            watched: false,
            principal,
            room: super::behind::ROOM.0,
            admitted,
            born: now,
        });
        if let Some(age) = self.rules.rotate {
            let age = self.lifetime(age);
            self.alarms.set(now.saturating_add(age), id, Alarm::Rotate);
        }
        if let Some(until) = until {
            self.alarms.set(until, id, Alarm::Expire);
        }
        self.beats.enter(id, now, now);
        self.queue(id);
        id
    }

    /// A reader is gone.
    pub(crate) fn leave(&mut self, id: SeatId) {
        if self.reader(id).is_some() {
            self.remove(id.index);
        }
    }

    /// A blocked reader can go on.
    pub(crate) fn writable(&mut self, id: SeatId) {
        if let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) {
            behind.blocked = None;
            self.queue(id);
        }
    }

    /// Everything that happened, to everyone it concerns, and a bounded piece of catching up.
    pub(crate) fn turn(&mut self, now: u64) {
        self.now = self.now.max(now);
        // First: after a pause of the process, what was published meanwhile may lie beside a grant that is long over.
        self.ring_alarms();
        self.look();
        self.beat();
        self.catch_up();
        let readers = &self.readers;
        self.alarms.tidy(readers.len(), |id| readers.get(id.index as usize).is_some_and(|r| r.id == id));
    }

    /// Nothing to do: the inbox or the door will ring.
    pub(crate) fn idle(&self) -> bool {
        self.asleep && self.ready.is_empty()
    }

    /// When the next turn is due even if nobody rings.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let beat = (!self.readers.is_empty()).then(|| self.beats.deadline());
        [beat, self.alarms.deadline()].into_iter().flatten().min()
    }

    /// Everyone goes, evenly spread over the time. Says when it will be over.
    pub(crate) fn drain(&mut self, over: Duration, now: u64) -> u64 {
        self.now = self.now.max(now);
        let over = u64::try_from(over.as_millis()).unwrap_or(u64::MAX / 4);
        let until = self.now.saturating_add(over);
        self.drain = Some((self.now, until));
        let ids: Vec<_> = self.readers.iter().map(|(_, reader)| reader.id).collect();
        for (i, &id) in ids.iter().enumerate() {
            let at = self.now + (u128::from(over) * i as u128 / ids.len() as u128) as u64;
            // A second drain may be shorter than the first, never longer: of two alarms the earlier one ends the stream.
            self.alarms.set(at, id, Alarm::Drain);
        }
        until
    }

    /// Whoever is still here at the end of a drain is let go.
    pub(crate) fn release_all(&mut self, reason: Code) {
        let all: Vec<_> = self.readers.iter().map(|(index, _)| index as u32).collect();
        all.into_iter().for_each(|index| self.dismiss(index, reason));
    }

    /// Ends every stream of a principal.
    pub(crate) fn revoke(&mut self, principal: &str) {
        let of = |reader: &Reader<S>| reader.principal.as_deref() == Some(principal);
        let ids: Vec<_> = self.readers.iter().filter(|(_, reader)| of(reader)).map(|(_, reader)| reader.id).collect();
        ids.into_iter().for_each(|id| self.end(id, Code::Auth));
    }

    /// Whether there is a store to ask for its head.
    pub(crate) fn has_store(&mut self, has: bool) {
        self.rules.has_store = has;
    }

    /// Readers there are.
    pub(crate) fn readers(&self) -> usize {
        self.readers.len()
    }

    pub(crate) fn stats(&self, stats: &mut Stats) {
        stats.readers += self.readers.len();
        stats.live += self.live;
        stats.behind += self.readers.len() - self.live;
        let queued = |reader: &Reader<S>| reader.sink.queued() + reader.behind.as_ref().map_or(0, |b| b.bytes());
        stats.queued_bytes += self.readers.iter().map(|(_, reader)| queued(reader)).sum::<usize>();
        stats.queued_bytes += self.sequence.inbox(self.shard).bytes();
        stats.tasks += 1 + usize::from(self.asking.is_some());
        self.tally.add_to(stats);
    }

    pub(crate) fn sessions(&self, now: u64, sessions: &mut Vec<SessionInfo>) {
        sessions.extend(self.readers.iter().map(|(_, reader)| SessionInfo {
            id: reader.id.serial,
            topics: self.sequence.names_of(&self.groups.get(reader.group).view),
            position: Position {
                epoch: self.at.epoch,
                offset: Offset(reader.behind.as_ref().map_or(self.at.head, |behind| behind.at)),
            },
            live: reader.behind.is_none(),
            age: Duration::from_millis(now.saturating_sub(reader.born)),
            principal: reader.principal.clone(),
        }));
    }

    #[cfg(test)]
    pub(super) fn holds_nothing(&self) -> bool {
        self.readers.is_empty() && self.groups.is_empty() && self.live == 0 && self.admission.is_empty()
    }

    /// Says `bye` as soon as the frame it is in has ended.
    pub(super) fn end(&mut self, id: SeatId, reason: Code) {
        let at = self.at.head;
        let Some(reader) = self.reader(id) else { return };
        let behind = match reader.behind.as_mut() {
            Some(behind) => behind,
            None => self.fall_behind(id.index, Behind::new(at, Stage::Replay { arriving: false })),
        };
        // The first reason stands, but for a grant that is over: nothing more may be taken.
        if behind.stage != Stage::Over && (behind.bye.is_none() || reason == Code::Auth) {
            behind.bye = Some(reason);
        }
        self.cut_short(id);
        self.queue(id);
    }

    /// The reader of this number, if it is still the same.
    pub(super) fn reader(&mut self, id: SeatId) -> Option<&mut Reader<S>> {
        self.readers.get_mut(id.index as usize).filter(|reader| reader.id == id)
    }

    /// A reader gets its turn, unless it is blocked.
    pub(super) fn queue(&mut self, id: SeatId) {
        if let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut())
            && behind.blocked.is_none()
            && !std::mem::replace(&mut behind.queued, true)
        {
            self.ready.push_back(id);
        }
    }

    /// A live reader is not at the shard's position any more.
    pub(super) fn fall_behind(&mut self, index: u32, behind: Behind) -> &mut Behind {
        self.take_from_live(index);
        self.readers[index as usize].behind.insert(Box::new(behind))
    }

    /// A reader is at the shard's position, with nothing left to say.
    pub(super) fn promote(&mut self, index: u32) {
        let reader = &mut self.readers[index as usize];
        reader.behind = None;
        reader.live = self.groups.enliven(reader.group, index);
        self.live += 1;
    }

    /// Its writes are blocked: it has so long to go on.
    pub(super) fn block(&mut self, index: u32) {
        let now = self.now;
        let reader = &mut self.readers[index as usize];
        let Some(behind) = reader.behind.as_mut() else { return };
        // What is in its way lies there since it was last handed something.
        let since = *behind.blocked.get_or_insert(if reader.sink.queued() > 0 { reader.last } else { now });
        if !std::mem::replace(&mut reader.watched, true) {
            self.alarms.set(since + self.rules.stall, reader.id, Alarm::Stall);
        }
        let id = self.readers[index as usize].id;
        self.cut_short(id);
    }

    pub(super) fn remove(&mut self, index: u32) {
        self.take_from_live(index);
        let reader = self.readers.remove(index as usize);
        if reader.admitted {
            self.admission.forget(&self.rules, reader.principal.as_deref());
        }
        self.groups.exit(&self.sequence, self.shard, reader.group);
    }

    fn take_from_live(&mut self, index: u32) {
        let reader = &mut self.readers[index as usize];
        let place = std::mem::replace(&mut reader.live, super::groups::NONE);
        if place == super::groups::NONE {
            return;
        }
        if let Some(moved) = self.groups.still(reader.group, place) {
            self.readers[moved as usize].live = place;
        }
        self.live -= 1;
    }
}
