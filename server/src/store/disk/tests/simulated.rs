//! A folder in memory that knows what has reached the disk, dies at any operation, fails as it is told, and waits as it is
//! told.

use super::{SEGMENT, here};
use crate::store::{
    Disk as Store, Sync,
    disk::medium::{File, Medium},
};
use parking_lot::{Condvar, Mutex};
use std::{
    collections::BTreeMap,
    fmt, io,
    path::Path,
    sync::Arc,
    thread::{self, ThreadId},
    time::Duration,
};

#[derive(Clone, Default)]
pub(crate) struct Simulated(Arc<Mutex<Disk>>, Arc<Gate>);

/// What a disk does for its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Events come into the system's hands.
    Write,
    /// They come to the disk itself.
    Sync,
}

/// What is not done at present, and how many wait for it.
#[derive(Default)]
struct Gate {
    held: Mutex<(Option<Work>, usize)>,
    let_go: Condvar,
}

/// Some work of a disk that is not done. Dropping it lets the disk go on.
pub(crate) struct Held(Arc<Gate>);

#[derive(Clone, Default)]
struct Disk {
    /// What the process sees, and what power loss leaves for certain.
    names: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    files: Vec<Content>,
    operations: usize,
    /// At this operation something happens.
    fault: Option<(usize, Fault)>,
    dead: bool,
    /// Files that were opened for writing and are not closed.
    open: usize,
    /// Who wrote last.
    writer: Option<ThreadId>,
    /// Blocks of 4,096 bytes the disk has room for.
    room: Option<usize>,
}

#[derive(Clone, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

const SMALL: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The process ends here; a write may have come half-way.
    Death { halfway: bool },
    /// This operation fails; a write after a part of it.
    Error(io::ErrorKind),
}

/// What the system had not written through when the power went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unwritten {
    Gone,
    There,
    /// The first half of it is there.
    Half,
    /// The length is there, the bytes are not.
    Zeros,
    /// The second half of it is there, before it are zeros.
    Late,
}

pub(super) const UNWRITTEN: [Unwritten; 5] =
    [Unwritten::Gone, Unwritten::There, Unwritten::Half, Unwritten::Zeros, Unwritten::Late];

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.lock().0 = None;
        self.0.let_go.notify_all();
    }
}

impl Simulated {
    /// A store on it.
    pub(crate) fn store(&self, sync: Sync) -> Store {
        Store::over(Arc::new(self.clone()), here(), SEGMENT, None).unwrap().sync(sync)
    }

    /// From here on whoever asks for this waits, until what this returns is dropped.
    pub(crate) fn hold(&self, work: Work) -> Held {
        self.1.held.lock().0 = Some(work);
        Held(self.1.clone())
    }

    /// Whether somebody waits.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.1.held.lock().1 > 0
    }

    /// Waits while this is held.
    fn pass(&self, work: Work) {
        let mut held = self.1.held.lock();
        held.1 += 1;
        let waited = self.1.let_go.wait_while_for(&mut held, |held| held.0 == Some(work), Duration::from_secs(20));
        held.1 -= 1;
        assert!(!waited.timed_out(), "never let go: whoever holds it waits for the disk");
    }

    pub(super) fn at(&self, operation: usize, fault: Fault) {
        self.0.lock().fault = Some((operation, fault));
    }

    pub(super) fn operations(&self) -> usize {
        self.0.lock().operations
    }

    pub(super) fn writer(&self) -> Option<ThreadId> {
        self.0.lock().writer
    }

    pub(super) fn open_files(&self) -> usize {
        self.0.lock().open
    }

    pub(super) fn files(&self) -> Vec<String> {
        self.0.lock().names.keys().cloned().collect()
    }

    /// Changes a file behind the store's back; `None`: it goes.
    pub(super) fn damage(&self, name: &str, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) {
        let mut disk = self.0.lock();
        let file = disk.names[name];
        match change(disk.files[file].now.clone()) {
            Some(bytes) => disk.files[file] = Content { now: bytes.clone(), durable: bytes },
            None => {
                disk.names.remove(name);
                disk.durable.remove(name);
            }
        }
    }

    pub(super) fn set_room(&self, room: Option<usize>) {
        self.0.lock().room = room;
    }

    /// What is there once the process is gone.
    pub(super) fn killed(&self) -> Self {
        let disk = self.0.lock();
        Self::of(disk.names.iter().map(|(name, file)| (name.clone(), disk.files[*file].now.clone())))
    }

    /// What is there after power loss.
    pub(super) fn after_power_loss(&self, newest_names: bool, unwritten: Unwritten) -> Self {
        let disk = self.0.lock();
        let names = if newest_names { &disk.names } else { &disk.durable };
        Self::of(names.iter().map(|(name, file)| (name.clone(), disk.files[*file].after(unwritten))))
    }

    fn of(files: impl Iterator<Item = (String, Vec<u8>)>) -> Self {
        let mut disk = Disk::default();
        for (name, bytes) in files {
            disk.names.insert(name, disk.files.len());
            disk.files.push(Content { durable: bytes.clone(), now: bytes });
        }
        disk.durable = disk.names.clone();
        Self(Arc::new(Mutex::new(disk)), Arc::default())
    }

    /// Counts, and does what was planned for this operation. `Ok`: go on.
    fn step(&self) -> Result<(), (io::Error, bool)> {
        let mut disk = self.0.lock();
        let dead = || io::Error::other("the process is dead");
        if disk.dead {
            return Err((dead(), false));
        }
        disk.operations += 1;
        match disk.fault {
            Some((at, fault)) if at + 1 == disk.operations => match fault {
                Fault::Death { halfway } => {
                    disk.dead = true;
                    Err((dead(), halfway))
                }
                Fault::Error(kind) => Err((kind.into(), true)),
            },
            _ => Ok(()),
        }
    }

    fn act<T>(&self, act: impl FnOnce(&mut Disk) -> io::Result<T>) -> io::Result<T> {
        self.step().map_err(|(error, _)| error)?;
        act(&mut self.0.lock())
    }
}

impl Content {
    fn after(&self, unwritten: Unwritten) -> Vec<u8> {
        let mut out = self.durable.clone();
        if matches!(unwritten, Unwritten::Gone) || self.now == self.durable {
            return out;
        }
        let same = self.now.iter().zip(&self.durable).take_while(|(a, b)| a == b).count();
        // Halfway through what was written, not through the zeros behind it.
        let end = self.now.iter().rposition(|byte| *byte != 0).map_or(same, |last| same.max(last + 1));
        let middle = same + (end - same) / 2;
        out.resize(self.now.len(), 0);
        match unwritten {
            Unwritten::Gone | Unwritten::Zeros => out[same..].fill(0),
            Unwritten::There => out.copy_from_slice(&self.now),
            Unwritten::Half => out[..middle].copy_from_slice(&self.now[..middle]),
            Unwritten::Late => {
                out[same..middle].fill(0);
                out[middle..].copy_from_slice(&self.now[middle..]);
            }
        }
        out
    }
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk {
    fn number(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(missing)
    }

    fn has_room(&self) -> bool {
        let used: usize = self.names.values().map(|file| self.files[*file].now.len().div_ceil(4096)).sum();
        self.room.is_none_or(|room| used <= room)
    }
}

impl Medium for Simulated {
    fn path(&self) -> &Path {
        Path::new("/simulated")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.files())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = self.act(|disk| {
            if let Some(file) = disk.names.get(name).copied() {
                disk.files[file].now.clear();
                return Ok(file);
            }
            disk.files.push(Content::default());
            disk.names.insert(name.into(), disk.files.len() - 1);
            Ok(disk.files.len() - 1)
        })?;
        Ok(Open::of(self, file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = self.0.lock().number(name)?;
        Ok(Open::of(self, file))
    }

    fn read(&self, name: &str, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let disk = self.0.lock();
        let bytes = &disk.files[disk.number(name)?].now;
        let from = bytes.len().min(at as usize);
        Ok(bytes[from..bytes.len().min(from + most)].to_vec())
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        let disk = self.0.lock();
        Ok(disk.files[disk.number(name)?].now.len() as u64)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.act(|disk| {
            let file = disk.names.remove(from).ok_or_else(missing)?;
            disk.names.insert(to.into(), file);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.act(|disk| disk.names.remove(name).map(|_| ()).ok_or_else(missing))
    }

    fn sync(&self) -> io::Result<()> {
        self.pass(Work::Sync);
        self.act(|disk| {
            disk.durable = disk.names.clone();
            Ok(())
        })
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Open {
    disk: Simulated,
    file: usize,
}

impl Open {
    fn of(disk: &Simulated, file: usize) -> Arc<dyn File> {
        disk.0.lock().open += 1;
        Arc::new(Self { disk: disk.clone(), file })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.disk.0.lock().open -= 1;
    }
}

impl File for Open {
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.pass(Work::Write);
        let (some, result) = match self.disk.step() {
            Ok(()) => (bytes.len(), Ok(())),
            // No end of a process tears so small a write in the system's memory; power loss may, later.
            Err((error, true)) => {
                let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                (if bytes.len() <= SMALL { bytes.len() } else { written / 2 }, Err(error))
            }
            Err((error, false)) => (0, Err(error)),
        };
        let mut disk = self.disk.0.lock();
        disk.writer = Some(thread::current().id());
        let now = &mut disk.files[self.file].now;
        let end = at as usize + some;
        let before = now.clone();
        now.resize(now.len().max(end), 0);
        now[at as usize..end].copy_from_slice(&bytes[..some]);
        if result.is_ok() && !disk.has_room() {
            let now = &mut disk.files[self.file].now;
            *now = before;
            now.resize(now.len().max(at as usize + bytes.len() / 2), b'?');
            return Err(io::ErrorKind::StorageFull.into());
        }
        result
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.disk.act(|disk| {
            disk.files[self.file].now.resize(length as usize, 0);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.pass(Work::Sync);
        self.disk.act(|disk| {
            let file = &mut disk.files[self.file];
            file.durable = file.now.clone();
            Ok(())
        })
    }
}
