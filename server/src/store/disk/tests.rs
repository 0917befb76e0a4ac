//! The disk store: the suite, and what only a folder can suffer.

use super::*;
use crate::store::{
    Fed, StoreErrorKind,
    suite::{self, Kind, record},
};
use futures_util::StreamExt;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

struct Folders;

impl Kind for (TempDir, Folders) {
    type Store = Disk;
    fn open() -> (Disk, Self) {
        let dir = tempfile::tempdir().unwrap();
        (Disk::open(dir.path()).unwrap(), (dir, Folders))
    }
}

suite::suite!((TempDir, Folders));

async fn add(disk: &Disk, seqs: std::ops::RangeInclusive<u64>) {
    let epoch = disk.inner.bounds().epoch;
    let batch = seqs.map(|seq| record("w", seq, "a.b")).collect();
    disk.append(epoch, batch).await.unwrap();
}

/// Everything a disk holds from its first on: the numbers of its records, `None` for what has no form.
async fn contents(disk: &Disk) -> Vec<Option<u64>> {
    let bounds = disk.inner.bounds();
    let mut tail = disk.tail(bounds.epoch, bounds.first).await.unwrap();
    let (mut out, mut last) = (Vec::new(), Offset(bounds.first.0 - 1));
    while last < bounds.head {
        match tail.next().await.unwrap().unwrap() {
            Fed::Record(at, record) => {
                out.push(record.producer.map(|producer| producer.seq));
                last = at;
            }
            Fed::Undecodable(at, _) => {
                out.push(None);
                last = at;
            }
            Fed::Idle(at) => last = at,
        }
    }
    out
}

/// The folder as a killed process leaves it: copied while it is open.
fn killed(disk: &Disk, to: &TempDir) -> PathBuf {
    let to = to.path().join(format!("copy-{}", fastrand::u64(..)));
    duplicate(disk.inner.appending.lock().path(), &to);
    to
}

fn duplicate(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            duplicate(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn journal(folder: &Path) -> PathBuf {
    let journals = fs::read_dir(folder.join("log")).unwrap().map(|entry| entry.unwrap().path());
    journals.filter(|path| path.extension().is_some_and(|kind| kind == "jnl")).max().unwrap()
}

/// Where the last byte that is not padding ends.
fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1)
}

#[tokio::test]
async fn a_clean_stop_keeps_everything_and_the_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    add(&disk, 1..=100).await;
    disk.trim(Offset(41), &[Offset(7)]).await.unwrap();
    let (bounds, kept) = (disk.inner.bounds(), disk.kept().await.unwrap());
    drop(disk);
    let disk = Disk::open(dir.path()).unwrap();
    assert_eq!(disk.inner.bounds(), bounds);
    assert_eq!(disk.kept().await.unwrap(), kept);
    assert_eq!(contents(&disk).await, (41..=100).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_unclean_stop_keeps_everything_accepted_and_the_epoch_in_both_modes() {
    for sync in [Sync::Always, Sync::Every(Duration::from_secs(60))] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path().join("first")).unwrap().sync(sync);
        add(&disk, 1..=40).await;
        add(&disk, 41..=50).await;
        let again = Disk::open(killed(&disk, &dir)).unwrap();
        assert_eq!(again.inner.bounds(), disk.inner.bounds(), "{sync:?}");
        assert_eq!(contents(&again).await, (1..=50).map(Some).collect::<Vec<_>>(), "{sync:?}");
    }
}

#[tokio::test]
async fn an_unclean_stop_of_the_machine_renews_the_epoch_unless_every_event_was_written_through() {
    for (sync, same) in [(Sync::Always, true), (Sync::Every(Duration::from_secs(60)), false)] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path().join("first")).unwrap().sync(sync);
        add(&disk, 1..=5).await;
        let copy = killed(&disk, &dir);
        let run = fs::read_to_string(copy.join("run")).unwrap();
        let (mode, _) = run.split_once(' ').unwrap();
        fs::write(copy.join("run"), format!("{mode} another-boot")).unwrap();
        let again = Disk::open(copy).unwrap();
        assert_eq!(again.inner.bounds().epoch == disk.inner.bounds().epoch, same, "{sync:?}");
        assert_eq!(again.inner.bounds().head, Offset(5));
    }
}

/// What an operator does who has put back a copy.
#[tokio::test]
async fn a_folder_that_does_not_say_how_its_last_run_ended_begins_another_epoch_and_keeps_its_events() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    add(&disk, 1..=3).await;
    let old = disk.inner.bounds();
    drop(disk);
    fs::remove_file(dir.path().join("run")).unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    assert_ne!(disk.inner.bounds().epoch, old.epoch);
    assert_eq!(contents(&disk).await, [Some(1), Some(2), Some(3)]);
}

/// D3: the last record torn, at every byte of the last write.
#[tokio::test]
async fn a_torn_end_is_cut_and_what_was_shown_of_it_renews_the_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path().join("first")).unwrap();
    add(&disk, 1..=3).await;
    let before = fs::read(journal(&killed(&disk, &dir))).unwrap();
    add(&disk, 4..=4).await;
    let copy = killed(&disk, &dir);
    let whole = fs::read(journal(&copy)).unwrap();
    let (from, upto) = (written(&before), written(&whole));
    assert!(from < upto);
    for cut in from..upto {
        fs::write(journal(&copy), &whole[..cut]).unwrap();
        let torn = dir.path().join(cut.to_string());
        duplicate(&copy, &torn);
        let again = Disk::open(&torn).unwrap();
        assert_eq!(again.inner.bounds().head, Offset(4), "cut at {cut}: no offset is given twice");
        assert_ne!(again.inner.bounds().epoch, disk.inner.bounds().epoch, "cut at {cut}: 4 was shown");
        assert_eq!(contents(&again).await, [Some(1), Some(2), Some(3), None], "cut at {cut}");
        // Put right once, it stays right.
        if cut % 16 == 0 {
            let bounds = again.inner.bounds();
            drop(again);
            let again = Disk::open(&torn).unwrap();
            assert_eq!(again.inner.bounds(), bounds, "cut at {cut}");
            add(&again, 5..=5).await;
            let bounds = again.inner.bounds();
            drop(again);
            assert_eq!(Disk::open(&torn).unwrap().inner.bounds(), bounds, "cut at {cut}");
        }
        fs::remove_dir_all(&torn).unwrap();
    }
}

#[tokio::test]
async fn a_torn_end_that_no_one_was_shown_keeps_the_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path().join("first")).unwrap();
    add(&disk, 1..=3).await;
    let mark = fs::read(killed(&disk, &dir).join("mark")).unwrap();
    add(&disk, 4..=4).await;
    let copy = killed(&disk, &dir);
    // Killed after a part of the write, before its acknowledgement.
    let whole = fs::read(journal(&copy)).unwrap();
    fs::write(journal(&copy), &whole[..written(&whole) - 3]).unwrap();
    fs::write(copy.join("mark"), mark).unwrap();
    let again = Disk::open(copy).unwrap();
    assert_eq!(again.inner.bounds(), Bounds { head: Offset(3), ..disk.inner.bounds() });
}

#[tokio::test]
async fn a_record_without_form_is_told_and_the_others_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    add(&disk, 1..=4).await;
    add(&disk, 5..=5).await;
    disk.inner.log.insert(2u64.to_be_bytes(), "{\"v\":1,\"topic\":\"a b\"}").unwrap();
    disk.inner.log.remove(4u64.to_be_bytes()).unwrap();
    assert_eq!(contents(&disk).await, [Some(1), None, Some(3), None, Some(5)]);
}

#[tokio::test]
async fn a_database_that_cannot_be_read_is_moved_aside_and_a_new_epoch_begins() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    add(&disk, 1..=5).await;
    let old = disk.inner.bounds();
    drop(disk);
    for entry in fs::read_dir(dir.path().join("log")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::write(path, b"not what it was").unwrap();
        }
    }
    let disk = Disk::open(dir.path()).unwrap();
    assert_ne!(disk.inner.bounds().epoch, old.epoch);
    add(&disk, 1..=1).await;
    let names = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("damaged-")).count(), 1);
}

/// D8.
#[tokio::test]
async fn a_folder_in_use_is_refused_with_the_folder_and_the_holder() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    let error = Disk::open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Locked);
    let text = error.to_string();
    assert!(text.contains(&dir.path().display().to_string()), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    drop(disk);
    Disk::open(dir.path()).unwrap();
}

#[test]
fn a_path_that_cannot_be_a_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let text = Disk::open(file.join("data")).unwrap_err().to_string();
    assert!(text.contains("file/data"), "{text}");
}
