//! A disk store's folder that something damaged: it opens, it never gives an offset twice within an epoch, and what it
//! hands out is what was written, or is told to be lost.
//!
//! The input is damages of seven bytes: which file, what, where (three), and how much or which (two).

use crate::Target;
use eventwire::{EventName, Offset, Payload, Topic};
use eventwire_server::store::{Bounds, Disk, Fed, Record, Store};
use futures_util::StreamExt;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub(crate) const TARGET: Target = Target {
    name: "disk",
    about: "a damaged folder opens; within an epoch no offset is given twice; what is handed out is what was written, the rest is told",
    words: &[],
    changes: 1_000,
    run,
};

/// Events in the folder, one batch each.
const EVENTS: u64 = 24;
/// Damages of one input that are done.
const DAMAGES: usize = 6;

/// A folder as a killed process leaves it, made once.
struct Folder {
    dir: TempDir,
    files: Vec<File>,
    bounds: Bounds,
    records: Vec<Record>,
}

/// One of its files. It may be far longer than what is written in it.
#[derive(Clone)]
struct File {
    path: PathBuf,
    /// Without the zeros at the end.
    written: Vec<u8>,
    length: usize,
    /// Behind the length.
    appended: Vec<u8>,
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
            disk.append(epoch, vec![record.clone().into()]).await.expect("appended");
            records.push(record);
        }
        let bounds = disk.bounds().await.expect("bounds");
        let mut files = Vec::new();
        list(&dir.path().join("first"), Path::new(""), &mut files).expect("listed");
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Self { dir, files, bounds, records }
    }
}

async fn damaged(folder: &Folder, input: &[u8]) {
    let (mut files, mut events_alone) = (folder.files.clone(), true);
    for damage in input.chunks_exact(7).take(DAMAGES) {
        let which = usize::from(damage[0]) % files.len();
        events_alone &= files[which].path.extension().is_some_and(|kind| kind == "events");
        files[which].harm(damage[1..].try_into().expect("six bytes"));
    }
    let dir = somewhere();
    files.iter().try_for_each(|file| file.write(dir.path())).expect("written");
    // A store knows a copy of its folder by this file, which in a copy is another one. Here it is the same.
    let lock = |folder: &Path| folder.join("lock");
    fs::remove_file(lock(dir.path())).expect("a lock");
    fs::hard_link(lock(&folder.dir.path().join("first")), lock(dir.path())).expect("linked");
    let bounds = {
        let disk = Disk::open(dir.path()).expect("a damaged folder opens");
        let bounds = disk.bounds().await.expect("bounds");
        // Whoever forges what stands beside the events may say what they like; events alone cannot.
        let same = bounds.epoch == folder.bounds.epoch;
        assert!(!(same && events_alone) || bounds.head >= folder.bounds.head, "{bounds:?} gives offsets twice");
        held(&disk, bounds, folder).await;
        let acked = disk.append(bounds.epoch, vec![record(99).into()]).await.expect("it takes what comes next");
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
                assert_eq!(&*record, written, "at {offset}");
                at = offset.0;
            }
            Fed::Undecodable(offset, _) | Fed::Idle(offset) => {
                assert!(offset.0 > at);
                at = offset.0;
            }
        }
    }
}

impl File {
    fn harm(&mut self, [what, a, b, c, d, e]: [u8; 6]) {
        // Somewhere in what is written, or in the emptiness behind it.
        let reach =
            if what & 0x80 == 0 { self.written.len() } else { self.length.min(self.written.len() + (64 << 10)) };
        let at = (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)) % reach.max(1);
        let some = (usize::from(d) << 8 | usize::from(e)).clamp(1, 4096);
        if reach == 0 {
            return;
        }
        if self.written.len() <= at {
            self.written.resize(at + 1, 0);
        }
        let end = (at + some).min(self.written.len());
        match what % 7 {
            0 => self.written[at] ^= 1 << (d % 8),
            1 => {
                self.written.truncate(at);
                self.length = at;
            }
            2 => self.written[at..end].fill(0),
            3 => self.written.truncate(at),
            // A block once more behind itself.
            4 => {
                let block = self.written[at..end].to_vec();
                self.written.splice(end..end, block);
                self.length = self.length.max(self.written.len());
            }
            5 => self.appended.extend(std::iter::repeat_n(e, some)),
            _ => self.written[at] = e,
        }
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let path = folder.join(&self.path);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = fs::File::create(&path)?;
        file.write_all(&self.written)?;
        file.set_len(self.length as u64)?;
        fs::File::options().append(true).open(path)?.write_all(&self.appended)
    }
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

fn list(folder: &Path, inside: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (full, path) = (entry.path(), inside.join(entry.file_name()));
        if full.is_dir() {
            list(&full, &path, files)?;
            continue;
        }
        let mut written = fs::read(&full)?;
        let length = written.len();
        written.truncate(written.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1));
        files.push(File { path, written, length, appended: Vec::new() });
    }
    Ok(())
}
