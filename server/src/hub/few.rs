//! A list that is mostly of one: then it lies where it is held, and nowhere else.

use std::{
    hash::{Hash, Hasher},
    ops::Deref,
};

/// One, or a list, which may be empty. As large as a boxed slice.
#[derive(Clone, Debug)]
pub(crate) enum Few<T> {
    One(T),
    Many(Box<[T]>),
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<T: Copy> From<Vec<T>> for Few<T> {
    fn from(all: Vec<T>) -> Self {
        match all[..] {
            [one] => Self::One(one),
            _ => Self::Many(all.into()),
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::Many(Box::default())
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for Few<T> {}

impl<T: Hash> Hash for Few<T> {
    fn hash<S: Hasher>(&self, state: &mut S) {
        (**self).hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::TopicId;

    #[test]
    fn who_follows_one_topic_needs_no_list_of_it() {
        assert!(matches!(Few::from(vec![TopicId(7)]), Few::One(TopicId(7))));
        assert!(Few::<u32>::default().is_empty());
        assert_eq!(size_of::<Few<TopicId>>(), size_of::<Box<[TopicId]>>());
        for all in [vec![], vec![3], vec![3, 5]] {
            assert_eq!(*Few::from(all.clone()), all);
        }
    }
}
