//! `cargo xtask bench publish`: how fast events of 256 bytes are accepted, in memory and in both modes of the disk store,
//! beside fjall in the same mode and the same rounds.
//!
//! Ours go through the public interface: tasks that publish into a hub and wait for the position, one of them or 64 at
//! once. Fjall is there twice. Bare, it is its own append rate: one loop, no task, no queue, nobody to answer; a batch
//! holds as many events as there are publishers, since more cannot be waiting at once. Served, it is what an app would
//! build on it: the same tasks, a queue, one thread that commits whatever waits.
//!
//! Whatever was accepted is counted again where it lies; a difference fails the run, no rate ever does.

mod ours;
mod peer;
mod start;

use std::{
    error::Error,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use lexopt::{Arg, ValueExt};

use crate::{
    report::{Bar, Report},
    stream::Chance,
    topics::middle_and_tail,
};

/// Bytes of a payload as JSON.
const PAYLOAD: usize = 256;
/// How often what was accepted is written through where it is not before: as the store's own example has it.
const EVERY: Duration = Duration::from_secs(1);
/// What a publish waits for, one at a time and as many at once as a busy app has requests.
const PUBLISHERS: [usize; 2] = [1, 64];

/// One way to have events accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Memory,
    Disk(Mode),
    Bare(Mode),
    Served(Mode),
}

/// When what was accepted is on the disk itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Always,
    Every,
}

const SIDES: [Side; 7] = [
    Side::Memory,
    Side::Disk(Mode::Every),
    Side::Bare(Mode::Every),
    Side::Served(Mode::Every),
    Side::Disk(Mode::Always),
    Side::Bare(Mode::Always),
    Side::Served(Mode::Always),
];

/// What one side did in one round.
struct Round {
    accepted: u64,
    took: Duration,
    /// Microseconds of each publish.
    each: Vec<f64>,
}

/// The rounds of one side.
#[derive(Default)]
struct Rates {
    rate: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

/// `publish [--json] [--quick] [--rounds N] [--seconds N] [--folder PATH] [--publishers N] [--only SIDE] [--start-gib N]`.
pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let (mut json, mut rounds, mut length) = (false, 5, Duration::from_secs(2));
    let (mut start, mut fill) = (None, None);
    let (mut folder, mut only, mut publishers) = (None, None, PUBLISHERS.to_vec());
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Long("json") => json = true,
            Arg::Long("quick") => (rounds, length, start) = (1, Duration::from_millis(50), Some(1 << 20)),
            // How long a start takes with so much in the folder, and nothing else.
            Arg::Long("start-gib") => (rounds, start) = (0, Some(args.value()?.parse::<u64>()? << 30)),
            // This program again, to fill that folder.
            Arg::Long("fill") => fill = Some(args.value()?.parse()?),
            Arg::Long("rounds") => rounds = args.value()?.parse()?,
            Arg::Long("seconds") => length = Duration::from_secs(args.value()?.parse()?),
            Arg::Long("folder") => folder = Some(PathBuf::from(args.value()?)),
            Arg::Long("publishers") => publishers = vec![args.value()?.parse()?],
            // One side alone has nobody to be compared with: for a look at where its time goes.
            Arg::Long("only") => only = Some(args.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let folder = folder.map_or_else(beside_this_program, Ok)?;
    if let Some(bytes) = fill {
        return start::fill(bytes, &folder);
    }
    let sides: Vec<Side> =
        SIDES.into_iter().filter(|side| only.as_ref().is_none_or(|only| *only == side.name())).collect();
    if sides.is_empty() {
        return Err(format!("--only takes one of {}", SIDES.map(Side::name).join(", ")).into());
    }
    let mut report = Report::default();
    for publishers in publishers.into_iter().filter(|_| rounds > 0) {
        rates(&sides, publishers, rounds, length, &folder, &mut report)?;
    }
    if let Some(bytes) = start {
        start::measure(bytes, &folder, &mut report)?;
    }
    report.print(json);
    Ok(())
}

/// By turns, each side in a folder of its own that is gone afterwards.
fn rates(
    sides: &[Side],
    publishers: usize,
    rounds: usize,
    length: Duration,
    folder: &Path,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let mut sides: Vec<_> = sides.iter().map(|side| (*side, Rates::default())).collect();
    for round in 0..rounds {
        eprintln!("publish: round {} of {rounds}, {publishers} at once", round + 1);
        for (side, rates) in &mut sides {
            let place = tempfile::tempdir_in(folder)?;
            let until = Until(length);
            let Round { accepted, took, each } = match side {
                Side::Memory => ours::memory(publishers, until),
                Side::Disk(mode) => ours::disk(*mode, publishers, until, place.path()),
                Side::Bare(mode) => peer::bare(*mode, publishers, until, place.path()),
                Side::Served(mode) => peer::served(*mode, publishers, until, place.path()),
            }
            .map_err(|error| format!("{side:?}, {publishers} at once: {error}"))?;
            let (p50, p99) = middle_and_tail(each);
            rates.rate.push(accepted as f64 / took.as_secs_f64());
            rates.p50.push(p50);
            rates.p99.push(p99);
        }
    }
    for (side, rates) in &sides {
        let name = format!("{}_{publishers}", side.name());
        report.figure(format!("{name}_events_per_s"), middle(&rates.rate), "/s");
        report.figure(format!("{name}_p50_us"), middle(&rates.p50), "us");
        report.figure(format!("{name}_p99_us"), middle(&rates.p99), "us");
    }
    if sides.len() < SIDES.len() {
        return Ok(());
    }
    let of = |wanted: Side| sides.iter().find(|(side, _)| *side == wanted).map(|(_, rates)| &rates.rate[..]);
    let beside = |ours: Side, peer: Side| -> f64 {
        let pairs = of(ours).into_iter().flatten().zip(of(peer).into_iter().flatten());
        // Of each round: what the machine did meanwhile, it did to both.
        middle(&pairs.map(|(ours, peer)| ours / peer).collect::<Vec<_>>())
    };
    for mode in [Mode::Every, Mode::Always] {
        let ours = Side::Disk(mode);
        let half = Bar::AtLeast { must: 0.5, aim: 1.0 };
        let name = |peer: &str| format!("{}_{publishers}_to_{peer}", ours.name());
        report.against(name("fjall"), beside(ours, Side::Bare(mode)), "x", half);
        report.against(name("fjall_served"), beside(ours, Side::Served(mode)), "x", half);
    }
    report.figure(format!("memory_{publishers}_to_fjall"), beside(Side::Memory, Side::Bare(Mode::Every)), "x");
    Ok(())
}

impl Side {
    fn name(self) -> String {
        match self {
            Self::Memory => "memory".into(),
            Self::Disk(mode) => format!("disk_{}", mode.name()),
            Self::Bare(mode) => format!("fjall_{}", mode.name()),
            Self::Served(mode) => format!("fjall_served_{}", mode.name()),
        }
    }
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Every => "every",
        }
    }
}

/// How long a round is, from where it is first asked.
#[derive(Clone, Copy)]
struct Until(Duration);

/// One publisher's own clock: what each of its publishes took.
struct Watch {
    end: Instant,
    each: Vec<f64>,
}

impl Watch {
    fn until(end: Instant) -> Self {
        Self { end, each: Vec::new() }
    }

    /// A publish that began then is over. Whether there is time for another.
    fn over(&mut self, began: Instant) -> bool {
        let now = Instant::now();
        self.each.push((now - began).as_secs_f64() * 1e6);
        now < self.end
    }
}

/// Payloads that look like text and do not compress to nothing.
fn texts() -> Vec<String> {
    let mut chance = Chance(88_172_645_463_325_252);
    let mut text = || (0..PAYLOAD - 2).map(|_| char::from(b'a' + chance.below(26) as u8)).collect();
    (0..256).map(|_| text()).collect()
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())
}

fn middle(all: &[f64]) -> f64 {
    middle_and_tail(all.to_vec()).0
}

/// Where programs are built there is a real disk; a folder for temporary files may be memory.
fn beside_this_program() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().map_or_else(std::env::temp_dir, Path::to_owned))
}
