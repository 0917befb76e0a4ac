//! The suites, in an order in which none compiles what an earlier one has compiled.
//!
//! A suite says how to run it alone and hands back what it counted.

use super::{
    counts::Counts,
    stream::{counted, held},
};
use crate::{
    bench,
    command::Outcome,
    demo, e2e, leptos, need, npm, repo,
    run::{cargo, program, run, spelled, step},
    size, tidy,
};

pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// How to run it alone.
    pub(crate) again: &'static str,
    pub(crate) run: fn() -> Outcome<Counts>,
}

pub(crate) const SUITES: &[Suite] = &[
    Suite { name: "format", again: "cargo fmt --all --check", run: format },
    Suite { name: "rust", again: "cargo test --workspace", run: rust },
    Suite { name: "chaos", again: "cargo xtask test chaos", run: chaos },
    Suite { name: "bench", again: "cargo xtask test bench", run: benches },
    Suite { name: "tidy", again: "cargo xtask tidy", run: rules },
    Suite { name: "lints", again: "cargo clippy --workspace --all-targets -- -D warnings", run: lints },
    Suite { name: "npm", again: "cargo xtask test npm", run: package },
    Suite { name: "demo-page", again: "cargo xtask test demo-page", run: demo_page },
    Suite { name: "size", again: "cargo xtask size", run: sizes },
    Suite { name: "e2e-lib", again: "node --test tests/e2e/lib", run: e2e_lib },
    Suite { name: "e2e-wire", again: "cargo xtask e2e wire", run: || check("wire", &[]) },
    Suite { name: "e2e-curl", again: "cargo xtask e2e curl", run: || check("curl", &[]) },
    Suite { name: "e2e-kill", again: "cargo xtask e2e kill --store both", run: || check("kill", &["--store", "both"]) },
    Suite { name: "e2e-hidden", again: "cargo xtask e2e hidden", run: || check("hidden", &[]) },
    Suite { name: "e2e-share", again: "cargo xtask e2e share", run: || check("share", &[]) },
    Suite {
        name: "e2e-share-fetch",
        again: "cargo xtask e2e share --transport fetch --browser chromium",
        run: || check("share", &["--transport", "fetch", "--browser", "chromium"]),
    },
    Suite {
        name: "e2e-asleep",
        again: "cargo xtask e2e asleep",
        run: || check("asleep", &["--transport", "eventsource"]),
    },
    Suite { name: "e2e-answers", again: "cargo xtask e2e answers", run: || check("answers", &[]) },
    Suite { name: "e2e-strict", again: "cargo xtask e2e strict", run: || check("strict", &[]) },
    Suite { name: "e2e-heap", again: "cargo xtask e2e heap", run: || check("heap", &[]) },
    Suite { name: "e2e-leptos", again: "cargo xtask e2e leptos", run: || check("leptos", &[]) },
    Suite { name: "e2e-first", again: "cargo xtask e2e first --rounds 2", run: || check("first", &["--rounds", "2"]) },
    Suite { name: "e2e-rename", again: "cargo xtask e2e rename", run: || check("rename", &[]) },
    Suite { name: "e2e-embed", again: "cargo xtask e2e embed", run: || check("embed", &[]) },
    Suite { name: "e2e-contract", again: "cargo xtask e2e contract", run: || check("contract", &[]) },
    Suite { name: "e2e-types", again: "cargo xtask e2e types", run: || check("types", &[]) },
    Suite { name: "e2e-eventsource", again: "cargo xtask e2e eventsource", run: || check("eventsource", &[]) },
    Suite { name: "e2e-react", again: "cargo xtask e2e react", run: || check("react", &[]) },
    Suite { name: "e2e-runtimes", again: "cargo xtask e2e runtimes", run: || check("runtimes", &[]) },
    Suite { name: "e2e-bundlers", again: "cargo xtask e2e bundlers", run: || check("bundlers", &[]) },
    Suite { name: "e2e-demo", again: "cargo xtask e2e demo", run: || check("demo", &[]) },
];

fn format() -> Outcome<Counts> {
    need::component("rustfmt", "the format of our code is checked")?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["fmt", "--manifest-path", leptos::MANIFEST, "--check"])).map(|()| Counts::HELD)
}

fn rules() -> Outcome<Counts> {
    let verdicts = tidy::verdicts()?;
    let failed = tidy::report(&verdicts) as u32;
    let passed = verdicts.len() as u32 - failed;
    println!("tidy: {passed} rules hold, {failed} are broken");
    Ok(Counts { passed, failed, skipped: 0 })
}

fn rust() -> Outcome<Counts> {
    need::npm_packages("contract/tests/ts", "generated contracts are compiled with TypeScript")?;
    let all = counted(cargo().args(["test", "--workspace", "--no-fail-fast"]))?;
    // A feature that nothing in the workspace asks for; in a browser, `e2e leptos` runs it.
    Ok(all + counted(cargo().args(["test", "-p", "eventwire-client", "--features", "js"]))?)
}

/// Each attack shortly; its own command has the long form.
fn chaos() -> Outcome<Counts> {
    let attacks = [["--seeds", "200"], ["--kills", "5"], ["--corrupt", "60"], ["--cuts", "100"], ["--soak", "1"]];
    each("chaos", &attacks.map(|attack| attack.to_vec()))
}

/// Whether each bench works and everything in it arrives; measured is nothing, for no machine of CI is quiet.
fn benches() -> Outcome<Counts> {
    let benches = ["topics", "resume", "fanout", "publish", "readers", "decode"];
    bench::in_browsers()?;
    each("eventwire-bench", &benches.map(|bench| vec![bench, "--quick"]))
}

/// A program of the workspace with each of these words: one result each.
fn each(name: &str, runs: &[Vec<&str>]) -> Outcome<Counts> {
    run(cargo().args(["build", "--workspace", "--bins", "--tests", "--quiet"]))?;
    let mut counts = Counts::default();
    for words in runs {
        let mut command = program(&repo::target().join("debug").join(name).to_string_lossy());
        step(spelled(command.args(words)));
        counts = counts + held(&mut command)?;
    }
    Ok(counts)
}

fn lints() -> Outcome<Counts> {
    need::component("clippy", "the lints of our code are checked")?;
    need::wasm_target()?;
    let native = ["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"];
    // As a Rust front end uses it, in a browser and where pages are rendered, and as the npm package does.
    let front = ["clippy", "-p", "eventwire-client", "--features", "js", "--all-targets", "--", "-D", "warnings"];
    let browser = ["clippy", "-p", "eventwire-client", "--target", "wasm32-unknown-unknown"];
    run(cargo().args(native))?;
    run(cargo().args(front))?;
    run(cargo().args(browser).args(["--", "-D", "warnings"]))?;
    run(cargo().args(browser).args(["--features", "js", "--", "-D", "warnings"]))?;
    run(cargo().args(browser).args(["--no-default-features", "--features", "npm", "--", "-D", "warnings"]))?;
    Ok(Counts { passed: 5, ..Counts::default() })
}

fn package() -> Outcome<Counts> {
    (npm::COMMAND.run)(lexopt::Parser::from_args(Vec::<&str>::new()))?;
    counted(program("npm").args(["test", "--silent"]).current_dir(repo::path("npm")))
}

/// The dashboard's page: its types against the package as built, its score's own tests.
fn demo_page() -> Outcome<Counts> {
    demo::build_page()?;
    // Under CI vitest colours its counts even into a pipe.
    counted(program("npm").args(["test", "--silent"]).env("NO_COLOR", "1").current_dir(repo::path(demo::PAGE)))
}

fn sizes() -> Outcome<Counts> {
    (size::COMMAND.run)(lexopt::Parser::from_args(Vec::<&str>::new())).map(|()| Counts::HELD)
}

/// The checks' own score must see what it is there to see.
fn e2e_lib() -> Outcome<Counts> {
    need::node()?;
    counted(program("node").args(["--test", "tests/e2e/lib"]))
}

fn check(name: &str, words: &[&str]) -> Outcome<Counts> {
    let words: Vec<_> = words.iter().map(Into::into).collect();
    counted(&mut e2e::prepared(name, &words, e2e::Build::Workspace)?)
}
