//! Names of what the package's wasm exports, as npm/src/wasm.ts calls it.
//!
//! wasm-bindgen's own are longer, and a user's bundler cannot shorten what stands inside a wasm.

use walrus::Module;

/// What wasm-bindgen calls it, and what the package calls it.
const NAMES: [(&str, &str); 11] = [
    ("memory", "memory"),
    ("__wbindgen_malloc", "malloc"),
    ("__wbindgen_free", "free"),
    ("machine", "machine"),
    ("forget", "forget"),
    ("tell", "tell"),
    ("next", "next"),
    ("text", "text"),
    ("deadline", "deadline"),
    ("counter", "counter"),
    ("position", "position"),
];

/// Renames what the package calls, and exports nothing else.
pub(super) fn rename(module: &mut Module) -> Result<(), String> {
    let mut others = Vec::new();
    for export in module.exports.iter_mut() {
        match NAMES.iter().find(|(long, _)| *long == export.name) {
            Some((_, name)) => export.name = (*name).to_owned(),
            None => others.push(export.id()),
        }
    }
    others.into_iter().for_each(|other| module.exports.delete(other));
    match NAMES.iter().find(|(_, name)| !module.exports.iter().any(|export| export.name == *name)) {
        None => Ok(()),
        Some((long, name)) => Err(format!("nothing exports `{long}`, which npm/src/wasm.ts calls `{name}`")),
    }
}
