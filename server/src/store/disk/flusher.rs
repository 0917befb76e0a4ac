//! Writes through at an interval, and makes the store read-only when that fails.
//!
//! A write-through that failed is not tried again: the system may have dropped what it could not write, and would then say
//! yes to nothing.

use super::medium::File;
use parking_lot::Mutex;
use std::{
    io,
    sync::{Arc, mpsc},
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// The file that was written last, if it is not written through.
pub(super) type Unwritten = Arc<Mutex<Option<Arc<dyn File>>>>;

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
        unwritten: Unwritten,
        failed: impl FnOnce(&io::Error) + Send + 'static,
    ) -> io::Result<Self> {
        // Nothing is ever sent: the end of the sender is the word.
        let (stop, stopped) = mpsc::sync_channel::<()>(1);
        let thread = spawn(Box::new(move || {
            while stopped.recv_timeout(every) == Err(mpsc::RecvTimeoutError::Timeout) {
                let file = unwritten.lock().take();
                if let Some(Err(error)) = file.map(|file| file.sync()) {
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
