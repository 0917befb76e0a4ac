//! Where a reader's bytes go: a seat that a response body empties, or a socket.

use crate::hub::seat::{Gone, Seat};
use bytes::Bytes;
use std::sync::Arc;

/// One reader's way out. Dropping it without a word cuts the stream.
pub(crate) trait Sink {
    /// Takes as much as it can. `shared`: where the copy lies that readers of the same bytes have in common, or is put;
    /// `None`: nobody else is handed them. Less than all: blocked, and the fan is told when it can go on.
    fn write(&mut self, bytes: &[u8], shared: Option<&mut Option<Bytes>>) -> Result<usize, Gone>;

    /// Reads some of the memory that writing needs, and says anything of it: asked of several sinks in a row, so that the
    /// processor waits for all of them together.
    fn near(&self) -> usize {
        0
    }

    /// Whether it takes anything at all now, asked before much is composed for it. `false`: blocked, and the fan is told
    /// when it can go on.
    fn is_free(&mut self) -> Result<bool, Gone> {
        Ok(true)
    }

    /// Everything was said.
    fn finish(&mut self);

    /// What was not passed on yet is taken back, and this frame is said instead, as the last thing. Called only where a
    /// frame has ended.
    fn dismiss(&mut self, bye: &[u8]);

    /// Bytes taken and not yet passed on.
    fn queued(&self) -> usize;
}

/// A response body's seat.
#[derive(Debug)]
pub(crate) struct Place(pub(crate) Arc<Seat>);

impl Sink for Place {
    fn write(&mut self, bytes: &[u8], shared: Option<&mut Option<Bytes>>) -> Result<usize, Gone> {
        let copy = || Bytes::copy_from_slice(bytes);
        let piece = || shared.map_or_else(copy, |shared| shared.get_or_insert_with(copy).clone());
        Ok(if self.0.put(piece)? { bytes.len() } else { 0 })
    }

    fn near(&self) -> usize {
        usize::from(self.0.near())
    }

    fn is_free(&mut self) -> Result<bool, Gone> {
        self.0.is_free()
    }

    fn finish(&mut self) {
        self.0.finish();
    }

    fn dismiss(&mut self, bye: &[u8]) {
        self.0.dismiss(Bytes::copy_from_slice(bye));
    }

    fn queued(&self) -> usize {
        self.0.bytes()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.release();
    }
}
