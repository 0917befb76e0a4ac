//! The Leptos page of `client-wasm/examples/leptos`, from Rust to what a browser loads, without trunk.
//!
//! It is a workspace of its own with its own lock file; what it compiles lies in `target/leptos`. Not a command.

use std::fs;

use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command::{Failure, Outcome},
    need, repo,
    run::{cargo, run, shown, step},
};

/// Its manifest.
pub(crate) const MANIFEST: &str = "client-wasm/examples/leptos/Cargo.toml";
const LOCK: &str = "client-wasm/examples/leptos/Cargo.lock";

/// Builds the page that writes down what it is handed, as modules, into `target/leptos/page`.
pub(crate) fn build() -> Outcome {
    need::wasm_target()?;
    one_generator(&read(LOCK)?, &read("Cargo.lock")?)?;
    step("compiling the Leptos page");
    let (home, target) = (repo::target().join("leptos"), "wasm32-unknown-unknown");
    run(cargo()
        .args(["build", "--manifest-path", MANIFEST, "--target", target, "--locked", "--quiet"])
        .arg("--target-dir")
        .arg(&home))?;
    let compiled = home.join(target).join("debug/book.wasm");
    let page = home.join("page");
    if page.exists() {
        fs::remove_dir_all(&page).map_err(Failure::io(shown(&page)))?;
    }
    let mut generator = Bindgen::new();
    generator.input_path(&compiled).out_name("page").typescript(false).omit_default_module_path(false);
    generator
        .web(true)
        .and_then(|generator| generator.generate(&page))
        .map_err(|error| Failure::work(format!("wasm-bindgen on {}: {error}", shown(&compiled))))
}

/// The glue is written by the generator that this workspace has locked: the page must be compiled with its library.
fn one_generator(page: &str, ours: &str) -> Outcome {
    match (locked(page), locked(ours)) {
        (Some(theirs), Some(ours)) if theirs == ours => Ok(()),
        (theirs, Some(ours)) => Err(Failure::work(format!(
            "{LOCK} has wasm-bindgen {}, and the glue is written by {ours}. `cargo update \
             --manifest-path {MANIFEST} -p wasm-bindgen --precise {ours}`",
            theirs.unwrap_or("of no version")
        ))),
        (_, None) => Err(Failure::work("Cargo.lock has no wasm-bindgen: is it a lock file?")),
    }
}

fn locked(lock: &str) -> Option<&str> {
    let (_, rest) = lock.split_once("name = \"wasm-bindgen\"\nversion = \"")?;
    rest.split('"').next()
}

fn read(path: &str) -> Outcome<String> {
    fs::read_to_string(repo::path(path)).map_err(Failure::io(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_locked_to_another_generator_is_told_how_to_follow() {
        let lock = |version: &str| {
            format!(
                "[[package]]\nname = \"wasm-bindgen\"\nversion = \"{version}\"\n\n[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n"
            )
        };
        assert!(one_generator(&lock("0.2.130"), &lock("0.2.130")).is_ok());
        let error = one_generator(&lock("0.2.131"), &lock("0.2.130")).unwrap_err().to_string();
        assert!(error.contains("wasm-bindgen 0.2.131") && error.contains("--precise 0.2.130"), "{error}");
        assert!(one_generator("", &lock("0.2.130")).is_err());
    }

    #[test]
    fn the_page_is_locked_to_our_generator() {
        one_generator(&read(LOCK).unwrap(), &read("Cargo.lock").unwrap()).unwrap();
    }
}
