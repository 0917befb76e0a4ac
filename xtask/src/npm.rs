//! `cargo xtask npm`: the npm package, from the Rust client to `npm/dist`.
//!
//! Compiles `client-wasm`, writes its glue, optimises it, inlines it, adds the contract compiler for Node, and lets
//! TypeScript do the rest. Each part is skipped when nothing it reads has changed. Not a publisher: `--pack` leaves a tarball and tells where.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use wasm_bindgen_cli_support::Bindgen;

mod binary;
mod compiler;
mod door;
mod inline;
mod linked;
mod unused;

use crate::{
    command::{Command, Failure, Outcome, unknown},
    need, repo,
    run::{cargo, output, program, run as carry_out, shown, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "npm",
    summary: "Build the npm package into npm/dist",
    help: "cargo xtask npm [--pack] [--force]

Builds the package `eventwire`: the client machine as wasm, the contract compiler as wasm, and the TypeScript around them.
What is missing (wasm target, npm packages) is installed first. Parts whose inputs are unchanged are skipped.

  --pack    also make the tarball that `npm publish` would send, and print where it lies
  --force   build all parts again",
    run: command,
};

/// The features every browser with `wasm-bindgen`'s output has. Named one by one: with `--all-features` binaryen writes
/// imports in an encoding that Node 20 refuses.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Others' code in the wasm, built for speed, which is smaller: crates that are built for size share what is generic, so that
/// growing a vector would be there twice, shared by the client with one of these and by its core with `eventwire`.
const FOR_SPEED: [&str; 6] = ["js-sys", "lol_alloc", "once_cell", "spin", "wasm-bindgen", "web-sys"];

/// What the wasm is made of.
const MACHINE: [&str; 12] = [
    "Cargo.lock",
    "Cargo.toml",
    "rust-toolchain.toml",
    "protocol",
    "client-core",
    "client-wasm",
    "contract/Cargo.toml",
    "npm/package-lock.json",
    "npm/tsconfig.json",
    "npm/tsconfig.fetch.json",
    "xtask/src/npm.rs",
    "xtask/src/npm",
];

/// What the package around it is made of.
const PACKAGE: [&str; 6] = [
    "npm/src",
    "npm/tsconfig.json",
    "npm/tsconfig.cli.json",
    "npm/package.json",
    "npm/package-lock.json",
    "xtask/src/npm.rs",
];

fn command(mut args: lexopt::Parser) -> Outcome {
    let (mut tarball, mut force) = (false, false);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("pack") => tarball = true,
            lexopt::Arg::Long("force") => force = true,
            other => return Err(unknown(other)),
        }
    }
    if force {
        for stamp in [stamp("machine"), stamp("compiler"), stamp("package")] {
            let _ = fs::remove_file(stamp);
        }
    }
    build()?;
    if tarball {
        println!("{}", pack()?.display());
    }
    Ok(())
}

/// Builds whatever of the package is out of date.
pub(crate) fn build() -> Outcome {
    need::npm_packages("npm", "TypeScript and binaryen build the package")?;
    fresh("machine", &MACHINE, &["npm/wasm/browser.js", "npm/wasm/bytes.js", "npm/wasm/eventwire.wasm"], machine)?;
    fresh("compiler", &compiler::INPUTS, &[compiler::OUTPUT], compiler::build)?;
    let wasm = fs::read_to_string(stamp("machine")).unwrap_or_default();
    fresh_with("package", &PACKAGE, &wasm, &["npm/dist/index.js"], package)
}

/// Makes the tarball that `npm publish` would send.
pub(crate) fn pack() -> Outcome<PathBuf> {
    let to = folder()?;
    step("npm pack");
    let name = output(
        program("npm").args(["pack", "--silent", "--pack-destination"]).arg(&to).current_dir(repo::path("npm")),
    )?;
    Ok(to.join(name.trim()))
}

/// Rust to `npm/wasm`: the glue and the module that carries the wasm inside.
fn machine() -> Outcome {
    need::wasm_target()?;
    step("compiling client-wasm for the browser");
    let target = "wasm32-unknown-unknown";
    carry_out(
        cargo()
            .args(["rustc", "--package", "eventwire-client", "--no-default-features", "--features", "npm"])
            .args(["--lib", "--crate-type", "cdylib"])
            .args(["--profile", "wasm", "--target", target, "--locked"])
            .args(
                FOR_SPEED
                    .iter()
                    .flat_map(|name| ["--config".to_owned(), format!("profile.wasm.package.{name}.opt-level=2")]),
            )
            // `unused` reads them; a megabyte of stack is for recursion, and there is none.
            .args(["--", "-C", "link-arg=--emit-relocs", "-C", "link-arg=-zstack-size=65536"]),
    )?;
    let compiled = repo::target().join(target).join("wasm/eventwire_client.wasm");
    let linked = fs::read(&compiled).map_err(Failure::io(shown(&compiled)))?;

    step("taking out of the wasm what nothing calls, and optimising it");
    let (to, out) = (folder()?, repo::path("npm/wasm"));
    let failed = |reason| Failure::work(format!("{}: {reason}", shown(&compiled)));
    let wasm = optimised(&to.join("client.wasm"), &without_the_rest(&linked).map_err(failed)?)?;
    emptied(&out)?;
    write(&out.join("bytes.js"), inline::inlined(&wasm).map_err(Failure::work)?)?;
    let said = "/** The client's wasm, as src/inline.ts reads it. */\nexport declare const bytes: string;\n";
    write(&out.join("bytes.d.ts"), said)?;
    // As a file, for `eventwire/slim`, and for runtimes that compile no bytes.
    write(&out.join("eventwire.wasm"), wasm)?;
    write(
        &out.join("eventwire.d.wasm.ts"),
        "/** The client's wasm, where importing wasm hands over a module. */\ndeclare const wasm: WebAssembly.Module;\nexport default wasm;\n",
    )?;
    // The browser's half, checked, with the types that its comments say.
    carry_out(
        program(&repo::path("npm/node_modules/.bin/tsc").to_string_lossy())
            .args(["--project", "npm/tsconfig.fetch.json"]),
    )
}

/// The linked wasm without what only a panic would call, and what only wasm-bindgen reads.
fn without_the_rest(linked: &[u8]) -> Result<Vec<u8>, String> {
    let (swept, what) = unused::sweep(linked)?;
    if what.last_words == 0 {
        return Err(
            "it names no function. Keep `strip = \"debuginfo\"` in [profile.wasm]: `true` takes the names too".into()
        );
    }
    let failed = |error: &dyn std::fmt::Display| format!("wasm-bindgen: {error}");
    let mut generator = Bindgen::new();
    generator.input_bytes("client", swept).typescript(false).remove_producers_section(true);
    generator.bundler(true).map_err(|error| failed(&error))?;
    let mut output = generator.generate_output().map_err(|error| failed(&error))?;
    door::rename(output.wasm_mut())?;
    Ok(output.wasm_mut().emit_wasm())
}

/// What `wasm-opt` makes of a wasm. It lies at `to` afterwards.
fn optimised(to: &Path, wasm: &[u8]) -> Outcome<Vec<u8>> {
    let bare = to.with_extension("bare.wasm");
    fs::write(&bare, wasm).map_err(Failure::io(shown(&bare)))?;
    carry_out(
        program(&repo::path("npm/node_modules/.bin/wasm-opt").to_string_lossy())
            // Flat code is put together anew, smaller by 1%. Below the first kilobyte lies the end of the stack, and nothing
            // that is reached by adding to an address.
            .args(["--flatten", "--rereloop", "--low-memory-unused", "-Oz", "-Oz", "--converge", "-ocimfs=20"])
            .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
            .args(FEATURES)
            .arg(&bare)
            .arg("-o")
            .arg(to),
    )?;
    let bytes = fs::read(to).map_err(Failure::io(shown(to)))?;
    check(&bytes)?;
    Ok(bytes)
}

/// TypeScript to `npm/dist`.
fn package() -> Outcome {
    step("compiling the TypeScript");
    emptied(&repo::path("npm/dist"))?;
    // The page's half, which knows no Node, and what runs in Node.
    ["npm/tsconfig.json", "npm/tsconfig.cli.json"].iter().try_for_each(|project| {
        carry_out(program(&repo::path("npm/node_modules/.bin/tsc").to_string_lossy()).args(["--project", project]))
    })
}

/// The wasm imports nothing: it is told, and asked.
fn check(wasm: &[u8]) -> Outcome {
    let imports = binary::imports(wasm).ok_or_else(|| Failure::work("wasm-opt wrote something that is no wasm"))?;
    match imports.first() {
        None => Ok(()),
        Some((module, name)) => Err(Failure::work(format!(
            "the wasm imports `{name}` from `{module}`, which nobody provides. Code under the feature `npm` of client-wasm calls \
             JavaScript, or a dependency links C or expects WASI: `cargo tree -p eventwire-client --target \
             wasm32-unknown-unknown` shows which"
        ))),
    }
}

fn fresh(half: &str, inputs: &[&str], outputs: &[&str], make: impl FnOnce() -> Outcome) -> Outcome {
    fresh_with(half, inputs, "", outputs, make)
}

/// Makes a half unless the fingerprint of its inputs is the one it was last made from.
fn fresh_with(half: &str, inputs: &[&str], more: &str, outputs: &[&str], make: impl FnOnce() -> Outcome) -> Outcome {
    let mut hasher = DefaultHasher::new();
    more.hash(&mut hasher);
    for input in inputs {
        fingerprint(&repo::path(input), &mut hasher)?;
    }
    let now = format!("{:016x}", hasher.finish());
    let stamp = stamp(half);
    let made = outputs.iter().all(|output| repo::path(output).exists());
    if made && fs::read_to_string(&stamp).is_ok_and(|before| before == now) {
        step(format!("npm package: the {half} is up to date"));
        return Ok(());
    }
    let _ = fs::remove_file(&stamp); // a half that fails now must not look made
    make()?;
    write(&stamp, &now)
}

fn fingerprint(path: &Path, into: &mut DefaultHasher) -> Outcome {
    let failed = || Failure::io(shown(path));
    if path.is_dir() {
        let mut entries: Vec<_> =
            fs::read_dir(path).map_err(failed())?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        entries
            .iter()
            .filter(|entry| !entry.ends_with("target") && !entry.ends_with("node_modules"))
            .try_for_each(|entry| fingerprint(entry, into))
    } else {
        path.hash(into);
        fs::read(path).map_err(failed())?.hash(into);
        Ok(())
    }
}

/// Nothing of an earlier build may be packed.
fn emptied(dir: &Path) -> Outcome {
    if dir.exists() { fs::remove_dir_all(dir).map_err(Failure::io(shown(dir))) } else { Ok(()) }
}

fn stamp(half: &str) -> PathBuf {
    repo::target().join(format!("npm/{half}.stamp"))
}

/// Where intermediate files lie.
fn folder() -> Outcome<PathBuf> {
    let dir = repo::target().join("npm");
    fs::create_dir_all(&dir).map_err(Failure::io(shown(&dir)))?;
    Ok(dir)
}

fn write(path: &Path, content: impl AsRef<[u8]>) -> Outcome {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir).map_err(Failure::io(shown(dir)))?;
    }
    fs::write(path, content).map_err(Failure::io(shown(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_is_refused() {
        let module = |from: &str| {
            let mut section = vec![1, from.len() as u8];
            section.extend(from.bytes());
            section.extend([1, b'f', 0, 0]);
            let mut wasm = b"\0asm\x01\0\0\0\x02".to_vec();
            wasm.push(section.len() as u8);
            wasm.extend(section);
            wasm
        };
        assert!(check(b"\0asm\x01\0\0\0").is_ok());
        assert!(check(&module("env")).unwrap_err().to_string().contains("`f` from `env`"));
    }
}
