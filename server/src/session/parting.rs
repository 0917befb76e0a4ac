//! How a reader goes that cannot wait for its turn: a grant that is over, writes blocked too long, a fault of ours.

use super::{fan::Fan, sink::Sink, speech};
use eventwire::Code;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What was called has panicked. The panic hook has told what and where.
pub(super) struct Panicked;

/// Runs what must not take everybody's stream with it. A fan's state is whole at every write to a sink and wherever a
/// piece is composed, which is what can panic in there.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

impl<S: Sink> Fan<S> {
    /// Lets a reader go at once: what it has not taken is taken back, and it is told why instead. Inside a frame nothing
    /// can be said; the stream is cut there.
    pub(super) fn dismiss(&mut self, index: u32, reason: Code) {
        let reader = &mut self.readers[index as usize];
        if reader.behind.as_ref().is_none_or(|behind| behind.bytes() == 0) {
            let mut bye = Vec::new();
            speech::bye(reason, &mut bye);
            reader.sink.dismiss(&bye);
        }
        self.remove(index);
    }

    /// What is no longer granted may not even wait to be taken: a blocked reader whose grant is over goes now.
    pub(super) fn cut_short(&mut self, id: crate::hub::seat::SeatId) {
        let over = |behind: &super::behind::Behind| {
            behind.bye == Some(Code::Auth) && behind.blocked.is_some() && behind.bytes() == 0
        };
        if self.reader(id).is_some_and(|reader| reader.behind.as_deref().is_some_and(over)) {
            self.dismiss(id.index, Code::Auth);
        }
    }

    /// A fault of ours in the middle of serving this reader: its stream ends, nobody else's. `inside`: it was inside a
    /// frame.
    pub(super) fn fail(&mut self, index: u32, inside: bool) {
        self.tally.faults += 1;
        let Some(reader) = self.readers.get(index as usize) else { return };
        tracing::error!(target: "eventwire::session::fault", session = reader.id.serial, "a panic ended this stream");
        if inside { self.remove(index) } else { self.dismiss(index, Code::Internal) }
    }

    /// How old a stream becomes that may become so old: readers that came together do not go together.
    pub(super) fn lifetime(&mut self, most: u64) -> u64 {
        self.chance.u64(most - most / 4..=most)
    }
}
