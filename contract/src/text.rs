//! Foreign text inside generated code: whatever a schema says, it stays a string, a comment or a name.

use std::collections::{HashMap, HashSet};

/// A string literal. Characters that end a line, hide, or turn the reading direction are escaped.
pub(crate) fn string(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len() + 2);
    out.push('"');
    for c in raw.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            // A module may be inlined into a page.
            '<' => out += "\\x3c",
            c if hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out += &format!("\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The lines of a comment, which nothing in them can end.
pub(crate) fn comment(raw: &str) -> Vec<String> {
    let lines = raw.trim().split(['\n', '\r', '\u{2028}', '\u{2029}']);
    lines
        .map(|line| {
            line.chars()
                .filter(|c| *c == '\t' || !hidden(*c))
                .collect::<String>()
                .replace("*/", "*\\/")
                // A module may be inlined into a page, comments and all.
                .replace("</", "<\\/")
                .replace("<!--", "<\\!--")
                .trim_end()
                .to_owned()
        })
        .collect()
}

/// Controls, and what Unicode shows as nothing or uses to turn the reading direction.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A member's name, quoted unless it is an identifier.
pub(crate) fn member(raw: &str) -> String {
    if is_identifier(raw) { raw.to_owned() } else { string(raw) }
}

fn is_identifier(raw: &str) -> bool {
    let mut chars = raw.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
        && raw != "__proto__"
}

/// An identifier close to a name. Letters of all languages stay.
pub(crate) fn identifier(raw: &str) -> String {
    let mut out: String =
        raw.chars().map(|c| if c == '$' || unicode_ident::is_xid_continue(c) { c } else { '_' }).collect();
    if !out.starts_with(|c| c == '$' || c == '_' || unicode_ident::is_xid_start(c)) {
        out.insert(0, '_');
    }
    out
}

/// The name of a type after an event's or a member's: `price-changed` gives `PriceChanged`.
pub(crate) fn pascal(raw: &str) -> String {
    let words = raw.split(|c: char| c == '_' || !unicode_ident::is_xid_continue(c)).filter(|word| !word.is_empty());
    let name: String = words
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
            [first, chars.collect()]
        })
        .collect();
    identifier(&name)
}

/// Identifiers of one scope, each given once.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    taken: HashSet<String>,
    /// The next number of each name that was wanted twice.
    next: HashMap<String, u32>,
}

impl Scope {
    /// A scope in which no reserved word and no global that generated code uses is given away.
    pub(crate) fn new() -> Self {
        Self { taken: RESERVED.split_whitespace().map(str::to_owned).collect(), next: HashMap::new() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.taken.contains(cut(name))
    }

    /// The identifier wanted, or the first free one like it.
    pub(crate) fn take(&mut self, wanted: &str) -> String {
        let wanted = cut(wanted);
        let mut name = wanted.to_owned();
        while !self.taken.insert(name.clone()) {
            let n = self.next.entry(wanted.to_owned()).or_insert(2);
            name = format!("{wanted}{n}");
            *n += 1;
        }
        name
    }
}

/// Longest identifier, in characters, before it is given a number: each is written wherever it is used.
const LONGEST: usize = 100;

fn cut(name: &str) -> &str {
    name.char_indices().nth(LONGEST).map_or(name, |(end, _)| &name[..end])
}

const RESERVED: &str = "
    abstract accessor any arguments as asserts async await bigint boolean break case catch class const constructor
    continue debugger declare default delete do else enum eval export extends false finally for from function get global
    if implements import in infer instanceof interface intrinsic is keyof let module namespace never new null number
    object of out override package private protected public readonly require return satisfies set static string super
    switch symbol this throw true try type typeof undefined unique unknown using var void while with yield
    Array Infinity Invalid Contract JSON StandardSchema NaN Number Object RegExp Set String globalThis exports";
