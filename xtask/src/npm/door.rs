//! Names of what the package's wasm exports, as npm/src/wasm.ts calls it.
//!
//! wasm-bindgen's own are longer, and a user's bundler cannot shorten what stands inside a wasm.

use walrus::Module;

/// What wasm-bindgen calls it, and what the package calls it.
const NAMES: [(&str, &str); 17] = [
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

/// Which of the exports somebody calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All.
    Whole,
    /// The machine alone.
    Machine,
    /// The framing of bytes alone.
    Framing,
}

impl Part {
    fn has(self, name: &str) -> bool {
        match self {
            Self::Whole => true,
            _ if MEMORY.contains(&name) => true,
            Self::Machine => !FRAMING.contains(&name),
            Self::Framing => FRAMING.contains(&name),
        }
    }

    /// Exports of the other parts, as wasm-bindgen calls them.
    pub(super) fn uncalled(self) -> Vec<&'static str> {
        NAMES.iter().filter(|(_, name)| !self.has(name)).map(|(long, _)| *long).collect()
    }
}

/// Renames what is called of a part, and exports nothing else.
pub(super) fn rename(module: &mut Module, part: Part) -> Result<(), String> {
    let mut others = Vec::new();
    for export in module.exports.iter_mut() {
        match NAMES.iter().find(|(long, _)| *long == export.name) {
            Some((_, name)) if part.has(name) => export.name = (*name).to_owned(),
            _ => others.push(export.id()),
        }
    }
    others.into_iter().for_each(|other| module.exports.delete(other));
    match NAMES.iter().find(|(_, name)| part.has(name) && !module.exports.iter().any(|export| export.name == *name)) {
        None => Ok(()),
        Some((long, name)) => Err(format!("nothing exports `{long}`, which npm/src/wasm.ts calls `{name}`")),
    }
}
