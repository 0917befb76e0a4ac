//! The disk store's folder: who holds it, how the last run ended, how far readers had seen.
//!
//! ```text
//! lock   held while open; names the process
//! run    how the last run ended: cleanly or not, in which mode, since which boot
//! mark   the newest position that was shown to anyone; written, never synced: it survives the process
//! log/   the database
//! ```

use super::{Sync, options};
use crate::store::{StoreError, StoreErrorKind};
use eventwire::Position;
use fjall::{Database, Keyspace};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

/// Bytes of a mark: epoch, `-`, twenty digits, newline. One small write, so that no stop tears it.
const MARK: usize = 34;

/// A folder that is ours. Dropping it lets go of the lock.
pub(super) struct Folder {
    path: PathBuf,
    mark: Option<File>,
    _lock: File,
}

/// What the last run left.
pub(super) struct Found {
    run: Option<String>,
    mark: Option<Position>,
    torn_mark: bool,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<(Self, Found), StoreError> {
        let trouble = |error: io::Error| trouble(path, &error);
        create(path).map_err(trouble)?;
        // What is shown in errors is where it really is, whatever the working directory.
        let path = path.canonicalize().map_err(trouble)?;
        let lock = lock(&path)?;
        let run = fs::read_to_string(path.join("run")).ok();
        let raw = fs::read_to_string(path.join("mark")).ok();
        let mark = raw.as_deref().and_then(read_mark);
        let torn_mark = raw.is_some() && mark.is_none();
        Ok((Self { path, mark: None, _lock: lock }, Found { run, mark, torn_mark }))
    }

    /// The database and its keyspaces. One that cannot be read is moved aside, whole, and a new one begun.
    pub(super) fn database(&self) -> Result<(Database, [Keyspace; 3]), StoreError> {
        match self.try_database() {
            Ok(open) => Ok(open),
            Err(Unusable::Refused(error)) => Err(error),
            Err(Unusable::Damaged(why)) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
                let aside = self.path.join(format!("damaged-{now}"));
                fs::rename(self.path.join("log"), &aside).map_err(|error| trouble(&self.path, &error))?;
                tracing::error!(target: "eventwire::store::damaged", %why, aside = %aside.display(),
                    "the database could not be read; it was moved aside and a new epoch begins");
                self.try_database().map_err(|again| match again {
                    Unusable::Refused(error) => error,
                    Unusable::Damaged(why) => StoreError::new(
                        StoreErrorKind::Broken,
                        format!(
                            "a new disk store in {} could not be read back ({why}); see to the disk",
                            self.path.display()
                        ),
                    ),
                })
            }
        }
    }

    fn try_database(&self) -> Result<(Database, [Keyspace; 3]), Unusable> {
        let path = self.path.join("log");
        // On a thread of its own: the database asserts what a damaged folder may break.
        let opened = thread::spawn(move || {
            let db = Database::builder(path).open()?;
            let [log, kept, meta] = ["log", "kept", "meta"].map(|name| db.keyspace(name, options));
            Ok((db, [log?, kept?, meta?]))
        });
        match opened.join() {
            Ok(Ok(open)) => Ok(open),
            Ok(Err(error)) => Err(self.judge(&error)),
            Err(_) => Err(Unusable::Damaged("it broke the database's own checks".into())),
        }
    }

    fn judge(&self, error: &fjall::Error) -> Unusable {
        use io::ErrorKind as Io;
        match error {
            fjall::Error::Locked => Unusable::Refused(held(&self.path)),
            fjall::Error::InvalidVersion(Some(version)) => Unusable::Refused(StoreError::new(
                StoreErrorKind::Refused,
                format!(
                    "the disk store {} was written in format {version:?}, which this build does not read; use the build that \
                     wrote it, or another folder",
                    self.path.display()
                ),
            )),
            fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error))
                if !matches!(error.kind(), Io::UnexpectedEof | Io::InvalidData | Io::NotFound | Io::Other) =>
            {
                Unusable::Refused(trouble(&self.path, error))
            }
            damaged => Unusable::Damaged(damaged.to_string()),
        }
    }

    /// From here on this run can be told from a clean end.
    pub(super) fn start(&mut self, sync: Sync, shown: Position) -> Result<(), StoreError> {
        let path = self.path.join("mark");
        let mark = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        self.mark = Some(mark.map_err(|error| trouble(&self.path, &error))?);
        self.mark(shown);
        self.note(sync)
    }

    /// Notes the mode this run is in.
    pub(super) fn note(&self, sync: Sync) -> Result<(), StoreError> {
        let mode = match sync {
            Sync::Always => "always",
            Sync::Every(_) => "delayed",
        };
        self.write_run(&format!("{mode} {}", boot())).map_err(|error| trouble(&self.path, &error))
    }

    /// Notes how far anyone has seen. A mark that cannot be written costs a check at the next start, no event.
    pub(super) fn mark(&mut self, shown: Position) {
        let Some(file) = &mut self.mark else { return };
        let line = format!("{}-{:020}\n", shown.epoch, shown.offset.0);
        let written = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(line.as_bytes()));
        if let Err(error) = written {
            tracing::warn!(target: "eventwire::store::unmarked", %error);
        }
    }

    /// A clean end: everything is on the disk itself.
    pub(super) fn stop(&mut self) {
        if let Err(error) = self.write_run("clean") {
            tracing::warn!(target: "eventwire::store::unclean", %error);
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn write_run(&self, line: &str) -> io::Result<()> {
        let (new, run) = (self.path.join("run.new"), self.path.join("run"));
        let mut file = File::create(&new)?;
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        fs::rename(new, run)?;
        sync_folder(&self.path)
    }
}

enum Unusable {
    Refused(StoreError),
    Damaged(String),
}

impl Found {
    /// Whether something that was shown to a reader may be missing from a log that ends at `head`.
    pub(super) fn doubtful(&self, head: Position) -> bool {
        let missing = self.mark.is_some_and(|mark| mark.epoch == head.epoch && mark.offset > head.offset);
        let end = self.run.as_deref().map(str::trim);
        let unsure = match end.map(|end| end.split_once(' ').unwrap_or((end, ""))) {
            Some(("clean" | "always", _)) => false,
            // The page cache outlives the process, not the machine.
            Some(("delayed", since)) => since.is_empty() || since != boot(),
            _ => true,
        };
        missing || unsure || self.torn_mark
    }

    pub(super) fn mark(&self) -> Option<Position> {
        self.mark
    }
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
    sync_folder(parent)
}

/// Only Unix opens folders as files.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
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

fn trouble(path: &Path, error: &io::Error) -> StoreError {
    let kind =
        if error.kind() == io::ErrorKind::StorageFull { StoreErrorKind::Full } else { StoreErrorKind::Unavailable };
    StoreError::new(
        kind,
        format!(
            "the disk store {} cannot be used: {error}; check the path, its rights and the room on it",
            path.display()
        ),
    )
}

fn read_mark(raw: &str) -> Option<Position> {
    let line = raw.strip_suffix('\n').filter(|_| raw.len() == MARK)?;
    let (epoch, offset) = line.split_once('-')?;
    Some(Position { epoch: eventwire::Epoch::parse(epoch).ok()?, offset: eventwire::Offset(offset.parse().ok()?) })
}

/// This boot of the machine, where it can be told; empty where not.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
