//! Events that survive the process: one folder, one writer, fjall underneath.
//!
//! Offsets are contiguous and given under one lock; accepted means written as [`Sync`] says. Knows neither readers nor
//! what the log keeps: it is told what to forget.

mod folder;
mod tail;

use super::{
    Acked, AppendError, Bounds, Durability, Profile, Record, Retention, Store, StoreError, StoreErrorKind, TailEnd,
};
use eventwire::{Epoch, Offset, Position};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use folder::Folder;
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::watch;

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
    db: Database,
    /// Offset to record, contiguous from the first.
    log: Keyspace,
    /// Offset to record, below the first: what outlived its neighbours.
    kept: Keyspace,
    /// `epoch`, `first`, and `head` as it was when the epoch was renewed.
    meta: Keyspace,
    sync: Mutex<Sync>,
    /// Held from giving an offset until it is committed: offsets are committed in order.
    appending: Mutex<Folder>,
    trimming: Mutex<BTreeSet<u64>>,
    first: Mutex<Offset>,
    committed: watch::Sender<Committed>,
    flusher: Mutex<Option<Flusher>>,
}

/// The end of the order, and what was added last: a tail that is at the end reads nothing back.
#[derive(Clone)]
struct Committed {
    epoch: Epoch,
    head: Offset,
    batch: Arc<[(Offset, Record)]>,
}

impl Disk {
    /// Opens a folder, or creates it. One process, one hub at a time; what a crash tore is put right.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let (mut folder, found) = Folder::open(path)?;
        let (db, [log, kept, meta]) = folder.database()?;
        let broken = |error: fjall::Error| failed(path, "read", &error);

        let stored = meta.get("epoch").map_err(broken)?;
        let stored = stored.and_then(|raw| Epoch::parse(std::str::from_utf8(&raw).ok()?).ok());
        let first = meta.get("first").map_err(broken)?.and_then(|raw| number(&raw)).unwrap_or(1).max(1);
        let last = log.last_key_value().map(fjall::Guard::key).transpose().map_err(broken)?;
        // Of an order renewed without its end, or trimmed to nothing, no record tells how far it had come.
        let reached = meta.get("head").map_err(broken)?.and_then(|raw| number(&raw)).unwrap_or(0);
        let mut head = last.and_then(|raw| number(&raw)).unwrap_or(0).max(first - 1).max(reached);

        let epoch = match stored {
            Some(epoch) if !found.doubtful(Position { epoch, offset: Offset(head) }) => epoch,
            stored => {
                if let Some(old) = stored {
                    tracing::warn!(target: "eventwire::store::renewed", %old, head, "what was accepted may be lost");
                }
                // Not below what readers have seen: no offset of theirs is ever given twice.
                head = head.max(found.mark().map_or(0, |mark| mark.offset.0));
                let epoch = Epoch::from_random(fastrand::u64(..));
                let mut batch = db.batch().durability(Some(PersistMode::SyncAll));
                batch.insert(&meta, "epoch", epoch.as_str());
                batch.insert(&meta, "head", head.to_be_bytes());
                batch.commit().map_err(broken)?;
                epoch
            }
        };
        folder.start(Sync::Always, Position { epoch, offset: Offset(head) })?;

        let held = kept.iter().filter_map(|guard| number(&guard.key().ok()?)).collect();
        let (committed, _) = watch::channel(Committed { epoch, head: Offset(head), batch: Arc::new([]) });
        let inner = Inner {
            db,
            log,
            kept,
            meta,
            sync: Mutex::default(),
            appending: Mutex::new(folder),
            trimming: Mutex::new(held),
            first: Mutex::new(Offset(first)),
            committed,
            flusher: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// When what was accepted reaches the disk itself.
    #[must_use]
    pub fn sync(self, sync: Sync) -> Self {
        let inner = &self.inner;
        let sync = match sync {
            Sync::Always => Sync::Always,
            Sync::Every(every) => Sync::Every(every.clamp(Duration::from_millis(10), Duration::from_secs(60))),
        };
        // A folder that cannot note a laxer mode stays in the stricter one.
        let noted = inner.appending.lock().note(sync);
        match noted {
            Ok(()) => *inner.sync.lock() = sync,
            Err(error) => tracing::error!(target: "eventwire::store::sync_refused", %error),
        }
        *inner.flusher.lock() = match *inner.sync.lock() {
            Sync::Always => None,
            Sync::Every(every) => Some(Flusher::start(inner.db.clone(), every)),
        };
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
        Ok(self.inner.bounds())
    }

    async fn append(&self, epoch: Epoch, batch: Vec<Record>) -> Result<Acked, AppendError> {
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

    async fn kept(&self) -> Result<Vec<(Offset, Record)>, StoreError> {
        let inner = self.inner.clone();
        blocking(move || inner.kept()).await
    }
}

impl Inner {
    fn bounds(&self) -> Bounds {
        let Committed { epoch, head, .. } = *self.committed.borrow();
        Bounds { epoch, first: *self.first.lock(), head }
    }

    fn append(&self, epoch: Epoch, records: Vec<Record>) -> Result<Acked, AppendError> {
        let mut folder = self.appending.lock();
        let Bounds { epoch: current, head, .. } = self.bounds();
        if current != epoch {
            return Err(AppendError::WrongEpoch(current));
        }
        let records: Arc<[(Offset, Record)]> = (head.0 + 1..).map(Offset).zip(records).collect();
        let durability = match *self.sync.lock() {
            Sync::Always => PersistMode::SyncData,
            Sync::Every(_) => PersistMode::Buffer,
        };
        let mut batch = self.db.batch().durability(Some(durability));
        for (offset, record) in &*records {
            batch.insert(&self.log, offset.0.to_be_bytes(), record.encode());
        }
        batch.commit().map_err(|error| not_appended(folder.path(), error))?;
        let head = records.last().map_or(head, |(offset, _)| *offset);
        // Before anyone sees it: a later start must find at least this much, or renew the epoch.
        folder.mark(Position { epoch, offset: head });
        self.committed.send_replace(Committed { epoch, head, batch: records.clone() });
        Ok(Acked { first: records.first().map(|(offset, _)| *offset) })
    }

    fn renew(&self, seen: Epoch) -> Result<Bounds, StoreError> {
        let mut folder = self.appending.lock();
        let Bounds { epoch, head, .. } = self.bounds();
        if epoch == seen {
            let epoch = Epoch::from_random(fastrand::u64(..));
            let mut batch = self.db.batch().durability(Some(PersistMode::SyncAll));
            batch.insert(&self.meta, "epoch", epoch.as_str());
            batch.commit().map_err(|error| failed(folder.path(), "renew the epoch in", &error))?;
            folder.mark(Position { epoch, offset: head });
            self.committed.send_replace(Committed { epoch, head, batch: Arc::new([]) });
        }
        Ok(self.bounds())
    }

    fn trim(&self, before: Offset, keep: &BTreeSet<u64>) -> Result<Offset, StoreError> {
        /// Records forgotten in one write: bounds what a publish may have to wait for.
        const AT_ONCE: usize = 1024;
        let mut held = self.trimming.lock();
        let head = self.committed.borrow().head;
        let before = before.min(head.next());
        let mut from = {
            // First, so that a tail which reads a hole here learns that it was trimmed.
            let mut first = self.first.lock();
            let from = first.0;
            *first = before.max(*first);
            from
        };
        let broken = |error: fjall::Error| failed(&self.log_path(), "trim", &error);
        while from < before.0 {
            let upto = before.0.min(from + AT_ONCE as u64);
            let mut batch = self.db.batch();
            for guard in self.log.range(from.to_be_bytes()..upto.to_be_bytes()) {
                let (key, value) = guard.into_inner().map_err(broken)?;
                if let Some(offset) = number(&key).filter(|offset| keep.contains(offset)) {
                    batch.insert(&self.kept, key.clone(), value);
                    held.insert(offset);
                }
                batch.remove(&self.log, key);
            }
            batch.insert(&self.meta, "first", upto.to_be_bytes());
            batch.commit().map_err(broken)?;
            from = upto;
        }
        let gone: Vec<u64> = held.difference(keep).copied().collect();
        for gone in gone.chunks(AT_ONCE) {
            let mut batch = self.db.batch();
            for offset in gone {
                batch.remove(&self.kept, offset.to_be_bytes());
                held.remove(offset);
            }
            batch.commit().map_err(broken)?;
        }
        Ok(*self.first.lock())
    }

    /// One that cannot be read any more is left out: its topic's readers are told by `lost` as for any forgotten event.
    fn kept(&self) -> Vec<(Offset, Record)> {
        let held = self.trimming.lock();
        held.iter()
            .filter_map(|offset| {
                let value = self.kept.get(offset.to_be_bytes()).ok()??;
                Some((Offset(*offset), Record::decode(&value).ok()?))
            })
            .collect()
    }

    fn log_path(&self) -> std::path::PathBuf {
        self.log.path().to_path_buf()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        *self.flusher.get_mut() = None;
        if self.db.persist(PersistMode::SyncAll).is_ok() {
            self.appending.get_mut().stop();
        }
    }
}

/// Writes through at an interval. Dropping it stops it.
struct Flusher {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Flusher {
    fn start(db: Database, every: Duration) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("eventwire-flush".into()).spawn(move || {
            while stopped.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                if let Err(error) = db.persist(PersistMode::SyncData) {
                    tracing::error!(target: "eventwire::store::flush_failed", %error);
                    break;
                }
            }
        });
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to report that it did not log.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("path", &self.inner.appending.lock().path()).finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        StoreError::new(StoreErrorKind::Broken, format!("the disk store's work did not finish: {error}"))
    })
}

fn number(raw: &[u8]) -> Option<u64> {
    raw.try_into().ok().map(u64::from_be_bytes)
}

fn options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
}

fn failed(path: &Path, what: &str, error: &fjall::Error) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, format!("could not {what} the disk store {}: {error}", path.display()))
}

/// Nothing of a batch is stored once the database refuses to begin; anything else is not known.
fn not_appended(path: &Path, error: fjall::Error) -> AppendError {
    match error {
        fjall::Error::Poisoned => AppendError::Refused(StoreError::new(
            StoreErrorKind::Broken,
            format!(
                "the disk store {} takes no more events: an earlier write failed, and nothing after it could be trusted; \
                 see to the disk, then restart this process",
                path.display()
            ),
        )),
        error => AppendError::Indeterminate(failed(path, "append to", &error)),
    }
}

#[cfg(test)]
mod tests;
