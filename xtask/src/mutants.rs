//! `cargo xtask mutants ROOM`: changes the code in one place after the other, and lists the changes no test notices.
//!
//! Rooms and their tests stand here; what survives for a good reason stands in `.cargo/mutants.toml` and, in words, in
//! `docs/mutants.md`. Not part of CI: a room takes from minutes to hours.

use std::path::PathBuf;

use crate::{
    command::{Command, Failure, Outcome, unknown},
    repo,
    run::{program, run as carry_out, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "mutants",
    summary: "Change the code, and list the changes no test notices",
    help: "\
cargo xtask mutants client|log|session|hub|contract [--shard K/N]

Changes one place of the room at a time and runs the room's tests. What was caught and what was missed is kept in
target/mutants/ROOM. cargo-mutants is installed into target/tools if it is missing.

  --shard K/N   only the Kth of N parts, from 0
  --since REV   only what has changed since this commit",
    run,
};

/// What is changed, and what has to notice.
struct Room {
    name: &'static str,
    package: &'static str,
    files: &'static [&'static str],
    /// Arguments of `cargo test`.
    tests: &'static [&'static str],
}

/// The stores' own tests wait for the disk and say nothing of these rooms.
const SERVER: &[&str] = &["--lib", "--", "log::", "session::", "hub::"];

const ROOMS: [Room; 5] = [
    Room {
        name: "client",
        package: "eventwire-client-core",
        files: &["client-core/src/**"],
        tests: &["--lib", "--test", "it"],
    },
    Room { name: "log", package: "eventwire-server", files: &["server/src/log/**"], tests: SERVER },
    Room { name: "session", package: "eventwire-server", files: &["server/src/session/**"], tests: SERVER },
    Room {
        name: "hub",
        package: "eventwire-server",
        files: &[
            "server/src/hub/inbox.rs",
            "server/src/hub/sequence.rs",
            "server/src/hub/view.rs",
            "server/src/hub/keys.rs",
        ],
        tests: SERVER,
    },
    Room {
        name: "contract",
        package: "eventwire-contract",
        files: &[
            "contract/src/checks/leaf.rs",
            "contract/src/checks/union.rs",
            "contract/src/diff/limits.rs",
            "contract/src/diff/walk.rs",
            "contract/src/families.rs",
            "contract/src/flattened.rs",
            "contract/src/hash.rs",
            "contract/src/named.rs",
            "contract/src/order.rs",
            "contract/src/stable.rs",
        ],
        tests: &["--lib", "--tests"],
    },
];

fn run(mut args: lexopt::Parser) -> Outcome {
    let (mut room, mut shard, mut since) = (None, None, None);
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("shard") => shard = Some(args.value()?),
            lexopt::Arg::Long("since") => since = Some(args.value()?),
            lexopt::Arg::Value(name) => {
                let known = ROOMS.iter().find(|room| name == room.name);
                room = Some(known.ok_or_else(|| no_room(&format!("no room `{}`", name.to_string_lossy())))?);
            }
            other => return Err(unknown(other)),
        }
    }
    let room = room.ok_or_else(|| no_room("say which room"))?;
    let tool = tool()?;
    step(format!("changing {} in one place after the other", room.files.join(", ")));
    let mut mutants = program(&tool.to_string_lossy());
    // A change that makes a loop endless is noticed by the time it takes.
    mutants.args(["mutants", "--profile", "mutants", "--timeout", "60", "--package", room.package]);
    room.files.iter().for_each(|files| _ = mutants.args(["--file", files]));
    if let Some(shard) = shard {
        mutants.arg("--shard").arg(shard);
    }
    let kept = repo::target().join("mutants").join(room.name);
    std::fs::create_dir_all(&kept).map_err(Failure::io(format!("cannot make {}", kept.display())))?;
    if let Some(since) = since {
        let changed = kept.join("changed.diff");
        let mut diff = program("git");
        diff.arg("diff").arg("--output").arg(&changed).arg(since).arg("--");
        carry_out(diff.args(room.files.iter().map(|files| files.trim_end_matches("/**"))))?;
        mutants.arg("--in-diff").arg(changed);
    }
    carry_out(mutants.arg("--output").arg(kept).arg("--").args(room.tests))
}

fn no_room(problem: &str) -> Failure {
    Failure::usage(format!("{problem}: the rooms are {}", ROOMS.map(|room| room.name).join(", ")))
}

/// The program that makes the changes.
fn tool() -> Outcome<PathBuf> {
    let root = repo::target().join("tools");
    let tool = root.join("bin/cargo-mutants");
    if !tool.exists() {
        step("installing cargo-mutants: it changes the code for us");
        carry_out(program("cargo").args(["install", "--quiet", "--locked", "cargo-mutants", "--root"]).arg(&root))?;
    }
    Ok(tool)
}
