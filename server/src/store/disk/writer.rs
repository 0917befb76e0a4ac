//! Appending: one file at a time, one batch in one write, and what a failed write leaves is never taken for a record.
//!
//! What is written through before it is accepted is written into zeros that were written through with an earlier batch:
//! then no length and no place on the disk changes, and there is nothing to write through but the bytes.
//!
//! Decides what is stored and what is not known; what that means for a publisher, its user says.

use super::{
    flusher::Unwritten,
    frame,
    medium::{File, Medium},
    segments::{Pristine, Segments, name},
};
use crate::store::Record;
use std::{io, sync::Arc};

/// Bytes of zeros written ahead at once, where a batch is written through: one write-through in so many bytes is a slow
/// one. Less would make more of them slow, more makes the slow ones slower.
const AHEAD: u64 = 1 << 20;

#[derive(Debug)]
pub(super) struct Writer {
    medium: Arc<dyn Medium>,
    segments: Arc<Segments>,
    /// Bytes after which another file is begun: the unit of forgetting.
    limit: u64,
    active: Option<Active>,
    unwritten: Unwritten,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Active {
    base: u64,
    file: Arc<dyn File>,
    /// Where the next record goes; up to `ahead` there are zeros behind.
    length: u64,
    ahead: u64,
}

/// Why a batch was not written.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: io::Error,
    /// Whether some or all of it may be found at the next start.
    pub(super) unknown: bool,
    /// Whether nothing can be trusted any more that this process writes.
    pub(super) fatal: bool,
}

impl Failure {
    fn clean(error: io::Error) -> Self {
        Self { error, unknown: false, fatal: false }
    }

    fn fatal(error: io::Error) -> Self {
        Self { error, unknown: false, fatal: true }
    }
}

impl Writer {
    /// `pristine`: the last file, to be written on.
    pub(super) fn new(
        medium: Arc<dyn Medium>,
        segments: Arc<Segments>,
        pristine: Option<Pristine>,
        limit: u64,
        unwritten: Unwritten,
    ) -> io::Result<Self> {
        let active = match pristine {
            Some(Pristine { base, length, ahead }) => {
                Some(Active { base, file: medium.open(&name(base))?, length, ahead })
            }
            None => None,
        };
        Ok(Self { medium, segments, limit, active, unwritten, buffer: Vec::new() })
    }

    /// Writes through whatever may not be.
    pub(super) fn write_through(&mut self) -> io::Result<()> {
        let pending = self.unwritten.lock().take();
        pending.write_through(&*self.medium)?;
        self.active.as_ref().map_or(Ok(()), |active| active.file.sync())
    }

    /// Writes a batch after `head`; with `through`, to the disk itself.
    pub(super) fn append(&mut self, head: u64, records: &[Arc<Record>], through: bool) -> Result<(), Failure> {
        let refused = |text: &str| Failure::clean(io::Error::new(io::ErrorKind::InvalidInput, text));
        let count = u32::try_from(records.len()).map_err(|_| refused("a batch of so many records has no form"))?;
        if u64::MAX - head <= u64::from(count) {
            return Err(refused("the offsets of this order are used up; begin another folder"));
        }
        self.buffer.clear();
        for (index, record) in (0..count).zip(records) {
            let offset = head + 1 + u64::from(index);
            if !frame::write(&mut self.buffer, offset, (index, count), |out| record.encode_to(out)) {
                return Err(refused("a record of over 2 MiB"));
            }
        }
        let written = self.write(head, through);
        self.buffer.shrink_to(1 << 20);
        written
    }

    /// Whether what comes next goes to another file.
    pub(super) fn is_to_begin(&self) -> bool {
        self.active.as_ref().is_none_or(|active| active.length >= self.limit)
    }

    fn write(&mut self, head: u64, through: bool) -> Result<(), Failure> {
        if self.is_to_begin() {
            self.begin(head + 1, through)?;
        }
        let (limit, records) = (self.limit, self.buffer.len());
        let Some(active) = &mut self.active else { return Ok(()) };
        let (before, after) = (active.length, active.length + records as u64);
        let mut ahead = active.ahead.max(after);
        if through && after > active.ahead {
            ahead = (after + AHEAD).min(limit).max(after);
            self.buffer.resize((ahead - before) as usize, 0);
        }
        let mut written = active.file.write(before, &self.buffer);
        if written.is_err() && self.buffer.len() > records {
            // There may be room for what is to be said, if not for what may be said later.
            self.buffer.truncate(records);
            ahead = after;
            written = active.file.cut(before).and_then(|()| active.file.write(before, &self.buffer));
        }
        if let Err(error) = written {
            self.undo(before);
            return Err(Failure::clean(error));
        }
        if through && let Err(error) = active.file.sync() {
            // What the disk holds now, nobody can say; asked again, it would say yes to what is lost. Only a full disk
            // says exactly what it did not take: what was before is there, and what comes goes to another file.
            let full = super::folder::kind(&error) == crate::store::StoreErrorKind::Full;
            if full {
                self.undo(before);
                self.active = None;
            }
            return Err(Failure { error, unknown: true, fatal: !full });
        }
        if !through {
            self.unwritten.lock().written(&active.file);
        }
        (active.length, active.ahead) = (after, ahead);
        self.segments.grown(active.base, after);
        Ok(())
    }

    /// Another file, for what comes from `base` on.
    fn begin(&mut self, base: u64, through: bool) -> Result<(), Failure> {
        self.active = None;
        // Nobody waits for what is written through at an interval, but where too much of it waits itself.
        if !through && self.unwritten.lock().is_full() {
            let pending = self.unwritten.lock().take();
            pending.write_through(&*self.medium).map_err(Failure::fatal)?;
        }
        // One of this name holds nothing that was accepted: a write that failed, a batch that was never finished.
        let file = self.medium.create(&name(base)).map_err(Failure::clean)?;
        self.segments.grown(base, 0);
        match through {
            true => self.medium.sync().map_err(Failure::fatal)?,
            false => self.unwritten.lock().made(),
        }
        self.active = Some(Active { base, file, length: 0, ahead: 0 });
        Ok(())
    }

    /// Takes back what a write left. Where that fails too, the next record goes to another file: the rest of this one
    /// then lies where nothing is looked for.
    fn undo(&mut self, length: u64) {
        self.active.take_if(|active| {
            active.ahead = length;
            active.file.cut(length).is_err()
        });
    }
}
