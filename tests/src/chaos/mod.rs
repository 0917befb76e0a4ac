//! Machines that try to break the promise. Each takes how often and a seed, and counts what it ran and what was wrong.
//!
//! A failing seed prints the command that repeats it. Nothing here knows the words of a command line.

mod chance;
pub mod corrupt;
pub mod cuts;
pub mod kills;
pub mod seeds;
pub mod soak;

use crate::mode::Mode;
use std::path::PathBuf;

/// What is to be broken, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// So many random schedules of hub, network and clients on a virtual clock.
    Seeds(u64),
    /// The server is killed so many times under load, with the disk store.
    Kills(u64),
    /// So many random corruptions of a disk store's files.
    Corrupt(u64),
    /// One wire cut at every byte, or at so many of them.
    Cuts(Option<u64>),
    /// Readers, publishers, a bad network and kills, for so many minutes.
    Soak(u64),
}

impl Attack {
    /// As it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seeds(_) => "seeds",
            Self::Kills(_) => "kills",
            Self::Corrupt(_) => "corrupt",
            Self::Cuts(_) => "cuts",
            Self::Soak(_) => "soak",
        }
    }
}

/// One attack from one seed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub attack: Attack,
    /// The first seed; the next run has the next.
    pub seed: u64,
    /// How disk stores write through; both ways by turns when it is not said.
    pub sync: Option<Mode>,
}

/// How an attack went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many schedules, kills, corruptions, cuts.
    pub runs: u64,
    /// How many of the promise's violations were seen, each printed when it was.
    pub violations: u64,
}

impl Order {
    /// Attacks, and says on the way what it finds.
    pub fn run(self) -> Tally {
        match self.attack {
            Attack::Seeds(count) => {
                let sum = seeds::run(count, self.seed);
                println!("{} events handed over, {} gaps told, {} dials", sum.handed, sum.gaps, sum.dials);
                sum.tally
            }
            Attack::Kills(count) => kills::run(count, self.seed, self.sync),
            Attack::Cuts(count) => cuts::run(count, self.seed),
            Attack::Soak(minutes) => soak::run(minutes, self.seed, self.sync),
            Attack::Corrupt(count) => corrupt::run(count, self.seed),
        }
    }
}

/// The harness hub, which is built beside whoever attacks it.
fn harness() -> PathBuf {
    let beside = std::env::current_exe().expect("a program knows where it is");
    // A test lies one folder deeper.
    let mut folders = beside.ancestors().skip(1).map(|folder| folder.join("harness"));
    folders.find(|path| path.is_file()).expect("`cargo build -p eventwire-tests --bins` builds the harness")
}
