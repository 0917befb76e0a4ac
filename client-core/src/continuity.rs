//! Where the reader is, and whether the next event follows.
//!
//! One position and, while a prelude is under way, the offsets it has handed over: no memory per topic.

use crate::topics::Standing;
use eventwire::{EventId, Offset, Position};

/// The reader's place in the hub's order.
#[derive(Debug, Default)]
pub(crate) struct Continuity {
    position: Option<Position>,
    /// Offsets handed over by the prelude under way or cut, ascending; an offset is one event of one topic. Bounded by
    /// what the prelude is: one newest event per topic.
    handed: Vec<Offset>,
}

/// What to do with an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Hand it over.
    Next,
    /// Tell that events before it may be missing, then hand it over.
    Hole,
    /// The page had it.
    Duplicate,
}

impl Continuity {
    pub(crate) fn new(position: Option<Position>) -> Self {
        Self { position, handed: Vec::new() }
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.position
    }

    /// How far the prelude under way or cut has come.
    pub(crate) fn reached(&self) -> Option<Position> {
        let (mine, offset) = (self.position?, *self.handed.last()?);
        Some(Position { offset, ..mine })
    }

    /// Whether something at `position` belongs to another order than the reader's.
    pub(crate) fn foreign(&self, position: Position) -> bool {
        self.position.is_some_and(|mine| mine.epoch != position.epoch)
    }

    /// Moves the reader there. Within an epoch this never lets it fall.
    pub(crate) fn advance(&mut self, to: Position) {
        match &mut self.position {
            Some(mine) if mine.epoch == to.epoch => mine.offset = mine.offset.max(to.offset),
            mine => {
                *mine = Some(to);
                self.handed = Vec::new();
            }
        }
    }

    /// The reader was ahead of the order, which has not come so far: it stands where the order does, and knows nothing.
    pub(crate) fn fall(&mut self, to: Position) {
        self.position = Some(to);
        self.handed = Vec::new();
    }

    /// The prelude is over: the position speaks for what it handed over.
    pub(crate) fn settle(&mut self) {
        self.handed = Vec::new();
    }

    /// Judges an event. Within a prelude, which begins over when it is cut, how far the page has been handed its topic;
    /// the position stays.
    pub(crate) fn judge(&mut self, id: &EventId, prelude: Option<Standing>) -> Verdict {
        let beyond = self.position.is_none_or(|mine| id.position.offset > mine.offset);
        match prelude {
            Some(standing) if !beyond => self.repeat(id, standing),
            Some(_) => {
                // No prelude says such a thing; if one does, it must not say it twice.
                self.hand(id.position.offset);
                self.follow(id)
            }
            None => self.follow(id),
        }
    }

    fn repeat(&mut self, id: &EventId, standing: Standing) -> Verdict {
        let had = match standing {
            Standing::Settled => self.position,
            Standing::Due(had) => had,
        };
        if had.is_some_and(|had| id.position.offset <= had.offset) {
            return Verdict::Duplicate;
        }
        self.hand(id.position.offset)
    }

    fn hand(&mut self, offset: Offset) -> Verdict {
        match self.handed.binary_search(&offset) {
            Ok(_) => Verdict::Duplicate,
            Err(at) => {
                self.handed.insert(at, offset); // at the end, as ids rise in a prelude, unless one was cut
                Verdict::Next
            }
        }
    }

    /// An event that follows the position, and moves it.
    fn follow(&mut self, id: &EventId) -> Verdict {
        let verdict = match self.position {
            Some(mine) if id.position.offset <= mine.offset => Verdict::Duplicate,
            Some(mine) if id.previous() > mine.offset => Verdict::Hole,
            _ => Verdict::Next,
        };
        self.advance(id.position);
        verdict
    }
}
