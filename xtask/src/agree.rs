//! `cargo xtask agree`: generated validators beside ajv and the `jsonschema` crate, over as many spoiled payloads as one likes.
//!
//! Spoils and judges nothing itself: `contract/tests/agreement.rs` does, and a plain test run does it shortly.

use crate::{
    command::{Command, Outcome, unknown},
    need,
    run::{cargo, run},
};

pub(crate) const COMMAND: Command = Command {
    name: "agree",
    summary: "Hold generated validators against other judges",
    help: "\
cargo xtask agree [--payloads N] [--seed S]

Spoils payloads of two enums in seeded ways, and asks the generated validator, ajv and the jsonschema crate about each.
Ends with how many were valid, invalid and no JSON; at the first on which they differ it fails and names the seed.

  --payloads    1000000 by default
  --seed        1 by default",
    run: agree,
};

fn agree(mut args: lexopt::Parser) -> Outcome {
    use lexopt::prelude::*;
    let (mut payloads, mut seed) = (1_000_000_u64, 1_u64);
    while let Some(arg) = args.next()? {
        match arg {
            Long("payloads") => payloads = args.value()?.parse()?,
            Long("seed") => seed = args.value()?.parse()?,
            other => return Err(unknown(other)),
        }
    }
    need::npm_packages("contract/tests/ts", "generated validators are run beside ajv")?;
    let mut command = cargo();
    command.args(["test", "--release", "-p", "eventwire-contract", "--test", "agreement", "--", "--nocapture"]);
    run(command.env("EVENTWIRE_PAYLOADS", payloads.to_string()).env("EVENTWIRE_SEED", seed.to_string()))
}
