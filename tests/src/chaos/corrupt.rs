//! Random damage to the files of a disk store in either of its modes, then a start: it succeeds, what is lost is told
//! exactly, nothing comes back that was not published, and no position is given twice.
//!
//! What a file holds is read here by its own few lines, not by the store's.

use super::{Tally, chance::Chance};
use crate::mode::Mode;
use eventwire::{Epoch, EventName, Offset, Payload, Topic};
use eventwire_server::store::{Bounds, Disk, Fed, Producer, Record, Store};
use futures_util::StreamExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Files small enough that a short life fills several.
const FILE: u64 = 2 << 10;

type Files = BTreeMap<String, Vec<u8>>;

/// A store's life, and what it left.
struct Life {
    folder: tempfile::TempDir,
    epoch: Epoch,
    bounds: Bounds,
    /// Numbers of the events by offset.
    accepted: BTreeMap<u64, u64>,
    kept: Vec<u64>,
    files: Files,
}

/// What a start finds.
struct Found {
    bounds: Bounds,
    present: BTreeMap<u64, u64>,
    lost: BTreeSet<u64>,
    kept: Vec<u64>,
    torn: u64,
}

/// So many corruptions, from a seed on.
pub fn run(count: u64, seed: u64) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut tally = Tally::default();
    for seed in (0..count).map(|n| seed.wrapping_add(n)) {
        tally.runs += 1;
        if let Err(violation) = runtime.block_on(one(seed)) {
            tally.violations += 1;
            println!("{violation}\n  again: cargo xtask chaos --corrupt 1 --seed {seed}");
        }
    }
    let always = (0..count).filter(|n| mode(seed.wrapping_add(*n)) == Mode::ALWAYS).count() as u64;
    println!("{always} of a store that writes through always, {} of one that does at an interval", count - always);
    tally
}

/// The modes by turns.
fn mode(seed: u64) -> Mode {
    if seed.is_multiple_of(2) { Mode::every(0) } else { Mode::ALWAYS }
}

async fn one(seed: u64) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let mode = mode(seed);
    let life = live(&mut chance, mode).await.map_err(|error| format!("before any damage: {error}"))?;
    let path = life.folder.path();
    let mut story = Vec::new();
    for _ in 0..=chance.below(3) {
        story.push(damage(&mut chance, path));
    }
    let left = read_files(path);
    let at = |error: String| format!("{error}\n  after: {}", story.join(", "));
    let found = start(path, mode).await.map_err(at)?;
    judge(&life, &left, &found).map_err(at)?;
    // Put right once, it stays right; and what comes next lies behind everything that was shown.
    let disk = open(path, mode).map_err(at)?;
    let acked = disk.append(found.bounds.epoch, vec![record(9_999)]).await.map_err(|error| at(format!("{error:?}")))?;
    drop(disk);
    let next = acked.first.map_or(0, |first| first.0);
    if found.bounds.epoch == life.epoch && next <= life.bounds.head.0 {
        return Err(at(format!("offset {next} was given again: {:?} had been shown", life.bounds)));
    }
    let again = start(path, mode).await.map_err(at)?;
    let mut expected = found.present.clone();
    expected.insert(next, 9_999);
    if again.present != expected || again.lost != found.lost || again.bounds.epoch != found.bounds.epoch {
        return Err(at(format!("a second start found {:?} and lost {:?}", again.present, again.lost)));
    }
    Ok(())
}

/// Publishes, forgets, stops or is killed.
async fn live(chance: &mut Chance, mode: Mode) -> Result<Life, String> {
    // In memory where that can be had: a disk's own pace adds nothing here.
    let base = Path::new("/dev/shm");
    let base = if base.is_dir() { base.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(base).map_err(|error| error.to_string())?;
    let path = folder.path();
    let (mut accepted, mut number, mut kept) = (BTreeMap::new(), 0, Vec::new());
    let mut disk = open(path, mode)?;
    for _ in 0..5 + chance.below(25) {
        let bounds = disk.bounds().await.map_err(|error| error.to_string())?;
        match chance.below(12) {
            0 if bounds.head.0 > bounds.first.0 => {
                let before = bounds.first.0 + chance.below(bounds.head.0 - bounds.first.0);
                kept.extend((bounds.first.0..before).filter(|_| chance.one_in(4)));
                let keep: Vec<_> = kept.iter().copied().map(Offset).collect();
                disk.trim(Offset(before), &keep).await.map_err(|error| error.to_string())?;
            }
            1 => {
                drop(disk);
                disk = open(path, mode)?;
            }
            _ => {
                let batch: Vec<_> = (0..=chance.below(6))
                    .map(|_| {
                        number += 1;
                        record(number)
                    })
                    .collect();
                let numbers = number + 1 - batch.len() as u64..=number;
                let acked = disk.append(bounds.epoch, batch).await.map_err(|error| format!("{error:?}"))?;
                accepted.extend((acked.first.map_or(0, |first| first.0)..).zip(numbers));
            }
        }
    }
    let bounds = disk.bounds().await.map_err(|error| error.to_string())?;
    // As it is when killed: what a clean end would write is taken back, each file the same file.
    let killed = (!chance.one_in(3)).then(|| read_files(path));
    drop(disk);
    for (name, bytes) in killed.iter().flatten() {
        fs::write(path.join(name), bytes).map_err(|error| error.to_string())?;
    }
    let files = read_files(path);
    Ok(Life { epoch: bounds.epoch, bounds, accepted, kept, files, folder })
}

fn open(path: &Path, mode: Mode) -> Result<Disk, String> {
    let disk = Disk::open_in_files_of(path, FILE).map_err(|error| format!("the start failed: {error}"))?;
    Ok(disk.sync(mode.0))
}

async fn start(path: &Path, mode: Mode) -> Result<Found, String> {
    let disk = open(path, mode)?;
    let bounds = disk.bounds().await.map_err(|error| error.to_string())?;
    let (mut present, mut lost) = (BTreeMap::new(), BTreeSet::new());
    let mut next = bounds.first.0;
    let mut tail = Box::pin(disk.tail(bounds.epoch, bounds.first).await.map_err(|end| end.to_string())?);
    while next <= bounds.head.0 {
        match tail.next().await {
            Some(Ok(Fed::Record(at, record))) => {
                if at.0 != next {
                    return Err(format!("the tail jumps from {next} to {at} without a word"));
                }
                present.insert(at.0, record.producer.as_ref().map_or(0, |producer| producer.seq));
                next = at.0 + 1;
            }
            Some(Ok(Fed::Undecodable(at, _))) => {
                lost.extend(next..=at.0);
                next = at.0 + 1;
            }
            Some(Ok(Fed::Idle(_))) => {}
            other => return Err(format!("the tail ended before the head: {other:?}")),
        }
    }
    let kept = disk.kept().await.map_err(|error| error.to_string())?;
    let torn = disk.forgotten().await.map_err(|error| error.to_string())?.map_or(0, |known| known.torn.0);
    Ok(Found { bounds, present, lost, kept: kept.into_iter().map(|(at, _)| at.0).collect(), torn })
}

fn judge(life: &Life, left: &Files, found: &Found) -> Result<(), String> {
    for (at, number) in &found.present {
        // In an epoch of its own an offset may come again, an event that never was may not.
        if life.accepted.get(at) != Some(number) {
            return Err(format!("{number} at {at} was never published there"));
        }
    }
    let touched = |name: &str| left.get(name) != life.files.get(name);
    if found.bounds.epoch != life.epoch {
        return match ["order", "mark", "lock"].into_iter().any(touched) {
            true => Ok(()),
            false => Err("another epoch, though all that tells of this one is there".into()),
        };
    }
    if found.bounds.head != life.bounds.head {
        return Err(format!("the head was {}, now it is {}", life.bounds.head, found.bounds.head));
    }
    if !touched("below") && found.bounds.first != life.bounds.first {
        return Err(format!("the first was {}, now it is {}", life.bounds.first, found.bounds.first));
    }
    let intact = intact(&life.files, left);
    for at in life.accepted.keys().filter(|at| **at >= life.bounds.first.0) {
        let (here, told) = (found.present.contains_key(at), found.lost.contains(at));
        if here == told {
            return Err(format!("{at} is here: {here}, and told as lost: {told}"));
        }
        if intact.contains(at) && !here {
            return Err(format!("{at} lies in its file as it was written, and is told as lost"));
        }
    }
    for at in life.kept.iter().filter(|at| **at < life.bounds.first.0) {
        let here = found.kept.contains(at) || found.present.contains_key(at);
        if !here && !found.lost.contains(at) && found.torn < *at {
            return Err(format!("{at} was to be kept, is gone, and nobody is told"));
        }
    }
    Ok(())
}

/// Offsets whose records lie where they were written, as they were written.
fn intact(before: &Files, after: &Files) -> BTreeSet<u64> {
    let mut out = BTreeSet::new();
    for (name, bytes) in before.iter().filter(|(name, _)| name.ends_with(".events")) {
        let Some(now) = after.get(name) else { continue };
        let mut at = 0;
        // A record: magic, checksum, length and number, eight bytes of its batch, its line.
        while let Some(head) = bytes.get(at..at + 28) {
            let length = u32::from_le_bytes(head[8..12].try_into().expect("four bytes")) as usize;
            let end = at + 28 + length;
            if now.get(at..end) == bytes.get(at..end) {
                out.insert(u64::from_le_bytes(head[12..20].try_into().expect("eight bytes")));
            }
            at = end;
        }
    }
    out
}

/// Damages one file; says how.
fn damage(chance: &mut Chance, path: &Path) -> String {
    let mut files: Vec<PathBuf> = read_files(path).into_keys().map(|name| path.join(name)).collect();
    // Most damage is where most bytes are.
    let events: Vec<_> = files.iter().filter(|file| file.extension().is_some()).cloned().collect();
    if !events.is_empty() && !chance.one_in(4) {
        files = events;
    }
    if files.is_empty() {
        return "nothing left to damage".into();
    }
    let file = files[chance.index(files.len())].clone();
    let mut bytes = fs::read(&file).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = chance.index(bytes.len().max(1));
    let said = match chance.below(6) {
        _ if bytes.is_empty() => {
            let _ = fs::remove_file(&file);
            return format!("{name} removed");
        }
        0 => {
            let _ = fs::remove_file(&file);
            return format!("{name} removed");
        }
        1 => {
            bytes.truncate(at);
            format!("{name} cut at {at}")
        }
        2 => {
            let end = (at + 1 + chance.index(600)).min(bytes.len());
            bytes[at..end].fill(0);
            format!("{name} zero from {at} to {end}")
        }
        3 => {
            bytes.extend_from_within(at..);
            format!("{name} doubled from {at}")
        }
        _ => {
            bytes[at] ^= 1 << chance.below(8);
            format!("{name} flipped at {at}")
        }
    };
    // In place: it stays the same file.
    let _ = fs::write(&file, bytes);
    said
}

fn read_files(path: &Path) -> Files {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, fs::read(entry.path()).ok()?))).collect()
}

fn record(number: u64) -> Arc<Record> {
    Arc::new(Record {
        epoch: None,
        producer: Some(Producer { tag: "chaos".into(), seq: number }),
        key: None,
        time: number,
        topic: Topic::parse(&format!("topic.{}", number % 7)).expect("a topic"),
        name: EventName::parse("tick").expect("a name"),
        payload: Payload::parse(&format!("{{\"n\":{number},\"pad\":\"{}\"}}", "x".repeat((number % 90) as usize)))
            .expect("a payload"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_random_damages_are_told_exactly() {
        assert_eq!(run(60, 1), Tally { runs: 60, violations: 0 });
    }
}
