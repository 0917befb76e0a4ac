//! Takes out of a linked wasm what only a panic would have used: a linker keeps it, because a panic might be.
//!
//! Functions that find words for a panic become traps; whatever nothing else reaches goes with them, code and data:
//! formatting, Unicode tables, messages, the paths of source files. What reaches what is not guessed but read from the
//! relocations that the linker leaves with `--emit-relocs`. Not an optimiser: places stay, contents become nothing, and
//! `wasm-opt` sweeps up.

use std::ops::Range;

use super::{
    binary::Reader,
    linked::{Module, Symbol},
};

/// Functions that never return and only find words for a panic, by what their mangled names contain.
const LAST_WORDS: [&str; 12] = [
    "9panicking",
    "13assert_failed",
    "slice_error_fail",
    "slice_index_fail",
    "unwrap_failed",
    "expect_failed",
    "panic_already_",
    "panic_access_error",
    "7raw_vec12handle_error",
    // What wasm-bindgen throws where JavaScript would use what is freed, or in use: the package's own JavaScript does not.
    "12wasm_bindgen9throw_str",
    "12wasm_bindgen16__wbindgen_throw17h",
    "12wasm_bindgen4__rt10throw_null",
];

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Swept {
    /// Functions that became traps because they are a panic's last words.
    pub(super) last_words: usize,
    /// Functions that became traps because nothing reaches them any more.
    pub(super) functions: usize,
    /// Bytes of data that became zero.
    pub(super) bytes: usize,
}

/// The wasm without what nothing uses, and without its relocations.
pub(super) fn sweep(wasm: &[u8]) -> Result<(Vec<u8>, Swept), &'static str> {
    let mut module = Module::read(wasm).ok_or("it is no linked wasm with relocations (-C link-arg=--emit-relocs)")?;
    module.forget_arguments(wasm);
    let (functions, data) = module.reached()?;
    let mut out = wasm.to_vec();
    let mut swept = Swept::default();
    for (n, body) in module.bodies.iter().enumerate() {
        let index = module.imports + n;
        if module.is_last_words(index) {
            swept.last_words += 1;
        } else if !functions.contains(&index) {
            swept.functions += 1;
        } else {
            continue;
        }
        trap(&mut out[body.clone()]);
    }
    let mut used = vec![false; wasm.len()];
    for symbol in &data {
        used[module.data[symbol].clone()].fill(true);
    }
    for (symbol, range) in &module.data {
        for at in range.clone().filter(|at| !data.contains(symbol) && !used[*at]) {
            swept.bytes += usize::from(out[at] != 0);
            out[at] = 0;
        }
    }
    Ok((without(&out, &module.relocations), swept))
}

/// A body of the same length that traps at once: no locals, `unreachable`, then nothing, `end`.
fn trap(body: &mut [u8]) {
    let end = body.len() - 1;
    body.fill(0x01);
    (body[0], body[1], body[end]) = (0x00, 0x00, 0x0b);
}

/// The bytes without some ranges, which ascend.
fn without(bytes: &[u8], ranges: &[Range<usize>]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    for range in ranges {
        out.extend_from_slice(&bytes[at..range.start]);
        at = range.end;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

type Set = std::collections::HashSet<usize>;

impl Module {
    /// Forgets what is mentioned only as an argument of last words: the message with its length, and behind it the place of
    /// the panic, if it has one. `i32.const PLACE` `call WORDS`, five bytes for each address: linkers do not shorten them
    /// here.
    fn forget_arguments(&mut self, wasm: &[u8]) {
        const CONST: u8 = 0x41;
        const CALL: u8 = 0x10;
        const ADDRESS: usize = 5;
        let mut forgotten = Set::new();
        for (call, symbol) in &self.mentions {
            let words =
                matches!(self.symbols.get(*symbol), Some(Symbol::Function(index)) if self.is_last_words(*index));
            let place = call.wrapping_sub(1 + ADDRESS);
            let mentioned = |at: usize| self.mentions.binary_search_by_key(&at, |(at, _)| *at).is_ok();
            if !words || wasm[call - 1] != CALL {
                continue;
            }
            let mut end = call - 1;
            if mentioned(place) && wasm[place - 1] == CONST {
                forgotten.insert(place);
                end = place - 1;
            }
            // A length is one to three bytes and has an opcode.
            let message = (2..=4).map(|length| end.wrapping_sub(length)).find(|length_at| {
                let mut length = Reader { bytes: wasm, at: length_at + 1 };
                wasm[*length_at] == CONST && length.number().is_some() && length.at == end
            });
            forgotten.extend(
                message.map(|at| at.wrapping_sub(ADDRESS)).filter(|at| mentioned(*at) && wasm[at - 1] == CONST),
            );
        }
        self.mentions.retain(|(at, _)| !forgotten.contains(at));
    }

    fn is_last_words(&self, function: usize) -> bool {
        self.names.get(&function).is_some_and(|name| LAST_WORDS.iter().any(|word| name.contains(word)))
    }

    /// Functions and data symbols that are used, from the exports on.
    fn reached(&self) -> Result<(Set, Set), &'static str> {
        let mentions = &self.mentions;
        let within = |range: &Range<usize>| {
            let from = mentions.partition_point(|(at, _)| *at < range.start);
            let to = mentions.partition_point(|(at, _)| *at < range.end);
            mentions[from..to].iter().map(|(_, symbol)| *symbol)
        };
        let (mut functions, mut data) = (Set::new(), Set::new());
        let mut next: Vec<Range<usize>> = Vec::new();
        let body = |index: usize| index.checked_sub(self.imports).and_then(|n| self.bodies.get(n));
        for root in &self.roots {
            functions.insert(*root);
            next.extend(body(*root).cloned());
        }
        for (number, symbol) in self.symbols.iter().enumerate() {
            if matches!(symbol, Symbol::Data { pinned: true }) && self.data.contains_key(&number) {
                data.insert(number);
                next.extend(self.data.get(&number).cloned());
            }
        }
        while let Some(range) = next.pop() {
            for number in within(&range) {
                match self.symbols.get(number).ok_or("a relocation names a symbol that is not there")? {
                    Symbol::Function(index) => {
                        if functions.insert(*index) && !self.is_last_words(*index) {
                            next.extend(body(*index).cloned());
                        }
                    }
                    Symbol::Data { .. } => {
                        if let Some(range) = self.data.get(&number)
                            && data.insert(number)
                        {
                            next.push(range.clone());
                        }
                    }
                    Symbol::Other => {}
                }
            }
        }
        Ok((functions, data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A linked module of four functions and three pieces of data: an exported function reaches one of the others, a
    /// panic's last words with the place they speak of, and one piece of data; the last words alone reach the fourth
    /// function and another piece.
    fn linked() -> Vec<u8> {
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: &[u8]| {
            wasm.push(id);
            wasm.push(content.len() as u8);
            wasm.extend_from_slice(content);
        };
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        section(1, &[1, 0x60, 0, 0]);
        section(3, &[4, 0, 0, 0, 0]);
        section(7, &[&[1][..], &text("go"), &[0, 0]].concat());
        // Each body: its length, no locals, what it does, `end`.
        let nothing = [4, 0, 0x01, 0x01, 0x0b];
        let words = [4, 0, 0x10, 3, 0x0b];
        section(10, &[&[4][..], &GO, &nothing, &words, &nothing].concat());
        section(11, &[&[1, 0, 0x41, 8, 0x0b, 8][..], b"yesno!at"].concat());
        let function = |n: u8, name: &str| [&[0, 0, n][..], &text(name)].concat();
        let data = |name: &str, at: u8, size: u8| [&[1, 0][..], &text(name), &[0, at, size]].concat();
        let symbols = [
            vec![7],
            function(0, "go"),
            function(1, "used"),
            function(2, "_ZN4core9panicking"),
            function(3, "words"),
            data("yes", 0, 3),
            data("no", 3, 3),
            data("place", 6, 2),
        ]
        .concat();
        section(0, &[text("linking"), vec![2, 8, symbols.len() as u8], symbols].concat());
        // Section 3 is the code: its content begins with the count, so that `go` is mentioned from 2 on.
        let (address, call) = (4, 0);
        let entries = [
            &[address, 3, 4, 0][..], // go: yes
            &[call, 4, 1],           // go: used
            &[address, 6, 6, 0],     // go: place, an argument of
            &[call, 12, 2],          // go: the last words
            &[address, 21, 5, 0],    // the last words: no
            &[call, 22, 3],          // the last words: words
        ]
        .concat();
        section(0, &[text("reloc.CODE"), vec![3, 6], entries].concat());
        section(0, &[text("name"), vec![1, 22, 1, 2], text("_ZN4core9panicking")].concat());
        wasm
    }

    const GO: [u8; 13] = [12, 0, 0x10, 1, 0x41, 0x8e, 0x80, 0x80, 0x80, 0, 0x10, 2, 0x0b];

    #[test]
    fn what_only_a_panics_last_words_reach_goes_with_them() {
        let (swept, what) = sweep(&linked()).expect("the module is whole");
        assert_eq!(what, Swept { last_words: 1, functions: 1, bytes: 5 });
        let has = |part: &[u8]| swept.windows(part.len()).any(|window| window == part);
        assert!(has(b"yes\0\0\0\0\0"), "the data that is used stays, the other is zero");
        assert!(has(&GO), "the exported function is as it was");
        assert!(has(&[4, 0, 0x01, 0x01, 0x0b, 4, 0, 0, 0x01, 0x0b, 4, 0, 0, 0x01, 0x0b]), "the others are traps");
        assert!(!has(b"linking") && !has(b"reloc"));
    }

    #[test]
    fn without_relocations_nothing_is_guessed() {
        assert!(sweep(b"\0asm\x01\0\0\0").is_err());
    }
}
