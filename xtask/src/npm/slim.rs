//! What makes the wasm small beyond what a compiler and an optimiser may do on their own.
//!
//! Two things: a panic becomes a trap without words, and names that only glue and wasm see become short. Nothing here
//! changes what the client does; a panic is a bug of ours either way, and the page is told that the client has failed.

use std::collections::HashMap;

use walrus::{FunctionBuilder, FunctionKind, Module};

/// Functions that never return and only find words for a panic. Their bodies, and what only they call, are a quarter of
/// the code: the formatting of numbers, strings and Unicode.
const LAST_WORDS: [&str; 12] = [
    "::panicking::",
    "slice_error_fail",
    "slice_index_fail",
    "unwrap_failed",
    "expect_failed",
    "panic_already_",
    "panic_access_error",
    "panic_poisoned",
    "raw_vec::handle_error",
    // Only a panic shows these as a programmer sees them. Not `Debug` as such: where it says what `Display` says, the
    // compiler has made one function of both, under either name.
    "<char as core::fmt::Debug>",
    "Range<usize> as core::fmt::Debug>",
    "fmt::builders::",
];

/// Replaces the bodies of the functions that only find words for a panic by a trap. Says how many.
pub(super) fn trap_on_panic(module: &mut Module) -> usize {
    let ids: Vec<_> = module
        .funcs
        .iter_local()
        .map(|(id, _)| id)
        .filter(|id| module.funcs.get(*id).name.as_ref().is_some_and(|name| is_last_words(name)))
        .collect();
    for id in &ids {
        let kind = module.types.get(module.funcs.get(*id).ty());
        let (params, results) = (kind.params().to_vec(), kind.results().to_vec());
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        builder.func_body().unreachable();
        let args = params.into_iter().map(|kind| module.locals.add(kind)).collect();
        module.funcs.get_mut(*id).kind = FunctionKind::Local(builder.local_func(args));
    }
    ids.len()
}

fn is_last_words(name: &str) -> bool {
    // `core[c5930c85a12de822]::fmt` is `core::fmt` of one compiler.
    let mut plain = String::with_capacity(name.len());
    for (n, part) in name.split(['[', ']']).enumerate() {
        if n % 2 == 0 {
            plain.push_str(part);
        }
    }
    LAST_WORDS.iter().any(|word| plain.contains(word))
}

/// Gives imports and exports names of one to three letters, in the wasm and in the glue alike. What a user's bundler
/// cannot shorten, because half of it is inside the wasm, is shortened here.
pub(super) fn shorten(module: &mut Module, glue: &str) -> String {
    let mut short = HashMap::new();
    let mut name = |long: &str| -> String {
        let next = short.len();
        short.entry(long.to_owned()).or_insert_with(|| letters(next)).clone()
    };
    for import in module.imports.iter_mut() {
        import.name = name(&import.name);
    }
    for export in module.exports.iter_mut() {
        // The package's own loader names these.
        if !matches!(export.name.as_str(), "memory" | "__wbindgen_start") {
            export.name = name(&export.name);
        }
    }
    words(glue).map(|word| short.get(word).map_or(word, String::as_str)).collect()
}

/// `$a`, `$b`, … `$a1`: a dollar, so that no name of the glue's own is met.
fn letters(n: usize) -> String {
    let letter = char::from(b'a' + (n % 26) as u8);
    match n / 26 {
        0 => format!("${letter}"),
        more => format!("${letter}{more}"),
    }
}

/// The text cut into identifiers and what stands between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
        let in_word = part_of_word(rest.chars().next()?);
        let end = rest.find(|c| part_of_word(c) != in_word).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panics_last_words_become_a_trap_and_nothing_else_does() {
        let mut module = Module::default();
        for name in ["core::panicking::panic_fmt", "eventwire_client::npm::Machine::close"] {
            let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
            builder.name(name.to_owned()).func_body().i32_const(7).drop();
            builder.finish(vec![], &mut module.funcs);
        }
        assert_eq!(trap_on_panic(&mut module), 1);
        let size = |name: &str| {
            let id = module.funcs.by_name(name).expect(name);
            module.funcs.get(id).kind.unwrap_local().size()
        };
        assert_eq!(size("core::panicking::panic_fmt"), 1);
        assert_eq!(size("eventwire_client::npm::Machine::close"), 2);
    }

    #[test]
    fn glue_and_wasm_agree_on_the_short_names() {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        module.add_import_func("./client_bg.js", "__wbg_now_463ac581d2fc7ea3", kind);
        let glue = "export function __wbg_now_463ac581d2fc7ea3() { return Date.now(); }";
        assert_eq!(shorten(&mut module, glue), "export function $a() { return Date.now(); }");
        assert_eq!(module.imports.iter().next().map(|import| import.name.as_str()), Some("$a"));
    }
}
