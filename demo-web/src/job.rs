//! A job with progress: SHA-256 over every file of a folder, told on a topic of its own.

use crate::publisher::Publisher;
use eventwire_demo::{Demo, Job};
use sha2::{Digest, Sha256};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Most files of one job, and most bytes of it: a visitor's press has an end, some seconds later.
const FILES: usize = 20_000;
const BYTES: u64 = 128 << 20;
/// Jobs remembered for pages that load later.
const REMEMBERED: usize = 5;

/// The jobs of this run, newest last. A clone is another handle on the same list.
#[derive(Clone, Default)]
pub(crate) struct Jobs(Arc<Mutex<Vec<Job>>>);

impl Jobs {
    /// What the last jobs told last.
    pub(crate) fn list(&self) -> Vec<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hashes `folder` and tells progress ten times a second; `None` while another job runs.
    pub(crate) fn start(&self, publisher: Publisher, folder: PathBuf, id: String) -> Option<String> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.last().is_some_and(|job| job.digest.is_none()) {
            return None;
        }
        let job = Job {
            n: 0,
            id: id.clone(),
            folder: folder.display().to_string(),
            files: 0,
            of_files: 0,
            bytes: 0.0,
            last: None,
            digest: None,
        };
        list.push(job.clone());
        if list.len() > REMEMBERED {
            list.remove(0);
        }
        let jobs = self.clone();
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            hash(&folder, job, |job| {
                runtime.block_on(publisher.every(&format!("jobs.{}", job.id), |n| {
                    let told = Job { n, ..job.clone() };
                    jobs.remember(told.clone());
                    Demo::Job(told)
                }));
            });
        });
        Some(id)
    }

    fn remember(&self, told: Job) {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(job) = list.iter_mut().find(|job| job.id == told.id) {
            *job = told;
        }
    }
}

fn hash(folder: &Path, mut job: Job, mut tell: impl FnMut(&Job)) {
    let files = files(folder);
    job.of_files = files.len() as u32;
    tell(&job);
    let (mut sha, mut buffer, mut told) = (Sha256::new(), vec![0; 256 << 10], Instant::now());
    let mut bytes = 0_u64;
    for (path, size) in files {
        // A file may grow meanwhile; what was not counted is not read.
        if let Ok(mut file) = File::open(&path).map(|file| file.take(size)) {
            while let Ok(n @ 1..) = file.read(&mut buffer) {
                sha.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
        job.files += 1;
        job.bytes = bytes as f64;
        job.last = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if told.elapsed() >= Duration::from_millis(100) {
            tell(&job);
            told = Instant::now();
        }
    }
    job.digest = Some(sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
    tell(&job);
}

/// The files below `folder` and their sizes, in a stable order, as many as one job may read; links are not followed.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut folders, mut bytes) = (Vec::new(), vec![folder.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        let mut entries: Vec<_> = entries.flatten().collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => {
                    let size = entry.metadata().map_or(0, |data| data.len());
                    bytes += size;
                    if found.len() == FILES || bytes > BYTES {
                        return found;
                    }
                    found.push((entry.path(), size));
                }
                _ => {}
            }
        }
    }
    found
}
