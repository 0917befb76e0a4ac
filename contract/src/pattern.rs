//! Whether a regular expression means the same in Rust and in JavaScript, and cannot make a module throw when loaded.
//!
//! Knows the common part of both syntaxes. It compiles nothing and matches nothing.

use std::iter::Peekable;
use std::str::Chars;

/// What in a pattern is outside the common part.
pub(crate) fn fault(source: &str) -> Option<String> {
    Scan { rest: source.chars().peekable() }.pattern().err()
}

struct Scan<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Scan<'_> {
    fn pattern(&mut self) -> Result<(), String> {
        let mut open = 0_u32;
        let mut repeatable = false;
        while let Some(c) = self.rest.next() {
            repeatable = match c {
                '\\' => self.escape()?.is_none_or(|c| c != 'b'),
                '[' => self.class().map(|()| true)?,
                '(' => {
                    open += 1;
                    self.group()?
                }
                ')' if open > 0 => {
                    open -= 1;
                    true
                }
                '*' | '+' | '?' if repeatable => self.lazy(),
                '{' if repeatable => {
                    self.count()?;
                    self.lazy()
                }
                '^' | '$' | '|' => false,
                ')' | '*' | '+' | '?' | '{' | '}' | ']' => return Err(format!("{c:?} out of place")),
                _ => true,
            };
        }
        if open > 0 { Err("an open group".into()) } else { Ok(()) }
    }

    /// After a repetition only `?` may follow, and then nothing may repeat it.
    fn lazy(&mut self) -> bool {
        self.rest.next_if_eq(&'?');
        false
    }

    fn group(&mut self) -> Result<bool, String> {
        if self.rest.next_if_eq(&'?').is_some() && self.rest.next_if_eq(&':').is_none() {
            return Err("a group that begins with \"(?\"".into());
        }
        Ok(false)
    }

    fn count(&mut self) -> Result<(), String> {
        let text: String = std::iter::from_fn(|| self.rest.next_if(|c| c.is_ascii_digit() || *c == ',')).collect();
        let number = |text: &str| text.parse::<u16>().map_err(|_| format!("the repetition {{{text}}}"));
        let (min, max) = text.split_once(',').unwrap_or((&text, &text));
        let (min, max) = (number(min)?, if max.is_empty() { u16::MAX } else { number(max)? });
        match self.rest.next() {
            Some('}') if min <= max => Ok(()),
            _ => Err(format!("the repetition {{{text}")),
        }
    }

    /// The character an escape stands for, if it is one; `b` for a word's edge.
    fn escape(&mut self) -> Result<Option<char>, String> {
        match self.rest.next() {
            Some('d' | 'D' | 'w' | 'W' | 's' | 'S') => Ok(None),
            Some('n') => Ok(Some('\n')),
            Some('r') => Ok(Some('\r')),
            Some('t') => Ok(Some('\t')),
            Some('b' | 'B') => Ok(Some('b')),
            Some(c) if r"^$\.*+?()[]{}|/".contains(c) => Ok(Some(c)),
            Some(c) => Err(format!("the escape \"\\{c}\"")),
            None => Err("an unfinished escape".into()),
        }
    }

    fn class(&mut self) -> Result<(), String> {
        self.rest.next_if_eq(&'^');
        let mut before = Edge::Start;
        loop {
            let c = self.rest.next().ok_or("an open class")?;
            let item = match c {
                ']' if before == Edge::Start => return Err("an empty class".into()),
                ']' => return Ok(()),
                '\\' if self.rest.next_if_eq(&'-').is_some() => Some('-'),
                '\\' if self.rest.peek().is_some_and(|c| matches!(c, 'b' | 'B')) => {
                    return Err("a word's edge in a class".into());
                }
                '\\' => self.escape()?,
                '[' | '&' | '~' => return Err(format!("{c:?} in a class")),
                '-' => match (before, self.rest.peek()) {
                    (Edge::Char(from), Some(&to)) if to.is_ascii_alphanumeric() && from <= to => {
                        self.rest.next();
                        before = Edge::Done;
                        continue;
                    }
                    (_, Some(']')) | (Edge::Start, Some(_)) => Some('-'),
                    _ => return Err("an unclear range".into()),
                },
                c => Some(c),
            };
            before = item.map_or(Edge::Done, Edge::Char);
        }
    }
}

/// What stands before in a class, as far as a range may begin with it.
#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Start,
    Char(char),
    Done,
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn what_both_languages_read_alike_passes() {
        for source in
            ["", "^a+$", r"^\d{3}-[a-zA-Z0-9_.-]*$", r"(?:a|b)?c{1,}", r"[\w\-]+?", "[-a]", "[^/]*", r"\[x\]", "é+"]
        {
            assert_eq!(fault(source), None, "{source}");
        }
    }

    #[test]
    fn what_they_read_apart_or_refuse_is_named() {
        let sources = [
            "(",
            ")",
            "a**",
            "*",
            "a{2,1}",
            "a{x}",
            "(?i)a",
            "(?P<n>a)",
            "(?=a)",
            r"\pL",
            r"\A",
            r"\",
            "[",
            "[]",
            "[^]",
            "[z-a]",
            "[[:alpha:]]",
            "[a&&b]",
            r"[\d-z]",
            "a++",
            "}",
            "]",
            "^*",
            r"\b+",
            r"[\b]",
            r"a\-b",
            r"\x41",
            r"\u{41}",
        ];
        for source in sources {
            assert!(fault(source).is_some(), "{source}");
        }
    }
}
