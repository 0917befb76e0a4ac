//! A disk that is full, and one that fails. D6, D7.

use super::{simulated::*, *};
use std::io::ErrorKind;

fn kind_of(result: Result<Acked, AppendError>) -> (&'static str, StoreErrorKind) {
    match result.unwrap_err() {
        AppendError::Refused(error) => ("refused", error.kind()),
        AppendError::Indeterminate(error) => ("indeterminate", error.kind()),
        AppendError::WrongEpoch(_) => unreachable!("there is one epoch"),
    }
}

fn try_add(disk: &Disk, seq: u64) -> Result<Acked, AppendError> {
    disk.inner.append(disk.inner.bounds().epoch, vec![record("w", seq, "a.b")])
}

fn every(medium: &Simulated, sync: bool, limit: u64) -> Disk {
    let disk = Disk::over(Arc::new(medium.clone()), here(), limit, None).unwrap();
    let idle: flusher::Spawn = |_| thread::Builder::new().spawn(|| {});
    if sync { disk } else { disk.sync_with(Sync::Every(Duration::from_secs(1)), idle) }
}

#[test]
fn d6_a_full_disk_refuses_leaves_no_part_of_an_event_and_goes_on_when_there_is_room() {
    for (always, limit) in [(true, SEGMENT), (false, SEGMENT), (true, 1), (false, 1)] {
        let medium = Simulated::default();
        let disk = every(&medium, always, limit);
        add(&disk, 1..=3);
        let room = medium.files().len();
        medium.set_room(Some(room));
        let mut refused = 0;
        for seq in 4..=200 {
            match try_add(&disk, disk.inner.bounds().head.0 + 1) {
                Ok(_) => {}
                full => {
                    assert_eq!(kind_of(full), ("refused", StoreErrorKind::Full), "{seq}");
                    refused += 1;
                }
            }
        }
        assert!(refused > 100, "{refused}");
        let head = disk.inner.bounds().head.0;
        let killed = Disk::over(Arc::new(medium.killed()), here(), limit, None).unwrap();
        assert_eq!(contents(&killed), own(1..=head));
        medium.set_room(None);
        add(&disk, head + 1..=head + 5);
        assert_eq!(contents(&disk), own(1..=head + 5));
        drop(disk);
        assert_eq!(contents(&every(&medium, always, limit)), own(1..=head + 5));
    }
}

/// Every operation of a short run fails once, in every way.
#[test]
fn d6_d7_whichever_operation_fails_nothing_accepted_is_lost_and_nothing_refused_appears() {
    // In files of one batch each, so many wait to be written through that one of them has to.
    for (always, limit) in [(true, 600), (false, 1)] {
        let run = |fault: Option<(usize, Fault)>| {
            let medium = Simulated::default();
            let disk = every(&medium, always, limit);
            let begun = medium.operations();
            if let Some((at, fault)) = fault {
                medium.at(begun + at, fault);
            }
            let (mut accepted, mut possible, mut broken) = (Vec::new(), Vec::new(), false);
            for seq in 1..=12 {
                match try_add(&disk, seq) {
                    Ok(acked) => {
                        assert!(!broken, "{fault:?}: nothing is accepted after a write-through that failed");
                        accepted.push((acked.first.unwrap().0, Some(seq)));
                    }
                    Err(AppendError::Refused(error)) => broken |= error.kind() == StoreErrorKind::Broken,
                    Err(AppendError::Indeterminate(error)) => {
                        broken |= error.kind() == StoreErrorKind::Broken;
                        possible.push(seq);
                    }
                    Err(AppendError::WrongEpoch(_)) => unreachable!("there is one epoch"),
                }
                if seq == 8 {
                    let _ = disk.inner.trim(Offset(3), &BTreeSet::from([1]));
                }
            }
            let operations = medium.operations() - begun;
            for after in [medium.killed(), {
                drop(disk);
                medium
            }] {
                let found = Disk::over(Arc::new(after), here(), limit, None).unwrap();
                let first = found.inner.bounds().first.0;
                let found = contents(&found);
                accepted.iter().filter(|(at, _)| *at >= first).for_each(|one| {
                    assert!(found.contains(one), "{fault:?}: {one:?} of {found:?}");
                });
                for (at, seq) in found {
                    let known = accepted.contains(&(at, seq)) || seq.is_some_and(|seq| possible.contains(&seq));
                    assert!(known, "{fault:?}: {seq:?} at {at} was never published");
                }
            }
            (operations, broken, accepted.len())
        };
        let (operations, broken, accepted) = run(None);
        assert_eq!((broken, accepted), (false, 12));
        let mut read_only = 0;
        for at in 0..operations {
            for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
                let (_, broken, accepted) = run(Some((at, Fault::Error(kind))));
                read_only += usize::from(broken);
                assert!(broken || accepted >= 11, "{kind:?} at {at}: {accepted}, and not read-only");
            }
        }
        assert!(read_only > 0);
    }
}

#[test]
fn d7_a_failed_write_through_makes_the_store_read_only_until_it_is_opened_again() {
    let medium = Simulated::default();
    let disk = every(&medium, true, SEGMENT);
    add(&disk, 1..=3);
    // The write is one operation, the write-through the next.
    medium.at(medium.operations() + 1, Fault::Error(ErrorKind::Other));
    assert_eq!(kind_of(try_add(&disk, 4)), ("indeterminate", StoreErrorKind::Broken));
    for _ in 0..3 {
        assert_eq!(kind_of(try_add(&disk, 5)), ("refused", StoreErrorKind::Broken));
    }
    let AppendError::Refused(error) = try_add(&disk, 5).unwrap_err() else { panic!("it refuses") };
    assert!(error.to_string().contains("restart this process"), "{error}");
    assert_eq!(contents(&disk), own(1..=3), "what is there is read");
    drop(disk);
    assert!(contents(&every(&medium, true, SEGMENT)).starts_with(&own(1..=3)));
}

/// The thread of [`Sync::Every`] is the first to hear of it.
#[test]
fn d7_a_failed_flush_makes_the_store_read_only_at_once() {
    let medium = Simulated::default();
    let disk = Disk::over(Arc::new(medium.clone()), here(), SEGMENT, None).unwrap();
    let disk = disk.sync(Sync::Every(Duration::from_millis(10)));
    // Two operations are the append's own: the write and the mark; the first also begins a file.
    add(&disk, 1..=1);
    loop {
        medium.at(medium.operations() + 2, Fault::Error(ErrorKind::Other));
        match try_add(&disk, 2) {
            Err(AppendError::Refused(error)) if error.kind() == StoreErrorKind::Broken => break,
            // The flusher was in between, and it was the append itself that failed.
            _ => thread::yield_now(),
        }
    }
    assert_eq!(kind_of(try_add(&disk, 3)), ("refused", StoreErrorKind::Broken));
}
