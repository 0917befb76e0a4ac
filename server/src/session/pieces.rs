//! What readers of one interest were lately sent to catch up: after a burst a thousand of them stand at the same place,
//! and are owed the same bytes.
//!
//! Only whole runs of events out of the log, nothing that is said to one reader. Knows nothing of who is sent what.

use super::{behind::Stage, catchup::Cut, groups::GroupId};
use bytes::Bytes;
use std::collections::VecDeque;

/// A run of events as bytes, and where a writer may stop in it.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    group: GroupId,
    /// It is all of the group's interest above here, and up to here.
    from: u64,
    pub(super) upto: u64,
    pub(super) bytes: Bytes,
    cuts: Box<[(u32, u64)]>,
}

/// The newest pieces of a shard. Bounded in number, and each in size by what is composed in one go; the oldest is
/// forgotten, and whoever would have shared it has its own composed.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    newest: VecDeque<Piece>,
    /// Of which life of the order, and how many holes of it were known: a piece knows nothing of later ones.
    of: (u64, u64),
}

/// With pieces of 64 KiB, a megabyte for a shard.
const PIECES: usize = 16;

impl Pieces {
    /// What lies above `from`, if it goes up to `head` or is at least `room` long.
    pub(super) fn find(&mut self, of: (u64, u64), group: GroupId, from: u64, room: usize, head: u64) -> Option<&Piece> {
        self.keep(of);
        let fits = |piece: &&Piece| piece.upto == head || piece.bytes.len() >= room;
        self.newest.iter().find(|piece| piece.group == group && piece.from == from).filter(fits)
    }

    /// Keeps a piece for others, if it is one. `at`: from where up to where.
    pub(super) fn add(&mut self, of: (u64, u64), group: GroupId, at: (u64, u64), bytes: Bytes, cuts: &[Cut]) {
        if cuts.iter().any(|cut| cut.stage != Stage::Replay { arriving: false }) {
            return;
        }
        self.keep(of);
        let (from, upto) = at;
        self.newest.retain(|piece| (piece.group, piece.from) != (group, from));
        self.newest.truncate(PIECES - 1);
        let cuts = cuts.iter().map(|cut| (cut.end, cut.at)).collect();
        self.newest.push_front(Piece { group, from, upto, bytes, cuts });
    }

    fn keep(&mut self, of: (u64, u64)) {
        if self.of != of {
            self.newest.clear();
            self.of = of;
        }
    }
}

impl Piece {
    /// Where a writer may stop, and where a reader stands behind it.
    pub(super) fn cuts(&self) -> Vec<Cut> {
        let stage = Stage::Replay { arriving: false };
        self.cuts.iter().map(|&(end, at)| Cut { end, at, stage }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: GroupId = GroupId(7);
    const LIFE: (u64, u64) = (0, 0);

    fn add(pieces: &mut Pieces, of: (u64, u64), from: u64, stage: Stage) {
        let cuts = [Cut { end: 2, at: from + 1, stage }, Cut { end: 4, at: from + 2, stage }];
        pieces.add(of, GROUP, (from, from + 3), Bytes::from_static(b"abcd"), &cuts);
    }

    fn found(pieces: &mut Pieces, of: (u64, u64), group: GroupId, from: u64, room: usize, head: u64) -> bool {
        pieces.find(of, group, from, room, head).is_some()
    }

    #[test]
    fn a_piece_is_shared_by_its_group_from_its_place_and_in_its_life_alone() {
        let mut pieces = Pieces::default();
        add(&mut pieces, LIFE, 10, Stage::Replay { arriving: false });
        assert!(found(&mut pieces, LIFE, GROUP, 10, 4, 99));
        assert!(!found(&mut pieces, LIFE, GroupId(8), 10, 4, 99), "another interest");
        assert!(!found(&mut pieces, LIFE, GROUP, 11, 4, 99), "another place");
        assert!(!found(&mut pieces, (0, 1), GROUP, 10, 4, 99), "a hole came");
        assert!(!found(&mut pieces, LIFE, GROUP, 10, 4, 99), "what a hole ended does not come back");
    }

    #[test]
    fn a_short_piece_is_shared_only_while_there_is_no_more() {
        let mut pieces = Pieces::default();
        add(&mut pieces, LIFE, 10, Stage::Replay { arriving: false });
        assert!(found(&mut pieces, LIFE, GROUP, 10, 100, 13));
        assert!(!found(&mut pieces, LIFE, GROUP, 10, 100, 14));
    }

    #[test]
    fn what_is_said_to_one_reader_is_never_shared() {
        let mut pieces = Pieces::default();
        for stage in [Stage::Replay { arriving: true }, Stage::Prelude { from: 0 }, Stage::Over, Stage::Check] {
            add(&mut pieces, LIFE, 10, stage);
            assert!(!found(&mut pieces, LIFE, GROUP, 10, 1, 12), "{stage:?}");
        }
    }

    #[test]
    fn only_the_newest_pieces_are_kept() {
        let mut pieces = Pieces::default();
        for from in 0..100 {
            add(&mut pieces, LIFE, from, Stage::Replay { arriving: false });
        }
        let kept = (0..100).filter(|&from| found(&mut pieces, LIFE, GROUP, from, 1, 0)).count();
        assert_eq!(kept, PIECES);
        assert!(found(&mut pieces, LIFE, GROUP, 99, 1, 0));
    }
}
