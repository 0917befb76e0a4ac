//! Payloads spoiled in seeded ways, as text: much of what is wrong with a payload, a parsed value cannot hold.

use fastrand::Rng;
use serde_json::Value;
use std::fmt::Write as _;

/// What may stand where something else is due. Not all of it is JSON.
const TOKENS: [&str; 42] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "1.5",
    "5.0",
    "1e3",
    "127",
    "128",
    "255",
    "256",
    "65536",
    "4294967295",
    "4294967296",
    "-2147483648",
    "-2147483649",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740992",
    "18446744073709551616",
    "1e300",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "\"\"",
    "\"paid\"",
    "\"circle\"",
    "\"-7\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800x\"",
    "\"\u{1f600}\u{1f600}\"",
    "\"XY-12\"",
    "[]",
    "{}",
    "[null]",
    "{\"__proto__\":{\"x\":1}}",
    "01",
];

/// Names that mean something, to somebody.
const NAMES: [&str; 18] = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "length",
    "kind",
    "t",
    "c",
    "words",
    "number",
    "Text",
    "Yes",
    "7",
    "-7",
    "",
    "Walk",
    "corners",
    "\\u0073ku",
];

/// A payload with one to three changes, and half of the time its text cut or grown at its end.
pub fn spoiled(payload: &Value, rng: &mut Rng) -> String {
    let size = nodes(payload);
    let mut writer =
        Writer { targets: (0..rng.usize(1..=3)).map(|_| rng.usize(0..size)).collect(), node: 0, out: String::new() };
    writer.value(payload, rng);
    let mut text = writer.out;
    if rng.u8(0..40) == 0 {
        let cut = text.char_indices().map(|(i, _)| i).nth(rng.usize(0..text.chars().count().max(1))).unwrap_or(0);
        text.truncate(cut);
    } else if rng.u8(0..60) == 0 {
        text += ["}", "]", ",", "\"", " ", "\0", "\u{feff}"][rng.usize(0..7)];
    }
    text
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(values) => values.iter().map(nodes).sum::<usize>(),
        Value::Object(members) => members.values().map(nodes).sum(),
        _ => 0,
    }
}

struct Writer {
    targets: Vec<usize>,
    node: usize,
    out: String,
}

impl Writer {
    fn value(&mut self, value: &Value, rng: &mut Rng) {
        let hit = self.targets.contains(&self.node);
        self.node += 1;
        if hit && rng.u8(0..3) == 0 {
            self.node += nodes(value) - 1;
            return self.token(rng);
        }
        match value {
            Value::Object(members) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (Value::from(name.as_str()).to_string(), Some(value))).collect();
                if hit {
                    let at = |rng: &mut Rng, members: &[_]| rng.usize(0..=members.len());
                    let some = |rng: &mut Rng, members: &[_]| rng.usize(0..members.len());
                    match rng.u8(0..6) {
                        0 if !members.is_empty() => drop(members.remove(some(rng, &members))),
                        1 if !members.is_empty() => {
                            let i = some(rng, &members);
                            members[i].0 = named(rng);
                        }
                        2 | 3 => {
                            let i = at(rng, &members);
                            members.insert(i, (named(rng), None));
                        }
                        4 if !members.is_empty() => {
                            let again = members[some(rng, &members)].0.clone();
                            let i = at(rng, &members);
                            members.insert(i, (again, None));
                        }
                        _ => rng.shuffle(&mut members),
                    }
                }
                self.list('{', members.into_iter(), '}', rng);
            }
            Value::Array(values) => {
                let mut values: Vec<_> = values.iter().map(|value| (String::new(), Some(value))).collect();
                if hit {
                    match rng.u8(0..4) {
                        0 => drop(values.pop()),
                        1 => values.push((String::new(), None)),
                        2 if !values.is_empty() => values.push(values[0].clone()),
                        _ => values.reverse(),
                    }
                }
                self.list('[', values.into_iter(), ']', rng);
            }
            _ if hit => self.token(rng),
            value => write!(self.out, "{value}").unwrap(),
        }
    }

    /// Members or items; `None` is something that was not there.
    fn list<'a>(
        &mut self,
        open: char,
        values: impl Iterator<Item = (String, Option<&'a Value>)>,
        close: char,
        rng: &mut Rng,
    ) {
        self.out.push(open);
        for (i, (name, value)) in values.enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            if !name.is_empty() {
                self.out += &name;
                self.out.push(':');
            }
            match value {
                Some(value) => self.value(value, rng),
                None => self.token(rng),
            }
        }
        self.out.push(close);
    }

    fn token(&mut self, rng: &mut Rng) {
        if rng.u8(0..50) == 0 {
            let depth = rng.usize(1..150);
            self.out += &format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        } else if rng.u8(0..6) == 0 {
            write!(self.out, "{}", rng.i64(-70_000..70_000)).unwrap();
        } else {
            self.out += TOKENS[rng.usize(0..TOKENS.len())];
        }
    }
}

fn named(rng: &mut Rng) -> String {
    format!("\"{}\"", NAMES[rng.usize(0..NAMES.len())])
}
