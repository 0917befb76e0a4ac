//! Events that survive the process: one folder, one writer, files of records and nothing underneath.
//!
//! Offsets are contiguous and given under one lock; accepted means written as [`Sync`] says. Knows neither readers nor
//! what the log keeps: it is told what to forget.
//!
//! ```text
//! lock                          held while open; names the process
//! order, mark                   the epoch, how the last run ended, how far anyone has seen (`life`)
//! 00000000000000000001.events   records from this offset on (`segments`, `frame`)
//! below                         what outlived its neighbours, and what is known of the rest (`below`)
//! ```

mod appending;
mod below;
mod flusher;
mod folder;
mod frame;
mod life;
mod medium;
mod pace;
mod segments;
mod tail;
mod trim;
mod writer;

use super::{
    Acked, AppendError, Bounds, Durability, Forgotten, Profile, Record, Retention, Store, StoreError, StoreErrorKind,
    TailEnd,
};
use below::Below;
use eventwire::{Epoch, Offset, Position};
use flusher::{Flusher, Unwritten};
use folder::Folder;
use life::{Life, Past, Place, Verdict};
use medium::{Files, Medium};
use pace::Pace;
use parking_lot::Mutex;
use segments::Segments;
use std::{fmt, io, path::Path, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinHandle};
use writer::Writer;

/// Bytes of a file of events: the unit of forgetting.
const SEGMENT: u64 = 8 << 20;

/// A folder that keeps every accepted event. Dropping it closes the folder cleanly.
///
/// ```no_run
/// use eventwire_server::store::{Disk, Sync};
/// use std::time::Duration;
/// let safe = Disk::open("data")?;                                       // accepted survives power loss
/// let fast = Disk::open("cache")?.sync(Sync::Every(Duration::from_secs(1))); // accepted survives the process
/// # Ok::<(), eventwire_server::store::StoreError>(())
/// ```
pub struct Disk {
    inner: Arc<Inner>,
}

/// When what was accepted reaches the disk itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// Before it is accepted; waiting publishes share one write. Survives power loss.
    #[default]
    Always,
    /// At this interval (10 ms to 60 s). What was accepted survives the process at once, power loss after the interval;
    /// when power loss may have taken something, readers are told by a new epoch.
    Every(Duration),
}

struct Inner {
    medium: Arc<dyn Medium>,
    segments: Arc<Segments>,
    /// Held from giving an offset until it is committed: offsets are committed in order.
    writing: Mutex<Writing>,
    /// Apart from what is held while the disk works: whoever asks how this store does it is not to wait for that.
    sync: Mutex<Sync>,
    below: Mutex<Below>,
    first: Mutex<Offset>,
    committed: watch::Sender<Committed>,
    flusher: Mutex<Option<Flusher>>,
    /// Written by [`Sync::Every`], and not written through yet.
    unwritten: Unwritten,
    health: Arc<Mutex<Health>>,
    path: Box<Path>,
    _folder: Option<Folder>,
}

struct Writing {
    writer: Writer,
    life: Life,
    pace: Pace,
}

#[derive(Clone)]
enum Health {
    Fine,
    /// A write-through failed: what is there can be read, and nothing more is taken.
    ReadOnly(StoreError),
    /// It cannot be used as it was told.
    Unusable(StoreError),
}

/// The end of the order, and what was added last: a tail that is at the end reads nothing back.
#[derive(Clone)]
struct Committed {
    epoch: Epoch,
    head: Offset,
    batch: Arc<[Arc<Record>]>,
}

impl Committed {
    /// The offset of the first of what was added last.
    fn first(&self) -> u64 {
        self.head.0 + 1 - self.batch.len() as u64
    }
}

impl Disk {
    /// Opens a folder, or creates it. One process, one hub at a time; what a crash tore is put right.
    ///
    /// # Errors
    /// The folder is in use, or cannot be made, read or written. Damage is no error: what was lost is told to readers.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_in_files_of(path, SEGMENT)
    }

    /// As [`Self::open`], in files so small that a few events need several: for those who damage them.
    #[doc(hidden)]
    pub fn open_in_files_of(path: impl AsRef<Path>, bytes: u64) -> Result<Self, StoreError> {
        let folder = Folder::open(path.as_ref())?;
        let (medium, place) = (Arc::new(Files::new(folder.path().to_owned())), folder.place());
        Self::over(medium, place, bytes, Some(folder))
    }

    fn over(medium: Arc<dyn Medium>, place: Place, segment: u64, folder: Option<Folder>) -> Result<Self, StoreError> {
        let path: Box<Path> = medium.path().into();
        let trouble = |error: io::Error| folder::trouble(&path, &error);
        let segments = Arc::new(Segments::list(medium.clone()).map_err(trouble)?);
        let past = Past::read(&*medium, segments.is_empty());
        let below = Below::read(medium.clone());
        let reached = past.reached().max(Offset(below.first() - 1));
        let ending = segments.ending(reached.0);
        let head = reached.max(Offset(ending.head));
        let epoch = match past.verdict(&place) {
            Verdict::Keep(epoch) => epoch,
            Verdict::Begin => Epoch::from_random(fastrand::u64(..)),
            Verdict::Renew(why) => {
                tracing::warn!(target: "eventwire::store::renewed", path = %path.display(), %head, why,
                    "what readers were shown may be lost; a new epoch begins");
                Epoch::from_random(fastrand::u64(..))
            }
        };
        if head.0 > ending.head {
            tracing::error!(target: "eventwire::store::damaged", path = %path.display(), after = ending.head, upto = %head,
                "events at the end are lost; readers are told");
        }
        // What a killed process left may be shown now, so it has to be on the disk now.
        if !past.is_clean() {
            segments.write_through().map_err(trouble)?;
        }
        let unwritten = Unwritten::default();
        let writer = Writer::new(medium.clone(), segments.clone(), ending.pristine, segment, unwritten.clone());
        let writer = writer.map_err(trouble)?;
        let life =
            Life::start(medium.clone(), place, Position { epoch, offset: head }, Sync::Always).map_err(trouble)?;
        let (committed, _) = watch::channel(Committed { epoch, head, batch: Arc::new([]) });
        let inner = Inner {
            medium,
            segments,
            writing: Mutex::new(Writing { writer, life, pace: Pace::default() }),
            sync: Mutex::default(),
            first: Mutex::new(Offset(below.first())),
            below: Mutex::new(below),
            committed,
            flusher: Mutex::default(),
            unwritten,
            health: Arc::new(Mutex::new(Health::Fine)),
            path,
            _folder: folder,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// When what was accepted reaches the disk itself. A mode that cannot be kept is an error when the hub is built.
    #[must_use]
    pub fn sync(self, sync: Sync) -> Self {
        self.sync_with(sync, flusher::spawn)
    }

    fn sync_with(self, sync: Sync, spawn: flusher::Spawn) -> Self {
        let inner = &self.inner;
        let sync = match sync {
            Sync::Always => Sync::Always,
            Sync::Every(every) => Sync::Every(every.clamp(Duration::from_millis(10), Duration::from_secs(60))),
        };
        *inner.flusher.lock() = None;
        if let Err(error) = inner.enter(sync, spawn) {
            let error = StoreError::new(
                folder::kind(&error),
                format!(
                    "the disk store {} cannot write through as it was told ({sync:?}): {error}; see to the limits of this \
                     process and the room on the disk, or choose another mode",
                    inner.path.display()
                ),
            );
            tracing::error!(target: "eventwire::store::sync_refused", %error);
            *inner.health.lock() = Health::Unusable(error);
        }
        self
    }
}

impl Store for Disk {
    type Tail = tail::Tail;

    fn profile(&self) -> Profile {
        let durability = match *self.inner.sync.lock() {
            Sync::Always => Durability::Always,
            Sync::Every(_) => Durability::Delayed,
        };
        Profile { durability, offsets_in_acks: true, atomic: true, retention: Retention::Ours }
    }

    async fn bounds(&self) -> Result<Bounds, StoreError> {
        match &*self.inner.health.lock() {
            Health::Unusable(error) => Err(error.clone()),
            // What is there can be read.
            Health::Fine | Health::ReadOnly(_) => Ok(self.inner.bounds()),
        }
    }

    async fn append(&self, epoch: Epoch, batch: Vec<Arc<Record>>) -> Result<Acked, AppendError> {
        if let Some(mut writing) = self.inner.at_once(&batch) {
            return self.inner.write(&mut writing, epoch, batch);
        }
        let inner = self.inner.clone();
        blocking(move || inner.append(epoch, batch)).await.map_err(AppendError::Indeterminate)?
    }

    async fn tail(&self, epoch: Epoch, at: Offset) -> Result<Self::Tail, TailEnd> {
        tail::attach(self.inner.clone(), epoch, at)
    }

    async fn renew(&self, seen: Epoch) -> Result<Bounds, StoreError> {
        let inner = self.inner.clone();
        blocking(move || inner.renew(seen)).await?
    }

    async fn trim(&self, before: Offset, keep: &[Offset]) -> Result<Offset, StoreError> {
        let (inner, keep) = (self.inner.clone(), keep.iter().map(|offset| offset.0).collect());
        blocking(move || inner.trim(before, &keep)).await?
    }

    async fn kept(&self) -> Result<Vec<(Offset, Arc<Record>)>, StoreError> {
        let below = self.inner.below.lock();
        Ok(below.kept().map(|(at, record)| (Offset(at), Arc::new(record.clone()))).collect())
    }

    async fn forgotten(&self) -> Result<Option<Forgotten>, StoreError> {
        Ok(Some(self.inner.below.lock().forgotten()))
    }

    async fn oldest_within(&self, bytes: u64) -> Result<Offset, StoreError> {
        let first = self.inner.bounds().first;
        Ok(self.inner.segments.oldest_within(bytes).map_or(first, |base| Offset(base).max(first)))
    }
}

impl Inner {
    fn bounds(&self) -> Bounds {
        let Committed { epoch, head, .. } = *self.committed.borrow();
        Bounds { epoch, first: *self.first.lock(), head }
    }

    fn enter(&self, sync: Sync, spawn: flusher::Spawn) -> io::Result<()> {
        let mut writing = self.writing.lock();
        let epoch = self.bounds().epoch;
        match sync {
            Sync::Always => {
                // What was promised less until now is promised all from here on.
                writing.writer.write_through()?;
                writing.life.note(epoch, sync)?;
            }
            Sync::Every(every) => {
                writing.life.note(epoch, sync)?;
                let (health, path) = (self.health.clone(), self.path.clone());
                let (medium, unwritten) = (self.medium.clone(), self.unwritten.clone());
                let flusher = Flusher::start(spawn, every, medium, unwritten, move |error| {
                    *health.lock() = Health::ReadOnly(read_only(&path, error));
                })?;
                *self.flusher.lock() = Some(flusher);
            }
        }
        *self.sync.lock() = sync;
        Ok(())
    }

    /// Whether anything can be written.
    fn check(&self) -> Result<(), StoreError> {
        match &*self.health.lock() {
            Health::Fine => Ok(()),
            Health::ReadOnly(error) | Health::Unusable(error) => Err(error.clone()),
        }
    }

    fn renew(&self, seen: Epoch) -> Result<Bounds, StoreError> {
        let writing = self.writing.lock();
        self.check()?;
        let Bounds { epoch, head, .. } = self.bounds();
        if epoch == seen {
            let epoch = Epoch::from_random(fastrand::u64(..));
            let noted = writing.life.note(epoch, *self.sync.lock());
            noted.and_then(|()| writing.life.mark(Position { epoch, offset: head })).map_err(|error| {
                let path = self.path.display();
                let detail = format!("could not renew the epoch of the disk store {path}: {error}; see to the disk");
                StoreError::new(folder::kind(&error), detail)
            })?;
            self.committed.send_replace(Committed { epoch, head, batch: Arc::new([]) });
        }
        Ok(self.bounds())
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        *self.flusher.get_mut() = None;
        let head = Position { epoch: self.bounds().epoch, offset: self.bounds().head };
        if !matches!(*self.health.lock(), Health::Fine) {
            return;
        }
        let writing = self.writing.get_mut();
        let written = writing.writer.write_through();
        if let Err(error) = written.and_then(|()| writing.life.stop(head)) {
            tracing::warn!(target: "eventwire::store::unclean", %error);
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    finished(tokio::task::spawn_blocking(work)).await
}

async fn finished<T>(work: JoinHandle<T>) -> Result<T, StoreError> {
    work.await.map_err(|error| {
        StoreError::new(StoreErrorKind::Broken, format!("the disk store's work did not finish: {error}"))
    })
}

fn read_only(path: &Path, error: &io::Error) -> StoreError {
    let error = StoreError::new(
        StoreErrorKind::Broken,
        format!(
            "the disk store {} takes no more events: what was written did not reach the disk ({error}), and nothing written \
             after that could be trusted; see to the disk, then restart this process",
            path.display()
        ),
    );
    tracing::error!(target: "eventwire::store::read_only", %error);
    error
}

#[cfg(test)]
pub(crate) mod tests;
