//! `cargo xtask size`: what the npm package costs a user, in bytes over the network.
//!
//! Measures the package as a bundler ships it: every entry bundled and minified, compressed with brotli 11. Fails over
//! the budget. Not a profile of what is inside: `twiggy` and the like do that on `target/npm/client.wasm`.

use std::{fs, io::Write, path::Path};

use crate::{
    command::{Command, Failure, Outcome, unknown},
    need, npm, repo,
    run::{program, run as carry_out, shown, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "size",
    summary: "Measure the npm package as a user ships it",
    help: "cargo xtask size [--json]

Builds the package if need be, bundles and minifies each entry as a user would, compresses with brotli 11, and prints
what comes out, and what its peers weigh. Fails over the budget.

  --json    one JSON object on standard output",
    run,
};

/// What importing an entry costs. It shrinks towards its goal and may not grow on the way: whoever makes it smaller lowers
/// `at_most` to what it is then.
const ENTRIES: [Entry; 10] = [
    Entry {
        name: "eventwire",
        code: "import { connect } from \"eventwire\"; globalThis.connect = connect;",
        at_most: 18_432,
        goal: 18 * 1024,
        pieces: &[],
    },
    Entry {
        name: "basic mode",
        code: "import { connect } from \"eventwire\"; globalThis.connect = connect;",
        at_most: 1_984,
        goal: 2_048,
        pieces: &["basic-"],
    },
    Entry {
        name: "fetch",
        code: "import { connect } from \"eventwire\"; globalThis.connect = connect;",
        at_most: 1_856,
        goal: 1_408,
        pieces: &["fetch-"],
    },
    Entry {
        name: "share",
        code: "import { connect } from \"eventwire\"; globalThis.connect = connect;",
        at_most: 4_992,
        goal: 4_096,
        pieces: &["share-"],
    },
    Entry {
        name: "eventwire/slim",
        code: "import { connect, initialize } from \"eventwire/slim\"; Object.assign(globalThis, { connect, initialize });",
        at_most: 6_784,
        goal: 6 * 1024,
        pieces: &[],
    },
    Entry {
        name: "eventwire/eventsource",
        code: "import { EventSource } from \"eventwire/eventsource\"; globalThis.it = EventSource;",
        at_most: 22_016,
        goal: 20 * 1024,
        pieces: &[],
    },
    Entry {
        name: "eventwire/react",
        code: "import { useEvents, useLatest } from \"eventwire/react\"; globalThis.it = [useEvents, useLatest];",
        at_most: 19_648,
        goal: 19 * 1024,
        pieces: &[],
    },
    Entry {
        name: "eventwire/schema",
        code: "import { contractOf } from \"eventwire/schema\"; globalThis.it = contractOf;",
        at_most: 1_024,
        goal: 1_024,
        pieces: &[],
    },
    Entry {
        name: "eventwire/testing",
        code: "import { script } from \"eventwire/testing\"; globalThis.it = script;",
        at_most: 2_304,
        goal: 2 * 1024,
        pieces: &[],
    },
    Entry {
        name: "the demo's validators",
        code: "import { Demo } from \"REPO/demo-web/web/src/demo.events.ts\"; globalThis.it = Demo;",
        at_most: 1_536,
        goal: 1_024,
        pieces: &[],
    },
];

/// What others ship for the same, in `bench/peers`: printed beside, and never a bar. None of them tells of a gap.
const PEERS: [(&str, &str); 3] = [
    (
        "@microsoft/fetch-event-source",
        "import { fetchEventSource } from \"@microsoft/fetch-event-source\"; globalThis.it = fetchEventSource;",
    ),
    ("eventsource", "import { EventSource } from \"eventsource\"; globalThis.it = EventSource;"),
    (
        "@trpc/client's httpSubscriptionLink, with zod",
        "import { createTRPCClient, httpSubscriptionLink } from \"@trpc/client\"; import * as z from \"zod\";
         globalThis.it = [createTRPCClient, httpSubscriptionLink, z.object({ sku: z.string(), cents: z.number() })];",
    ),
];

struct Entry {
    name: &'static str,
    /// What a user's bundle would say; `REPO` is the folder of this repository.
    code: &'static str,
    /// Bytes that fail the command.
    at_most: usize,
    /// Bytes it is to come down to.
    goal: usize,
    /// How the pieces of its bundle begin that are measured; none for all that every page loads.
    pieces: &'static [&'static str],
}

/// Pieces that only some pages load: under a strict policy, over `fetch`, with `share`.
const LAZY: [&str; 3] = ["basic-", "fetch-", "share-"];

struct Measured {
    minified: usize,
    brotli: usize,
}

fn run(mut args: lexopt::Parser) -> Outcome {
    let mut json = false;
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("json") => json = true,
            other => return Err(unknown(other)),
        }
    }
    npm::build()?;
    need::npm_packages("bench/peers", "the package is measured beside them")?;
    step("bundling and compressing as a user would");
    let mut over = Vec::new();
    let mut all = serde_json::Map::new();
    for entry in &ENTRIES {
        let measured = measure(entry.code, entry.pieces)?;
        if json {
            let row = serde_json::json!({
                "minified": measured.minified, "brotli": measured.brotli, "at_most": entry.at_most, "goal": entry.goal,
            });
            all.insert(entry.name.to_owned(), row);
        } else {
            println!(
                "{:<22} {:>6} bytes minified {:>6} bytes brotli (at most {}, goal {})",
                entry.name, measured.minified, measured.brotli, entry.at_most, entry.goal
            );
        }
        if measured.brotli > entry.at_most {
            over.push(format!(
                "`{}` is {} bytes, {} over its {}",
                entry.name,
                measured.brotli,
                measured.brotli - entry.at_most,
                entry.at_most
            ));
        }
    }
    let wasm = repo::target().join("npm/client.wasm");
    let bytes = fs::read(&wasm).map_err(Failure::io(shown(&wasm)))?;
    let (raw, brotli) = (bytes.len(), compressed(&bytes)?);
    let mut peers = serde_json::Map::new();
    for (name, code) in PEERS {
        let measured = measure(code, &[])?;
        let row = serde_json::json!({ "minified": measured.minified, "brotli": measured.brotli });
        peers.insert(name.to_owned(), row);
    }
    if json {
        all.insert("wasm".to_owned(), serde_json::json!({ "raw": raw, "brotli": brotli }));
        all.insert("peers".to_owned(), serde_json::Value::Object(peers));
        println!("{}", serde_json::Value::Object(all));
    } else {
        println!("of that wasm           {raw:>6} bytes raw      {brotli:>6} bytes brotli on its own");
        println!("beside peers, bundled and compressed the same way:");
        for (name, row) in &peers {
            println!(
                "{name:<46} {:>6} bytes minified {:>6} bytes brotli",
                row["minified"].to_string(),
                row["brotli"].to_string()
            );
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(Failure::work(format!(
        "the npm package or what is generated is too big: {}. `npx esbuild --analyze` in npm/ shows which module grew; for the wasm, \
         see which functions grew with `cargo xtask npm --force` before and after the change",
        over.join("; ")
    )))
}

/// What a bundle of `code` weighs, or its pieces of these names.
fn measure(code: &str, wanted: &[&str]) -> Outcome<Measured> {
    let folder = repo::target().join("npm/size");
    fs::create_dir_all(&folder).map_err(Failure::io(shown(&folder)))?;
    let (from, to) = (folder.join("entry.js"), folder.join("pieces"));
    _ = fs::remove_dir_all(&to); // there is none at first
    installed(&folder.join("node_modules"))?;
    fs::write(&from, code.replace("REPO", &repo::root().display().to_string())).map_err(Failure::io(shown(&from)))?;
    carry_out(
        program(&repo::path("npm").join("node_modules/.bin/esbuild").to_string_lossy())
            .arg(&from)
            .env("NODE_PATH", repo::path("bench/peers/node_modules"))
            // The page has it already.
            .arg("--external:react")
            .args(["--bundle", "--splitting", "--minify", "--format=esm", "--target=es2022", "--log-level=warning"])
            .arg(format!("--outdir={}", to.display())),
    )?;
    let mut measured = Measured { minified: 0, brotli: 0 };
    for piece in fs::read_dir(&to).map_err(Failure::io(shown(&to)))? {
        let piece = piece.map_err(Failure::io(shown(&to)))?;
        let name = piece.file_name().to_string_lossy().into_owned();
        let one_of = |names: &[&str]| names.iter().any(|lazy| name.starts_with(lazy));
        if if wanted.is_empty() { one_of(&LAZY) } else { !one_of(wanted) } {
            continue;
        }
        let bytes = fs::read(piece.path()).map_err(Failure::io(shown(&piece.path())))?;
        measured.minified += bytes.len();
        measured.brotli += compressed(&bytes)?;
    }
    Ok(measured)
}

/// The package under its name, so that an entry is found as a user's bundler finds it: by the map in `package.json`.
fn installed(modules: &Path) -> Outcome {
    let link = modules.join("eventwire");
    if link.exists() {
        return Ok(());
    }
    fs::create_dir_all(modules).map_err(Failure::io(shown(modules)))?;
    std::os::unix::fs::symlink(repo::path("npm"), &link).map_err(Failure::io(shown(&link)))
}

/// Bytes after brotli 11, what a server sends that compresses once and for all.
fn compressed(bytes: &[u8]) -> Outcome<usize> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 1 << 16, 11, 22);
    writer.write_all(bytes).and_then(|()| writer.flush()).map_err(Failure::io("compressing with brotli"))?;
    drop(writer);
    Ok(out.len())
}
