//! The search: libFuzzer over one target, which `EVENTWIRE_FUZZ_TARGET` names. Started by `cargo xtask fuzz`.
//!
//! What is checked stands in the library.
#![no_main]

use eventwire_fuzz::{Target, find, names};
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static TARGET: OnceLock<&Target> = OnceLock::new();

/// Finds the target, and writes its words where libFuzzer is told to read them.
fn start() {
    let name = std::env::var("EVENTWIRE_FUZZ_TARGET").unwrap_or_default();
    let target = find(&name).unwrap_or_else(|| panic!("EVENTWIRE_FUZZ_TARGET names no target; they are {}", names()));
    if let Some(path) = std::env::var_os("EVENTWIRE_FUZZ_WORDS") {
        std::fs::write(path, dictionary(target)).expect("the words can be written");
    }
    TARGET.get_or_init(|| target);
    // libFuzzer's ends the process at any panic. One that somebody catches is no failure; whoever catches none ends there.
    drop(std::panic::take_hook());
}

/// libFuzzer's own format: one quoted word a line.
fn dictionary(target: &Target) -> String {
    let quoted = |word: &str| word.bytes().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    // Without a single line libFuzzer calls it missing.
    let head = "# Words that chance alone would not find soon.\n".to_owned();
    target.words.iter().fold(head, |lines, word| lines + &format!("\"{}\"\n", quoted(word)))
}

fuzz_target!(init: start(), |data: &[u8]| {
    if let Some(target) = TARGET.get() {
        (target.run)(data);
    }
});
