//! The catalogues of faults in `docs/`: each row names tests that exist, or says why there are none.
//!
//! Reads names only; whether a test tests what its row says is for people.

use super::{Breach, Verdict, source::Source};

/// A page with a catalogue: each letter of its rows, and how many bear it.
pub(super) struct Catalogue {
    pub(super) page: &'static str,
    rows: &'static [(char, u32)],
}

pub(super) const CATALOGUES: [Catalogue; 2] = [
    Catalogue { page: "docs/reliability.md", rows: &[('S', 22), ('N', 16), ('D', 14)] },
    Catalogue { page: "docs/browsers.md", rows: &[('C', 24), ('W', 13)] },
];

/// What a row says that has no test, before the reason.
const UNTESTED: &str = "not tested here:";

/// `scripts`: the tests in TypeScript and JavaScript, as they are written.
pub(super) fn verdict(catalogue: &Catalogue, text: &str, sources: &[Source], scripts: &[String]) -> Verdict {
    let mut breaches = Vec::new();
    let mut breach =
        |line: usize, text: String| breaches.push(Breach { place: format!("{}:{line}", catalogue.page), text });
    for (letter, count) in catalogue.rows {
        for number in 1..=*count {
            let id = format!("{letter}{number}");
            let rows: Vec<_> = text.lines().zip(1..).filter(|(line, _)| begins_with(line, &id)).collect();
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
    for (row, line) in text.lines().zip(1..) {
        for test in tests(row) {
            let found = match test.contains(' ') {
                true => scripts.iter().any(|script| script.contains(test)),
                false => sources.iter().any(|source| !source.find(&["fn", test]).is_empty()),
            };
            if !found {
                breach(line, format!("there is no test `{test}`; was it renamed?"));
            }
        }
    }
    Verdict { rule: "each row of the catalogues of faults names tests that exist, or why there are none", breaches }
}

fn begins_with(line: &str, id: &str) -> bool {
    line.strip_prefix("| ").and_then(|line| line.strip_prefix(id)).is_some_and(|rest| rest.starts_with(" |"))
}

/// What stands in backticks and reads like a test's name: a sentence, with underscores in Rust, in scripts behind its row's id.
fn tests(row: &str) -> impl Iterator<Item = &str> {
    let quoted = row.split('`').skip(1).step_by(2);
    quoted.filter(|text| {
        let rust = text.matches('_').count() > 2 && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
        rust || is_script(text)
    })
}

/// `c12 c19 a lost stream …`.
fn is_script(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_lowercase())
        && text.split(' ').count() > 3
        && letters.take_while(|c| *c != ' ').all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: &str) -> String {
        let rows = CATALOGUES[0]
            .rows
            .iter()
            .flat_map(|(letter, count)| (1..=*count).map(move |number| format!("{letter}{number}")));
        rows.skip(1).fold(first.to_owned(), |page, id| format!("{page}\n| {id} | not tested here: an example |"))
    }

    fn breaches(first: &str) -> Vec<Breach> {
        let sources = [Source::new("tests/a.rs", "//! Tests.\n#[test]\nfn s1_a_break_is_refused() {}\n")];
        let scripts = ["test(`s1 a break is refused`)".to_owned()];
        verdict(&CATALOGUES[0], &page(first), &sources, &scripts).breaches
    }

    #[test]
    fn a_row_with_a_test_that_exists_or_a_reason_is_fine() {
        assert_eq!(breaches("| S1 | a break | refused | `s1_a_break_is_refused` |"), []);
        assert_eq!(breaches("| S1 | a break | refused | `s1 a break is refused` |"), []);
        assert_eq!(breaches("| S1 | a break | not tested here: no such machine |"), []);
    }

    #[test]
    fn a_row_that_is_missing_doubled_bare_or_names_no_test_is_seen() {
        for first in [
            "",
            "| S1 | a break | refused |",
            "| S1 | `s1_a_break_is_refused` |\n| S1 | `s1_a_break_is_refused` |",
            "| S1 | `s1_a_break_was_refused` |",
            "| S1 | `s1 a break was refused` |",
            "| S11 | not tested here: it is not S1 |",
        ] {
            assert!(!breaches(first).is_empty(), "{first}");
        }
    }
}
