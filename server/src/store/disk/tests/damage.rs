//! Files that are not as they were written: what is lost is told exactly, and nothing else changes. D3, D4, D5, D13.

use super::{simulated::Simulated, *};

/// A folder with four batches of three, two of them in a file, as a killed process left it.
struct Fixture {
    killed: Simulated,
    epoch: Epoch,
    limit: u64,
}

const LIMIT: u64 = 600;

fn open(medium: &Simulated) -> Disk {
    open_in_files_of(LIMIT, medium)
}

fn open_in_files_of(limit: u64, medium: &Simulated) -> Disk {
    Disk::over(Arc::new(medium.clone()), here(), limit, None).unwrap()
}

fn fixture() -> Fixture {
    fixture_in_files_of(LIMIT)
}

fn fixture_in_files_of(limit: u64) -> Fixture {
    let medium = Simulated::default();
    let live = open_in_files_of(limit, &medium);
    for n in 0..4 {
        add(&live, n * 3 + 1..=n * 3 + 3);
    }
    Fixture { killed: medium.killed(), epoch: live.inner.bounds().epoch, limit }
}

impl Fixture {
    fn files(&self) -> Vec<String> {
        let files: Vec<_> = self.killed.files().into_iter().filter(|name| name.ends_with(".events")).collect();
        assert_eq!(files.len(), 2);
        files
    }

    /// Changes one file, opens, and checks that exactly these offsets are lost.
    fn check(
        &self,
        what: &str,
        file: &str,
        change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>,
        lost: std::ops::RangeInclusive<u64>,
    ) {
        let open = |medium: &Simulated| open_in_files_of(self.limit, medium);
        let medium = self.killed.killed();
        medium.damage(file, change);
        let mut expected = own(1..=12);
        if !lost.is_empty() {
            expected.retain(|(at, _)| !lost.contains(at));
            expected.push((*lost.end(), None));
            expected.sort_unstable();
        }
        // D13: five times over the same files, each run killed.
        let (mut bounds, mut runs) = (None, Vec::new());
        for time in 1..=5 {
            let disk = open(&medium);
            assert_eq!(disk.inner.bounds().epoch, self.epoch, "{what}");
            assert_eq!(disk.inner.bounds().head, Offset(12), "{what}: no offset is given twice");
            assert_eq!(contents(&disk), expected, "{what}, start {time}");
            let now = disk.inner.bounds();
            assert_eq!(*bounds.get_or_insert(now), now, "{what}");
            if time % 2 == 0 {
                runs.push(disk);
            }
        }
        let disk = open(&medium);
        add(&disk, 13..=14);
        expected.extend([(13, Some(13)), (14, Some(14))]);
        assert_eq!(contents(&disk), expected, "{what}, and written on");
        drop(disk);
        assert_eq!(contents(&open(&medium)), expected, "{what}, written on and read again");
    }
}

/// Which number lies at each byte of a file; 0 where zeros were written ahead.
fn owners(medium: &Simulated, file: &str) -> Vec<u64> {
    let bytes = medium::whole(medium, file).unwrap();
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut frames = frame::Frames::new(&bytes[..written], true);
    let mut owners = Vec::new();
    while let Some(frame) = frames.next() {
        owners.resize(frames.at(), frame.number);
    }
    assert_eq!(owners.len(), written);
    owners.resize(bytes.len(), 0);
    owners
}

/// The bytes, changed in place.
fn edit(change: impl FnOnce(&mut Vec<u8>)) -> impl FnOnce(Vec<u8>) -> Option<Vec<u8>> {
    |mut bytes| {
        change(&mut bytes);
        Some(bytes)
    }
}

#[test]
fn d3_a_file_cut_at_any_byte_has_lost_what_lay_behind_and_it_is_told() {
    let fixture = fixture();
    for file in fixture.files() {
        let owners = owners(&fixture.killed, &file);
        let last = owners[owners.len() - 1];
        for (cut, owner) in owners.iter().enumerate() {
            fixture.check(&format!("cut at {cut}"), &file, edit(|bytes| bytes.truncate(cut)), *owner..=last);
        }
    }
}

#[test]
fn d4_a_bit_flipped_anywhere_costs_the_event_it_was_in_and_it_is_told() {
    let fixture = fixture();
    for file in fixture.files() {
        for (at, owner) in owners(&fixture.killed, &file).into_iter().enumerate() {
            fixture.check(&format!("byte {at}"), &file, edit(|bytes| bytes[at] ^= 1 << (at % 8)), owner..=owner);
        }
    }
}

#[test]
fn d5_zeros_instead_of_an_end_are_what_is_lost_and_a_doubled_end_is_nothing() {
    let fixture = fixture();
    for file in fixture.files() {
        let owners = owners(&fixture.killed, &file);
        let last = owners[owners.len() - 1];
        for at in (0..owners.len()).step_by(3) {
            fixture.check(&format!("zeros from {at}"), &file, edit(|bytes| bytes[at..].fill(0)), owners[at]..=last);
            let double = edit(|bytes| bytes.extend_from_within(at..));
            #[expect(clippy::reversed_empty_ranges, reason = "nothing is lost")]
            fixture.check(&format!("doubled from {at}"), &file, double, 1..=0);
        }
    }
}

/// A file as it is while it is written: behind its records lie zeros.
#[test]
fn d3_d4_d5_zeros_behind_the_last_record_are_nothing_and_zeros_in_place_of_a_record_are_told() {
    let fixture = fixture_in_files_of(4_000);
    let file = segments::name(1);
    let owners = owners(&fixture.killed, &file);
    assert_eq!((owners.len(), owners[3_000]), (4_000, 0));
    for (at, &owner) in owners.iter().enumerate().step_by(7) {
        let (behind, itself) = (owner.max(1)..=owner.min(1) * 12, owner.max(1)..=owner);
        fixture.check(&format!("cut at {at}"), &file, edit(|bytes| bytes.truncate(at)), behind.clone());
        fixture.check(&format!("zeros from {at}"), &file, edit(|bytes| bytes[at..].fill(0)), behind);
        // A record alone: what lies behind it is found.
        let hole = edit(|bytes| {
            let alone = (at..bytes.len()).take_while(|at| owners[*at] == owner).last().map_or(at, |last| last + 1);
            bytes[at..alone].fill(0);
        });
        fixture.check(&format!("zeros at {at}"), &file, hole, itself.clone());
        fixture.check(&format!("byte {at}"), &file, edit(|bytes| bytes[at] ^= 1 << (at % 8)), itself);
    }
}

#[tokio::test]
async fn d13_recovery_run_again_and_again_finds_the_same_and_changes_no_event() {
    type Change = fn(&mut Vec<u8>);
    const CHANGES: [(&str, Change); 5] = [
        ("nothing", |_| {}),
        ("cut", |bytes| bytes.truncate(bytes.len() - 7)),
        ("flipped", |bytes| bytes[40] ^= 1),
        ("zeros", |bytes| {
            let half = bytes.len() / 2;
            bytes[half..].fill(0);
        }),
        ("doubled", |bytes| bytes.extend_from_within(bytes.len() / 3..)),
    ];
    let fixture = fixture();
    for (file, (what, change)) in fixture.files().into_iter().flat_map(|file| CHANGES.map(|one| (file.clone(), one))) {
        let medium = fixture.killed.killed();
        {
            let disk = open(&medium);
            disk.trim(Offset(3), &[Offset(2)]).await.unwrap();
        }
        medium.damage(&file, edit(change));
        let events = |medium: &Simulated| -> Vec<_> {
            fixture.files().into_iter().map(|file| medium::whole(medium, &file).unwrap()).collect()
        };
        let (before, mut found) = (events(&medium), Vec::new());
        let mut place = medium.clone();
        for start in 1..=6 {
            let disk = open(&place);
            let kept = disk.kept().await.unwrap();
            found.push((disk.inner.bounds(), contents(&disk), kept, disk.forgotten().await.unwrap()));
            // Every second run is killed, every other ends cleanly.
            if start % 2 == 0 {
                place = place.killed();
            }
            drop(disk);
            assert_eq!(found[start - 1], found[0], "{what}, start {start}");
            assert_eq!(events(&place), before, "{what}, start {start}");
        }
        assert_eq!(found[0].0.head, Offset(12), "{what}");
    }
}

/// As long as no record is, and longer than all that is read at once.
#[test]
fn d5_a_hole_longer_than_any_record_is_passed_over_and_what_lies_behind_is_found() {
    let medium = Simulated::default();
    let live = Disk::over(Arc::new(medium.clone()), here(), SEGMENT, None).unwrap();
    add(&live, 1..=3);
    let file = segments::name(1);
    let behind = owners(&medium, &file).iter().filter(|owner| **owner == 1).count();
    for hole in [frame::MOST - 5, 2 * frame::MOST + 5] {
        for filling in [0, 0xff] {
            let killed = medium.killed();
            let fill = edit(|bytes| drop(bytes.splice(behind..behind, std::iter::repeat_n(filling, hole))));
            killed.damage(&file, fill);
            let disk = Disk::over(Arc::new(killed), here(), SEGMENT, None).unwrap();
            assert_eq!(contents(&disk), own(1..=3), "{hole} bytes of {filling}");
        }
    }
}

#[test]
fn a_file_that_is_gone_has_lost_what_was_in_it_and_it_is_told() {
    let fixture = fixture();
    for file in fixture.files() {
        let owners = owners(&fixture.killed, &file);
        fixture.check("gone", &file, |_| None, owners[0]..=owners[owners.len() - 1]);
    }
}

/// What tells how far readers had seen is damaged itself: then nobody knows, and everybody is told.
#[test]
fn order_or_mark_damaged_or_gone_begins_another_epoch_and_keeps_the_events() {
    let fixture = fixture();
    for name in ["order", "mark"] {
        for gone in [true, false] {
            let medium = fixture.killed.killed();
            medium.damage(name, |mut bytes| {
                bytes[3] ^= 4;
                Some(bytes).filter(|_| !gone)
            });
            let disk = open(&medium);
            assert_ne!(disk.inner.bounds().epoch, fixture.epoch, "{name}");
            assert_eq!(contents(&disk), own(1..=12), "{name}");
            let bounds = disk.inner.bounds();
            drop(disk);
            assert_eq!(open(&medium).inner.bounds(), bounds, "{name}: once");
        }
    }
}

#[tokio::test]
async fn a_damaged_journal_of_kept_events_is_told_and_what_is_left_of_it_is_kept() {
    let Fixture { killed: medium, .. } = fixture();
    let disk = open(&medium);
    for first in [5, 8] {
        disk.trim(Offset(first), &[Offset(1), Offset(2), Offset(3)]).await.unwrap();
    }
    drop(disk);
    for at in 0..owners(&medium, "below").len() {
        let damaged = medium.killed();
        damaged.damage("below", edit(|bytes| bytes[at] ^= 1));
        let disk = open(&damaged);
        let (bounds, forgotten) = (disk.inner.bounds(), disk.forgotten().await.unwrap().unwrap());
        assert_eq!(bounds.head, Offset(12));
        let kept = disk.kept().await.unwrap().len();
        assert!(kept >= 2, "byte {at}: {kept} of 3 are kept");
        // By the journal's own count, or by a first that its files do not reach back to.
        assert!(forgotten.torn > Offset::ZERO || bounds.first < Offset(8), "byte {at}: {bounds:?} {forgotten:?}");
    }
}
