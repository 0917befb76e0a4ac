//! `cargo xtask fuzz TARGET`: looks for bytes for which something does not hold, led by coverage.
//!
//! Builds `fuzz/` with the compiler's own coverage counters, on stable Rust, and hands over to libFuzzer. What is
//! checked stands in `fuzz/src/targets`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command as Program, Stdio},
    time::Instant,
};

use crate::{
    command::{Command, Failure, Outcome, unknown},
    need, repo,
    run::{cargo, output, program, run, shown, spelled, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "fuzz",
    summary: "Look for bytes that break a promise",
    help: "\
cargo xtask fuzz TARGET --seconds N
cargo xtask fuzz all --seconds N     each target in turn
cargo xtask fuzz TARGET --replay FILE
cargo xtask fuzz TARGET --keep       adds to fuzz/corpus what a search found and the corpus does not reach
cargo xtask fuzz --list

  sse         the stream decoder, against the standard read over the whole text
  round-trip  what the encoder writes, the decoder reads
  words       ids, positions, topics, patterns, names
  request     query and Last-Event-ID, through the public route, to the last byte before live
  payload     JSON from elsewhere
  frame       frames of ours as a client reads them
  record      a store's record
  disk        a disk store's folder, damaged
  client      the client's machine, from the bytes of a stream on
  schema      JSON Schemas, compiled and compared

--seconds is 60 by default. What a search found stays in target/fuzz/found, a failing input in target/fuzz/failing.
`cargo test -p eventwire-fuzz` tries the committed corpus and a few thousand changes of it without this build.",
    run: fuzz,
};

/// Targets in the order of the help; each has a folder in `fuzz/corpus`.
const TARGETS: [&str; 10] =
    ["sse", "round-trip", "words", "request", "payload", "frame", "record", "disk", "client", "schema"];

/// Coverage as libFuzzer wants it: a counter for each edge, and what is compared with what.
const COVERAGE: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "--cfg",
    "fuzzing",
];

enum Task {
    Search(u64),
    Replay(PathBuf),
    Keep,
}

fn fuzz(mut args: lexopt::Parser) -> Outcome {
    use lexopt::prelude::*;
    let (mut name, mut task) = (None, Task::Search(60));
    while let Some(arg) = args.next()? {
        match arg {
            Long("list") => {
                println!("{}", TARGETS.join("\n"));
                return Ok(());
            }
            Long("seconds") => task = Task::Search(args.value()?.parse()?),
            // As typed, from where the caller stands; the program runs in the root.
            Long("replay") => task = Task::Replay(PathBuf::from(args.value()?)),
            Long("keep") => task = Task::Keep,
            Value(word) if name.is_none() => name = Some(word.string()?),
            other => return Err(unknown(other)),
        }
    }
    let targets: Vec<&str> = match name.as_deref() {
        None => return Err(Failure::usage(format!("name a target, or `all`: {}", TARGETS.join(", ")))),
        Some("all") => TARGETS.to_vec(),
        Some(name) => match TARGETS.iter().find(|target| **target == name) {
            Some(target) => vec![target],
            None => return Err(Failure::usage(format!("no target `{name}`; they are {}", TARGETS.join(", ")))),
        },
    };
    let fuzzer = build()?;
    let mut broken = false;
    for target in targets {
        match &task {
            Task::Search(seconds) => broken |= !search(&fuzzer, target, *seconds)?,
            Task::Replay(file) => run(prepared(&fuzzer, target)?.arg(file))?,
            Task::Keep => keep(&fuzzer, target)?,
        }
    }
    if broken { Err(Failure::Told) } else { Ok(()) }
}

fn build() -> Outcome<PathBuf> {
    need::cxx("libFuzzer is C++")?;
    // For a named target the flags are not given to build scripts and macros, which have nobody to count for.
    let host = host()?;
    let dir = repo::target().join("fuzz");
    step("building the fuzz targets with coverage");
    run(cargo()
        .args(["build", "--package", "eventwire-fuzz", "--features", "libfuzzer", "--profile", "fuzz"])
        .args(["--target", &host, "--target-dir"])
        .arg(&dir)
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}")))?;
    Ok(dir.join(host).join("fuzz/eventwire-fuzz"))
}

fn host() -> Outcome<String> {
    let said = output(program("rustc").arg("-vV"))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Failure::work("rustc -vV names no host; is it Rust's own compiler?"))
}

/// The program, told which target it is.
fn prepared(fuzzer: &Path, target: &str) -> Outcome<Program> {
    let mut command = program(&fuzzer.to_string_lossy());
    let words = made("words")?.join(target);
    command.env("EVENTWIRE_FUZZ_TARGET", target).env("EVENTWIRE_FUZZ_WORDS", words);
    Ok(command)
}

/// Whether everything held.
fn search(fuzzer: &Path, target: &str, seconds: u64) -> Outcome<bool> {
    let found = made("found")?.join(target);
    fs::create_dir_all(&found).map_err(Failure::io(format!("creating {}", found.display())))?;
    let failing = made("failing")?;
    let mut command = prepared(fuzzer, target)?;
    command
        .arg(&found)
        .arg(repo::path("fuzz/corpus").join(target))
        .arg(format!("-dict={}", made("words")?.join(target).display()))
        .arg(format!("-artifact_prefix={}/{target}-", failing.display()))
        .arg(format!("-max_total_time={}", seconds.max(1)))
        .args(["-max_len=4096", "-timeout=20", "-rss_limit_mb=4096", "-print_final_stats=1"])
        .stderr(Stdio::piped());
    step(format!("{target}: {seconds} s"));
    let began = Instant::now();
    let mut child =
        command.spawn().map_err(|error| Failure::work(format!("cannot start {}: {error}", spelled(&command))))?;
    let (mut runs, mut input) = (0u64, None);
    for line in child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            runs = number.trim().parse().unwrap_or(0);
        }
        if let Some((_, path)) = line.split_once("Test unit written to ") {
            input = Some(path.trim().to_owned());
        }
        if !is_chatter(&line) {
            eprintln!("{line}");
        }
    }
    let status = child.wait().map_err(Failure::io("waiting for the search"))?;
    let took = began.elapsed().as_secs();
    let failures = u8::from(!status.success());
    if let Some(input) = &input {
        println!(
            "{target}: something does not hold. Again: cargo xtask fuzz {target} --replay {}",
            shown(Path::new(input))
        );
    } else if failures > 0 {
        println!("{target}: the search ended with {status} and wrote no input; its last words stand above");
    }
    println!("fuzz {target}: {runs} runs, {took} s, {failures} failures");
    Ok(failures == 0)
}

/// What libFuzzer says while all is well.
fn is_chatter(line: &str) -> bool {
    line.starts_with('#')
        || line.starts_with("INFO:")
        || line.starts_with("stat::")
        || line.contains(" DE: ")
        || line.starts_with("###### ")
        || line.starts_with("Dictionary:")
        || line.starts_with('"')
        || line.trim().is_empty()
}

/// Of what a search found, the smallest inputs that reach what the corpus does not.
fn keep(fuzzer: &Path, target: &str) -> Outcome {
    let found = made("found")?.join(target);
    if !found.exists() {
        return Err(Failure::work(format!("nothing was found yet; first: cargo xtask fuzz {target} --seconds 60")));
    }
    run(prepared(fuzzer, target)?.arg("-merge=1").arg(repo::path("fuzz/corpus").join(target)).arg(found))
}

/// A folder for what is made on the way.
fn made(name: &str) -> Outcome<PathBuf> {
    let dir = repo::target().join("fuzz").join(name);
    fs::create_dir_all(&dir).map_err(Failure::io(format!("creating {}", dir.display())))?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_described_and_has_its_corpus_and_nothing_else_has() {
        for target in TARGETS {
            assert!(COMMAND.help.contains(&format!("\n  {target:<12}")), "{target}");
        }
        let folders = fs::read_dir(repo::path("fuzz/corpus")).unwrap();
        let folders = folders.map(Result::unwrap).filter(|entry| entry.path().is_dir());
        let mut folders: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        let mut targets = TARGETS.to_vec();
        folders.sort();
        targets.sort_unstable();
        assert_eq!(folders, targets);
    }

    #[test]
    fn a_failure_is_never_chatter() {
        assert!(is_chatter("#4096\tpulse  cov: 510 ft: 1200 corp: 90/3Kb lim: 43 exec/s: 2048 rss: 60Mb"));
        assert!(!is_chatter("thread '<unnamed>' panicked at fuzz/src/targets/sse.rs:40:9:"));
        assert!(!is_chatter("==7== ERROR: libFuzzer: deadly signal"));
    }
}
