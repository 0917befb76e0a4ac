//! A linked wasm, and what its linker says of it: which bytes are whose, and who mentions whom.
//!
//! Reads what `--emit-relocs` leaves, and names. Decides nothing, changes nothing.

use std::{collections::HashMap, ops::Range};

use super::binary::Reader;

/// As much of a linked module as the question needs. Ranges are of the file.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// How many functions are imported: they come first in the index space.
    pub(super) imports: usize,
    pub(super) bodies: Vec<Range<usize>>,
    pub(super) names: HashMap<usize, String>,
    pub(super) roots: Vec<usize>,
    pub(super) symbols: Vec<Symbol>,
    /// Where the contents of data symbols lie, by the symbol's number.
    pub(super) data: HashMap<usize, Range<usize>>,
    /// Where in the file a symbol is mentioned.
    pub(super) mentions: Vec<(usize, usize)>,
    /// The sections that only a linker reads.
    pub(super) relocations: Vec<Range<usize>>,
}

#[derive(Debug)]
pub(super) enum Symbol {
    Function(usize),
    /// `pinned`: exported, or to be kept whoever uses it.
    Data {
        pinned: bool,
    },
    Other,
}

impl Module {
    /// Nothing if it is no wasm, or one without relocations.
    pub(super) fn read(wasm: &[u8]) -> Option<Self> {
        let mut module = Self::default();
        let mut reader = Reader { bytes: wasm, at: 8 };
        let (mut sections, mut segments, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        while reader.at < wasm.len() {
            let start = reader.at;
            let (id, length) = (reader.byte()?, reader.number()?);
            let content = reader.at..reader.at.checked_add(length)?;
            match id {
                0 => {
                    let name = reader.text()?;
                    if name == "linking" || name.starts_with("reloc.") {
                        module.relocations.push(start..content.end);
                        tables.push((name.to_owned(), reader.at..content.end));
                    } else if name == "name" {
                        tables.push((name.to_owned(), reader.at..content.end));
                    }
                }
                2 => module.imports = reader.imported_functions()?,
                7 => {
                    for _ in 0..reader.number()? {
                        reader.text()?;
                        let (kind, index) = (reader.byte()?, reader.number()?);
                        if kind == 0 {
                            module.roots.push(index);
                        }
                    }
                }
                8 => module.roots.push(reader.number()?),
                10 => {
                    for _ in 0..reader.number()? {
                        let length = reader.number()?;
                        module.bodies.push(reader.at..reader.at + length);
                        reader.at += length;
                    }
                }
                11 => {
                    for _ in 0..reader.number()? {
                        if reader.number()? != 0 {
                            return None; // passive: Rust makes none
                        }
                        (reader.byte()? == 0x41).then_some(())?;
                        reader.number()?;
                        (reader.byte()? == 0x0b).then_some(())?;
                        let length = reader.number()?;
                        segments.push(reader.at..reader.at + length);
                        reader.at += length;
                    }
                }
                _ => {}
            }
            sections.push(content.start);
            reader.at = content.end;
        }
        for (name, range) in &tables {
            let mut reader = Reader { bytes: &wasm[..range.end], at: range.start };
            match name.as_str() {
                "linking" => module.read_symbols(&mut reader, &segments)?,
                "name" => module.read_names(&mut reader)?,
                _ => module.read_relocations(&mut reader, &sections)?,
            }
        }
        module.mentions.sort_unstable();
        (!module.symbols.is_empty() && !module.mentions.is_empty()).then_some(module)
    }

    fn read_symbols(&mut self, reader: &mut Reader<'_>, segments: &[Range<usize>]) -> Option<()> {
        const UNDEFINED: usize = 0x10;
        const EXPLICIT_NAME: usize = 0x40;
        const PINNED: usize = 0x20 | 0x80;
        (reader.number()? == 2).then_some(())?;
        while reader.at < reader.bytes.len() {
            let (kind, length) = (reader.byte()?, reader.number()?);
            let end = reader.at + length;
            for _ in 0..if kind == 8 { reader.number()? } else { 0 } {
                let (kind, flags) = (reader.byte()?, reader.number()?);
                let symbol = match kind {
                    1 => {
                        reader.text()?;
                        if flags & UNDEFINED == 0 {
                            let (segment, offset, size) = (reader.number()?, reader.number()?, reader.number()?);
                            let base = segments.get(segment)?.start + offset;
                            self.data.insert(self.symbols.len(), base..base + size);
                        }
                        Symbol::Data { pinned: flags & PINNED != 0 }
                    }
                    3 => {
                        reader.number()?;
                        Symbol::Other
                    }
                    _ => {
                        let index = reader.number()?;
                        if flags & UNDEFINED == 0 || flags & EXPLICIT_NAME != 0 {
                            reader.text()?;
                        }
                        if kind == 0 { Symbol::Function(index) } else { Symbol::Other }
                    }
                };
                self.symbols.push(symbol);
            }
            reader.at = end;
        }
        Some(())
    }

    fn read_names(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        while reader.at < reader.bytes.len() {
            let (kind, length) = (reader.byte()?, reader.number()?);
            let end = reader.at + length;
            for _ in 0..if kind == 1 { reader.number()? } else { 0 } {
                let index = reader.number()?;
                self.names.insert(index, reader.text()?.to_owned());
            }
            reader.at = end;
        }
        Some(())
    }

    fn read_relocations(&mut self, reader: &mut Reader<'_>, sections: &[usize]) -> Option<()> {
        let base = *sections.get(reader.number()?)?;
        for _ in 0..reader.number()? {
            let (kind, offset, index) = (reader.byte()?, reader.number()?, reader.number()?);
            match kind {
                // A function, a slot of the table, a type, a global, a table.
                0 | 1 | 2 | 7 | 12 | 13 | 20 => self.mentions.push((base + offset, index)),
                6 => {}
                // An address, with what is added to it.
                3 | 4 | 5 | 8 | 9 | 11 => {
                    reader.number()?;
                    self.mentions.push((base + offset, index));
                }
                _ => return None,
            }
        }
        Some(())
    }
}
