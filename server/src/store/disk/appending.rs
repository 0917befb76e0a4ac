//! One batch on its way into the folder: who waits for the disk, in what order all is done, and what a failure means.
//!
//! How bytes come into files, `writer` knows; from when on anyone is shown a batch is decided here.

use super::{Committed, Health, Inner, Sync, Writing, folder, read_only, writer::Failure};
use crate::store::{Acked, AppendError, Record, StoreError, StoreErrorKind};
use eventwire::{Epoch, Offset, Position};
use parking_lot::MutexGuard;
use std::{io, sync::Arc, time::Instant};

impl Inner {
    /// What is needed to write a batch where its user is, instead of on a thread that may wait: nobody else writes, it
    /// goes into the page cache of a file that has room, and that has been fast lately.
    pub(super) fn at_once(&self, batch: &[Arc<Record>]) -> Option<MutexGuard<'_, Writing>> {
        /// Bytes of payload that are copied in less time than it takes to wake another thread up, about.
        const LITTLE: usize = 256 << 10;
        let writing = self.writing.try_lock()?;
        let short = || batch.iter().map(|record| record.payload.as_str().len()).sum::<usize>() <= LITTLE;
        let now = matches!(*self.sync.lock(), Sync::Every(_))
            && !writing.writer.is_to_begin()
            && short()
            && writing.pace.is_quick(Instant::now);
        now.then_some(writing)
    }

    pub(super) fn append(&self, epoch: Epoch, records: Vec<Arc<Record>>) -> Result<Acked, AppendError> {
        self.write(&mut self.writing.lock(), epoch, records)
    }

    pub(super) fn write(
        &self,
        writing: &mut Writing,
        epoch: Epoch,
        records: Vec<Arc<Record>>,
    ) -> Result<Acked, AppendError> {
        let began = Instant::now();
        self.check().map_err(AppendError::Refused)?;
        let Committed { epoch: current, head, .. } = *self.committed.borrow();
        if current != epoch {
            return Err(AppendError::WrongEpoch(current));
        }
        let through = *self.sync.lock() == Sync::Always;
        let begins = writing.writer.is_to_begin();
        writing.writer.append(head.0, &records, through).map_err(|failure| self.not_appended(&failure))?;
        let acked = Acked { first: (!records.is_empty()).then(|| head.next()) };
        let head = Offset(head.0 + records.len() as u64);
        // Before anyone sees it: a later start must find at least this much, or tell.
        if let Err(error) = writing.life.mark(Position { epoch, offset: head }) {
            // It costs knowledge of a damaged end, and no event.
            tracing::warn!(target: "eventwire::store::unmarked", %error);
        }
        // Where another file begins nobody waits for it anyway, and what it takes says nothing of what follows.
        if !begins {
            writing.pace.took(began, Instant::now());
        }
        self.committed.send_replace(Committed { epoch, head, batch: records.into() });
        Ok(acked)
    }

    fn not_appended(&self, failure: &Failure) -> AppendError {
        let Failure { error, unknown, fatal } = failure;
        let error = if *fatal {
            let error = read_only(&self.path, error);
            *self.health.lock() = Health::ReadOnly(error.clone());
            error
        } else {
            let kind =
                if error.kind() == io::ErrorKind::InvalidInput { StoreErrorKind::Refused } else { folder::kind(error) };
            let next = match kind {
                StoreErrorKind::Full => "; make room, and it goes on by itself",
                StoreErrorKind::Refused => "",
                _ => "; see to the disk, and publish again",
            };
            let path = self.path.display();
            StoreError::new(kind, format!("could not append to the disk store {path}: {error}{next}"))
        };
        if *unknown { AppendError::Indeterminate(error) } else { AppendError::Refused(error) }
    }
}
