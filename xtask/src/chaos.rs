//! `cargo xtask chaos`: machines that try to break the promise.
//!
//! Builds them and hands over; what they do is in `tests/src/chaos`.

use std::ffi::OsString;

use crate::{
    command::{Command, Failure, Outcome, unknown},
    run::{cargo, run, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "chaos",
    summary: "Try to break the promise",
    help: "\
cargo xtask chaos --seeds N       N random schedules of hub, network and clients on a virtual clock
cargo xtask chaos --kills N       the server is killed N times under load, with the disk store
cargo xtask chaos --corrupt N     N random corruptions of a disk store's files, then a start
cargo xtask chaos --cuts [N]      one wire cut at every byte, or at N of them
cargo xtask chaos --soak MINUTES  readers, publishers, a bad network and kills, for that long

  --seed S     begin with this seed; every failure prints the command that repeats it
  --sync MODE  how the disk store of kills and soak writes through: always, or every:MS; without it both, by turns",
    run: chaos,
};

const KINDS: [&str; 5] = ["seeds", "kills", "corrupt", "cuts", "soak"];

fn chaos(mut args: lexopt::Parser) -> Outcome {
    let mut words: Vec<OsString> = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long(long) if ["seed", "sync"].contains(&long) || KINDS.contains(&long) => {
                words.push(format!("--{long}").into())
            }
            lexopt::Arg::Long("help") => return Err(Failure::HelpAsked),
            lexopt::Arg::Value(value) => words.push(value),
            other => return Err(unknown(other)),
        }
    }
    if words.is_empty() {
        return Err(Failure::usage(
            "say what is to break: --seeds N, --kills N, --corrupt N, --cuts or --soak MINUTES",
        ));
    }
    step("build the harness and what attacks it");
    run(cargo().args(["build", "-q", "-p", "eventwire-tests", "--bins"]))?;
    run(cargo().args(["run", "-q", "-p", "eventwire-tests", "--bin", "chaos", "--"]).args(words))
}
