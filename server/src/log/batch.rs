//! Bytes on their way to one reader or group, and where a writer that blocks may stop.

/// Whole frames, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    /// Ends of pieces, each with the offset a reader stands at behind it. A piece is at most 4 KiB and one event.
    pub(crate) cuts: Vec<(u32, u64)>,
    /// Where the last event ends.
    end: u32,
    /// Where the last of these pieces begins.
    piece: u32,
}

/// A blocked writer keeps at most this and one event.
const PIECE: u32 = 4 << 10;

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.cuts.clear();
        self.end = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds the event at `at`.
    pub(crate) fn put(&mut self, at: u64, event: &[u8]) {
        // Something else may have been said since the last event.
        self.end = self.bytes.len() as u32;
        self.bytes.extend_from_slice(event);
        self.cut(at, event.len());
    }

    /// The event at `at` has so many bytes, which lie elsewhere.
    pub(crate) fn cut(&mut self, at: u64, length: usize) {
        let start = self.end;
        let end = start + length as u32;
        self.end = end;
        match self.cuts.last_mut() {
            Some(last) if last.0 - self.piece < PIECE => *last = (end, at),
            _ => {
                self.piece = start;
                self.cuts.push((end, at));
            }
        }
    }
}
