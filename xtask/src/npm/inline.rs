//! The wasm as the text that the package's module carries; `npm/src/unsorted.ts` reads it.
//!
//! Sorted: opcodes together, and numbers by what they mean. A compressor finds more that repeats among those of a kind
//! than where they stand mixed, a tenth of the wasm. Checks no wasm: what it does not know it refuses.

use super::binary::Reader;

/// What a wasm is sorted into, in the order of `unsorted.ts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// All before the section of the code.
    Before,
    /// What blocks have for a type.
    Block,
    /// How many blocks a branch leaves; of a table of branches also how many there are.
    Branch,
    Call,
    Local,
    /// Globals, memories, and which of the operations it is that share an opcode.
    Global,
    /// Added to an address. How it is aligned is a hint that no engine needs, and does not travel.
    Offset,
    Small,
    /// Numbers of 64 bits.
    Large,
    Opcode,
    /// Which locals each function has.
    Locals,
    /// All behind the code.
    After,
}

const KINDS: usize = Kind::After as usize + 1;

/// A module that carries the wasm: no request of its own, no path for a bundler to lose, no MIME type to get wrong.
pub(super) fn inlined(wasm: &[u8]) -> Result<String, String> {
    let mut text = String::from("export const bytes = \"");
    for (n, part) in sorted(wasm)?.iter().enumerate() {
        if n > 0 {
            text.push('}');
        }
        part.iter().for_each(|byte| push(&mut text, *byte));
    }
    text.push_str("\";\n");
    Ok(text)
}

/// A byte below 90 is one character from `#` on, any other has a blank (90 more) or `!` (180 more) before it, and `~`
/// stands for the backslash. The same byte is always the same text, which a compressor needs: behind brotli this is 1%
/// larger than the bytes, hexadecimal 7%, base64 35%.
fn push(text: &mut String, byte: u8) {
    match byte / 90 {
        0 => {}
        1 => text.push(' '),
        _ => text.push('!'),
    }
    text.push(match b'#' + byte % 90 {
        b'\\' => '~',
        plain => char::from(plain),
    });
}

/// What goes with an opcode.
fn goes_with(opcode: u8) -> Option<Kind> {
    Some(match opcode {
        0x02..=0x04 => Kind::Block,
        0x0c..=0x0e => Kind::Branch,
        0x10 => Kind::Call,
        0x20..=0x22 => Kind::Local,
        0x23 | 0x24 | 0x3f | 0x40 | 0xfc => Kind::Global,
        0x28..=0x3e => Kind::Offset,
        0x41 => Kind::Small,
        0x42 | 0x44 => Kind::Large,
        _ => return None,
    })
}

fn sorted(wasm: &[u8]) -> Result<[Vec<u8>; KINDS], String> {
    let mut parts: [Vec<u8>; KINDS] = Default::default();
    let cut = || "the wasm ends early".to_owned();
    let (mut reader, mut whole) = (Reader { bytes: wasm, at: 8 }, Kind::Before);
    parts[Kind::Before as usize].extend(wasm.get(..8).ok_or_else(cut)?);
    while reader.at < wasm.len() {
        let start = reader.at;
        let (section, length) = (reader.byte().ok_or_else(cut)?, reader.number().ok_or_else(cut)?);
        let end = reader.at + length;
        if section == 10 {
            let mut code = Code { reader: Reader { bytes: wasm.get(..end).ok_or_else(cut)?, at: reader.at }, parts };
            let known = code.read();
            if code.reader.at != end || known.is_none() {
                return Err(format!(
                    "xtask/src/npm/inline.rs does not know the opcode before byte {} of the wasm: teach it, and npm/src/unsorted.ts",
                    code.reader.at
                ));
            }
            (parts, whole) = (code.parts, Kind::After);
        } else {
            parts[whole as usize].extend(wasm.get(start..end).ok_or_else(cut)?);
        }
        reader.at = end;
    }
    Ok(parts)
}

/// The section of the code, on its way into the parts.
struct Code<'a> {
    reader: Reader<'a>,
    parts: [Vec<u8>; KINDS],
}

impl Code<'_> {
    fn read(&mut self) -> Option<()> {
        for _ in 0..self.number(Kind::Locals)? {
            let length = self.reader.number()?;
            let end = self.reader.at + length;
            for _ in 0..self.number(Kind::Locals)? {
                self.number(Kind::Locals)?;
                self.number(Kind::Locals)?;
            }
            self.instructions()?;
            (self.reader.at == end).then_some(())?;
        }
        Some(())
    }

    fn instructions(&mut self) -> Option<()> {
        let mut depth = 1;
        while depth > 0 {
            let opcode = self.reader.byte()?;
            self.parts[Kind::Opcode as usize].push(opcode);
            match (opcode, goes_with(opcode)) {
                (0x0b, _) => depth -= 1,
                (0x0e, _) => {
                    // As many as one byte says, and one besides.
                    let branches = self.number(Kind::Branch).filter(|branches| *branches < 128)?;
                    for _ in 0..=branches {
                        self.number(Kind::Branch)?;
                    }
                }
                (0x44, _) => {
                    for _ in 0..8 {
                        let byte = self.reader.byte()?;
                        self.parts[Kind::Large as usize].push(byte);
                    }
                }
                (0xfc, _) => match self.number(Kind::Global)? {
                    0..=7 => {}
                    which @ (10 | 11) => {
                        for _ in which..12 {
                            (self.reader.number()? == 0).then_some(())?; // the only memory
                        }
                    }
                    _ => return None,
                },
                (_, Some(kind)) => {
                    if kind == Kind::Block {
                        depth += 1;
                    } else if kind == Kind::Offset {
                        self.reader.number()?;
                    }
                    self.number(kind)?;
                }
                (0x00 | 0x01 | 0x05 | 0x0f | 0x1a | 0x1b | 0x45..=0xc4, None) => {}
                _ => return None,
            }
        }
        Some(())
    }

    /// LEB128, byte by byte.
    fn number(&mut self, kind: Kind) -> Option<usize> {
        let from = self.reader.at;
        // Of a signed one the value means nothing; ten bytes are the longest.
        while self.reader.byte()? & 0x80 != 0 {}
        let bytes = self.reader.bytes.get(from..self.reader.at)?;
        self.parts[kind as usize].extend(bytes);
        Reader { bytes, at: 0 }.number().or(Some(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two functions with one of each kind of what goes with an opcode; `npm/test/unsorted.test.ts` runs it.
    const WASM: &[u8] = b"\x00asm\x01\x00\x00\x00\x01\x0b\x02`\x01~\x01~`\x01\x7f\x01|\x03\x03\x02\x00\x01\x05\x03\x01\x00\
        \x01\x06\x07\x01\x7f\x01A\xe8\x07\x0b\x07\x0f\x02\x06memory\x02\x00\x02go\x00\x01\x0c\x01\x01\x0aT\x02\x07\x00 \x00B\
        \x02~\x0bJ\x01\x01~A\x10A\x08A\x03\xfc\x0a\x00\x00A\x11A\x07A\x01\xfc\x0b\x00\x02@\x02@\x02@ \x00\x0e\x02\x00\x01\x02\
        \x0bD\x00\x00\x00\x00\x00\x00\xe0\xbf\x0f\x0bA\x10-\x00\x01\xb8\x0f\x0b#\x00A\xac\x02j$\x00#\x00\xad\x10\x00!\x01 \x01\
        \xba\x0b\x0b\x09\x01\x00A\x08\x0b\x03abc";

    const TEXT: &str = "# * < 6$###$.% )$ G$ G )$ H$ E&&%#$(&$#$)*$ H$d!W*.*2%) 6 . 6 8 ; B%#% 0 8#$/$$}ccc}%#$%}#}##$$}-.###}$}3+&4*$3 u%}%######!O!.}\
        Ce G.ddd!kddd!k%%%C1.g2.dP!'2.Fd 3GF v3DC!).}%#$$ G}.,$#d+.& * + ,";

    #[test]
    fn opcodes_lie_apart_from_what_goes_with_them() {
        assert_eq!(inlined(WASM).unwrap(), format!("export const bytes = \"{TEXT}\";\n"));
    }

    #[test]
    fn an_opcode_that_is_not_known_is_refused_with_its_place() {
        let mut wasm = WASM.to_vec();
        let at = wasm.iter().position(|byte| *byte == 0xba).unwrap();
        wasm[at] = 0xfd;
        let refused = inlined(&wasm).unwrap_err();
        assert!(refused.contains(&format!("before byte {} ", at + 1)), "{refused}");
        for length in [0, 7, 65, 100, 150] {
            assert!(inlined(&WASM[..length]).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_byte_is_one_or_two_plain_characters() {
        let mut text = String::new();
        (0..=255).for_each(|byte| push(&mut text, byte));
        assert_eq!(text.len(), 90 + 2 * 166);
        // Quotes, a backslash and the joint of two parts stand for no byte.
        assert!(text.bytes().all(|c| (b' '..=b'~').contains(&c) && !b"\"\\}".contains(&c)));
        text.clear();
        [0, 57, 89, 90, 255].into_iter().for_each(|byte| push(&mut text, byte));
        assert_eq!(text, "#~| #!n");
    }
}
