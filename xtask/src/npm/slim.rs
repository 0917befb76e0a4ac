//! Short names for what only glue and wasm see.
//!
//! A user's bundler cannot shorten them, because half of each pair is inside the wasm. Changes names and nothing else.

use std::collections::HashMap;

use walrus::Module;

/// Gives imports and exports names of one to three letters, in the wasm and in the glue alike.
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
    fn glue_and_wasm_agree_on_the_short_names() {
        let mut module = Module::default();
        let kind = module.types.add(&[], &[]);
        module.add_import_func("./client_bg.js", "__wbg_now_463ac581d2fc7ea3", kind);
        let glue = "export function __wbg_now_463ac581d2fc7ea3() { return Date.now(); }";
        assert_eq!(shorten(&mut module, glue), "export function $a() { return Date.now(); }");
        assert_eq!(module.imports.iter().next().map(|import| import.name.as_str()), Some("$a"));
    }
}
