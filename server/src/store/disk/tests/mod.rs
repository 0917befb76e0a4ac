//! The disk store: the suite, and what only a folder can suffer.

mod ahead;
mod crash;
mod damage;
mod folder;
mod full;
mod place;
pub(crate) mod simulated;

use super::{segments::Spot, *};
use crate::store::{
    Fed, StoreErrorKind,
    suite::{self, Kind, record},
};
use std::{collections::BTreeSet, fs, thread};
use tempfile::TempDir;

struct Folders;

impl Kind for (TempDir, Folders) {
    type Store = Disk;
    fn open() -> (Disk, Self) {
        let dir = tempfile::tempdir().unwrap();
        (Disk::open(dir.path()).unwrap(), (dir, Folders))
    }
}

suite::suite!((TempDir, Folders));

/// A machine that has not been started again, and a folder that is itself.
fn here() -> Place {
    Place { boot: Some("this boot".into()), folder: Some(1) }
}

fn after_reboot() -> Place {
    Place { boot: Some("the next boot".into()), folder: Some(1) }
}

/// Opens a folder as the one it was copied from: what a killed process leaves.
fn again(path: &Path) -> Disk {
    Disk::over(Arc::new(Files::new(path.into())), here(), SEGMENT, None).unwrap()
}

fn add(disk: &Disk, seqs: std::ops::RangeInclusive<u64>) {
    let epoch = disk.inner.bounds().epoch;
    let batch = seqs.map(|seq| record("w", seq, "a.b")).collect();
    disk.inner.append(epoch, batch).unwrap();
}

/// Everything a disk holds from its first on: offsets and numbers of its records, and where what is lost ends.
fn contents(disk: &Disk) -> Vec<(u64, Option<u64>)> {
    let bounds = disk.inner.bounds();
    let (mut spot, mut out) = (Spot::new(bounds.first.0), Vec::new());
    while spot.next <= bounds.head.0 {
        out.extend(disk.inner.segments.read(&mut spot, bounds.head.0).into_iter().map(|fed| match fed {
            Fed::Record(at, record) => (at.0, record.producer.as_ref().map(|producer| producer.seq)),
            Fed::Undecodable(at, _) | Fed::Idle(at) => (at.0, None),
        }));
    }
    out
}

/// Offsets that hold the numbers they were given.
fn own(seqs: std::ops::RangeInclusive<u64>) -> Vec<(u64, Option<u64>)> {
    seqs.map(|seq| (seq, Some(seq))).collect()
}

fn duplicate(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        fs::copy(&path, to.join(name)).unwrap();
    }
}
