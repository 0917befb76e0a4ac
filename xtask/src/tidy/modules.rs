//! What each file owes its reader: a first line that says what it is, and a bearable length.
//!
//! Length is a report, not a rule: some tables are long and good.

use super::{Breach, Verdict, source::Source};

/// Above this a file is named, so that somebody asks whether it is two.
const LONG: usize = 400;

pub(super) fn verdict(sources: &[Source]) -> Verdict {
    Verdict { rule: "each module opens with a `//!` line", breaches: sources.iter().filter_map(untitled).collect() }
}

fn untitled(source: &Source) -> Option<Breach> {
    let first = source.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let titled = first.strip_prefix("//!").is_some_and(|rest| !rest.trim().is_empty());
    (!titled).then(|| Breach {
        place: format!("{}:1", source.path),
        text: "open the file with `//!` and what it is, and what it is not".to_owned(),
    })
}

/// Names the long files on standard error.
pub(super) fn report_sizes(sources: &[Source]) {
    for (path, lines) in long(sources) {
        eprintln!("long: {path}: {lines} lines (a report, not a failure: is it two files?)");
    }
}

fn long(sources: &[Source]) -> Vec<(&str, usize)> {
    let mut long: Vec<_> = sources
        .iter()
        .map(|source| (source.path.as_str(), source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONG)
        .collect();
    long.sort_by_key(|(_, lines)| std::cmp::Reverse(*lines));
    long
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> bool {
        !verdict(&[Source::new("a.rs", text)]).breaches.is_empty()
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_seen() {
        assert!(broken("use std::fmt;\n//! late"));
        assert!(broken("//!\nfn f() {}"));
        assert!(broken(""));
        assert!(!broken("\n//! What it is.\n"));
    }

    #[test]
    fn a_long_file_is_reported_and_breaks_no_rule() {
        let source = Source::new("a.rs", &format!("//! Long.\n{}", "\n".repeat(LONG)));
        assert_eq!(long(std::slice::from_ref(&source)), [("a.rs", LONG + 1)]);
        assert!(verdict(&[source]).breaches.is_empty());
    }
}
