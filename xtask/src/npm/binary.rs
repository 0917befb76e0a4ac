//! As much of the WebAssembly binary format as the package's build reads itself.
//!
//! Numbers, texts and imports. Checks nothing: what is read comes from a linker or from `wasm-opt`.

/// Module and name of every import.
pub(super) fn imports(wasm: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader { bytes: wasm, at: 8 };
    let mut imports = Vec::new();
    while reader.at < wasm.len() {
        let (section, length) = (reader.byte()?, reader.number()?);
        let end = reader.at.checked_add(length)?;
        for _ in 0..if section == 2 { reader.number()? } else { 0 } {
            imports.push((reader.text()?.to_owned(), reader.text()?.to_owned()));
            reader.skip_import_type()?;
        }
        reader.at = end;
    }
    Some(imports)
}

/// Reads on from a place.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    /// LEB128. Of a signed one the value means nothing, but it is passed.
    pub(super) fn number(&mut self) -> Option<usize> {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(value);
            }
            if shift > 35 {
                return None;
            }
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()?;
        let text = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        std::str::from_utf8(text).ok()
    }

    /// How many of the imports, which come next, are functions.
    pub(super) fn imported_functions(&mut self) -> Option<usize> {
        let mut functions = 0;
        for _ in 0..self.number()? {
            self.text()?;
            self.text()?;
            functions += usize::from(self.skip_import_type()?);
        }
        Some(functions)
    }

    /// Passes what an import is; whether it is a function.
    pub(super) fn skip_import_type(&mut self) -> Option<bool> {
        let kind = self.byte()?;
        match kind {
            0 => _ = self.number()?,
            1 => {
                self.byte()?;
                self.limits()?;
            }
            2 => self.limits()?,
            3 => self.at += 2,
            _ => return None,
        }
        Some(kind == 0)
    }

    fn limits(&mut self) -> Option<()> {
        let bounded = self.byte()? == 1;
        self.number()?;
        if bounded {
            self.number()?;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_read_past_other_sections() {
        let mut section = vec![2, 3];
        section.extend(b"envgo"[..3].iter().chain(&[1, b'f', 0, 0]));
        section.extend([2, b'j', b's', 1, b'm', 2, 0, 1]);
        let mut wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02".to_vec();
        wasm.push(section.len() as u8);
        wasm.extend(section);
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(imports(&wasm), Some(vec![pair("env", "f"), pair("js", "m")]));
    }
}
