//! The edges of a log's figures: how large a piece is, where a segment ends, how much is remembered one by one.

use super::{Batch, Limits, Log, Reach, Read, Segment, TopicId, any, holds, loss::Losses, scan_segments};
use eventwire::Topic;
use std::{
    hash::{BuildHasherDefault, DefaultHasher},
    sync::Arc,
};

type Hash = BuildHasherDefault<DefaultHasher>;

const LIMITS: Limits = Limits { segment: 1_000, budget: 1 << 20, retain: 1_000, quiet: 500, tombs: 1_000 };

fn is_latest(name: &str) -> bool {
    name.starts_with("latest.")
}

fn topic(log: &mut Log<Hash>, name: &str) -> TopicId {
    log.topic(&Topic::parse(name).unwrap(), is_latest)
}

/// An event of a hundred bytes.
fn publish(log: &mut Log<Hash>, name: &str, now: u64) -> TopicId {
    let id = topic(log, name);
    log.append(id, log.head() + 1, now, &[b'#'; 40], &[b'#'; 60]);
    id
}

#[test]
fn a_piece_is_four_kibibytes_and_no_more_than_one_event_beyond() {
    let mut batch = Batch::default();
    assert!(batch.is_empty());
    (1..=9).for_each(|at| batch.put(at, &[b'#'; 1_024]));
    assert_eq!(batch.cuts, [(4_096, 4), (8_192, 8), (9_216, 9)]);
    assert!(!batch.is_empty());
    batch.clear();
    (1..=9).for_each(|at| batch.put(at, &[b'#'; 1_000]));
    assert_eq!(batch.cuts, [(5_000, 5), (9_000, 9)]);
}

#[test]
fn a_read_stops_before_the_event_that_would_pass_its_limit_whatever_was_in_the_batch() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    let many = publish(&mut log, "many", 0);
    (0..4).for_each(|_| _ = publish(&mut log, "many", 0));
    let newest: Vec<TopicId> = (0..5).map(|n| publish(&mut log, &format!("latest.{n}"), 0)).collect();
    for (limit, events) in [(1, 1), (199, 1), (200, 2), (299, 2), (300, 3), (499, 4)] {
        let mut batch = Batch::default();
        batch.put(0, &[b'-'; 70]);
        assert_eq!(log.read(&[many], 0, 10, limit, &mut batch), Read::More { at: events });
        assert_eq!(batch.bytes.len() as u64, 70 + events * 100);
        assert_eq!(log.newest(&newest, 5, 10, limit, &mut batch), Read::More { at: 5 + events });
        assert_eq!(batch.bytes.len() as u64, 70 + events * 200);
        let reach = Reach { after: 0, upto: 10, limit, newest: false };
        assert_eq!(log.scan(reach, |_| true, &mut batch), Read::More { at: events });
        assert_eq!(batch.bytes.len() as u64, 70 + events * 300);
    }
}

#[test]
fn a_scan_looks_at_so_many_entries_and_no_more_whether_they_are_wanted_or_not() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    (0..9).for_each(|_| _ = publish(&mut log, "a", 0));
    for wanted in [true, false] {
        let mut batch = Batch::default();
        let reach = Reach { after: 2, upto: 9, limit: usize::MAX, newest: false };
        let segments = log.segments.iter().map(|segment| &**segment);
        assert_eq!(scan_segments(segments, reach, 3, |_| true, |_, _| wanted, &mut batch), Read::More { at: 5 });
        assert_eq!(batch.bytes.len(), if wanted { 300 } else { 0 });
    }
}

#[test]
fn what_is_passed_over_many_at_a_time_is_what_nobody_wants() {
    let limits = Limits { segment: 4_000, ..LIMITS };
    let mut log = Log::new(limits, 0, Hash::default());
    let of = |n: u64| ["a", "b", "latest.c"][(n * n % 23 % 7).min(2) as usize];
    (1..=90).for_each(|n| _ = publish(&mut log, of(n), 0));
    let mut topics = [topic(&mut log, "a"), topic(&mut log, "b")];
    topics.sort();
    let (mut batch, mut alone) = (Batch::default(), Batch::default());
    for (after, upto, most, limit) in (0..91)
        .flat_map(|after| [after, after + 15, after + 16, after + 40, 90].map(|upto| (after, upto)))
        .flat_map(|(after, upto)| [1, 16, 17, 50, usize::MAX].map(|most| (after, upto, most)))
        .flat_map(|(after, upto, most)| [150, usize::MAX].map(|limit| (after, upto, most, limit)))
    {
        for wanted in [&topics[..0], &topics[..1], &topics[..]] {
            let reach = Reach { after, upto, limit, newest: false };
            let segments = || log.segments.iter().map(|segment| &**segment);
            batch.clear();
            alone.clear();
            let wants = |topic, _: &[u8]| holds(wanted, topic);
            let read = scan_segments(segments(), reach, most, |some| any(wanted, some), wants, &mut batch);
            assert_eq!(read, scan_segments(segments(), reach, most, |_| true, wants, &mut alone), "{reach:?} {most}");
            assert_eq!(batch.cuts, alone.cuts, "{reach:?} {most}");
        }
    }
}

#[test]
fn newest_values_are_those_of_latest_only_topics_behind_the_one_and_up_to_the_other_position() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    let topics = ["a", "latest.x", "b", "latest.y", "latest.z", "b"].map(|name| publish(&mut log, name, 0));
    let mut batch = Batch::default();
    assert_eq!(log.newest(&topics, 2, 4, usize::MAX, &mut batch), Read::Done { at: 4 });
    assert_eq!(batch.cuts, [(100, 4)]);
}

#[test]
fn events_share_a_segment_until_a_sixteenth_of_their_time_is_over() {
    for start in [0, 50_000] {
        let mut log = Log::new(LIMITS, 0, Hash::default());
        (0..5).for_each(|_| _ = publish(&mut log, "a", start));
        publish(&mut log, "a", start + LIMITS.retain / 16);
        assert_eq!(log.segments.len(), 1);
        publish(&mut log, "a", start + LIMITS.retain / 16 + 1);
        assert_eq!(log.segments.len(), 2);
    }
}

#[test]
fn an_event_is_kept_up_to_its_time_and_not_longer() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    publish(&mut log, "a", 7);
    assert!(log.trim(7 + LIMITS.retain, 4));
    assert_eq!(log.offsets(), [1]);
    assert!(log.trim(8 + LIMITS.retain, 4));
    assert!(log.offsets().is_empty());
}

/// Segments of survivors that go leave none of the others out of what age settles, and their bytes are counted no longer.
#[test]
fn survivors_of_pressure_grow_old_though_survivors_before_them_went() {
    let mut log = Log::new(Limits { budget: 8_000, ..LIMITS }, 0, Hash::default());
    let newest = |log: &mut Log<Hash>, now| (0..10).for_each(|n| _ = publish(log, &format!("latest.{n}"), now));
    let later = LIMITS.retain + 1;
    newest(&mut log, 0);
    assert!(log.trim(later, 4));
    assert_eq!((log.old, log.aged, log.old_bytes), (1, 1, 1_000), "age has settled them");
    (0..10).for_each(|n| _ = publish(&mut log, &format!("quiet.{n}"), later));
    (0..70).for_each(|_| _ = publish(&mut log, "busy", later));
    assert!(log.trim(later, 32));
    assert_eq!((log.old, log.aged, log.old_bytes), (2, 1, 2_000), "bytes alone have made survivors of these");
    newest(&mut log, later);
    assert_eq!((log.old, log.aged, log.old_bytes), (1, 0, 1_000), "the first are superseded, one and all");
    let head = log.head();
    while !log.trim(2 * later, 4) {}
    assert_eq!(log.offsets(), (head - 9..=head).collect::<Vec<_>>());
    assert_eq!((log.old_bytes, log.bytes()), (1_000, 1_000));
}

#[test]
fn a_window_is_of_finished_segments_and_the_last_of_survivors_is_not() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    (0..40).for_each(|n| _ = publish(&mut log, &format!("latest.{n}"), 0));
    while !log.trim(LIMITS.retain + 1, 4) {}
    (0..70).for_each(|_| _ = publish(&mut log, "a", LIMITS.retain + 1));
    let bases = |window: Vec<Arc<Segment>>| window.iter().map(|segment| segment.base()).collect::<Vec<_>>();
    let all = bases(log.segments.iter().cloned().collect());
    let ends: Vec<u64> = log.segments.iter().map(|segment| segment.last()).collect();
    let (old, len, head) = (log.old, all.len(), log.head());
    assert!(old >= 3 && len >= old + 6, "{old} of {len}");
    for (after, upto, most, window) in [
        (0, head, 1_000, &all[..old - 1]),
        (ends[0], head, 1_000, &all[1..old - 1]),
        (ends[old - 1], head, 1_000, &all[old..len - 1]),
        (ends[old - 1] - 1, head, 1_000, &[][..]),
        (ends[old - 1], head, 2, &all[old..old + 2]),
        (ends[old - 1], all[old + 1], 1_000, &all[old..old + 2]),
        (ends[old - 1], all[old + 1] - 1, 1_000, &all[old..old + 1]),
        (ends[len - 2], head, 1_000, &[][..]),
    ] {
        assert_eq!(bases(log.window(after, upto, most)), window, "{most} in ({after}, {upto}]");
    }
}

#[test]
fn survivors_of_pressure_hold_half_of_the_budget_and_no_more() {
    let mut log = Log::new(Limits { budget: 8_000, ..LIMITS }, 0, Hash::default());
    (0..80).for_each(|n| _ = publish(&mut log, &format!("quiet.{n}"), 0));
    assert!(log.trim(0, 1));
    assert_eq!((log.bytes(), log.old_bytes), (8_000, 0), "a budget may be used up");
    let mut most = 0;
    for n in 80..400 {
        publish(&mut log, &format!("quiet.{n}"), 0);
        while !log.trim(0, 1) {}
        let held: usize = log.segments.iter().take(log.old).map(|segment| segment.size()).sum();
        assert_eq!(held, log.old_bytes);
        assert!(log.bytes() <= 8_000);
        most = most.max(held);
    }
    assert_eq!(most, 4_000);
}

#[test]
fn an_event_larger_than_the_budget_takes_the_place_of_all_survivors_and_stays() {
    let mut log = Log::new(Limits { budget: 2_000, quiet: 100, ..LIMITS }, 0, Hash::default());
    (0..9).for_each(|n| _ = publish(&mut log, &format!("quiet.{n}"), 0));
    (0..9).for_each(|_| _ = publish(&mut log, "busy", 0));
    while log.old == 0 {
        publish(&mut log, "busy", 0);
    }
    assert!(log.old_bytes > 0 && log.old_bytes * 2 <= 2_000, "{}", log.old_bytes);
    let large = topic(&mut log, "large");
    log.append(large, log.head() + 1, 0, b"", &[b'#'; 3_000]);
    for _ in 0..2 {
        assert!(log.trim(0, 32));
        assert_eq!((log.offsets(), log.bytes()), (vec![log.head()], 3_000));
    }
}

#[test]
fn a_topic_that_is_followed_stays_and_one_that_is_gone_goes_once() {
    let mut log = Log::new(LIMITS, 0, Hash::default());
    let a = topic(&mut log, "a");
    *log.interest(a).1 = 1;
    log.release(a);
    assert_eq!(log.topics(), 1);
    *log.interest(a).1 = 0;
    log.release(a);
    log.release(a);
    assert_eq!(log.topics(), 0);
    assert_ne!(topic(&mut log, "b"), topic(&mut log, "c"));
}

#[test]
fn eight_generations_of_losses_are_known_by_name_and_what_is_older_by_its_latest() {
    let mut losses = Losses::new(8);
    (0..8).for_each(|n| losses.bury(n, 100 - n));
    assert_eq!((losses.buried(0), losses.buried(7), losses.buried(99)), (100, 93, 0));
    losses.bury(8, 1);
    assert_eq!((losses.buried(1), losses.buried(99)), (100, 100), "the first is folded");
}

#[test]
fn a_newest_value_that_was_lost_beyond_the_count_is_told_of_every_latest_only_topic_that_comes_up() {
    let limits = Limits { budget: 2_000, quiet: 0, tombs: 1, ..LIMITS };
    let mut log = Log::new(limits, 0, Hash::default());
    for n in 0..100 {
        publish(&mut log, &format!("latest.{n}"), 0);
    }
    for (n, at) in (0..50).zip(1..) {
        let id = topic(&mut log, &format!("latest.{n}"));
        assert!(log.newest_lost(id) >= Some(at), "the loss of latest.{n} is forgotten");
    }
}

#[test]
fn what_is_known_to_be_forgotten_before_the_start_is_told_of_the_topics_it_was_of() {
    let mut log = Log::new(LIMITS, 100, Hash::default());
    let known = [("a.x", 60), ("a.y", 50), ("a.old", 40), ("latest.v", 70), ("b", 90)];
    log.recall(40, known.into_iter().map(|(name, at)| (Topic::parse(name).unwrap(), at)), is_latest);
    for (name, lost) in [("a.x", 60), ("a.y", 50), ("a.old", 40), ("a.never", 40), ("b", 90), ("latest.v", 70)] {
        let id = topic(&mut log, name);
        assert_eq!((log.lost(id, lost - 1), log.lost(id, lost)), (Some(lost), None), "{name}");
        log.release(id);
    }
    for (prefix, lost) in [("a", 60), ("c", 40), ("latest", 70), ("", 90)] {
        assert_eq!(log.lost_under(prefix, 0), Some(lost), "{prefix}");
    }
    assert_eq!((log.newest_lost_under("latest"), log.newest_lost_under("a")), (Some(70), None));
    publish(&mut log, "latest.v", 0);
    assert_eq!(log.newest_lost_under("latest"), None, "the newer one stands for it");
    // Nothing is known of what this log itself begins behind.
    let mut log = Log::new(LIMITS, 100, Hash::default());
    log.recall(200, std::iter::empty(), is_latest);
    let id = topic(&mut log, "a");
    assert_eq!(log.lost(id, 0), Some(100));
}
