//! The files that events are in, each named by the first offset it may hold: listed, looked through, read back.
//!
//! Offsets are contiguous, and a file holds none of the next file's: so whatever is missing is told, exactly. Writes
//! nothing and repairs nothing.

use super::{
    flusher::NEWEST,
    frame::{self, Frames},
    medium::{self, Medium},
};
use crate::store::{Fed, InvalidRecord, Record};
use eventwire::Offset;
use parking_lot::Mutex;
use std::{collections::BTreeMap, io, sync::Arc};

/// Bytes read at once: what a tail holds before it looks again whether it was overtaken.
const SOME: usize = 128 << 10;

pub(super) fn name(base: u64) -> String {
    format!("{base:020}.events")
}

#[derive(Debug)]
pub(super) struct Segments {
    medium: Arc<dyn Medium>,
    /// Bytes by first offset.
    files: Mutex<BTreeMap<u64, u64>>,
}

/// Where the last file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The newest offset that was accepted, as far as the files tell.
    pub(super) head: u64,
    /// The last file, if it is as it was written and can be written on.
    pub(super) pristine: Option<Pristine>,
}

/// A file that can be written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pristine {
    pub(super) base: u64,
    /// Where its records end.
    pub(super) length: u64,
    /// Where the zeros end that were written ahead.
    pub(super) ahead: u64,
}

/// Where the next record is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub(super) next: u64,
    base: u64,
    at: u64,
}

impl Spot {
    pub(super) fn new(next: u64) -> Self {
        Self { next, base: 0, at: 0 }
    }
}

impl Segments {
    pub(super) fn list(medium: Arc<dyn Medium>) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for file in medium.names()? {
            let base = file.strip_suffix(".events").filter(|digits| digits.len() == 20);
            if let Some(base) = base.and_then(|digits| digits.parse().ok()).filter(|base| *base > 0) {
                // One that has gone meanwhile, or cannot be looked at, is missed where it is read.
                files.insert(base, medium.length(&file).unwrap_or(0));
            }
        }
        Ok(Self { medium, files: Mutex::new(files) })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.lock().is_empty()
    }

    /// A file has this length now.
    pub(super) fn grown(&self, base: u64, length: u64) {
        self.files.lock().insert(base, length);
    }

    /// The first offset of the oldest of the newest files that together have so many bytes.
    pub(super) fn oldest_within(&self, bytes: u64) -> Option<u64> {
        let files = self.files.lock();
        let mut sum = 0u64;
        let enough = files.iter().rev().find(|(_, length)| {
            sum = sum.saturating_add(**length);
            sum >= bytes
        });
        enough.map(|(base, _)| *base)
    }

    /// The first offset of the file that is so many files before the one that `offset` is in.
    pub(super) fn files_back(&self, offset: u64, count: usize) -> Option<u64> {
        self.files.lock().range(..=offset).rev().nth(count).map(|(base, _)| *base)
    }

    /// Writes the newest files through: whoever wrote them may not have.
    pub(super) fn write_through(&self) -> io::Result<()> {
        let newest: Vec<u64> = self.files.lock().keys().rev().take(NEWEST).copied().collect();
        newest.into_iter().try_for_each(|base| self.medium.open(&name(base))?.sync())
    }

    /// Removes files that end before `first`.
    pub(super) fn forget(&self, first: u64) -> io::Result<()> {
        loop {
            let gone = {
                let files = self.files.lock();
                let mut oldest = files.keys();
                match (oldest.next(), oldest.next()) {
                    (Some(base), Some(next)) if *next <= first => *base,
                    _ => return Ok(()),
                }
            };
            match self.medium.remove(&name(gone)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.files.lock().remove(&gone),
            };
        }
    }

    /// Looks through the last file. `reached`: up to here offsets were certainly given.
    pub(super) fn ending(&self, reached: u64) -> Ending {
        let Some((base, length)) = self.files.lock().last_key_value().map(|(base, length)| (*base, *length)) else {
            return Ending { head: 0, pristine: None };
        };
        let bytes = medium::whole(&*self.medium, &name(base)).unwrap_or_default();
        // Zeros at the end were written ahead of records that never came; no record ends in one.
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let mut frames = Frames::new(&bytes[..written], true);
        let (mut found, mut last, mut holes) = (Vec::new(), base - 1, false);
        for frame in frames.by_ref().filter(|frame| frame.number >= base) {
            holes |= frame.number != last + 1;
            if frame.number > last {
                last = frame.number;
                found.push((frame.number, frame.index, frame.count));
            }
        }
        let accepted = accepted(&found, reached);
        let head = accepted.last().map_or(base - 1, |(number, ..)| *number);
        let whole = bytes.len() as u64 == length && !frames.damaged && !holes;
        let pristine = whole && accepted.len() == found.len() && head >= reached;
        Ending { head, pristine: pristine.then_some(Pristine { base, length: written as u64, ahead: length }) }
    }

    /// What comes next, up to `upto`, in order: at least one, whatever the disk says.
    pub(super) fn read(&self, spot: &mut Spot, upto: u64) -> Vec<Fed> {
        let mut out = Vec::new();
        let mut some = SOME;
        while out.is_empty() && spot.next <= upto {
            let (base, following) = {
                let files = self.files.lock();
                let base = files.range(..=spot.next).next_back().map(|(base, _)| *base);
                (base, files.range(spot.next + 1..).next().map(|(base, _)| *base))
            };
            // What lies beyond is the next file's, or not yet committed.
            let limit = following.map_or(upto, |following| upto.min(following - 1));
            let Some(base) = base else {
                miss(spot, limit, &mut out);
                break;
            };
            if spot.base != base {
                (spot.base, spot.at) = (base, 0);
            }
            let bytes = medium::read(&*self.medium, &name(base), spot.at, some).unwrap_or_default();
            let whole = bytes.len() < some;
            let mut frames = Frames::new(&bytes, whole);
            loop {
                let before = frames.at();
                if spot.next > limit {
                    spot.at += before as u64;
                    break;
                }
                match frames.next() {
                    Some(frame) if frame.number < spot.next || frame.number > limit => {}
                    Some(frame) => {
                        if frame.number > spot.next {
                            miss(spot, frame.number - 1, &mut out);
                        }
                        out.push(decode(frame.number, frame.body));
                        spot.next = frame.number + 1;
                    }
                    None if whole => {
                        miss(spot, limit, &mut out);
                        // What was passed over may only not have been finished when it was read.
                        spot.base = 0;
                        break;
                    }
                    None => {
                        // What was passed over is not looked at again, or a hole longer than all that is read at once
                        // would have no end.
                        let known = frames.at();
                        // A record that does not fit into so few bytes fits into so many.
                        some = if known == 0 { frame::HEAD + frame::MOST } else { SOME };
                        spot.at += known as u64;
                        break;
                    }
                }
            }
        }
        out
    }
}

/// Of what was found at the end, what was accepted: all but a last batch that is not whole and that nobody was shown.
fn accepted(found: &[(u64, u32, u32)], reached: u64) -> &[(u64, u32, u32)] {
    let (mut run, mut solid) = (0u32, 0);
    for (i, &(number, index, count)) in found.iter().enumerate() {
        let follows = i > 0 && found[i - 1] == (number - 1, index.wrapping_sub(1), count);
        run = match index {
            0 => 1,
            _ if follows && run > 0 => run + 1,
            _ => 0,
        };
        if run == count {
            solid = i + 1;
        }
    }
    let first = |&(number, index, _): &(u64, u32, u32)| number.saturating_sub(u64::from(index));
    match found.last() {
        // Whatever was written after a batch was written after its acknowledgement.
        Some(last) if solid < found.len() && first(last) > reached => {
            let torn = found.iter().rev().take_while(|one| first(one) == first(last)).count();
            &found[..found.len() - torn]
        }
        _ => found,
    }
}

fn miss(spot: &mut Spot, upto: u64, out: &mut Vec<Fed>) {
    out.push(Fed::Undecodable(Offset(upto), InvalidRecord::because("it is not there any more")));
    spot.next = upto + 1;
}

fn decode(offset: u64, body: &[u8]) -> Fed {
    match Record::decode(body) {
        Ok(record) => Fed::Record(Offset(offset), Arc::new(record)),
        Err(error) => Fed::Undecodable(Offset(offset), error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &[(u64, u32, u32)], reached: u64, head: u64) {
        let accepted = accepted(found, reached);
        assert_eq!(accepted.last().map_or(0, |last| last.0), head, "{found:?} reached {reached}");
    }

    #[test]
    fn a_last_batch_that_is_not_whole_is_accepted_only_if_it_was_shown() {
        check(&[], 0, 0);
        check(&[(1, 0, 1)], 0, 1);
        check(&[(1, 0, 1), (2, 0, 2)], 1, 1);
        check(&[(1, 0, 1), (2, 0, 2), (3, 1, 2)], 1, 3);
        check(&[(1, 0, 1), (3, 1, 2)], 1, 1);
        check(&[(1, 0, 1), (3, 1, 2)], 3, 3);
        check(&[(1, 0, 1), (2, 0, 3), (4, 2, 3)], 1, 1);
        check(&[(1, 0, 1), (2, 0, 3), (4, 2, 3)], 4, 4);
        // Whatever comes after a batch was written after the batch had been accepted.
        check(&[(1, 0, 1), (2, 0, 3), (4, 2, 3), (5, 0, 1)], 0, 5);
        check(&[(1, 0, 1), (2, 0, 3), (4, 2, 3), (5, 0, 2)], 0, 4);
    }
}
