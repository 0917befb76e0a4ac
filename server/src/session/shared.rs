//! One copy of a piece for all who are handed the same bytes, made when the first of them asks for it.
//!
//! Knows nothing of readers; whoever hands out says when other bytes begin.

use bytes::{Bytes, BytesMut};

#[derive(Debug, Default)]
pub(crate) struct Shared {
    copy: Option<Bytes>,
    /// Where small pieces are copied to, one behind the other.
    block: BytesMut,
}

/// Small pieces share an allocation of so many bytes. A piece that nobody takes holds all of it, so it is no larger than
/// what a blocked reader may hold anyway.
const BLOCK: usize = 4 << 10;

impl Shared {
    /// What is handed out from here on are other bytes.
    pub(super) fn begin(&mut self) {
        self.copy = None;
    }

    /// What is handed out from here on was copied before.
    pub(super) fn found(&mut self, copy: Bytes) {
        self.copy = Some(copy);
    }

    /// The copy of these bytes, which are the same until others begin.
    pub(crate) fn of(&mut self, bytes: &[u8]) -> Bytes {
        let Self { copy, block } = self;
        copy.get_or_insert_with(|| {
            if bytes.len() > BLOCK / 4 {
                return Bytes::copy_from_slice(bytes);
            }
            if block.capacity() < bytes.len() {
                *block = BytesMut::with_capacity(BLOCK);
            }
            block.extend_from_slice(bytes);
            block.split().freeze()
        })
        .clone()
    }

    /// The copy, if anyone asked for it.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        self.copy.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_copy_is_for_all_until_other_bytes_begin_and_small_ones_lie_side_by_side() {
        let mut shared = Shared::default();
        let (first, again) = (shared.of(b"first"), shared.of(b"first"));
        assert_eq!((&first[..], first.as_ptr()), (&b"first"[..], again.as_ptr()));
        shared.begin();
        let second = shared.of(b"second");
        assert_eq!((&second[..], second.as_ptr()), (&b"second"[..], first.as_ptr().wrapping_add(first.len())));
        shared.found(first.clone());
        assert_eq!(shared.take().map(|copy| copy.as_ptr()), Some(first.as_ptr()));
        assert_eq!(shared.take(), None);
        for length in [BLOCK / 4, BLOCK / 4 + 1, 10 * BLOCK] {
            shared.begin();
            assert_eq!(shared.of(&vec![7; length]), vec![7; length]);
        }
    }
}
