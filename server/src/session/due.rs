//! What time does to readers: stalled writes, expired grants, turns in a drain, heartbeats.

use super::{
    alarms::Alarm,
    behind::{Behind, Stage},
    fan::Fan,
    parting::{Panicked, guarded},
    sink::Sink,
};
use bytes::Bytes;
use eventwire::Code;

impl<S: Sink> Fan<S> {
    pub(super) fn ring_alarms(&mut self) {
        while let Some((id, alarm)) = self.alarms.due(self.now) {
            let (now, stall) = (self.now, self.rules.stall);
            let Some(reader) = self.reader(id) else { continue };
            match alarm {
                Alarm::Expire => self.end(id, Code::Auth),
                Alarm::Drain => self.end(id, Code::Drain),
                Alarm::Rotate => self.end(id, Code::Rotate),
                Alarm::Wait => {
                    if reader.behind.as_ref().is_some_and(|behind| behind.stage == Stage::Wait) {
                        self.end(id, Code::Unavailable);
                    }
                }
                Alarm::Stall => match reader.stuck() {
                    None => reader.watched = false,
                    Some(since) if since + stall <= now => {
                        let reason = reader.behind.as_ref().and_then(|behind| behind.bye).unwrap_or(Code::Slow);
                        self.tally.let_go += 1;
                        self.dismiss(id.index, reason);
                    }
                    Some(since) => self.alarms.set(since + stall, id, Alarm::Stall),
                },
            }
        }
    }

    /// Says `cursor beat` to whoever has heard nothing for too long, and has an eye on who takes nothing.
    pub(super) fn beat(&mut self) {
        if self.now < self.beats.deadline() {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.beats.due(self.now, &mut due);
        let mut beat: Option<(Vec<u8>, Option<Bytes>)> = None;
        for id in due.drain(..) {
            let Some(reader) = self.readers.get_mut(id.index as usize).filter(|reader| reader.id == id) else {
                continue;
            };
            // Who is behind is handed something, or is blocked and cannot be.
            if reader.behind.is_none() && self.beats.is_due(reader.last) {
                let (bytes, shared) = beat.get_or_insert_with(|| (self.at.beat(), None));
                if let Err(Panicked) = guarded(|| self.hand(id.index, bytes, shared)) {
                    self.fail(id.index, false);
                }
            }
            let now = self.now;
            if let Some(reader) = self.reader(id) {
                let last = if reader.behind.is_some() { now } else { reader.last };
                let stuck = reader.stuck().filter(|_| !reader.watched);
                reader.watched |= stuck.is_some();
                self.beats.enter(id, last, now);
                if let Some(since) = stuck {
                    self.alarms.set(since + self.rules.stall, id, Alarm::Stall);
                }
            }
        }
        self.due = due;
    }

    /// Hands a frame to a live reader.
    fn hand(&mut self, index: u32, bytes: &[u8], shared: &mut Option<Bytes>) {
        let (at, now) = (self.at.head, self.now);
        let reader = &mut self.readers[index as usize];
        match reader.sink.write(bytes, Some(shared)) {
            Err(_) => self.remove(index),
            Ok(n) if n == bytes.len() => reader.last = now,
            Ok(n) => {
                let rest = if n == 0 { Box::default() } else { bytes[n..].into() };
                let behind = Behind::new(at, Stage::Replay { arriving: false });
                self.fall_behind(index, Behind { rest, ..behind });
                self.block(index);
            }
        }
    }
}
