//! Whether one range, length or pattern lies within another.
//!
//! Numbers only; what they limit is `fits`' business.

use crate::model::{List, Range, SAFE, Text};

/// How many members an object has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) least: u64,
    pub(super) most: Option<u64>,
}

impl Size {
    pub(super) fn within(self, min: Option<u64>, max: Option<u64>) -> bool {
        min.is_none_or(|min| min <= self.least) && max.is_none_or(|max| self.most.is_some_and(|most| most <= max))
    }
}

pub(super) fn text(page: &Text, server: &Text) -> bool {
    let length = Size { least: server.min.unwrap_or(0), most: server.max };
    length.within(page.min, page.max) && (page.pattern.is_none() || page.pattern == server.pattern)
}

/// Whether a string is within. Nothing here reads patterns, so that of one with a pattern nobody can tell.
pub(super) fn has(text: &Text, value: &str) -> bool {
    let length = value.chars().count() as u64;
    Size { least: length, most: Some(length) }.within(text.min, text.max) && text.pattern.is_none()
}

pub(super) fn list(page: &List, server: &List) -> bool {
    let length = Size { least: server.min.unwrap_or(0), most: server.max };
    length.within(page.min, page.max) && (!page.unique || server.unique || server.max.is_some_and(|max| max < 2))
}

pub(super) fn integer(page: &Range<i64>, server: &Range<i64>) -> bool {
    let (min, max) = (server.min.unwrap_or(-SAFE), server.max.unwrap_or(SAFE));
    let misses = |not: i64| server.not == Some(not) || not < min || not > max;
    page.min.unwrap_or(-SAFE) <= min && max <= page.max.unwrap_or(SAFE) && page.not.is_none_or(misses)
}

pub(super) fn number(page: &Range<f64>, server: &Range<f64>) -> bool {
    // Whether the server's numbers all lie above (or, mirrored, below) a bound.
    let over = |bound: f64, open: bool, sign: f64, min: Option<f64>, above: Option<f64>| {
        min.is_some_and(|min| if open { sign * min > sign * bound } else { sign * min >= sign * bound })
            || above.is_some_and(|above| sign * above >= sign * bound)
    };
    let from = |bound, open| over(bound, open, 1.0, server.min, server.above);
    let to = |bound, open| over(bound, open, -1.0, server.max, server.below);
    page.min.is_none_or(|min| from(min, false))
        && page.above.is_none_or(|above| from(above, true))
        && page.max.is_none_or(|max| to(max, false))
        && page.below.is_none_or(|below| to(below, true))
        && page.not.is_none_or(|not| server.not == Some(not) || from(not, true) || to(not, true))
}

/// The same numbers, no longer whole. Safe integers are exact.
pub(super) fn as_number(range: &Range<i64>) -> Range<f64> {
    let exact = |n: i64| n as f64;
    Range {
        min: Some(exact(range.min.unwrap_or(-SAFE))),
        max: Some(exact(range.max.unwrap_or(SAFE))),
        not: range.not.map(exact),
        ..Range::default()
    }
}

/// One number.
pub(super) fn just<T: Copy>(n: T) -> Range<T> {
    Range { min: Some(n), max: Some(n), above: None, below: None, not: None }
}

/// Whether a name is a key of a map: keys are anything, or integers, and then with a sign or without.
pub(super) fn key(rule: Option<&str>, name: &str) -> bool {
    let Some(rule) = rule else { return true };
    let digits = if rule.contains('-') { name.strip_prefix('-').unwrap_or(name) } else { name };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a page's rule for keys lets those of the server's rule pass.
pub(super) fn keys(page: Option<&str>, server: Option<&str>) -> bool {
    match (page, server) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(page), Some(server)) => page == server || page.contains('-'),
    }
}
