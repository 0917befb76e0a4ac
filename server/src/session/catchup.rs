//! Catching up: whatever a reader is owed next, composed and handed out a bounded piece at a time.

use super::{
    behind::{Behind, ROOM, Stage},
    fan::Fan,
    parting::{Panicked, guarded},
    pieces::Piece,
    sink::Sink,
    speech::{self, Arrival},
};
use crate::hub::{Found, seat::Gone};
use eventwire::{Code, Offset, Position, Start, frame::CursorKind};
use std::time::Duration;

/// Where a writer may stop, and where the reader stands behind it.
pub(super) struct Cut {
    pub(super) end: u32,
    pub(super) at: u64,
    pub(super) stage: Stage,
}

/// How much of what was there for a reader it took.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    All,
    Part,
}

/// Readers, and bytes, that one turn serves beside what is live.
const READERS: usize = 256;
const BYTES: usize = 1 << 20;

impl<S: Sink> Fan<S> {
    pub(super) fn catch_up(&mut self) {
        let mut bytes = 0;
        for _ in 0..self.ready.len().min(READERS) {
            let Some(id) = self.ready.pop_front() else { return };
            let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) else { continue };
            behind.queued = false;
            if behind.blocked.is_none() {
                let inside = behind.bytes() > 0;
                bytes += guarded(|| self.serve(id.index)).unwrap_or_else(|Panicked| {
                    self.fail(id.index, inside);
                    0
                });
            }
            if bytes > BYTES {
                return;
            }
        }
    }

    /// One piece for one reader. Says how many bytes were composed.
    fn serve(&mut self, index: u32) -> usize {
        let Some(mut behind) = self.readers[index as usize].behind.take() else { return 0 };
        self.out.clear();
        let given = self.give(index, &mut behind);
        let reader = &mut self.readers[index as usize];
        match (given, behind.stage) {
            (Err(Gone), _) => {
                reader.behind = Some(behind);
                self.remove(index);
            }
            (Ok(Taken::Part), _) => {
                reader.behind = Some(behind);
                self.block(index);
            }
            (Ok(Taken::All), Stage::Over) => {
                reader.sink.finish();
                self.remove(index);
            }
            (Ok(Taken::All), Stage::Replay { arriving: false })
                if behind.at == self.at.head && behind.bye.is_none() =>
            {
                // What it was told of names it knows; a later one comes by the next turn.
                self.promote(index);
            }
            (Ok(Taken::All), stage) => {
                let id = reader.id;
                reader.behind = Some(behind);
                if stage == Stage::Wait { self.wait(id) } else { self.queue(id) }
            }
        }
        self.out.bytes.len()
    }

    /// Gives it the end of the last piece, then the next one.
    fn give(&mut self, index: u32, behind: &mut Behind) -> Result<Taken, Gone> {
        if self.give_rest(index, behind)? == Taken::Part {
            return Ok(Taken::Part);
        }
        let from = behind.at;
        // Nothing but events is due to it, and others of its group may be owed the same.
        let plain = behind.has_arrived() && behind.bye.is_none() && from < self.at.head;
        // What would be composed for it now would be composed once more when it can go on.
        if plain && !self.readers[index as usize].sink.is_free()? {
            return Ok(Taken::Part);
        }
        // Before anything is read: what is lost meanwhile is not known to what was read.
        let of = (self.sequence.renewals(), self.sequence.holes());
        let mut cuts = Vec::new();
        let found = if plain { self.shared(index, of, from) } else { None };
        let before = match &found {
            Some(piece) => {
                (behind.at, cuts) = (piece.upto, piece.cuts());
                Some((from, behind.stage))
            }
            None => self.compose(index, behind, &mut cuts),
        };
        let reader = &mut self.readers[index as usize];
        let mut shared = found.as_ref().map(|piece| piece.bytes.clone());
        let bytes = found.as_ref().map_or(&self.out.bytes[..], |piece| &piece.bytes);
        // What is said to one reader is nobody else's.
        let keep = (plain && before.is_some()).then_some(&mut shared);
        let n = if bytes.is_empty() { 0 } else { reader.sink.write(bytes, keep)? };
        if n > 0 {
            reader.last = self.now;
        }
        if n < bytes.len() {
            stop(behind, before, bytes, &cuts, n);
            reader.running |= behind.has_arrived();
            return Ok(Taken::Part);
        }
        reader.running |= behind.has_arrived();
        if n > 0 {
            reader.room = (reader.room * 2).min(ROOM.1);
        }
        // Without a place before it, something was said that is said once.
        if let (true, None, Some(_), Some(bytes)) = (plain, &found, before, shared) {
            let group = self.groups.get(reader.group).id;
            self.pieces.add(of, group, (from, behind.at), bytes, &cuts);
        }
        Ok(Taken::All)
    }

    /// The end of a piece whose beginning was taken.
    fn give_rest(&mut self, index: u32, behind: &mut Behind) -> Result<Taken, Gone> {
        if behind.bytes() == 0 {
            return Ok(Taken::All);
        }
        let reader = &mut self.readers[index as usize];
        let n = reader.sink.write(&behind.rest[behind.done..], None)?;
        if n > 0 {
            reader.last = self.now;
        }
        behind.done += n;
        if behind.bytes() > 0 {
            return Ok(Taken::Part);
        }
        (behind.rest, behind.done) = (Box::default(), 0);
        Ok(Taken::All)
    }

    /// What was composed for another reader that stood where this one stands.
    fn shared(&mut self, index: u32, of: (u64, u64), from: u64) -> Option<Piece> {
        let reader = &self.readers[index as usize];
        // A name it was not told of is said to it alone, and first.
        let told = reader.names == self.sequence.names().read().count();
        let group = self.groups.get(reader.group).id;
        self.pieces.find(of, group, from, reader.room as usize, self.at.head).filter(|_| told).cloned()
    }

    /// Composes what comes next. Where the reader stands if nothing of it is taken; `None`: the first piece must be kept,
    /// for it is said once.
    fn compose(&mut self, index: u32, behind: &mut Behind, cuts: &mut Vec<Cut>) -> Option<(u64, Stage)> {
        self.preface(index, behind);
        let once = !self.out.is_empty();
        let before = (behind.at, behind.stage);
        if once {
            self.cut(behind, cuts);
        }
        let room = self.readers[index as usize].room as usize;
        while self.out.bytes.len() < room {
            let left = room - self.out.bytes.len();
            let on = match behind.stage {
                Stage::Over => false,
                _ if behind.bye.is_some() => self.bye(behind, cuts),
                Stage::Prelude { from } => self.prelude(index, behind, from, left, cuts),
                Stage::Replay { arriving } => self.replay(index, behind, arriving, left, cuts),
                // Decided at the beginning of a piece.
                Stage::Hello | Stage::Judge | Stage::Wait | Stage::Renewed | Stage::Check => false,
            };
            if !on {
                break;
            }
        }
        (!once).then_some(before)
    }

    /// What is said once: hello, names, and a gap if one is due.
    fn preface(&mut self, index: u32, behind: &mut Behind) {
        match behind.stage {
            Stage::Hello => {
                self.hello(index, behind);
                behind.stage = Stage::Judge;
            }
            Stage::Over => return,
            _ => self.tell_names(index),
        }
        while behind.bye.is_none() && matches!(behind.stage, Stage::Judge | Stage::Renewed | Stage::Check) {
            self.decide(index, behind);
        }
    }

    fn bye(&mut self, behind: &mut Behind, cuts: &mut Vec<Cut>) -> bool {
        if let Some(reason) = behind.bye {
            speech::bye(reason, &mut self.out.bytes);
        }
        behind.stage = Stage::Over;
        self.cut(behind, cuts);
        false
    }

    fn hello(&mut self, index: u32, behind: &mut Behind) {
        let Some(order) = &behind.order else { return };
        let at = self.at;
        let group = self.groups.get(self.readers[index as usize].group);
        let here = Position { epoch: at.epoch, offset: Offset(at.head) };
        let start = match order.start {
            Start::After { position, .. }
                if position.epoch == at.epoch && (position.offset.0 <= at.head || self.rules.has_store) =>
            {
                position
            }
            Start::Earliest => Position { offset: Offset(self.sequence.earliest(&group.view, at.renewals)), ..here },
            Start::Now | Start::Unreadable { .. } | Start::After { .. } => here,
        };
        behind.at = start.offset.0;
        let names = self.sequence.names().read();
        self.readers[index as usize].names = names.count();
        let turned_away = behind.bye == Some(Code::Limit);
        let arrival = Arrival {
            epoch: at.epoch,
            start,
            head: at.head,
            names: names.since(0),
            topics: order.asked(),
            denied: order.denied.clone(),
            floor: behind.bye.map_or(Duration::ZERO, speech::after),
            spread: speech::spread(self.readers.len()).max(if turned_away {
                speech::TURNED_AWAY
            } else {
                Duration::ZERO
            }),
            chance: self.chance.f64(),
        };
        self.rules.greeting.hello(arrival, &mut self.out.bytes);
    }

    /// Names that came up since this reader was told.
    fn tell_names(&mut self, index: u32) {
        let names = self.sequence.names().read();
        let told = std::mem::replace(&mut self.readers[index as usize].names, names.count());
        if told < names.count() {
            speech::names(names.since(told), &mut self.out.bytes);
        }
    }

    fn prelude(&mut self, index: u32, behind: &mut Behind, from: u64, room: usize, cuts: &mut Vec<Cut>) -> bool {
        let at = behind.at;
        let found = self.sequence.newest(&behind.fresh, from, at, room, self.at.renewals, &mut self.out);
        self.cut_events(cuts, |from| (at, Stage::Prelude { from }));
        match found {
            Found::More { at: from } => {
                behind.stage = Stage::Prelude { from };
                return true;
            }
            Found::Done { .. } => behind.stage = Stage::Prelude { from: at },
            Found::Gap(_) | Found::Renewed => return false,
        }
        // The prelude is whole, unless some of it was forgotten meanwhile.
        let view = &self.groups.get(self.readers[index as usize].group).view;
        match self.sequence.lost(view, at, &behind.fresh, self.at.renewals) {
            Some(lost) if lost.newest > behind.told => {
                // What was composed goes first. Then it is told where what is said once is said: a reader that takes
                // nothing would lose it, since it counts as told.
                behind.stage = Stage::Check;
                return false;
            }
            _ => {}
        }
        speech::cursor(CursorKind::Prelude, self.at.epoch, at, &mut self.out.bytes);
        behind.stage = Stage::Replay { arriving: true };
        self.cut(behind, cuts);
        true
    }

    fn replay(&mut self, index: u32, behind: &mut Behind, arriving: bool, room: usize, cuts: &mut Vec<Cut>) -> bool {
        let upto = self.at.head;
        if behind.at < upto {
            let view = &self.groups.get(self.readers[index as usize].group).view;
            match self.sequence.read(view, behind.at, upto, room, self.at.renewals, &mut self.out) {
                Found::Gap(lost) => {
                    // What was composed goes first; then the loss is found again.
                    if self.out.is_empty() {
                        behind.new.clear();
                        self.gap(index, behind, lost);
                        self.cut(behind, cuts);
                    }
                    return false;
                }
                Found::Renewed => return false,
                Found::More { at } | Found::Done { at } => {
                    self.cut_events(cuts, |at| (at, Stage::Replay { arriving }));
                    behind.at = at;
                }
            }
        }
        if behind.at == upto && arriving {
            speech::cursor(CursorKind::Live, self.at.epoch, upto, &mut self.out.bytes);
            behind.stage = Stage::Replay { arriving: false };
            self.cut(behind, cuts);
        }
        behind.at < upto
    }

    /// A piece ends here.
    fn cut(&mut self, behind: &Behind, cuts: &mut Vec<Cut>) {
        cuts.push(Cut { end: self.out.bytes.len() as u32, at: behind.at, stage: behind.stage });
    }

    /// Pieces end where the log says so.
    fn cut_events(&mut self, cuts: &mut Vec<Cut>, stand: impl Fn(u64) -> (u64, Stage)) {
        cuts.extend(self.out.cuts.drain(..).map(|(end, offset)| {
            let (at, stage) = stand(offset);
            Cut { end, at, stage }
        }));
    }
}

/// A write stopped after `n` bytes: the rest of the piece it stopped in is kept, no more.
fn stop(behind: &mut Behind, before: Option<(u64, Stage)>, bytes: &[u8], cuts: &[Cut], n: usize) {
    let i = cuts.partition_point(|cut| cut.end as usize <= n);
    let start = if i == 0 { 0 } else { cuts[i - 1].end as usize };
    let boundary = if i == 0 { before } else { Some((cuts[i - 1].at, cuts[i - 1].stage)) };
    match boundary {
        Some(boundary) if start == n => (behind.at, behind.stage) = boundary,
        _ => {
            (behind.at, behind.stage) = (cuts[i].at, cuts[i].stage);
            behind.rest = bytes[n..cuts[i].end as usize].into();
        }
    }
}
