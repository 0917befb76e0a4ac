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
    time::{Duration, Instant},
};

/// Files that were ended and may wait to be written through. Beyond, whoever would end another writes them through first.
const BEHIND: usize = 8;
/// Newest files that may not be on the disk itself: as many as are taken to be written through, and as many again.
pub(super) const NEWEST: usize = 2 * (BEHIND + 1);
/// So many are written through before the interval is over: soon enough that nobody comes to wait for it.
const HURRY: usize = BEHIND / 2;

pub(super) type Unwritten = Arc<Mutex<Pending>>;

/// What is not written through yet, in the order it was written.
#[derive(Debug, Default)]
pub(super) struct Pending {
    files: Vec<Arc<dyn File>>,
    /// A file was made.
    names: bool,
    /// To whoever writes them through at an interval.
    hurry: Option<mpsc::SyncSender<()>>,
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
        if let Some(hurry) = self.hurry.as_ref().filter(|_| self.files.len() >= HURRY) {
            // If there is no room for the word, it has been said.
            let _ = hurry.try_send(());
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.files.len() > BEHIND
    }

    pub(super) fn take(&mut self) -> Self {
        Self { files: std::mem::take(&mut self.files), names: std::mem::take(&mut self.names), hurry: None }
    }

    /// All but what is being written: whoever writes there would wait for it.
    fn take_ended(&mut self) -> Self {
        let newest = self.files.pop();
        let ended = self.take();
        self.files.extend(newest);
        ended
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
    /// In here is its only sender, whose end is the word to stop.
    unwritten: Unwritten,
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
        let (hurry, word) = mpsc::sync_channel(1);
        unwritten.lock().hurry = Some(hurry);
        let pending = unwritten.clone();
        let thread = spawn(Box::new(move || {
            let mut next = Instant::now() + every;
            loop {
                let (taken, all) = match word.recv_timeout(next.saturating_duration_since(Instant::now())) {
                    Ok(()) => (pending.lock().take_ended(), false),
                    Err(mpsc::RecvTimeoutError::Timeout) => (pending.lock().take(), true),
                    Err(mpsc::RecvTimeoutError::Disconnected) => return,
                };
                if let Err(error) = taken.write_through(&*medium) {
                    return failed(&error);
                }
                if all {
                    next = Instant::now() + every;
                }
            }
        }))?;
        Ok(Self { unwritten, thread: Some(thread) })
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.unwritten.lock().hurry = None;
        if let Some(thread) = self.thread.take() {
            // It has nothing to report that it did not log.
            let _ = thread.join();
        }
    }
}
