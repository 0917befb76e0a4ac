//! Foreign JSON: checked and brought on one line without recursion, so that no depth can hurt.
//!
//! Keeps every number's and string's spelling; `serde_json` would write them anew.

use super::fail::{Cause, Fail};
use crate::{flat, limits};

/// Where one open list or object is.
enum Level {
    /// The index of the item that is read.
    List(usize),
    /// Where in the input the name of the member that is read lies, without its quotes; 0 while it is not known.
    Object(usize, usize),
}

/// The same JSON on one line, if it may be a payload, or a part of one with `depth` lists and objects around it.
pub(super) fn minify(json: &str, depth: usize) -> Result<String, Fail> {
    let out = String::with_capacity(json.len().min(limits::PAYLOAD));
    let room = limits::DEPTH.saturating_sub(depth);
    let mut minifier = Minifier { json, at: 0, out, open: Vec::new(), room };
    match minifier.run() {
        Ok(()) => Ok(minifier.out),
        Err(cause) => Err(Fail { cause, path: minifier.path() }),
    }
}

/// Whether brackets nest deeper than a payload may. Looks at nothing else.
pub(super) fn too_deep(json: &str) -> bool {
    let (mut depth, mut text, mut escaped) = (0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text => escaped = true,
            b'"' => text = !text,
            _ if text => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > limits::DEPTH {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

struct Minifier<'a> {
    json: &'a str,
    at: usize,
    out: String,
    open: Vec<Level>,
    /// How many may be open.
    room: usize,
}

impl Minifier<'_> {
    fn run(&mut self) -> Result<(), Cause> {
        loop {
            // A value begins here.
            self.space();
            let closed = match self.peek() {
                Some(open @ (b'[' | b'{')) => self.begin(open)?,
                Some(b'"') => self.string()?,
                _ => self.scalar()?,
            };
            if !closed {
                continue;
            }
            // It is over, and perhaps what it stood in.
            loop {
                self.space();
                let Some(level) = self.open.last_mut() else {
                    return if self.at == self.json.len() { Ok(()) } else { Err(self.syntax("the end")) };
                };
                match (self.json.as_bytes().get(self.at), level) {
                    (Some(b','), Level::List(index)) => {
                        *index += 1;
                        self.pass()?;
                        break;
                    }
                    (Some(b','), Level::Object(..)) => {
                        self.pass()?;
                        self.name()?;
                        break;
                    }
                    (Some(b']'), Level::List(_)) => self.pass()?,
                    (Some(b'}'), Level::Object(..)) => self.pass()?,
                    (_, Level::List(_)) => return Err(self.syntax("`,` or `]`")),
                    (_, Level::Object(..)) => return Err(self.syntax("`,` or `}`")),
                }
                self.open.pop();
            }
        }
    }

    /// Opens a list or an object; `true` if it is empty, and so over.
    fn begin(&mut self, open: u8) -> Result<bool, Cause> {
        if self.open.len() == self.room {
            return Err(Cause::TooDeep);
        }
        self.pass()?;
        self.space();
        let close = if open == b'[' { b']' } else { b'}' };
        if self.peek() == Some(close) {
            self.pass()?;
            return Ok(true);
        }
        if open == b'[' {
            self.open.push(Level::List(0));
        } else {
            self.open.push(Level::Object(0, 0));
            self.name()?;
        }
        Ok(false)
    }

    fn name(&mut self) -> Result<(), Cause> {
        self.space();
        self.named(0, 0);
        let from = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.syntax("a member's name in quotes"));
        }
        self.string()?;
        self.named(from + 1, self.at - 1);
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.syntax("`:`"));
        }
        self.pass()
    }

    fn named(&mut self, from: usize, to: usize) {
        if let Some(level) = self.open.last_mut() {
            *level = Level::Object(from, to);
        }
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Result<bool, Cause> {
        let from = self.at;
        while let Some(b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.') = self.peek() {
            self.at += 1;
        }
        let raw = &self.json[from..self.at];
        if !matches!(raw, "true" | "false" | "null") {
            if !flat::is_number(raw) {
                // Words that other writers use for what JSON does not know.
                return Err(match raw.trim_start_matches(['-', '+']).to_ascii_lowercase().as_str() {
                    "nan" | "inf" | "infinity" => Cause::NotFinite,
                    _ => syntax("a value", from),
                });
            }
            // Every reader makes a 64-bit float of it.
            if !raw.parse::<f64>().is_ok_and(f64::is_finite) {
                return Err(Cause::NotFinite);
            }
        }
        self.keep(from)?;
        Ok(true)
    }

    fn string(&mut self) -> Result<bool, Cause> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.syntax("the end of a string")),
                Some(b'"') => {
                    self.at += 1;
                    self.keep(from)?;
                    return Ok(true);
                }
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => return Err(self.syntax("no bare control character in a string")),
                Some(_) => self.at += plain(&self.json.as_bytes()[self.at..]),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Cause> {
        let from = self.at;
        self.at += 2;
        match self.json.as_bytes().get(from + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit() {
                Some(0xd800..0xdc00) => {
                    let pair = self.json.as_bytes().get(self.at..self.at + 2) == Some(b"\\u");
                    self.at += 2;
                    match self.unit().filter(|low| pair && (0xdc00..0xe000).contains(low)) {
                        Some(_) => Ok(()),
                        None => Err(syntax("both halves of a surrogate pair", from)),
                    }
                }
                Some(0xdc00..0xe000) => Err(syntax("both halves of a surrogate pair", from)),
                Some(_) => Ok(()),
                None => Err(syntax("four hex digits after `\\u`", from)),
            },
            _ => Err(syntax("an escape that JSON knows", from)),
        }
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.json.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + (*digit as char).to_digit(16)?))
    }

    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn pass(&mut self) -> Result<(), Cause> {
        self.at += 1;
        self.keep(self.at - 1)
    }

    /// Keeps what was read since `from`.
    fn keep(&mut self, from: usize) -> Result<(), Cause> {
        let bytes = self.out.len() + self.at - from;
        if bytes > limits::PAYLOAD {
            return Err(Cause::TooLarge(bytes));
        }
        self.out.push_str(&self.json[from..self.at]);
        Ok(())
    }

    fn syntax(&self, expected: &'static str) -> Cause {
        syntax(expected, self.at)
    }

    /// Where the value stands that is read now, innermost first.
    fn path(&self) -> Vec<String> {
        let segment = |level: &Level| match level {
            Level::List(index) => Some(index.to_string()),
            Level::Object(0, _) => None,
            Level::Object(from, to) => {
                // The name as it reads; what cannot be read is shown as it was spelled.
                let raw = &self.json[*from..*to];
                Some(serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.to_owned()))
            }
        };
        self.open.iter().rev().filter_map(segment).collect()
    }
}

/// Bytes before the next one that means something in a string.
fn plain(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len())
}

fn syntax(expected: &'static str, at: usize) -> Cause {
    Cause::Custom(format!("at byte {at}, expected {expected}"))
}
