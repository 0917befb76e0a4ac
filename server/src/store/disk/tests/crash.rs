//! Every place where the process can die or the power go, in a short life of a store: fifty operations of its user, every
//! operation on the disk, whatever the system had not written through.
//!
//! Files and names are simulated. Not simulated: a disk that says it wrote and did not, and a file system that damages
//! what was written through; those are `damage`.

use super::{simulated::*, *};

const LIMIT: u64 = 900;

fn open(medium: &Simulated, place: Place) -> Result<Disk, StoreError> {
    Disk::over(Arc::new(medium.clone()), place, LIMIT, None)
}

/// What its user knows when the store dies.
#[derive(Clone, Default, Debug)]
struct Known {
    /// Offset and number, accepted.
    accepted: Vec<(u64, u64)>,
    /// On its way.
    pending: Vec<u64>,
    epochs: Vec<Epoch>,
    /// Forgotten up to here, and perhaps up to there.
    first: u64,
    first_asked: u64,
    kept: Vec<u64>,
    kept_asked: Vec<u64>,
    clean: bool,
}

/// Fifty operations; how far they come depends on the disk.
fn live(medium: &Simulated, always: bool) -> Known {
    let mut known = Known { first: 1, first_asked: 1, ..Known::default() };
    let idle: flusher::Spawn = |_| thread::Builder::new().spawn(|| {});
    let start = |known: &mut Known| -> Option<Disk> {
        let disk = open(medium, here()).ok()?;
        let disk = if always { disk } else { disk.sync_with(Sync::Every(Duration::from_secs(1)), idle) };
        disk.inner.check().ok()?;
        known.clean = false;
        known.epochs.push(disk.inner.bounds().epoch);
        Some(disk)
    };
    let mut disk = start(&mut known);
    for n in 1..=50u64 {
        let Some(open) = &disk else { break };
        let bounds = open.inner.bounds();
        match n % 10 {
            // Everything else is publishing, one to four at a time.
            7 => {
                known.first_asked = bounds.head.0.saturating_sub(3).max(known.first_asked);
                known.kept_asked = vec![known.first_asked.saturating_sub(1).max(1)];
                let keep = known.kept_asked.iter().copied().collect();
                match open.inner.trim(Offset(known.first_asked), &keep) {
                    Ok(_) => (known.first, known.kept) = (known.first_asked, known.kept_asked.clone()),
                    Err(_) => break,
                }
            }
            5 if n == 25 => match open.inner.renew(bounds.epoch) {
                Ok(renewed) => known.epochs.push(renewed.epoch),
                Err(_) => {
                    known.epochs.clear(); // either, or another one
                    break;
                }
            },
            9 => {
                drop(disk.take());
                known.clean = true;
                disk = start(&mut known);
            }
            _ => {
                let next = known.accepted.last().map_or(1, |(_, seq)| seq + 1);
                known.pending = (next..=next + n % 4).collect();
                let batch = known.pending.iter().map(|seq| record("w", *seq, "a.b")).collect();
                match open.inner.append(bounds.epoch, batch) {
                    Ok(acked) => {
                        let first = acked.first.unwrap().0;
                        known.accepted.extend((first..).zip(known.pending.drain(..)));
                    }
                    Err(_) => break,
                }
            }
        }
    }
    // A process that dies closes nothing; one that lives on does.
    known
}

fn check(what: &str, known: &Known, left: &Simulated, place: &Place, promised: bool) {
    let mut before = None;
    for time in 1..=2 {
        let disk = open(left, place.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
        let bounds = disk.inner.bounds();
        let found = contents(&disk);
        let present: Vec<_> = found.iter().filter_map(|(at, seq)| Some((*at, (*seq)?))).collect();
        for (at, seq) in &present {
            let accepted = known.accepted.contains(&(*at, *seq));
            assert!(accepted || known.pending.contains(seq), "{what}: phantom {seq} at {at}");
        }
        let pending = present.iter().filter(|(_, seq)| known.pending.contains(seq)).count();
        let whole = if promised { pending == 0 || pending == known.pending.len() } else { true };
        assert!(whole, "{what}: a part of a batch: {present:?} of {:?}", known.pending);
        let shown = known.accepted.last().map_or(0, |(at, _)| *at);
        if promised {
            assert_eq!(present.len(), found.len(), "{what}: nothing was lost, and something is told: {found:?}");
            assert!(bounds.first.0 <= known.first_asked, "{what}");
            for one in known.accepted.iter().filter(|(at, _)| *at >= known.first_asked.max(bounds.first.0)) {
                assert!(present.contains(one), "{what}: {one:?} was accepted: {present:?} {bounds:?}");
            }
            let kept: Vec<u64> = disk.inner.below.lock().kept().map(|(at, _)| at).collect();
            for at in known.kept.iter().filter(|at| known.kept_asked.contains(at) && **at < bounds.first.0) {
                assert!(kept.contains(at), "{what}: {at} was to be kept: {kept:?}");
            }
            if let Some(last) = known.epochs.last() {
                assert_eq!(bounds.epoch, *last, "{what}: the epoch is kept");
            }
            assert!(bounds.head.0 >= shown, "{what}");
        } else if bounds.head.0 < shown {
            assert!(!known.epochs.contains(&bounds.epoch), "{what}: an epoch is kept whose positions come again");
        }
        if let Some(before) = before.replace((bounds, found.clone())) {
            assert_eq!(before, (bounds, found), "{what}: start {time} changes nothing");
        }
        if time == 2 {
            let next = 1_000;
            let acked = disk.inner.append(bounds.epoch, vec![record("w", next, "a.b")]).unwrap();
            let at = acked.first.unwrap().0;
            assert!(at > shown || !known.epochs.contains(&bounds.epoch), "{what}: offset {at} is given again");
            assert!(contents(&disk).ends_with(&[(at, Some(next))]), "{what}");
        }
    }
}

#[test]
fn d2_whenever_the_process_dies_or_the_power_goes_all_that_was_promised_is_there() {
    for always in [true, false] {
        let whole = Simulated::default();
        let known = live(&whole, always);
        assert!(known.accepted.len() > 60 && known.epochs.len() > 4);
        let operations = whole.operations();
        let mut images = 0;
        for at in 0..operations {
            for halfway in [false, true] {
                let medium = Simulated::default();
                medium.at(at, Fault::Death { halfway });
                let known = live(&medium, always);
                let what = |how: &str| format!("always {always}, {how}, halfway {halfway}, at operation {at}");
                check(&what("killed"), &known, &medium.killed(), &here(), true);
                images += 1;
                for (names, unwritten) in [true, false].into_iter().flat_map(|n| UNWRITTEN.map(|u| (n, u))) {
                    let left = medium.after_power_loss(names, unwritten);
                    let what = what(&format!("power loss, newest names {names}, unwritten {unwritten:?}"));
                    check(&what, &known, &left, &after_reboot(), always);
                    images += 1;
                }
            }
        }
        println!("always {always}: {operations} operations, {images} images");
    }
}
