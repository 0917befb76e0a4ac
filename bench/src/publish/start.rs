//! How long a start takes when very much lies in the folder: after a clean end, and after none.
//!
//! Filled through the store's own door, in batches as large as the hub's, by a process of its own, which then ends as if
//! killed: it closes nothing.

use std::{
    error::Error,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use eventwire::Events;
use eventwire_server::{
    Hub,
    store::{Disk, Record, Store, Sync},
};

use super::{EVERY, runtime, texts};
use crate::{
    report::{Bar, Report},
    stream::Load,
    topics::memory::topics_of,
};

/// Records of one batch.
const BATCH: usize = 512;

/// Fills a folder, and opens it both ways; the page cache is dropped before where that is allowed.
pub(super) fn measure(bytes: u64, folder: &Path, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let place = tempfile::tempdir_in(folder)?;
    let began = Instant::now();
    let mut filling = Command::new(std::env::current_exe()?);
    filling.args(["publish", "--fill", &bytes.to_string(), "--folder"]).arg(place.path()).stdout(Stdio::null());
    let status = filling.status()?;
    if status.code() != Some(KILLED) {
        return Err(format!("filling the folder ended with {status}").into());
    }
    let lies: u64 =
        std::fs::read_dir(place.path())?.flatten().filter_map(|file| Some(file.metadata().ok()?.len())).sum();
    report.figure("start_folder_gib", lies as f64 / f64::from(1 << 30), "GiB");
    report.figure("start_filled_in_s", began.elapsed().as_secs_f64(), "s");
    // The store alone first: a hub keeps what it is told to keep, and would leave little of the folder to the next start.
    let within = Bar::AtMost { must: 10.0, aim: 3.0 };
    // A folder that is only there to be tried is no reason to slow the whole machine down.
    let drop_page_cache = || bytes >= 1 << 30 && drop_page_cache();
    report.figure("start_page_cache_dropped", f64::from(u8::from(drop_page_cache())), "");
    let began = Instant::now();
    let disk = Disk::open(place.path())?;
    report.against("start_unclean_open_s", began.elapsed().as_secs_f64(), "s", within);
    drop(disk);
    drop_page_cache();
    let (opened, ready) = open(place.path())?;
    report.against("start_clean_open_s", opened, "s", within);
    report.against("start_clean_hub_ready_s", ready, "s", within);
    Ok(())
}

/// How a process ends here that closes nothing.
const KILLED: i32 = 86;

/// Fills a folder, and ends this process without closing it.
pub(super) fn fill(bytes: u64, folder: &Path) -> Result<(), Box<dyn Error>> {
    let topics = topics_of(100)?;
    let events = texts().into_iter().map(|text| Load::Filled(text).encode()).collect::<Result<Vec<_>, _>>()?;
    runtime()?.block_on(async {
        let disk = Disk::open(folder)?.sync(Sync::Every(EVERY));
        let epoch = disk.bounds().await?.epoch;
        let (mut written, mut turn) = (0, 0);
        while written < bytes {
            let record = |turn: usize| {
                let (name, payload) = events[turn % events.len()].clone();
                let topic = topics[turn % topics.len()].clone();
                Record { epoch: Some(epoch), producer: None, key: None, time: 0, topic, name, payload }
            };
            let batch: Vec<Arc<Record>> = (turn..turn + BATCH).map(record).map(Arc::new).collect();
            written += batch.iter().map(|record| record.encode().len() as u64).sum::<u64>();
            turn += BATCH;
            disk.append(epoch, batch).await.map_err(|error| format!("{error:?}"))?;
        }
        std::process::exit(KILLED)
    })
}

/// Seconds until the store is open, and until a hub over it can serve any reader; then a clean end.
fn open(folder: &Path) -> Result<(f64, f64), Box<dyn Error>> {
    let runtime = runtime()?;
    let began = Instant::now();
    let disk = Disk::open(folder)?;
    let opened = began.elapsed().as_secs_f64();
    let ready = runtime.block_on(async {
        let hub = Hub::<Load>::builder().store(disk).build().await?;
        let ready = began.elapsed().as_secs_f64();
        let before = hub.position().offset;
        let after = hub.publish("room.0", &Load::Filled("one more".into())).await?.offset;
        if after != before.next() || hub.stats().events == 0 {
            return Err(format!("the hub was at {before}, and its next event is {after}").into());
        }
        Ok::<_, Box<dyn Error>>(ready)
    })?;
    Ok((opened, ready))
}

/// Whether the system took its copy of what is on the disk away: only root may ask for that.
fn drop_page_cache() -> bool {
    let _ = Command::new("sync").status();
    std::fs::write("/proc/sys/vm/drop_caches", "1").is_ok()
}
