//! `cargo xtask bench decode`: what it costs a page to have a payload read, checked and handed over, in real browsers,
//! beside `JSON.parse` alone, zod, ajv, valibot and eventsource-parser.
//!
//! Figures are processor time of the page's main thread, of one run in which the paths take turns, each round by chance;
//! every ratio is the middle of the rounds'. The payloads and their contract are made here, of an enum, as an app's are;
//! `bench/decode` drives the browsers. A value that differs from `JSON.parse`'s, or a payload accepted that ajv refuses,
//! fails the run; no time ever does.

mod figures;
mod market;
mod sets;

use std::{
    error::Error,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use eventwire_contract::Contract;
use lexopt::{Arg, ValueExt};
use serde_json::json;

use self::{figures::Browser, market::Market};
use crate::report::Report;

const BROWSERS: [&str; 2] = ["chromium", "firefox"];

/// `decode [--json] [--quick] [--browser chromium|firefox] [--set NAME] [--rounds N] [--mutants N]`.
pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let (mut json, mut quick, mut browser, mut set) = (false, false, None, None);
    let (mut rounds, mut mutants) = (None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("json") => json = true,
            Arg::Long("quick" | "short") => quick = true,
            Arg::Long("browser") => browser = Some(args.value()?.string()?),
            Arg::Long("set") => set = Some(args.value()?.string()?),
            Arg::Long("rounds") => rounds = Some(args.value()?.parse::<usize>()?),
            Arg::Long("mutants") => mutants = Some(args.value()?.parse::<usize>()?),
            other => return Err(other.unexpected().into()),
        }
    }
    // The short form: whether all of it works, in one browser and of one set.
    let browser = browser.or(quick.then(|| BROWSERS[0].to_owned()));
    let set = set.or(quick.then(|| "mixed".to_owned()));
    let browsers: Vec<_> = BROWSERS
        .into_iter()
        .filter(|name| browser.as_deref().is_none_or(|only| only == *name || only == "both"))
        .collect();
    if browsers.is_empty() {
        return Err(format!("--browser takes {}", BROWSERS.join(", ")).into());
    }
    let sets = sets::all(set.as_deref())?;
    if sets.is_empty() {
        return Err(format!("--set takes {}", sets::NAMES.join(", ")).into());
    }
    let rounds = rounds.unwrap_or(if quick { 2 } else { 11 });
    let mutants = mutants.unwrap_or(if quick { 2_000 } else { 100_000 }) / sets.len();

    let folder = tempfile::tempdir()?;
    let contract = Contract::of::<Market>().map_err(|refusals| format!("the contract is refused: {refusals:?}"))?;
    fs::write(folder.path().join("market.js"), contract.javascript())?;
    fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#)?;
    fs::write(folder.path().join("schema.json"), contract.schema().to_string())?;
    fs::write(folder.path().join("sets.json"), serde_json::to_string(&sets)?)?;
    let doors = json!({
        "sets": if quick { vec!["mixed"] } else { vec!["small", "medium"] },
        "rounds": if quick { 1 } else { 7 },
        "events": if quick { 200 } else { 6_000 },
    });
    let names: Vec<_> = sets.iter().map(|set| set.name).collect();
    let plan = json!({
        "browsers": browsers, "sets": names, "rounds": rounds, "mutants": mutants, "quick": quick, "doors": doors,
    });
    let found = drive(folder.path(), &plan)?;

    let mut report = Report::default();
    for name in browsers {
        let taken = found.get(name).ok_or_else(|| format!("{name} has told nothing"))?;
        Browser { name, taken }.report(&mut report)?;
    }
    report.print(json);
    Ok(())
}

/// Runs the page in each browser; what was measured, as `bench/decode/run.mjs` says it.
fn drive(folder: &Path, plan: &serde_json::Value) -> Result<serde_json::Value, Box<dyn Error>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("decode/run.mjs");
    let output =
        Command::new("node").arg(script).arg(folder).arg(plan.to_string()).stderr(Stdio::inherit()).output().map_err(
            |error| format!("node does not start: {error}; `cargo xtask bench decode` installs what is missing"),
        )?;
    if !output.status.success() {
        return Err("the page could not be measured; the reason is above".into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
