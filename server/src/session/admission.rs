//! Whether there is room for another reader, and what has been counted of those that had to go.
//!
//! Counts readers and principals. Knows nothing of streams.

use super::fan::Rules;
use crate::hub::Stats;
use hashbrown::HashMap;

/// Readers that were let in and are still here.
#[derive(Debug, Default)]
pub(super) struct Admission {
    readers: usize,
    /// Kept only where a principal has a limit of its own.
    principals: HashMap<Box<str>, usize>,
}

/// Counted since the beginning.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) turned_away: u64,
    pub(super) let_go: u64,
    pub(super) faults: u64,
}

impl Admission {
    /// Counts a reader in, if both limits let it.
    pub(super) fn admit(&mut self, rules: &Rules, principal: Option<&str>) -> bool {
        if self.readers >= rules.readers {
            return false;
        }
        if let Some(principal) = Self::counted(rules, principal) {
            let of = self.principals.entry(principal.into()).or_insert(0);
            if *of >= rules.per_principal {
                return false;
            }
            *of += 1;
        }
        self.readers += 1;
        true
    }

    /// A reader that was counted in is gone.
    pub(super) fn forget(&mut self, rules: &Rules, principal: Option<&str>) {
        self.readers -= 1;
        let Some(principal) = Self::counted(rules, principal) else { return };
        if let Some(of) = self.principals.get_mut(principal) {
            *of -= 1;
            if *of == 0 {
                self.principals.remove(principal);
            }
        }
    }

    /// A limit beyond that of the hub needs no counting.
    fn counted<'a>(rules: &Rules, principal: Option<&'a str>) -> Option<&'a str> {
        principal.filter(|_| rules.per_principal < rules.readers)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.readers == 0 && self.principals.is_empty()
    }
}

impl Tally {
    pub(super) fn add_to(self, stats: &mut Stats) {
        stats.turned_away += self.turned_away;
        stats.let_go += self.let_go;
        stats.faults += self.faults;
    }
}
