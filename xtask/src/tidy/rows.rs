//! The catalogue of faults in `docs/reliability.md`: each row names tests that exist, or says why there are none.
//!
//! Reads names only; whether a test tests what its row says is for people.

use super::{Breach, Verdict, source::Source};

pub(super) const PAGE: &str = "docs/reliability.md";

/// The rows there are: a letter, and how many bear it.
const ROWS: [(char, u32); 3] = [('S', 22), ('N', 16), ('D', 14)];

/// What a row says that has no test, before the reason.
const UNTESTED: &str = "not tested here:";

pub(super) fn verdict(page: &str, sources: &[Source]) -> Verdict {
    let mut breaches = Vec::new();
    let mut breach = |line: usize, text: String| breaches.push(Breach { place: format!("{PAGE}:{line}"), text });
    for (letter, count) in ROWS {
        for number in 1..=count {
            let id = format!("{letter}{number}");
            let rows: Vec<_> = page.lines().zip(1..).filter(|(line, _)| begins_with(line, &id)).collect();
            match rows[..] {
                [(row, line)] if tests(row).next().is_none() && !row.contains(UNTESTED) => {
                    breach(line, format!("{id} names no test; name one, or say `{UNTESTED}` and why"));
                }
                [_] => {}
                [] => breach(1, format!("{id} has no row; add it to the catalogue")),
                [_, (_, second), ..] => breach(second, format!("{id} has two rows; make them one")),
            }
        }
    }
    for (row, line) in page.lines().zip(1..) {
        for test in tests(row) {
            if !sources.iter().any(|source| !source.find(&["fn", test]).is_empty()) {
                breach(line, format!("there is no test `{test}`; was it renamed?"));
            }
        }
    }
    Verdict { rule: "each row of the catalogue of faults names tests that exist, or why there are none", breaches }
}

fn begins_with(line: &str, id: &str) -> bool {
    line.strip_prefix("| ").and_then(|line| line.strip_prefix(id)).is_some_and(|rest| rest.starts_with(" |"))
}

/// What stands in backticks and reads like a test's name: a sentence.
fn tests(row: &str) -> impl Iterator<Item = &str> {
    let quoted = row.split('`').skip(1).step_by(2);
    quoted
        .filter(|text| text.matches('_').count() > 2 && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: &str) -> String {
        let rows = ROWS.iter().flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
        rows.skip(1).fold(first.to_owned(), |page, id| format!("{page}\n| {id} | not tested here: an example |"))
    }

    fn breaches(first: &str) -> Vec<Breach> {
        let sources = [Source::new("tests/a.rs", "//! Tests.\n#[test]\nfn s1_a_break_is_refused() {}\n")];
        verdict(&page(first), &sources).breaches
    }

    #[test]
    fn a_row_with_a_test_that_exists_or_a_reason_is_fine() {
        assert_eq!(breaches("| S1 | a break | refused | `s1_a_break_is_refused` |"), []);
        assert_eq!(breaches("| S1 | a break | not tested here: no such machine |"), []);
    }

    #[test]
    fn a_row_that_is_missing_doubled_bare_or_names_no_test_is_seen() {
        for first in [
            "",
            "| S1 | a break | refused |",
            "| S1 | `s1_a_break_is_refused` |\n| S1 | `s1_a_break_is_refused` |",
            "| S1 | `s1_a_break_was_refused` |",
            "| S11 | not tested here: it is not S1 |",
        ] {
            assert!(!breaches(first).is_empty(), "{first}");
        }
    }
}
