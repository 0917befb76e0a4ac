//! What just happened, to everyone who is live: the window is walked once, each group's bytes are composed once.
//!
//! Read the head, then swap the window: whatever is at or below that head is in the window, in the log, or was handed
//! out before. That order is the whole seam.

use super::{
    behind::{Behind, Stage},
    fan::Fan,
    groups::{LOG, NONE, SEVERAL},
    parting::{Panicked, guarded},
    sink::Sink,
};
use crate::{
    hub::{
        inbox::{Look, Window},
        seat::SeatId,
        sequence::Standing,
    },
    log::Batch,
};
use bytes::Bytes;
use eventwire::frame::CursorKind;

/// Runs of records that concern the same group, one list per group, and the groups that have one.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
    groups: Vec<u32>,
    /// By record.
    copies: Vec<Copied>,
}

/// A run that begins with a record, as groups of different interests are handed it that are handed nothing else.
#[derive(Debug)]
struct Copied {
    /// The record concerns more than one group.
    several: bool,
    /// The last record of the run that was copied last.
    to: u32,
    copy: Option<Bytes>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    from: u32,
    to: u32,
    next: u32,
}

/// Groups whose readers are fetched together, and readers of each.
const AHEAD: usize = 16;

impl Runs {
    /// The records of the only run of a list.
    fn only(&self, first: u32) -> Option<(usize, usize)> {
        let run = self.runs.get(first as usize).filter(|run| run.next == NONE)?;
        Some((run.from as usize, run.to as usize))
    }

    /// The copy of a run that is an only one, if other groups may be handed the same.
    fn copy_of(&mut self, (from, to): (usize, usize)) -> Option<&mut Option<Bytes>> {
        let copied = self.copies.get_mut(from).filter(|copied| copied.several)?;
        if copied.to != to as u32 {
            (copied.to, copied.copy) = (to as u32, None);
        }
        Some(&mut copied.copy)
    }

    /// Forgets all; what a burst needed is given back.
    fn clear(&mut self) {
        self.runs.clear();
        self.groups.clear();
        self.copies.clear();
        self.copies.shrink_to(1 << 10);
    }

    /// Puts the records of a list of runs into `out`; of a run that is the only one, whose bytes lie in the window as they
    /// are, only the cuts.
    fn compose(&self, first: u32, window: &Window, out: &mut Batch) {
        out.clear();
        let only = self.only(first).is_some();
        let mut next = first;
        while let Some(run) = self.runs.get(next as usize) {
            for i in run.from as usize..=run.to as usize {
                let (at, event) = (window.records[i].at, window.run(i, i));
                if only { out.cut(at, event.len()) } else { out.put(at, event) }
            }
            next = run.next;
        }
    }
}

impl Standing {
    /// The heartbeat here.
    pub(super) fn beat(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        super::speech::cursor(CursorKind::Beat, self.epoch, self.head, &mut bytes);
        bytes
    }
}

impl<S: Sink> Fan<S> {
    /// Takes the window and hands out what is in it.
    pub(super) fn look(&mut self) {
        let waited = !self.waiting.is_empty();
        if waited {
            // Asked before the head is read, so that no later one goes unheard.
            self.sequence.watch(self.shard);
        }
        let head = self.sequence.head();
        self.window.clear();
        let look = self.sequence.inbox(self.shard).swap(&mut self.window);
        self.asleep = look == Look::Nothing;
        if self.sequence.renewals() != self.at.renewals {
            self.begin_anew();
        } else {
            let head = look.newest(&self.window, head);
            let (holes, names) = (self.sequence.holes(), self.sequence.names().read().count());
            if matches!(look, Look::Overrun { .. }) || holes != self.holes || names != self.names {
                (self.holes, self.names) = (holes, names);
                // Something has to be said first, or it is not known whom it concerns: everyone asks the log.
                self.all_behind(self.at.head);
            } else {
                self.mark();
                self.deliver();
            }
            self.at.head = self.at.head.max(head);
        }
        if waited {
            self.look_for_claims();
        }
    }

    /// Notes which groups each record concerns; consecutive records are one run.
    fn mark(&mut self) {
        let Self { window, groups, runs: Runs { runs, groups: dirty, copies }, .. } = self;
        let mut patterns = 0;
        for (i, record) in window.records.iter().enumerate() {
            let i = i as u32;
            let carried = window.start(i as usize) < record.end as usize;
            let matched = &window.patterns[patterns..record.patterns as usize];
            patterns = record.patterns as usize;
            let mut concerned = 0_usize;
            groups.concerned(record.topic, matched, |number, due| {
                if due.last == i || due.live == NONE || due.last == LOG {
                    return;
                }
                concerned += 1;
                if due.last == NONE {
                    dirty.push(number);
                }
                if !carried {
                    (due.last, due.last_run) = (LOG, i);
                    return;
                }
                if due.last != NONE && due.last + 1 == i {
                    runs[due.last_run as usize].to = i;
                } else {
                    let run = runs.len() as u32;
                    runs.push(Run { from: i, to: i, next: NONE });
                    match due.last_run {
                        NONE => due.first_run = run,
                        last => runs[last as usize].next = run,
                    }
                    due.last_run = run;
                }
                due.last = i;
            });
            copies.push(Copied { several: concerned > 1, to: i, copy: None });
        }
    }

    fn deliver(&mut self) {
        // Taken out while they are read: handing out changes the rest.
        let (mut runs, window) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.window));
        let mut out = std::mem::take(&mut self.out);
        let dirty = std::mem::take(&mut runs.groups);
        let (mut live, mut composed) = (Vec::new(), None);
        for (i, &number) in dirty.iter().enumerate() {
            if i % AHEAD == 0 {
                self.near(&dirty[i..dirty.len().min(i + AHEAD)]);
            }
            let due = self.groups.take_due(number);
            let mark = if due.last == LOG { window.records[due.last_run as usize].at } else { 0 };
            live.clear();
            match due.live {
                NONE => {}
                SEVERAL => live.extend_from_slice(self.groups.get(number).live.as_slice()),
                one => live.push(one),
            }
            let only = runs.only(due.first_run);
            if only.is_none() || only != composed {
                composed = only;
                runs.compose(due.first_run, &window, &mut out);
            }
            let bytes = only.map_or(&out.bytes[..], |(from, to)| window.run(from, to));
            // What is one run lies in the window as it is handed out: one copy is for all groups that it is all for.
            let mut own = None;
            let mut shared = only.and_then(|run| runs.copy_of(run));
            if shared.is_none() && live.len() > 1 {
                shared = Some(&mut own);
            }
            let mut next = 0;
            while next < live.len() {
                // One guard for all of them: nearly always nobody needs it.
                let handed = guarded(|| {
                    while let Some(&index) = live.get(next) {
                        next += 1;
                        self.hand_out(index, mark, (bytes, &out.cuts), shared.as_deref_mut());
                    }
                });
                if let Err(Panicked) = handed {
                    self.fail(live[next - 1], false);
                }
            }
        }
        runs.groups = dirty;
        runs.clear();
        (self.runs, self.window, self.out) = (runs, window, out);
    }

    /// Has the memory of the first readers of these groups fetched. Each reader lies somewhere else, and each lock on the way
    /// ends what the processor does ahead: fetched one by one, ten thousand of them cost twice as much.
    fn near(&self, groups: &[u32]) {
        let near = |&index: &u32| self.readers.get(index as usize).map_or(0, |reader| reader.sink.near());
        let of = |&number: &u32| match self.groups.live(number) {
            SEVERAL => {
                self.groups.get(number).live.as_slice().iter().take(AHEAD).map(near).fold(0, usize::wrapping_add)
            }
            one => near(&one),
        };
        std::hint::black_box(groups.iter().map(of).fold(0, usize::wrapping_add));
    }

    /// Hands the group's bytes, which have these cuts, to one of its live readers. `mark`: from there on it has to read
    /// the log.
    fn hand_out(
        &mut self,
        index: u32,
        mark: u64,
        (bytes, cuts): (&[u8], &[(u32, u64)]),
        shared: Option<&mut Option<Bytes>>,
    ) {
        let (now, at) = (self.now, self.at.head);
        let reader = &mut self.readers[index as usize];
        let wrote = match bytes.is_empty() {
            true => Ok(0),
            false => reader.sink.write(bytes, shared),
        };
        let Ok(n) = wrote else { return self.remove(index) };
        if n > 0 {
            reader.last = now;
        }
        let replay = |at| Behind::new(at, Stage::Replay { arriving: false });
        if n == bytes.len() {
            if mark != 0 {
                let id = reader.id;
                self.fall_behind(index, replay(mark - 1));
                self.queue(id);
            }
            return;
        }
        // Stopped inside a piece: its rest is kept, what follows is read from the log.
        let i = cuts.partition_point(|cut| cut.0 as usize <= n);
        let start = if i == 0 { 0 } else { cuts[i - 1].0 as usize };
        let behind = if start == n {
            replay(if i == 0 { at } else { cuts[i - 1].1 })
        } else {
            let (end, at) = cuts[i];
            Behind { rest: bytes[n..end as usize].into(), ..replay(at) }
        };
        self.fall_behind(index, behind);
        self.block(index);
    }

    /// Every live reader asks the log from here on.
    fn all_behind(&mut self, at: u64) {
        let live: Vec<u32> = self.groups.iter().flat_map(|group| group.live.as_slice().iter().copied()).collect();
        for index in live {
            self.fall_behind(index, Behind::new(at, Stage::Replay { arriving: false }));
            let id = self.readers[index as usize].id;
            self.queue(id);
        }
    }

    /// Another life of the order: everyone is told, and goes on from its head.
    pub(super) fn begin_anew(&mut self) {
        loop {
            // What lies here may be of the life before: its offsets say nothing of where this one is.
            self.window.clear();
            self.sequence.inbox(self.shard).swap(&mut self.window);
            let standing = self.sequence.standing();
            // What came before that head was read must not be handed out behind the gap.
            self.window.clear();
            let look = self.sequence.inbox(self.shard).swap(&mut self.window);
            let head = look.newest(&self.window, standing.head);
            if self.sequence.renewals() == standing.renewals {
                self.at = Standing { head, ..standing };
                break;
            }
        }
        self.asleep = false;
        (self.holes, self.names) = (self.sequence.holes(), self.sequence.names().read().count());
        self.all_behind(0);
        let all: Vec<SeatId> = self.readers.iter().map(|(_, reader)| reader.id).collect();
        for id in all {
            if let Some(behind) = self.reader(id).and_then(|reader| reader.behind.as_mut()) {
                match behind.stage {
                    Stage::Hello | Stage::Judge | Stage::Over => {}
                    // It may be this very life that it claims to know.
                    Stage::Wait => (behind.stage, behind.proven) = (Stage::Judge, false),
                    _ => behind.stage = Stage::Renewed,
                }
            }
            self.queue(id);
        }
    }
}
