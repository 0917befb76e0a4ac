//! When readers are looked at: the wheel that turns for all, and the alarms of single ones.

use super::super::{
    alarms::{Alarm, Alarms},
    beats::Beats,
};
use crate::hub::seat::SeatId;

const fn reader(serial: u64) -> SeatId {
    SeatId { index: 0, serial }
}

#[test]
fn a_reader_is_looked_at_within_one_slot_before_its_silence_or_its_untaken_piece_grows_too_old() {
    // Sixteen slots of the shorter time.
    for (heartbeat, stall, slot) in [(160, 160, 10), (160, 320, 10), (320, 160, 10), (320, 64, 4), (5, 3, 1)] {
        for now in [0, 1, 9, 10, 11, 63, 64, 155, 160, 161, 333, 10_003] {
            for last in now - now.min(330)..=now {
                let mut beats = Beats::new(heartbeat, stall, 0);
                let mut due = Vec::new();
                beats.due(now, &mut due);
                beats.enter(reader(7), last, now);
                let soonest = beats.deadline();
                while due.is_empty() {
                    assert!(!beats.is_due(last) || beats.deadline() > last + heartbeat, "said to be due unseen");
                    let at = beats.deadline();
                    beats.due(at, &mut due);
                    assert!(at <= now + heartbeat + slot, "never looked at");
                }
                let at = beats.deadline() - slot;
                // What was handed so long ago has an alarm of its own by now: only what comes now has to be seen.
                let piece = if last + stall > now + slot { last } else { now };
                let latest = (piece + stall).min(last + heartbeat);
                let what = format!("{heartbeat} {stall}: last at {last}, entered at {now}, seen at {at}");
                assert!(at == soonest || at <= latest, "late: {what}");
                assert!(at == soonest || at + slot > latest, "early: {what}");
                assert_eq!(beats.is_due(last), at + slot > last + heartbeat, "{what}");
            }
        }
    }
}

#[test]
fn after_any_pause_everyone_is_looked_at_once() {
    for pause in [0, 9, 10, 170, 180, 190, 1_000_003] {
        let mut beats = Beats::new(160, 160, 0);
        for n in 0..160 {
            beats.enter(reader(n), n, n);
        }
        let mut due = Vec::new();
        beats.due(320 + pause, &mut due);
        due.sort_by_key(|reader| reader.serial);
        assert_eq!(due, (0..160).map(reader).collect::<Vec<_>>());
        assert!(beats.deadline() > 320 + pause && beats.deadline() <= 330 + pause);
        beats.due(1, &mut due);
        assert_eq!(due.len(), 160, "no clock turns it back");
    }
}

#[test]
fn alarms_of_readers_that_are_gone_are_dropped_once_there_are_too_many_and_others_never() {
    let full = |alarms: u64| {
        let mut full = Alarms::default();
        (0..alarms).for_each(|n| full.set(n, reader(n), Alarm::Wait));
        full
    };
    let left = |mut alarms: Alarms| std::iter::from_fn(|| alarms.due(u64::MAX)).map(|(id, _)| id.serial).collect();
    let here = |id: SeatId| id.serial == 1_000;
    let mut some = full(1_040);
    some.tidy(2, here);
    assert_eq!((some.deadline(), left(some)), (Some(0), (0..1_040).collect::<Vec<_>>()));
    let mut many = full(1_041);
    many.tidy(2, here);
    assert_eq!((many.deadline(), left(many)), (Some(1_000), vec![1_000]));
}

#[test]
fn an_alarm_rings_at_its_time_and_not_before() {
    let mut alarms = Alarms::default();
    alarms.set(5, reader(2), Alarm::Drain);
    alarms.set(3, reader(1), Alarm::Stall);
    assert_eq!((alarms.due(2), alarms.deadline()), (None, Some(3)));
    assert_eq!((alarms.due(3), alarms.due(3)), (Some((reader(1), Alarm::Stall)), None));
    assert_eq!((alarms.due(9), alarms.due(9), alarms.deadline()), (Some((reader(2), Alarm::Drain)), None, None));
}
