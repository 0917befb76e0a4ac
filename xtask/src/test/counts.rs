//! What a suite's own output says it counted.
//!
//! Reads the closing lines of cargo's test harness, of Node's test runner, of vitest, and our own.

use std::{fmt, ops::Add};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Counts {
    /// A suite that only holds or does not.
    pub(crate) const HELD: Self = Self { passed: 1, failed: 0, skipped: 0 };

    pub(crate) const fn is_empty(self) -> bool {
        self.passed + self.failed + self.skipped == 0
    }

    /// What one line of output adds.
    pub(crate) fn of_line(line: &str) -> Self {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result:") {
            return Self::of_words(rest, "passed", "failed", "ignored");
        }
        // Node's runner says `ℹ pass 3` to a terminal and `# pass 3` to a pipe.
        if let Some(rest) = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")) {
            let number = |word| rest.strip_prefix(word).and_then(|n| n.trim().parse().ok()).unwrap_or(0);
            return Self {
                passed: number("pass "),
                failed: number("fail ") + number("cancelled "),
                skipped: number("skipped ") + number("todo "),
            };
        }
        // vitest: `Tests  1 failed | 4 passed (5)`; its line over files begins `Test Files`.
        if let Some(rest) = line.strip_prefix("Tests ").filter(|rest| rest.ends_with(')')) {
            return Self::of_words(rest, "passed", "failed", "skipped");
        }
        let ours = line.split(", ").count() == 3 && line.ends_with(" skipped");
        if ours { Self::of_words(line, "passed", "failed", "skipped") } else { Self::default() }
    }

    /// From `… 3 passed; 0 failed, …`: the number before each word.
    fn of_words(text: &str, passed: &str, failed: &str, skipped: &str) -> Self {
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || matches!(c, ';' | ',' | '|')).collect();
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        let number = |name: &str| {
            let before = words.iter().position(|word| *word == name).and_then(|at| at.checked_sub(1));
            before.and_then(|at| words[at].parse().ok()).unwrap_or(0)
        };
        Self { passed: number(passed), failed: number(failed), skipped: number(skipped) }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        Counts::of_line(line).to_string()
    }

    #[test]
    fn cargos_closing_line_is_read() {
        let line = "test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(read(line), "12 passed, 1 failed, 2 skipped");
    }

    #[test]
    fn nodes_closing_lines_are_read_and_nothing_else_of_them() {
        for (line, counts) in [
            ("# pass 7", "7 passed, 0 failed, 0 skipped"),
            ("ℹ fail 2", "0 passed, 2 failed, 0 skipped"),
            ("# cancelled 1", "0 passed, 1 failed, 0 skipped"),
            ("# skipped 3", "0 passed, 0 failed, 3 skipped"),
            ("# tests 9", "0 passed, 0 failed, 0 skipped"),
            ("# duration_ms 88.1", "0 passed, 0 failed, 0 skipped"),
        ] {
            assert_eq!(read(line), counts);
        }
    }

    #[test]
    fn vitests_line_over_tests_is_read_and_not_the_one_over_files() {
        assert_eq!(read("      Tests  1 failed | 4 passed | 2 skipped (7)"), "4 passed, 1 failed, 2 skipped");
        assert_eq!(read("Tests  5 passed (5)"), "5 passed, 0 failed, 0 skipped");
        assert_eq!(read(" Test Files  1 passed (1)"), "0 passed, 0 failed, 0 skipped");
    }

    #[test]
    fn our_own_line_is_read_back_as_it_was_written() {
        let counts = Counts { passed: 5, failed: 1, skipped: 2 };
        assert_eq!(Counts::of_line(&counts.to_string()), counts);
    }

    #[test]
    fn a_line_of_prose_counts_nothing() {
        assert!(Counts::of_line("published 10000 delivered 10000 duplicate 0 gaps 0").is_empty());
        assert!(Counts::of_line("3 passed through here, said one, and was skipped over").is_empty());
    }
}
