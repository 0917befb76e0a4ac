//! `cargo xtask e2e NAME`: one check of the whole path, in real processes and browsers.
//!
//! Installs and builds what the check needs, then hands over to `tests/e2e/check.mjs`, which knows the checks.

use std::{ffi::OsString, process::Command as Program};

use crate::{
    command::{Command, Failure, Outcome, unknown},
    demo, leptos, need, npm, repo,
    run::{cargo, program, run, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "e2e",
    summary: "Run one check in real browsers and processes",
    help: "\
cargo xtask e2e NAME [options of the check]
cargo xtask e2e NAME --help

  curl      a stream as curl reads it: resume from an id, and from a foreign epoch
  wire      the wire's fixtures, read by real browsers
  kill      the server is killed while a page listens; --store disk|memory
  hidden    a hidden tab dials nothing and misses nothing
  share     twelve tabs on one connection: the tab that has it is closed, crashed, frozen; logout; two users; a deploy
  asleep    a page that is left, stopped, cut off without a word, behind a service worker
  answers   what a server may answer, over EventSource and fetch, in pages, workers and Node
  strict    pages whose policy forbids WebAssembly: basic mode
  heap      a page that lives long holds no more than one that does not
  leptos    a front end in Rust: a Leptos page through a kill, hidden, with a token
  first     how much later than a bare EventSource's a first event is there
  rename    an enum changed in five ways: what the compiler says, and what a page of before is told
  embed     an app with its own login embeds the server; its front end installs the packed package
  bundlers  the packed package in a page of each bundler, and of none: Vite, webpack, rspack, esbuild, Rollup, Next
  types     npx eventwire in an empty project: types, --check, --watch over a server's restart, check
  contract  connectRaw as a test service of the kind that sse-contract-tests drive, in Node and in pages
  eventsource  the drop-in class beside the browser's own, in pages, workers and Node
  react     the hooks in pages of React 18 and 19: StrictMode, topics that change, a hidden tab, error boundaries
  runtimes  the packed package in Node, Deno, Bun, workerd and in browsers' workers, dedicated and shared
  demo      the dashboard as a visitor meets it: every button, a second tab, the keyboard, a phone

Leaves screenshots and bundles in target/e2e.",
    run: e2e,
};

/// A check, and what must be there before it runs.
struct Check {
    name: &'static str,
    needs: &'static [Need],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Chromium and Firefox.
    Browsers,
    /// The npm package, built.
    Package,
    /// Bundlers and runtimes, as npm packages.
    Where,
    /// The demo's page, built.
    Page,
    /// The Leptos page, built.
    Leptos,
    /// A binary of the workspace: its package and its name.
    Binary(&'static str, &'static str),
}

const DEMO: Need = Need::Binary("eventwire-demo", "eventwire-demo");
const HARNESS: Need = Need::Binary("eventwire-tests", "harness");
const JUDGE: Need = Need::Binary("eventwire-tests", "judge");

const CHECKS: &[Check] = &[
    Check { name: "curl", needs: &[Need::Page, DEMO, JUDGE] },
    Check { name: "demo", needs: &[Need::Browsers, Need::Page, DEMO] },
    Check { name: "wire", needs: &[Need::Browsers] },
    Check { name: "kill", needs: &[Need::Browsers, Need::Package, HARNESS, JUDGE] },
    Check { name: "hidden", needs: &[Need::Browsers, Need::Package, HARNESS, JUDGE] },
    Check { name: "share", needs: &[Need::Browsers, Need::Package, HARNESS, JUDGE] },
    Check { name: "asleep", needs: &[Need::Browsers, Need::Package, HARNESS, JUDGE] },
    Check { name: "answers", needs: &[Need::Browsers, Need::Package] },
    Check { name: "strict", needs: &[Need::Browsers, Need::Package, HARNESS, JUDGE] },
    Check { name: "heap", needs: &[Need::Browsers, Need::Package] },
    Check { name: "leptos", needs: &[Need::Browsers, Need::Package, Need::Leptos, HARNESS, JUDGE] },
    Check { name: "first", needs: &[Need::Browsers, Need::Package] },
    Check { name: "rename", needs: &[Need::Browsers, Need::Package] },
    Check { name: "embed", needs: &[Need::Browsers, Need::Package, Need::Binary("eventwire-tests", "embed"), JUDGE] },
    Check { name: "bundlers", needs: &[Need::Browsers, Need::Package, Need::Where, HARNESS, JUDGE] },
    Check { name: "types", needs: &[Need::Package, Need::Page, HARNESS, DEMO] },
    Check { name: "contract", needs: &[Need::Package, Need::Browsers] },
    Check { name: "eventsource", needs: &[Need::Browsers, Need::Package] },
    Check { name: "react", needs: &[Need::Browsers, Need::Package] },
    Check { name: "runtimes", needs: &[Need::Browsers, Need::Package, Need::Where, HARNESS, JUDGE] },
];

/// How much of the workspace is built for a check.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// What the check needs.
    Needed,
    /// All of it, as `cargo test --workspace` does: what that has built is not built again with fewer features.
    Workspace,
}

fn e2e(mut args: lexopt::Parser) -> Outcome {
    let name = match args.next()? {
        None => {
            return Err(Failure::usage(format!("name a check: {}", names())));
        }
        Some(lexopt::Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => return Err(unknown(other)),
    };
    let words: Vec<OsString> = args.raw_args()?.collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        need::node()?;
        return run(&mut command(find(&name)?.name, &words));
    }
    run(&mut prepared(&name, &words, Build::Needed)?)
}

/// Installs and builds what a check needs; the check is then ready to run.
pub(crate) fn prepared(name: &str, words: &[OsString], build: Build) -> Outcome<Program> {
    let check = find(name)?;
    need::npm_packages("tests/e2e", "the checks drive browsers and bundle pages with them")?;
    if build == Build::Workspace {
        run(cargo().args(["build", "--workspace", "--bins", "--tests", "--quiet"]))?;
    }
    for need in check.needs {
        match need {
            Need::Browsers => need::browsers()?,
            Need::Package => npm::build()?,
            Need::Where => {
                need::npm_programs("tests/e2e/where", "the package is bundled and run with them; some 400 MB, once")?;
            }
            Need::Page => demo::build_page()?,
            Need::Leptos => leptos::build()?,
            Need::Binary(package, name) if build == Build::Needed => {
                step(format!("building {name}"));
                run(cargo().args(["build", "--package", package, "--bin", name]))?;
            }
            Need::Binary(..) => {}
        }
    }
    Ok(command(name, words))
}

/// The check as a program of its own.
fn command(name: &str, words: &[OsString]) -> Program {
    let mut command = program("node");
    command.arg("tests/e2e/check.mjs").arg(name).args(words).env("EVENTWIRE_TARGET", repo::target());
    command
}

fn find(name: &str) -> Outcome<&'static Check> {
    CHECKS
        .iter()
        .find(|check| check.name == name)
        .ok_or_else(|| Failure::usage(format!("no check `{name}`; the checks are {}", names())))
}

fn names() -> String {
    CHECKS.iter().map(|check| check.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_described_and_exists() {
        for check in CHECKS {
            assert!(COMMAND.help.contains(&format!("\n  {:<10}", check.name)));
            let script = format!("tests/e2e/checks/{}.mjs", check.name);
            assert!(repo::path(&script).exists(), "{script}");
        }
    }
}
