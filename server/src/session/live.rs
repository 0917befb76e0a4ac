//! What just happened, to everyone who is live: the window is walked once, each group's bytes are composed once.
//!
//! Read the head, then swap the window: whatever is at or below that head is in the window, in the log, or was handed
//! out before. That order is the whole seam.

use super::{
    behind::{Behind, Stage},
    fan::Fan,
    groups::NONE,
    parting::{Panicked, guarded},
    sink::Sink,
};
use crate::hub::{inbox::Look, seat::SeatId, sequence::Standing};
use eventwire::frame::CursorKind;

/// Runs of records that concern the same group, one list per group, and the groups that have one.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: Vec<Run>,
    groups: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    from: u32,
    to: u32,
    next: u32,
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
        let Self { window, groups, runs: Runs { runs, groups: dirty }, .. } = self;
        let mut patterns = 0;
        for (i, record) in window.records.iter().enumerate() {
            let i = i as u32;
            let carried = window.start(i as usize) < record.end as usize;
            let matched = &window.patterns[patterns..record.patterns as usize];
            patterns = record.patterns as usize;
            groups.concerned(record.topic, matched, |number, group| {
                if group.last == i || group.live.is_empty() || group.mark != 0 {
                    return;
                }
                if group.last == NONE {
                    dirty.push(number);
                }
                if !carried {
                    group.mark = record.at;
                } else if group.last != NONE && group.last + 1 == i {
                    runs[group.last_run as usize].to = i;
                } else {
                    let run = runs.len() as u32;
                    runs.push(Run { from: i, to: i, next: NONE });
                    match group.last_run {
                        NONE => group.first_run = run,
                        last => runs[last as usize].next = run,
                    }
                    group.last_run = run;
                }
                group.last = i;
            });
        }
    }

    fn deliver(&mut self) {
        let mut dirty = std::mem::take(&mut self.runs.groups);
        let mut live = Vec::new();
        for number in dirty.drain(..) {
            self.out.clear();
            let group = self.groups.get_mut(number);
            let mut run = std::mem::replace(&mut group.first_run, NONE);
            let mark = std::mem::take(&mut group.mark);
            (group.last_run, group.last) = (NONE, NONE);
            live.clone_from(&group.live);
            while run != NONE {
                let Run { from, to, next } = self.runs.runs[run as usize];
                for i in from as usize..=to as usize {
                    self.out.put(self.window.records[i].at, self.window.run(i, i));
                }
                run = next;
            }
            self.shared.begin();
            let mut next = 0;
            while next < live.len() {
                // One guard for all of them: nearly always nobody needs it.
                let handed = guarded(|| {
                    while let Some(&index) = live.get(next) {
                        next += 1;
                        self.hand_out(index, mark);
                    }
                });
                if let Err(Panicked) = handed {
                    self.fail(live[next - 1], false);
                }
            }
        }
        self.runs.groups = dirty;
        self.runs.runs.clear();
    }

    /// Hands the group's bytes to one of its live readers. `mark`: from there on it has to read the log.
    fn hand_out(&mut self, index: u32, mark: u64) {
        let (now, at) = (self.now, self.at.head);
        let reader = &mut self.readers[index as usize];
        let wrote = match self.out.is_empty() {
            true => Ok(0),
            false => reader.sink.write(&self.out.bytes, &mut self.shared),
        };
        let Ok(n) = wrote else { return self.remove(index) };
        if n > 0 {
            reader.last = now;
        }
        let replay = |at| Behind::new(at, Stage::Replay { arriving: false });
        if n == self.out.bytes.len() {
            if mark != 0 {
                let id = reader.id;
                self.fall_behind(index, replay(mark - 1));
                self.queue(id);
            }
            return;
        }
        // Stopped inside a piece: its rest is kept, what follows is read from the log.
        let i = self.out.cuts.partition_point(|cut| cut.0 as usize <= n);
        let start = if i == 0 { 0 } else { self.out.cuts[i - 1].0 as usize };
        let behind = if start == n {
            replay(if i == 0 { at } else { self.out.cuts[i - 1].1 })
        } else {
            let (end, at) = self.out.cuts[i];
            Behind { rest: self.out.bytes[n..end as usize].into(), ..replay(at) }
        };
        self.fall_behind(index, behind);
        self.block(index);
    }

    /// Every live reader asks the log from here on.
    fn all_behind(&mut self, at: u64) {
        let live: Vec<u32> = self.groups.iter_mut().flat_map(|group| group.live.iter().copied()).collect();
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
