//! Zeros written ahead of the records: so that a write-through has nothing to write but the records.

use super::{simulated::*, *};

const LIMIT: u64 = 4_000;

fn open(medium: &Simulated) -> Disk {
    Disk::over(Arc::new(medium.clone()), here(), LIMIT, None).unwrap()
}

fn length(medium: &Simulated, base: u64) -> u64 {
    medium.length(&segments::name(base)).unwrap()
}

#[test]
fn written_through_before_it_is_accepted_an_event_makes_its_file_no_longer() {
    let medium = Simulated::default();
    let disk = open(&medium);
    add(&disk, 1..=1);
    assert_eq!(length(&medium, 1), LIMIT);
    let before = medium.operations();
    add(&disk, 2..=2);
    // The write, the write-through, the mark.
    assert_eq!((length(&medium, 1), medium.operations() - before), (LIMIT, 3));
}

#[test]
fn a_file_ends_with_its_last_record_and_is_never_longer_than_it_must_be() {
    let medium = Simulated::default();
    let disk = open(&medium);
    for seq in 1..=100 {
        add(&disk, seq..=seq);
    }
    let mut bases: Vec<u64> =
        medium.files().iter().filter_map(|name| name.strip_suffix(".events")?.parse().ok()).collect();
    let last = bases.pop().unwrap();
    assert!(bases.len() > 2 && length(&medium, last) == LIMIT, "{bases:?}");
    for base in bases {
        let bytes = medium::whole(&medium, &segments::name(base)).unwrap();
        assert_eq!(bytes.last(), Some(&b'}'), "the file from {base} on");
        assert!(bytes.len() as u64 >= LIMIT);
    }
}

#[test]
fn killed_or_not_the_next_run_goes_on_in_the_same_file_where_its_records_end() {
    let medium = Simulated::default();
    add(&open(&medium), 1..=2);
    let killed = {
        let disk = open(&medium);
        add(&disk, 3..=4);
        medium.killed()
    };
    for medium in [medium, killed] {
        let disk = open(&medium);
        add(&disk, 5..=6);
        assert_eq!(contents(&disk), own(1..=6));
        assert_eq!(medium.files().iter().filter(|name| name.ends_with(".events")).count(), 1);
        assert_eq!(length(&medium, 1), LIMIT);
        drop(disk);
        assert_eq!(contents(&open(&medium)), own(1..=6));
    }
}

/// What a failed write left was cut off, and the zeros behind it.
#[test]
fn after_a_write_that_failed_zeros_are_written_ahead_again() {
    let medium = Simulated::default();
    let disk = open(&medium);
    add(&disk, 1..=1);
    medium.at(medium.operations(), Fault::Error(io::ErrorKind::Other));
    let failed = disk.inner.append(disk.inner.bounds().epoch, vec![record("w", 2, "a.b")]);
    assert!(matches!(failed, Err(AppendError::Refused(_))), "{failed:?}");
    assert!(length(&medium, 1) < LIMIT / 2);
    add(&disk, 2..=2);
    assert_eq!((length(&medium, 1), contents(&disk)), (LIMIT, own(1..=2)));
}

#[test]
fn at_an_interval_nothing_is_written_ahead() {
    let medium = Simulated::default();
    let idle: flusher::Spawn = |_| thread::Builder::new().spawn(|| {});
    let disk = open(&medium).sync_with(Sync::Every(Duration::from_secs(1)), idle);
    add(&disk, 1..=1);
    assert!(length(&medium, 1) < LIMIT / 2);
}

/// D6: there is room for an event, and none for zeros.
#[test]
fn d6_zeros_that_have_no_room_are_left_out_and_the_event_is_accepted() {
    let medium = Simulated::default();
    let disk = Disk::over(Arc::new(medium.clone()), here(), 1 << 20, None).unwrap();
    medium.set_room(Some(medium.files().len() + 1));
    add(&disk, 1..=3);
    assert!(length(&medium, 1) < 4_096);
    medium.set_room(None);
    add(&disk, 4..=4);
    assert_eq!(length(&medium, 1), 1 << 20);
    assert_eq!(contents(&Disk::over(Arc::new(medium.killed()), here(), 1 << 20, None).unwrap()), own(1..=4));
}
