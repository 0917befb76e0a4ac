//! Which groups follow what has a small number: a topic, a pattern.
//!
//! A word for each number there ever was at once, for nearly always there is no group or one; lists lie apart.

use super::groups::NONE;
use slab::Slab;

#[derive(Debug, Default)]
pub(super) struct Followers {
    /// By number: the group; `NONE`; or, with the highest bit, where in `lists` there are more of them.
    of: Vec<u32>,
    lists: Slab<Vec<u32>>,
}

/// A list's place, not a group.
const LIST: u32 = 1 << 31;

impl Followers {
    /// The groups that follow this one.
    pub(super) fn of(&self, number: u32) -> &[u32] {
        match self.of.get(number as usize) {
            None | Some(&NONE) => &[],
            Some(&list) if list & LIST != 0 => &self.lists[(list & !LIST) as usize],
            Some(group) => std::slice::from_ref(group),
        }
    }

    /// A group follows it from now on.
    pub(super) fn add(&mut self, number: u32, group: u32) {
        let number = number as usize;
        if number >= self.of.len() {
            self.of.resize(number + 1, NONE);
        }
        self.of[number] = match self.of[number] {
            NONE => group,
            list if list & LIST != 0 => {
                self.lists[(list & !LIST) as usize].push(group);
                list
            }
            other => LIST | self.lists.insert(vec![other, group]) as u32,
        };
    }

    /// A group does not any more. Whether nobody is left.
    pub(super) fn remove(&mut self, number: u32, group: u32) -> bool {
        let entry = &mut self.of[number as usize];
        if *entry == NONE || *entry & LIST == 0 {
            return std::mem::replace(entry, NONE) != NONE;
        }
        let place = (*entry & !LIST) as usize;
        let list = &mut self.lists[place];
        list.retain(|&other| other != group);
        if let [last] = list[..] {
            *entry = last;
            self.lists.remove(place);
        }
        false
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.of.iter().all(|&entry| entry == NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_in_any_order_leaves_the_others() {
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            let (mut followers, mut left) = (Followers::default(), vec![1, 2, 3]);
            left.iter().for_each(|&group| followers.add(7, group));
            followers.add(9, 4);
            for group in order {
                assert_eq!((followers.of(7), followers.of(8), followers.of(9)), (&left[..], &[][..], &[4][..]));
                left.retain(|&other| other != group);
                assert_eq!(followers.remove(7, group), left.is_empty(), "{order:?}");
            }
            assert!(followers.of(7).is_empty() && followers.of(1_000).is_empty() && !followers.is_empty());
            assert!(followers.remove(9, 4) && followers.is_empty());
        }
    }
}
