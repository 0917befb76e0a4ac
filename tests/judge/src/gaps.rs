//! What gaps announced: which offsets, of which topics, told when.

use crate::matches;
use eventwire::{Epoch, Offset, Pattern, Position, Topic, frame::GapReason};

/// Beyond everything.
pub(crate) const END: Offset = Offset(u64::MAX);

/// What one gap speaks for: these offsets of this epoch, of these topics.
pub(crate) struct Announced<'a> {
    /// When it was told.
    pub(crate) n: usize,
    pub(crate) epoch: Epoch,
    pub(crate) after: Offset,
    pub(crate) upto: Offset,
    pub(crate) topics: &'a [Pattern],
    /// Told within an epoch, so something has to be missing.
    pub(crate) reason: Option<GapReason>,
}

impl Announced<'_> {
    pub(crate) fn covers(&self, topic: &Topic, at: Position) -> bool {
        self.after < at.offset && self.means(topic, at)
    }

    /// As [`Self::covers`], but perhaps too late: the reader was already beyond it. The end of an epoch says nothing of
    /// what the reader had passed.
    pub(crate) fn means(&self, topic: &Topic, at: Position) -> bool {
        (self.reason.is_some() || self.after < at.offset)
            && self.epoch == at.epoch
            && at.offset <= self.upto
            && (self.topics.is_empty() || matches(self.topics, topic))
    }

    /// As [`Self::means`], of whatever topic.
    pub(crate) fn reaches(&self, at: Position) -> bool {
        self.epoch == at.epoch && self.after < at.offset && at.offset <= self.upto
    }

    /// Losses are remembered per topic, and for a pattern by its literal prefix: one of a neighbour may be told, too.
    pub(crate) fn near(&self, view: &[Pattern], topic: &Topic) -> bool {
        let named = if self.topics.is_empty() { view } else { self.topics };
        named.iter().any(|pattern| match pattern.as_topic() {
            Some(exact) => exact == *topic,
            None => {
                let prefix = pattern.literal_prefix();
                prefix.is_empty() || topic.as_str().strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
            }
        })
    }
}
