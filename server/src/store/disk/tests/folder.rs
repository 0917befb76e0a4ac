//! What happens to a whole folder: opened twice, copied, restarted, put into another mode.

use super::*;

#[tokio::test]
async fn a_clean_stop_keeps_everything_and_the_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    add(&disk, 1..=100);
    disk.trim(Offset(41), &[Offset(7)]).await.unwrap();
    let (bounds, kept) = (disk.inner.bounds(), disk.kept().await.unwrap());
    let forgotten = disk.forgotten().await.unwrap();
    drop(disk);
    let disk = Disk::open(dir.path()).unwrap();
    assert_eq!(disk.inner.bounds(), bounds);
    assert_eq!(disk.kept().await.unwrap(), kept);
    assert_eq!(disk.forgotten().await.unwrap(), forgotten);
    assert_eq!(contents(&disk), own(41..=100));
}

#[test]
fn an_unclean_stop_keeps_everything_accepted_and_the_epoch_in_both_modes() {
    for sync in [Sync::Always, Sync::Every(Duration::from_secs(60))] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("first")).unwrap();
        let disk = again(&dir.path().join("first")).sync(sync);
        add(&disk, 1..=40);
        add(&disk, 41..=50);
        duplicate(&dir.path().join("first"), &dir.path().join("killed"));
        let after = again(&dir.path().join("killed"));
        assert_eq!(after.inner.bounds(), disk.inner.bounds(), "{sync:?}");
        assert_eq!(contents(&after), own(1..=50), "{sync:?}");
    }
}

/// Nobody waits while files end and others begin; nothing is forgotten by that either.
#[test]
fn written_at_an_interval_files_that_ended_are_written_through_by_the_interval_a_clean_stop_and_the_next_start() {
    let idle: flusher::Spawn = |_| thread::Builder::new().spawn(|| {});
    let every = |medium: &simulated::Simulated, length, spawn| {
        let disk = Disk::over(Arc::new(medium.clone()), here(), 1, None).unwrap();
        disk.sync_with(Sync::Every(length), spawn)
    };
    let on_the_disk = |medium: &simulated::Simulated| {
        let left = medium.after_power_loss(false, simulated::Unwritten::Gone);
        contents(&Disk::over(Arc::new(left), after_reboot(), 1, None).unwrap())
    };
    for count in [1, 5, 50] {
        // By a clean stop.
        let medium = simulated::Simulated::default();
        let disk = every(&medium, Duration::from_secs(1), idle);
        (1..=count).for_each(|n| add(&disk, n..=n));
        // What waits is bounded.
        let waits = own(1..=count).len() - on_the_disk(&medium).iter().filter(|(_, seq)| seq.is_some()).count();
        assert!(waits <= flusher::NEWEST, "{waits}");
        drop(disk);
        assert_eq!(on_the_disk(&medium), own(1..=count));

        // By the next start, after a run that did not end.
        let medium = simulated::Simulated::default();
        let unended = every(&medium, Duration::from_secs(1), idle);
        (1..=count).for_each(|n| add(&unended, n..=n));
        let _next = Disk::over(Arc::new(medium.clone()), here(), 1, None).unwrap();
        assert_eq!(on_the_disk(&medium), own(1..=count));

        // By the interval.
        let medium = simulated::Simulated::default();
        let disk = every(&medium, Duration::from_millis(10), flusher::spawn);
        (1..=count).for_each(|n| add(&disk, n..=n));
        while on_the_disk(&medium) != own(1..=count) {
            thread::yield_now();
        }
    }
    // Before the interval, all but the newest few, if files end faster than that.
    let medium = simulated::Simulated::default();
    let disk = every(&medium, Duration::from_secs(60), flusher::spawn);
    (1..=5).for_each(|n| add(&disk, n..=n));
    while on_the_disk(&medium).len() < 3 {
        thread::yield_now();
    }
}

/// D9: put back from a backup, offsets have gone back.
#[test]
fn d9_a_folder_copied_back_begins_another_epoch_and_keeps_its_events() {
    let dir = tempfile::tempdir().unwrap();
    let (data, backup) = (dir.path().join("data"), dir.path().join("backup"));
    let disk = Disk::open(&data).unwrap();
    add(&disk, 1..=3);
    drop(disk);
    duplicate(&data, &backup);
    let disk = Disk::open(&data).unwrap();
    add(&disk, 4..=6);
    let old = disk.inner.bounds();
    drop(disk);
    // Both at once, so that no file of the copy is given the number of one that went.
    fs::rename(&data, dir.path().join("lost")).unwrap();
    duplicate(&backup, &data);
    let disk = Disk::open(&data).unwrap();
    assert_ne!(disk.inner.bounds().epoch, old.epoch);
    assert_eq!(contents(&disk), own(1..=3));
    let found = disk.inner.bounds();
    drop(disk);
    assert_eq!(Disk::open(&data).unwrap().inner.bounds(), found, "once");
}

#[test]
fn a_folder_moved_within_its_file_system_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::open(dir.path().join("data")).unwrap();
    add(&disk, 1..=3);
    let old = disk.inner.bounds();
    drop(disk);
    fs::rename(dir.path().join("data"), dir.path().join("moved")).unwrap();
    assert_eq!(Disk::open(dir.path().join("moved")).unwrap().inner.bounds(), old);
}

/// D8.
#[test]
fn d8_a_folder_in_use_is_refused_with_the_folder_and_the_holder() {
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

#[tokio::test]
async fn a_mode_that_cannot_be_kept_is_an_error_before_anything_is_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let no_thread: flusher::Spawn = |_| Err(io::Error::new(io::ErrorKind::WouldBlock, "no more threads"));
    let disk = Disk::open(dir.path()).unwrap().sync_with(Sync::Every(Duration::from_secs(1)), no_thread);
    let error = disk.bounds().await.unwrap_err().to_string();
    for part in [&dir.path().display().to_string(), "Every(1s)", "no more threads", "choose another mode"] {
        assert!(error.contains(part), "{error}");
    }
    let epoch = disk.inner.bounds().epoch;
    let refused = disk.append(epoch, vec![record("w", 1, "a.b")]).await;
    assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
}

/// D12: offsets that no JavaScript number holds, up to the last there is.
#[test]
fn d12_offsets_go_on_up_to_the_last_of_64_bits_and_then_are_refused() {
    for (head, room) in [((1 << 53) - 2, 100), (u64::MAX - 5, 4)] {
        let medium = simulated::Simulated::default();
        let epoch = Epoch::from_random(1);
        let shown = Position { epoch, offset: Offset(head) };
        Life::start(Arc::new(medium.clone()), here(), shown, Sync::Always).unwrap();
        let disk = Disk::over(Arc::new(medium.clone()), here(), SEGMENT, None).unwrap();
        for n in 1..=room.min(6) {
            let acked = disk.inner.append(epoch, vec![record("w", n, "a.b")]).unwrap();
            assert_eq!(acked.first, Some(Offset(head + n)));
        }
        if room < 6 {
            let refused = disk.inner.append(epoch, vec![record("w", 1, "a")]).unwrap_err();
            assert!(
                matches!(&refused, AppendError::Refused(why) if why.to_string().contains("used up")),
                "{refused:?}"
            );
        }
        drop(disk);
        let disk = Disk::over(Arc::new(medium), here(), SEGMENT, None).unwrap();
        assert_eq!(disk.inner.bounds().head, Offset(head + room.min(6)));
        disk.inner.trim(Offset(head + 1), &BTreeSet::new()).unwrap();
        assert_eq!(contents(&disk), (1..=room.min(6)).map(|n| (head + n, Some(n))).collect::<Vec<_>>());
    }
}

/// D14.
#[test]
fn d14_ten_thousand_files_and_as_many_forgotten_leave_nothing_open_and_nothing_behind() {
    let medium = simulated::Simulated::default();
    let disk = Disk::over(Arc::new(medium.clone()), here(), 1, None).unwrap();
    add(&disk, 1..=1);
    let (open, files) = (medium.open_files(), medium.files().len());
    for n in 2..=10_001 {
        let epoch = disk.inner.bounds().epoch;
        let topic = format!("topic.{}", n % 5_000);
        disk.inner.append(epoch, vec![record("w", n, &topic)]).unwrap();
        if n % 100 == 0 || n == 10_001 {
            disk.inner.trim(Offset(n), &BTreeSet::new()).unwrap();
        }
    }
    // The journal of what was forgotten has come into being.
    assert_eq!((medium.open_files(), medium.files().len()), (open + 1, files + 1), "{:?}", medium.files());
    let below = medium.length("below").unwrap();
    assert!(below < 2 << 20, "{below} bytes about 5,000 topics");
}
