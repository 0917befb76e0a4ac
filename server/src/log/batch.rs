//! Bytes on their way to one reader or group, and where a writer that blocks may stop.

/// Whole frames, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    /// Ends of pieces, each with the offset a reader stands at behind it. A piece is at most 4 KiB and one event.
    pub(crate) cuts: Vec<(u32, u64)>,
    /// Where the last of these pieces begins.
    piece: u32,
}

/// A blocked writer keeps at most this and one event.
const PIECE: u32 = 4 << 10;

impl Batch {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.cuts.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds the event at `at`.
    pub(crate) fn put(&mut self, at: u64, event: &[u8]) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(event);
        let end = self.bytes.len() as u32;
        match self.cuts.last_mut() {
            Some(last) if last.0 - self.piece < PIECE => *last = (end, at),
            _ => {
                self.piece = start;
                self.cuts.push((end, at));
            }
        }
    }
}
