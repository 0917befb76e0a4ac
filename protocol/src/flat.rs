//! Flat JSON: an object of strings, numbers and lists of strings. All that our frames need.
//!
//! A reader that is strict and bounded, and a writer that cannot fail. Both avoid `core::fmt`: the same code is what a
//! browser downloads. No JSON for payloads: those never pass here.

use std::borrow::Cow;

/// The largest whole number that JavaScript reads exactly.
const SAFE: u64 = (1 << 53) - 1;

/// One member's value. What else JSON knows (`true`, `null`, fractions, a list of other things) is read and passed
/// over as [`Value::Other`]: a newer server may say more.
pub(crate) enum Value<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    List(Vec<Cow<'a, str>>),
    Other,
}

/// Reads an object and hands every member to `each`, in order; `false` if the text is no flat JSON object. Of a member
/// named twice, the later counts, as in `JSON.parse`.
pub(crate) fn read<'a>(json: &'a str, mut each: impl FnMut(&str, Value<'a>)) -> bool {
    object(&mut Reader { json, at: 0 }, &mut each).is_some()
}

fn object<'a>(reader: &mut Reader<'a>, each: &mut dyn FnMut(&str, Value<'a>)) -> Option<()> {
    reader.expect(b'{')?;
    if !reader.next_is(b'}') {
        loop {
            let name = reader.string()?;
            reader.expect(b':')?;
            let value = reader.value()?;
            each(&name, value);
            if !reader.next_is(b',') {
                break;
            }
        }
        reader.expect(b'}')?;
    }
    reader.space();
    (reader.at == reader.json.len()).then_some(())
}

struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Passes `byte` if it comes next.
    fn next_is(&mut self, byte: u8) -> bool {
        self.space();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.next_is(byte).then_some(())
    }

    fn value(&mut self) -> Option<Value<'a>> {
        self.space();
        match self.peek()? {
            b'"' => self.string().map(Value::Text),
            b'[' => self.list(),
            _ => self.scalar(),
        }
    }

    fn list(&mut self) -> Option<Value<'a>> {
        self.expect(b'[')?;
        let (mut items, mut texts) = (Vec::new(), true);
        if !self.next_is(b']') {
            loop {
                self.space();
                if self.peek() == Some(b'"') {
                    items.push(self.string()?);
                } else {
                    self.scalar()?;
                    texts = false;
                }
                if !self.next_is(b',') {
                    break;
                }
            }
            self.expect(b']')?;
        }
        Some(if texts { Value::List(items) } else { Value::Other })
    }

    /// A number, `true`, `false` or `null`.
    fn scalar(&mut self) -> Option<Value<'a>> {
        let from = self.at;
        while let Some(b'0'..=b'9' | b'a'..=b'z' | b'E' | b'+' | b'-' | b'.') = self.peek() {
            self.at += 1;
        }
        let raw = &self.json[from..self.at];
        match raw {
            "true" | "false" | "null" => Some(Value::Other),
            _ => match crate::id::number(raw) {
                Some(n) if n <= SAFE => Some(Value::Number(n)),
                _ => is_number(raw).then_some(Value::Other),
            },
        }
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.expect(b'"')?;
        let (json, mut from, mut text) = (self.json, self.at, Cow::Borrowed(""));
        loop {
            match self.peek()? {
                b'"' => {
                    text += &json[from..self.at];
                    self.at += 1;
                    return Some(text);
                }
                b'\\' => {
                    text += &json[from..self.at];
                    self.at += 1;
                    text.to_mut().push(self.escape()?);
                    from = self.at;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'"' | b'\\' | b'/' => byte as char,
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.hex()?;
                if !(0xd800..0xdc00).contains(&unit) {
                    return char::from_u32(unit);
                }
                // Half of a pair: the other half has to follow.
                if self.json.as_bytes().get(self.at..self.at + 2) != Some(b"\\u") {
                    return None;
                }
                self.at += 2;
                let low = self.hex().filter(|low| (0xdc00..0xe000).contains(low))?;
                char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit * 16 + (self.peek()? as char).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }
}

/// JSON's grammar of a number: `-`? digits without a leading zero, fraction?, exponent?.
pub(crate) fn is_number(raw: &str) -> bool {
    fn digits(raw: &str) -> &str {
        raw.trim_start_matches(|c: char| c.is_ascii_digit())
    }
    let raw = raw.strip_prefix('-').unwrap_or(raw);
    let mut rest = match raw.strip_prefix('0') {
        Some(rest) => rest,
        None => digits(raw),
    };
    if rest.len() == raw.len() {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = digits(fraction);
        if rest.len() == fraction.len() {
            return false;
        }
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        rest = digits(exponent);
        if rest.len() == exponent.len() {
            return false;
        }
    }
    rest.is_empty()
}

/// Writes an object, member by member, on one line.
pub(crate) struct Writer(String);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_text(&mut self.0, value);
    }

    /// A whole number; beyond what JavaScript reads exactly it stays at that bound.
    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        push_number(&mut self.0, value.min(SAFE));
    }

    pub(crate) fn list<T: AsRef<str>>(&mut self, name: &str, items: &[T]) {
        self.name(name);
        self.0.push('[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            push_text(&mut self.0, item.as_ref());
        }
        self.0.push(']');
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        push_text(&mut self.0, name);
        self.0.push(':');
    }
}

fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !matches!(byte, 0..0x20 | b'"' | b'\\') {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + 1;
        if byte < 0x20 {
            out.push_str(if byte < 0x10 { "\\u000" } else { "\\u001" });
            out.push(b"0123456789abcdef"[usize::from(byte & 15)] as char);
        } else {
            out.push('\\');
            out.push(byte as char);
        }
    }
    out.push_str(&text[from..]);
    out.push('"');
}

/// Appends a number's decimal digits.
pub(crate) fn push_number(out: &mut String, number: u64) {
    digits(number, |digit| out.push(digit as char));
}

/// Hands a number's decimal digits to `each`, first to last.
pub(crate) fn digits(mut number: u64, mut each: impl FnMut(u8)) {
    let (mut digits, mut at) = ([0; 20], 20);
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    digits[at..].iter().for_each(|digit| each(*digit));
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(json: &str, expected: Expect) {
        let mut members = String::new();
        let flat = read(json, |name, value| {
            let value = match value {
                Value::Text(text) => format!("{text:?}"),
                Value::Number(n) => n.to_string(),
                Value::List(items) => format!("{items:?}"),
                Value::Other => "other".into(),
            };
            members += &format!("{name}={value};");
        });
        expected.assert_eq(if flat { &members } else { "refused" });
    }

    #[test]
    fn members_are_read_in_order() {
        check(r#"{}"#, expect![""]);
        check(" { \"a\" :\t\"b\" , \"n\":\r\n12 } ", expect![[r#"a="b";n=12;"#]]);
        check(r#"{"a":["x","y"],"b":[]}"#, expect![[r#"a=["x", "y"];b=[];"#]]);
    }

    #[test]
    fn escapes_are_undone() {
        check(r#"{"a":"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00é"}"#, expect![[r#"a="\"\\/\u{8}\u{c}\n\r\tA😀é";"#]]);
    }

    #[test]
    fn what_frames_never_hold_is_passed_over() {
        check(
            r#"{"a":true,"b":null,"c":1.5,"d":-1,"e":1e9,"f":[1,"x"],"g":9007199254740992,"h":0}"#,
            expect!["a=other;b=other;c=other;d=other;e=other;f=other;g=other;h=0;"],
        );
    }

    #[test]
    fn what_is_not_flat_json_is_refused() {
        let refused = [
            "",
            "null",
            "[]",
            "\"a\"",
            "{",
            "}",
            "{}}",
            "{} {}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{,}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":{}}",
            "{\"a\":[[]]}",
            "{\"a\":[1,]}",
            "{\"a\":01}",
            "{\"a\":-}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":1e}",
            "{\"a\":NaN}",
            "{\"a\":tru}",
            "{'a':1}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"a\":\"\\ud800\\u0041\"}",
            "{\"a\":\"\\ud800x\"}",
            "{\"a\":\"",
            "\u{feff}{}",
        ];
        for json in refused {
            check(json, expect!["refused"]);
        }
    }

    #[test]
    fn every_string_comes_back_as_it_was_written() {
        let odd: String = (0..0x80u8).map(char::from).chain("é\u{2028}\u{feff}😀".chars()).collect();
        let mut writer = Writer::new();
        writer.text("a", &odd);
        writer.number("n", u64::MAX);
        let json = writer.end();
        assert!(!json.contains(['\n', '\r']));
        let mut back = String::new();
        assert!(read(&json, |name, value| match value {
            Value::Text(text) => back = text.into_owned(),
            Value::Number(n) => assert_eq!((name, n), ("n", SAFE)),
            _ => unreachable!("no list was written"),
        }));
        assert_eq!(back, odd);
    }

    #[test]
    fn digits_are_those_of_the_standard_library() {
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX - 1, u64::MAX] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
