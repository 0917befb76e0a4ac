//! What is not written through yet; and a thread that writes it through at an interval, and makes the store read-only when
//! that fails.
//!
//! A write-through that failed is not tried again: the system may have dropped what it could not write, and would then say
//! yes to nothing.

use super::medium::{File, Medium};
use parking_lot::Mutex;
use std::{
    io,
    sync::{Arc, mpsc},
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// Files that were ended and may wait to be written through. Beyond, whoever would end another writes them through first.
const BEHIND: usize = 8;
/// Newest files that may not be on the disk itself: as many as are taken to be written through, and as many again.
pub(super) const NEWEST: usize = 2 * (BEHIND + 1);

pub(super) type Unwritten = Arc<Mutex<Pending>>;

/// What is not written through yet, in the order it was written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    files: Vec<Arc<dyn File>>,
    /// A file was made.
    names: bool,
}

impl Pending {
    /// A file was written.
    pub(super) fn written(&mut self, file: &Arc<dyn File>) {
        if !self.files.last().is_some_and(|last| Arc::ptr_eq(last, file)) {
            self.files.push(file.clone());
        }
    }

    /// A file was made.
    pub(super) fn made(&mut self) {
        self.names = true;
    }

    pub(super) fn is_full(&self) -> bool {
        self.files.len() > BEHIND
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn write_through(&self, medium: &dyn Medium) -> io::Result<()> {
        if self.names {
            medium.sync()?;
        }
        self.files.iter().try_for_each(|file| file.sync())
    }
}

/// Starts a thread, or says why not.
pub(super) type Spawn = fn(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>;

pub(super) fn spawn(work: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    Builder::new().name("eventwire-flush".into()).spawn(work)
}

/// Dropping it stops it and waits for its end.
#[derive(Debug)]
pub(super) struct Flusher {
    stop: Option<mpsc::SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(
        spawn: Spawn,
        every: Duration,
        medium: Arc<dyn Medium>,
        unwritten: Unwritten,
        failed: impl FnOnce(&io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        // Nothing is ever sent: the end of the sender is the word.
        let (stop, stopped) = mpsc::sync_channel::<()>(1);
        let thread = spawn(Box::new(move || {
            while stopped.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                let pending = unwritten.lock().take();
                if let Err(error) = pending.write_through(&*medium) {
                    return failed(&error);
                }
            }
        }))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
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
