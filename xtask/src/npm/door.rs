//! Names of what the package's wasm exports, as npm/src/wasm.ts calls it.
//!
//! wasm-bindgen's own are longer, and a user's bundler cannot shorten what stands inside a wasm.

use walrus::Module;

/// What wasm-bindgen calls it, and what the package calls it.
const NAMES: [(&str, &str); 17] = [
    ("memory", "memory"),
    ("__wbindgen_malloc", "malloc"),
    ("__wbindgen_free", "free"),
    ("machine_new", "machine"),
    ("__wbg_machine_free", "dropMachine"),
    ("machine_tell", "tell"),
    ("machine_next", "next"),
    ("machine_text", "text"),
    ("machine_deadline", "deadline"),
    ("machine_counter", "counter"),
    ("machine_position", "position"),
    ("framer_new", "framer"),
    ("__wbg_framer_free", "dropFramer"),
    ("framer_push", "push"),
    ("framer_next", "block"),
    ("framer_id", "id"),
    ("framer_retry", "retry"),
];

/// What the fetch transport alone calls: bytes are framed in a module of its own, which a page loads when it needs it.
const FRAMING: [&str; 6] = ["framer", "dropFramer", "push", "block", "id", "retry"];
/// What both modules export.
const MEMORY: [&str; 3] = ["memory", "malloc", "free"];

/// The wasm that exports the machine alone, or the framing alone; `wasm-opt` takes out what is behind the other.
pub(super) fn half(wasm: &[u8], framing: bool) -> Result<Vec<u8>, String> {
    let mut module = Module::from_buffer(wasm).map_err(|error| error.to_string())?;
    let others = module.exports.iter().filter(|export| {
        let name = export.name.as_str();
        !MEMORY.contains(&name) && FRAMING.contains(&name) != framing
    });
    let others: Vec<_> = others.map(walrus::Export::id).collect();
    others.into_iter().for_each(|other| module.exports.delete(other));
    Ok(module.emit_wasm())
}

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
