//! A Rust file as the words and signs that rules look at: without comments, strings and test modules.
//!
//! Not a parser: it knows brackets, and that `#[cfg(test)]` hides what follows.

use ra_ap_rustc_lexer::{FrontmatterAllowed, TokenKind, tokenize};

/// One file of the repository.
pub(crate) struct Source {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) words: Vec<Word>,
}

/// Stands for any literal: rules ask whether one is there, not what it says.
const LITERAL: &str = "\"\"";

/// An identifier, one sign, or `LITERAL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// Inside an item under `#[cfg(test)]`.
    pub(crate) test: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned(), words: mark_tests(words(text)) }
    }

    /// Does the path lie in one of these folders (or is it one of these files)?
    pub(crate) fn within(&self, folders: &[&str]) -> bool {
        folders
            .iter()
            .any(|folder| self.path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// Every place where these words stand one after the other.
    pub(crate) fn find(&self, pattern: &[&str]) -> Vec<&Word> {
        self.words
            .windows(pattern.len())
            .filter(|window| window.iter().map(|word| &word.text).eq(pattern))
            .map(|window| &window[0])
            .collect()
    }
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut at, mut line) = (0, 1);
    for token in tokenize(text, FrontmatterAllowed::No) {
        let piece = &text[at..at + token.len as usize];
        let kept = match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => None,
            TokenKind::Literal { .. } => Some(LITERAL),
            TokenKind::RawIdent => Some(piece.trim_start_matches("r#")),
            _ => Some(piece),
        };
        if let Some(kept) = kept {
            words.push(Word { text: kept.to_owned(), line, test: false });
        }
        line += piece.matches('\n').count();
        at += piece.len();
    }
    words
}

/// Marks what follows each `#[cfg(test)]`: up to the `;` or the end of the first `{…}`.
fn mark_tests(mut words: Vec<Word>) -> Vec<Word> {
    let gate = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut at = 0;
    while at + gate.len() < words.len() {
        let found = words[at..at + gate.len()].iter().map(|word| word.text.as_str()).eq(gate);
        if !found {
            at += 1;
            continue;
        }
        let mut depth = 0_usize;
        while at < words.len() {
            words[at].test = true;
            match words[at].text.as_str() {
                "{" => depth += 1,
                "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let over = depth == 0 && matches!(words[at].text.as_str(), "}" | ";");
            at += 1;
            if over {
                break;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(text: &str) -> Vec<(String, usize)> {
        Source::new("a.rs", text).words.into_iter().map(|word| (word.text, word.line)).collect()
    }

    #[test]
    fn comments_and_strings_are_not_heard() {
        let text = "//! axum\n/* axum */ let a = \"axum\"; // axum\nr#\"axum\"#";
        assert!(heard(text).iter().all(|(word, _)| word != "axum"));
    }

    #[test]
    fn a_word_knows_its_line() {
        assert!(heard("\n\nuse axum;").contains(&("axum".into(), 3)));
        assert!(heard("\"a\nb\"\n axum").contains(&("axum".into(), 3)));
    }

    #[test]
    fn an_item_under_cfg_test_is_marked_and_what_follows_is_not() {
        let source = Source::new("a.rs", "#[cfg(test)] mod t { fn f() { one } }\nfn g() { two }");
        let test = |name: &str| source.find(&[name])[0].test;
        assert!(test("one"));
        assert!(!test("two"));
    }

    #[test]
    fn a_folder_is_not_taken_for_another_with_the_same_beginning() {
        let source = Source::new("server/src/logging.rs", "");
        assert!(!source.within(&["server/src/log"]));
        assert!(source.within(&["server/src"]));
    }
}
