//! The contract compiler as wasm, for the package's command line and Vite plugin.
//!
//! A file that Node alone reads: no page loads it, so that its size is told and has no budget.

use super::{FEATURES, check, emptied, folder, write};
use crate::{
    command::{Failure, Outcome},
    need, repo,
    run::{cargo, program, run as carry_out, shown, step},
};
use std::fs;
use walrus::Export;
use wasm_bindgen_cli_support::Bindgen;

/// What it is made of.
pub(super) const INPUTS: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
    "protocol",
    "contract/Cargo.toml",
    "contract/src",
    "contract/wasm",
    "npm/package-lock.json",
    "xtask/src/npm",
];

pub(super) const OUTPUT: &str = "npm/compiler/compiler.wasm";

/// What npm/src/cli/compiler.ts calls.
const EXPORTS: [&str; 5] = ["memory", "__wbindgen_malloc", "__wbindgen_free", "types", "check"];

pub(super) fn build() -> Outcome {
    need::wasm_target()?;
    step("compiling the contract compiler for Node");
    let target = "wasm32-unknown-unknown";
    carry_out(
        cargo()
            .args(["build", "--package", "eventwire-contract-wasm", "--lib", "--profile", "wasm"])
            .args(["--target", target, "--locked"]),
    )?;
    let compiled = repo::target().join(target).join("wasm/eventwire_contract_wasm.wasm");
    let failed =
        |error: &dyn std::fmt::Display| Failure::work(format!("wasm-bindgen on {}: {error}", shown(&compiled)));
    let mut generator = Bindgen::new();
    generator.input_path(&compiled).typescript(false).remove_producers_section(true);
    generator.bundler(true).map_err(|error| failed(&error))?;
    let mut output = generator.generate_output().map_err(|error| failed(&error))?;
    // The rest is for glue that there is not.
    let exports = &mut output.wasm_mut().exports;
    let others: Vec<_> =
        exports.iter().filter(|export| !EXPORTS.contains(&export.name.as_str())).map(Export::id).collect();
    others.into_iter().for_each(|other| exports.delete(other));
    let bare = folder()?.join("compiler.bare.wasm");
    write(&bare, output.wasm_mut().emit_wasm())?;

    let out = repo::path(OUTPUT);
    emptied(&repo::path("npm/compiler"))?;
    write(&out, [])?;
    carry_out(
        program(&repo::path("npm/node_modules/.bin/wasm-opt").to_string_lossy())
            .args(["-Oz", "--strip-debug", "--strip-producers", "--strip-target-features"])
            .args(FEATURES)
            .arg(&bare)
            .arg("-o")
            .arg(&out),
    )?;
    let bytes = fs::read(&out).map_err(Failure::io(shown(&out)))?;
    check(&bytes)?;
    step(format!("the contract compiler is {} KB of wasm, which no page loads", bytes.len().div_ceil(1000)));
    Ok(())
}
