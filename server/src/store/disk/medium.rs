//! The little a store asks of a file system, so that tests can bring one that fails on purpose.
//!
//! Names are files of one folder. Decides nothing and repairs nothing.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

/// A folder of files.
pub(super) trait Medium: Send + Sync + fmt::Debug {
    /// Where it is, for people.
    fn path(&self) -> &Path;
    fn names(&self) -> io::Result<Vec<String>>;
    /// A new file, for writing. One of this name that was there is emptied.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;
    /// A file that is there, for writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;
    /// At most so many bytes; fewer only at the file's end.
    fn read(&self, name: &str, at: u64, most: usize) -> io::Result<Vec<u8>>;
    fn length(&self, name: &str) -> io::Result<u64>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Writes names through: files made, renamed, removed.
    fn sync(&self) -> io::Result<()>;
}

/// A file being written.
pub(super) trait File: Send + Sync + fmt::Debug {
    /// All of it, or an error after any part of it.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts it to a length.
    fn cut(&self, length: u64) -> io::Result<()>;
    /// Writes it through. Whatever this says after an error proves nothing.
    fn sync(&self) -> io::Result<()>;
}

/// The whole of a file. Where the disk gives nothing, zeros: their readers find out by checksums.
pub(super) fn whole(medium: &dyn Medium, name: &str) -> io::Result<Vec<u8>> {
    let length = usize::try_from(medium.length(name)?).unwrap_or(usize::MAX);
    read(medium, name, 0, length)
}

/// As [`Medium::read`], but a place that cannot be read costs no more than its block.
pub(super) fn read(medium: &dyn Medium, name: &str, at: u64, most: usize) -> io::Result<Vec<u8>> {
    /// What a disk loses at once.
    const BLOCK: usize = 4096;
    match medium.read(name, at, most) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let end = medium.length(name)?.min(at.saturating_add(most as u64));
            let mut out = Vec::new();
            while at + (out.len() as u64) < end {
                let here = at + out.len() as u64;
                let some = BLOCK.min((end - here) as usize);
                let block = medium.read(name, here, some).ok().filter(|block| block.len() == some);
                out.extend(block.unwrap_or_else(|| vec![0; some]));
            }
            tracing::error!(target: "eventwire::store::unreadable", file = name, %error);
            Ok(out)
        }
        read => read,
    }
}

/// Writes a small file so that it is there as it was or as it is to be, whenever the power goes.
pub(super) fn replace(medium: &dyn Medium, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{name}.new");
    let file = medium.create(&new)?;
    file.write(0, bytes)?;
    file.sync()?;
    medium.rename(&new, name)?;
    medium.sync()
}

/// A real folder.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
}

impl Files {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Medium for Files {
    fn path(&self) -> &Path {
        &self.path
    }

    fn names(&self) -> io::Result<Vec<String>> {
        // A name that is no text is none of ours.
        let names = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = OpenOptions::new().create(true).truncate(true).write(true).open(self.at(name))?;
        Ok(Arc::new(Real(file)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(Real(OpenOptions::new().write(true).open(self.at(name))?)))
    }

    fn read(&self, name: &str, at: u64, most: usize) -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(self.at(name))?;
        file.seek(SeekFrom::Start(at))?;
        let mut out = Vec::new();
        file.take(most as u64).read_to_end(&mut out)?;
        Ok(out)
    }

    fn length(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.at(name))?.len())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.at(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync_folder(&self.path)
    }
}

/// Only Unix opens folders as files.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) }
}

#[derive(Debug)]
struct Real(fs::File);

impl File for Real {
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        // Only one thread writes a file; others only write it through.
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_all_at(&self.0, bytes, at);
        #[cfg(not(unix))]
        {
            let mut file = &self.0;
            file.seek(SeekFrom::Start(at))?;
            io::Write::write_all(&mut file, bytes)
        }
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
