//! What a reader was owed, stretch by stretch: views change where streams begin.

use crate::{Reading, matches};
use eventwire::{Epoch, Offset, Pattern, Position, Topic};

/// The views of one reading, in order. Never empty.
pub(crate) struct Spells<'a>(Vec<Spell<'a>>);

struct Spell<'a> {
    view: &'a [Pattern],
    /// Where the reader was when it began, and in which of its epochs; `None` before it was anywhere.
    began: Option<(usize, Offset)>,
}

impl<'a> Spells<'a> {
    pub(crate) fn new(reading: &'a Reading) -> Self {
        let began = reading.from.map(|from| (0, from.offset));
        Self(vec![Spell { view: &reading.view, began }])
    }

    /// Another view from here on. `here`: how many epochs the reader has met before this one, and where it is.
    pub(crate) fn change(&mut self, view: &'a [Pattern], here: Option<(usize, Offset)>) {
        let last = self.0.last_mut().expect("there is one from the beginning");
        match here {
            // It was nowhere yet: nothing of the view before was ever in force.
            None if last.began.is_none() => last.view = view,
            _ if last.view == view => {}
            _ => self.0.push(Spell { view, began: here }),
        }
    }

    /// The same view, from further back.
    pub(crate) fn fall(&mut self, here: Option<(usize, Offset)>) {
        self.0.push(Spell { view: self.now(), began: here });
    }

    /// Whether the view in force has it.
    pub(crate) fn show(&self, topic: &Topic) -> bool {
        matches(self.now(), topic)
    }

    pub(crate) fn now(&self) -> &'a [Pattern] {
        self.0.last().expect("there is one from the beginning").view
    }

    /// Whether an event of the reader's `nth` epoch was for it when it came past there.
    pub(crate) fn owe(&self, nth: usize, offset: Offset, topic: &Topic) -> bool {
        let behind = |spell: &&Spell<'_>| spell.began.is_none_or(|began| began < (nth, offset));
        self.0.iter().rev().find(behind).is_some_and(|spell| matches(spell.view, topic))
    }
}

/// Epochs in the order in which a reader met them.
#[derive(Default)]
pub(crate) struct Epochs(Vec<Epoch>);

impl Epochs {
    pub(crate) fn meet(&mut self, epoch: Epoch) {
        if self.nth(epoch).is_none() {
            self.0.push(epoch);
        }
    }

    pub(crate) fn nth(&self, epoch: Epoch) -> Option<usize> {
        self.0.iter().position(|met| *met == epoch)
    }

    pub(crate) fn place(&self, at: Position) -> Option<(usize, Offset)> {
        Some((self.nth(at.epoch)?, at.offset))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, Epoch)> + '_ {
        self.0.iter().copied().enumerate()
    }
}
