//! A disk store's folder that something damaged: it opens, it never gives an offset twice within an epoch, and what it
//! hands out is what was written, or is told to be lost.
//!
//! The input is damages of seven bytes: which file, what, where (three), and how much or which (two).

use crate::Target;
use eventwire::{EventName, Offset, Payload, Topic};
use eventwire_server::store::{Bounds, Disk, Fed, Record, Store};
use futures_util::StreamExt;
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub(crate) const TARGET: Target = Target {
    name: "disk",
    about: "a damaged folder opens; within an epoch no offset is given twice; what is handed out is what was written, the rest is told",
    words: &[],
    changes: 8,
    run,
};

/// Events in the folder, one batch each.
const EVENTS: u64 = 24;
/// Damages of one input that are done.
const DAMAGES: usize = 6;

/// A folder as a killed process leaves it, made once.
struct Folder {
    _dir: TempDir,
    path: PathBuf,
    files: Vec<PathBuf>,
    bounds: Bounds,
    records: Vec<Record>,
}

fn run(input: &[u8]) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        static FOLDER: Folder = RUNTIME.with(|runtime| runtime.block_on(Folder::new()));
    }
    FOLDER.with(|folder| RUNTIME.with(|runtime| runtime.block_on(damaged(folder, input))));
}

impl Folder {
    async fn new() -> Self {
        let dir = somewhere();
        let disk = Disk::open(dir.path().join("first")).expect("a new folder");
        let epoch = disk.bounds().await.expect("bounds").epoch;
        let mut records = Vec::new();
        for n in 1..=EVENTS {
            let record = record(n);
            disk.append(epoch, vec![record.clone()]).await.expect("appended");
            records.push(record);
        }
        let bounds = disk.bounds().await.expect("bounds");
        let path = dir.path().join("killed");
        copy(&dir.path().join("first"), &path).expect("copied");
        drop(disk);
        let mut files = Vec::new();
        list(&path, &mut files).expect("listed");
        files.sort();
        let files = files.into_iter().filter_map(|file| Some(file.strip_prefix(&path).ok()?.to_owned())).collect();
        Self { _dir: dir, path, files, bounds, records }
    }
}

async fn damaged(folder: &Folder, input: &[u8]) {
    let dir = somewhere();
    copy(&folder.path, dir.path()).expect("copied");
    let mut log_alone = true;
    for damage in input.chunks_exact(7).take(DAMAGES) {
        let file = &folder.files[usize::from(damage[0]) % folder.files.len()];
        log_alone &= file.starts_with("log");
        harm(&dir.path().join(file), damage[1..].try_into().expect("six bytes")).expect("written");
    }
    let bounds = {
        let disk = Disk::open(dir.path()).expect("a damaged folder opens");
        let bounds = disk.bounds().await.expect("bounds");
        // Whoever forges the marks outside the log may say what they like; the log alone cannot.
        let same = bounds.epoch == folder.bounds.epoch;
        assert!(!(same && log_alone) || bounds.head >= folder.bounds.head, "{bounds:?} gives offsets twice");
        held(&disk, bounds, folder).await;
        let acked = disk.append(bounds.epoch, vec![record(99)]).await.expect("it takes what comes next");
        assert_eq!(acked.first, Some(bounds.head.next()));
        Bounds { head: bounds.head.next(), ..bounds }
    };
    let disk = Disk::open(dir.path()).expect("and opens again");
    assert_eq!(disk.bounds().await.expect("bounds"), bounds, "put right once, it stays right");
}

/// Everything from the first on is what was written, or told to be lost.
async fn held(disk: &Disk, bounds: Bounds, folder: &Folder) {
    let mut tail = disk.tail(bounds.epoch, bounds.first).await.expect("a tail");
    let mut at = bounds.first.0 - 1;
    while at < bounds.head.0 {
        match tail.next().await.expect("the tail does not end").expect("nor does it doubt") {
            Fed::Record(offset, record) => {
                assert_eq!(offset, Offset(at + 1), "a hole is not told");
                let written = &folder.records[at as usize];
                assert_eq!(&record, written, "at {offset}");
                at = offset.0;
            }
            Fed::Undecodable(offset, _) | Fed::Idle(offset) => {
                assert!(offset.0 > at);
                at = offset.0;
            }
        }
    }
}

fn harm(path: &Path, [what, a, b, c, d, e]: [u8; 6]) -> io::Result<()> {
    let mut bytes = fs::read(path)?;
    // Most of a preallocated file is empty: what is written is more worth a visit.
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let length = if what & 0x80 == 0 { written } else { bytes.len() };
    let at = if length == 0 { 0 } else { usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c) } % length.max(1);
    let some = (usize::from(d) << 8 | usize::from(e)).clamp(1, 4096);
    let end = (at + some).min(bytes.len());
    match what % 7 {
        0 if at < bytes.len() => bytes[at] ^= 1 << (d % 8),
        1 => bytes.truncate(at),
        2 => bytes[at..end].fill(0),
        3 => bytes[at..].fill(0),
        // A block once more behind itself.
        4 => bytes.splice(end..end, bytes[at..end].to_vec()).for_each(drop),
        5 => bytes.extend(std::iter::repeat_n(e, some)),
        6 if at < bytes.len() => bytes[at] = e,
        _ => {}
    }
    fs::write(path, bytes)
}

fn record(n: u64) -> Record {
    Record {
        epoch: None,
        producer: None,
        key: None,
        time: n,
        topic: Topic::parse(["a", "b.x", "c"][(n % 3) as usize]).expect("a topic"),
        name: EventName::parse("tick").expect("a name"),
        payload: Payload::parse(&format!("{{\"n\":{n}}}")).expect("a payload"),
    }
}

/// In memory where the machine has such a place: the disk itself is not what is tested.
fn somewhere() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if path.is_dir() { copy(&path, &to)? } else { fs::copy(&path, &to).map(drop)? }
    }
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
