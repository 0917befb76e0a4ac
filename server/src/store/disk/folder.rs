//! The disk store's folder: made, locked, told from others.
//!
//! Knows none of the files in it but `lock`.

use super::life::Place;
use crate::store::{StoreError, StoreErrorKind};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// A folder that is ours. Dropping it lets go of the lock.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let trouble = |error: io::Error| trouble(path, &error);
        create(path).map_err(trouble)?;
        // What is shown in errors is where it really is, whatever the working directory.
        let path = path.canonicalize().map_err(trouble)?;
        let lock = lock(&path)?;
        Ok(Self { path, lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file `lock` is made once and never replaced: in a copy of the folder it is another file.
    pub(super) fn place(&self) -> Place {
        Place { boot: boot(), folder: self.lock.metadata().ok().and_then(|file| number_of(&file)) }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it cannot be told")]
fn number_of(file: &fs::Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(file))
}

#[cfg(not(unix))]
fn number_of(_: &fs::Metadata) -> Option<u64> {
    None
}

/// Makes the folder and what is missing above it, each written through: what is in a folder survives power loss only if
/// the folder does.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made,
    }?;
    super::medium::sync_folder(parent)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path.join("lock"))
        .map_err(|error| trouble(path, &error))?;
    match file.try_lock() {
        Ok(()) => {
            // For people only: who holds it is the kernel's to know.
            let _ = file.set_len(0).and_then(|()| write!(file, "{}", std::process::id()));
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(held(path)),
        Err(TryLockError::Error(error)) => Err(trouble(path, &error)),
    }
}

fn held(path: &Path) -> StoreError {
    let mut holder = String::new();
    let _ = File::open(path.join("lock")).and_then(|file| file.take(20).read_to_string(&mut holder));
    let holder = if holder.is_empty() { "another process".into() } else { format!("process {holder}") };
    StoreError::new(
        StoreErrorKind::Locked,
        format!(
            "the disk store {} is in use by {holder}; one hub of one process can have it: stop that one, or choose another \
             folder",
            path.display()
        ),
    )
}

pub(super) fn trouble(path: &Path, error: &io::Error) -> StoreError {
    StoreError::new(
        kind(error),
        format!(
            "the disk store {} cannot be used: {error}; check the path, its rights and the room on it",
            path.display()
        ),
    )
}

/// What sort of trouble the operating system has.
pub(super) fn kind(error: &io::Error) -> StoreErrorKind {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::StorageFull | Io::QuotaExceeded => StoreErrorKind::Full,
        _ => StoreErrorKind::Unavailable,
    }
}

/// This boot of the machine, where it can be told.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
