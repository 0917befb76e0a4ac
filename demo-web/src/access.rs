//! The demo's own access log: the server writes a line for each request, the publisher reads them as they come.
//!
//! A file between two processes, as anywhere: the server may die at any line. Publishing and polling are left out.

use crate::publisher::Publisher;
use axum::{extract::Request as Asked, middleware::Next, response::Response};
use eventwire_demo::{Demo, Request, now};
use std::{
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Longest path that is kept, in characters.
const PATH: usize = 120;
/// The file begins anew beyond this many bytes.
const LARGEST: u64 = 16 << 20;

/// Where the server writes. A clone is another handle on the same file.
#[derive(Clone)]
pub(crate) struct AccessLog(Arc<Mutex<File>>);

impl AccessLog {
    /// Opens the log in `folder`, after what it holds.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path(folder))?;
        Ok(Self(Arc::new(Mutex::new(file))))
    }

    /// The layer that writes a line per answer.
    pub(crate) async fn layer(self, request: Asked, next: Next) -> Response {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = next.run(request).await;
        if path != "/publish" && path != "/sessions.json" {
            let path: String = path.chars().take(PATH).collect();
            let line = Request { n: 0, at: now(), method, path, status: response.status().as_u16() };
            if let Err(error) = self.write(&line) {
                eprintln!("the access log could not be written: {error}");
            }
        }
        response
    }

    fn write(&self, line: &Request) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if file.metadata()?.len() > LARGEST {
            file.set_len(0)?;
        }
        file.write_all(text.as_bytes())
    }
}

/// Publishes every line for ever: `log.access`.
pub(crate) async fn follow(publisher: Publisher, folder: PathBuf) -> io::Result<()> {
    let file = OpenOptions::new().create(true).append(true).read(true).open(path(&folder))?;
    let mut lines = BufReader::new(tokio::fs::File::from_std(file));
    let (mut line, mut read) = (String::new(), 0_u64);
    loop {
        let n = lines.read_line(&mut line).await?;
        read += n as u64;
        if line.ends_with('\n') {
            if let Ok(request) = serde_json::from_str::<Request>(&line) {
                publisher.every("log.access", |n| Demo::Request(Request { n, ..request })).await;
            }
            line.clear();
        } else if n == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut file = lines.get_ref().try_clone().await?.into_std().await;
            if file.metadata()?.len() < read {
                // The server began the file anew.
                file.seek(SeekFrom::Start(0))?;
                (lines, read) = (BufReader::new(tokio::fs::File::from_std(file)), 0);
                line.clear();
            }
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("access.log")
}
