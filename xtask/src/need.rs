//! What is missing on a new machine is installed here, with a line that says what and why.
//!
//! When it cannot be, the error names the command to run.
//!
//! Not a package manager: versions are pinned by `rust-toolchain.toml` and the lock files.

use std::{path::Path, process::Command, process::Stdio};

use crate::{
    command::{Failure, Outcome},
    repo,
    run::{program, run, shown, spelled, step},
};

/// The toolchain's target for the browser.
pub(crate) fn wasm_target() -> Outcome {
    let target = "wasm32-unknown-unknown";
    let installed = listed(&["target", "list", "--installed"])?;
    if installed.lines().any(|line| line.trim() == target) {
        return Ok(());
    }
    install(
        &format!("Rust's {target} target"),
        "the client is compiled to wasm",
        program("rustup").args(["target", "add", target]),
    )
}

/// A component of the toolchain: `rustfmt`, `clippy`.
pub(crate) fn component(name: &str, why: &str) -> Outcome {
    let installed = listed(&["component", "list", "--installed"])?;
    if installed.lines().any(|line| line.starts_with(name)) {
        return Ok(());
    }
    install(&format!("Rust's {name}"), why, program("rustup").args(["component", "add", name]))
}

/// Node and npm, which we do not install: which one and how is the machine's owner's to say.
pub(crate) fn node() -> Outcome {
    let least = 20;
    let version = Command::new("node").arg("--version").output();
    let version = match version {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(_) => {
            return Err(Failure::work(format!(
                "Node.js is not installed, and the npm package is built with it. Install Node {least} or newer \
                 (https://nodejs.org, or as root: apt-get install nodejs npm), then try again"
            )));
        }
    };
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
    match major {
        Some(major) if major >= least => Ok(()),
        _ => Err(Failure::work(format!(
            "Node.js is {version}, and the build needs {least} or newer. Install it from https://nodejs.org, then try again"
        ))),
    }
}

/// The packages of a folder with a `package-lock.json`, exactly as locked. Does nothing when they are there.
pub(crate) fn npm_packages(folder: &str, why: &str) -> Outcome {
    npm(&["ci"], folder, why)
}

/// The same for packages that bring a program for each kind of machine. Not every registry has all of them; npm then leaves
/// them out of a lock it writes, and `npm ci` refuses that lock.
pub(crate) fn npm_programs(folder: &str, why: &str) -> Outcome {
    npm(&["install", "--no-save"], folder, why)
}

fn npm(words: &[&str], folder: &str, why: &str) -> Outcome {
    node()?;
    let dir = repo::path(folder);
    let lock = dir.join("package-lock.json");
    // npm writes this file last, so one older than the lock means an install of another lock, or half of one.
    let stamp = dir.join("node_modules/.package-lock.json");
    if newer(&stamp, &lock) {
        return Ok(());
    }
    install(
        &format!("npm packages of {folder}/"),
        why,
        program("npm").args(words).args(["--no-audit", "--no-fund"]).current_dir(&dir),
    )
}

/// Debian's Chromium and Firefox, with a font: without one a page has no letters.
pub(crate) fn browsers() -> Outcome {
    let chromium = ["chromium", "/usr/bin/chromium"];
    let firefox = ["firefox-esr", "/usr/bin/firefox-esr"];
    let font = ["fonts-dejavu-core", "/usr/share/fonts/truetype/dejavu"];
    let missing: Vec<&str> = [chromium, firefox, font]
        .into_iter()
        .filter(|[_, path]| !Path::new(path).exists())
        .map(|[name, _]| name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    debian(&missing, "the browser checks run in real browsers")
}

/// A C++ compiler, as `c++`.
pub(crate) fn cxx(why: &str) -> Outcome {
    let there = Command::new("c++").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) { Ok(()) } else { debian(&["g++"], why) }
}

/// Debian's packages of these names.
fn debian(missing: &[&str], why: &str) -> Outcome {
    let names = missing.join(" ");
    let by_hand = format!("apt-get update && apt-get install -y --no-install-recommends {names}");
    if !is_root() {
        return Err(Failure::work(format!(
            "{names} not installed, but {why}, and only root may install. Run: sudo sh -c '{by_hand}'"
        )));
    }
    step(format!("installing Debian's {names}: {why}"));
    let outcome = run(program("apt-get").args(["update", "-q"])).and_then(|()| {
        run(program("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(missing)
            .env("DEBIAN_FRONTEND", "noninteractive"))
    });
    outcome.map_err(|failure| Failure::work(format!("{failure}\nInstall by hand: {by_hand}")))
}

fn install(what: &str, why: &str, command: &mut Command) -> Outcome {
    step(format!("installing {what}: {why}"));
    run(command).map_err(|failure| {
        Failure::work(format!("{failure}\n{what} could not be installed. Run by hand: {}", spelled(command)))
    })
}

fn listed(args: &[&str]) -> Outcome<String> {
    let output = program("rustup").args(args).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) => Err(Failure::work(format!(
            "cannot start rustup: {error}. The toolchain of rust-toolchain.toml is installed with it: \
             https://rustup.rs, or as root: apt-get install rustup"
        ))),
    }
}

fn newer(stamp: &Path, than: &Path) -> bool {
    let time = |path: &Path| path.metadata().and_then(|data| data.modified());
    match (time(stamp), time(than)) {
        (Ok(stamp), Ok(than)) => stamp >= than,
        (_, Err(_)) => {
            step(format!("{} is missing, packages are left as they are", shown(than)));
            true
        }
        (Err(_), Ok(_)) => false,
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
