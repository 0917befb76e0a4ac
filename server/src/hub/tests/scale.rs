//! Many topics, many patterns: what is looked up, how long the lock is held, and what a busy shard is handed.

use super::super::{
    core::CoreConfig,
    door::Door,
    inbox::{Bounds, Window},
    sequence::Sequence,
    view::Found,
};
use crate::log::{Batch, Limits};
use eventwire::{Epoch, EventName, Offset, Pattern, Topic, limits, sse::Decoder};
use std::{sync::Arc, time::Duration};

fn sequence(budget: usize) -> Sequence {
    let config = CoreConfig {
        epoch: Epoch::parse("k3f9x2m1q0ab").unwrap(),
        start: Offset(0),
        retain: Duration::from_secs(600),
        budget,
        latest: vec![Pattern::parse("latest.**").unwrap()],
        names: vec![EventName::parse("tick").unwrap()],
        contract: "".into(),
        heartbeat: Duration::from_secs(15),
        stall: Duration::from_secs(10),
        rotate: None,
        readers: 1,
        per_principal: 1,
    };
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 18 };
    Sequence::new(&config, Limits::new(budget, 600_000), inbox, vec![Arc::new(Door::default())])
}

fn publish(sequence: &Sequence, topic: &str) -> u64 {
    let (topic, name) = (Topic::parse(topic).unwrap(), EventName::parse("tick").unwrap());
    sequence.put(None, &topic, &name, "\"################\"").unwrap().offset.0
}

fn pattern(raw: &str) -> Pattern {
    Pattern::parse(raw).unwrap()
}

/// The ids of what was read.
fn ids(batch: &Batch) -> Vec<String> {
    let mut ids = Vec::new();
    Decoder::new(limits::LINE).push(&batch.bytes, |block| ids.push(block.id.to_owned())).unwrap();
    ids
}

/// All of a view, in as many steps as it takes.
fn all(sequence: &Sequence, patterns: &[Pattern]) -> Vec<String> {
    let (view, mut at, mut ids_read) = (sequence.follow(0, patterns), 0, Vec::new());
    loop {
        let mut batch = Batch::default();
        let found = sequence.read(&view, at, sequence.head(), 64 << 10, 0, &mut batch);
        ids_read.extend(ids(&batch));
        match found {
            Found::More { at: next } => at = next,
            Found::Done { .. } => return ids_read,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_replay_of_patterns_holds_the_lock_for_none_of_the_finished_segments() {
    let sequence = sequence(16 << 20);
    let published: Vec<_> =
        (0..20_000).map(|n| publish(&sequence, &format!("{}.{}", ["a", "b"][n % 2], n % 7))).collect();
    let (view, mut batch) = (sequence.follow(0, &[pattern("a.*")]), Batch::default());
    let found = sequence.step(&view, 0, sequence.head(), usize::MAX, 0, &mut batch);
    let Found::More { at } = found else { panic!("{found:?}") };
    // One hold of the lock looks at a thousand entries of an unfinished segment, and at none of these.
    assert!(at > 5_000, "only {at} in one go");
    let read = ids(&batch);
    assert_eq!(read.len() as u64, at.div_ceil(2), "every second event, up to there");
    assert!(read.iter().all(|id| id.contains("/a.")));
    assert_eq!(all(&sequence, &[pattern("a.*")]).len(), 10_000);
    assert_eq!(all(&sequence, &[pattern("**")]).len(), published.len());
    assert_eq!(all(&sequence, &[pattern("b.*"), pattern("a.3")]).len(), 10_000 + 1_428);
}

#[test]
fn the_newest_values_of_a_pattern_are_gathered_outside_the_lock_too() {
    let sequence = sequence(16 << 20);
    (0..20_000).for_each(|n| _ = publish(&sequence, &format!("latest.{n}")));
    let fresh = sequence.fresh(&[pattern("latest.*")]);
    let mut batch = Batch::default();
    let found = sequence.newest(&fresh, 0, sequence.head(), usize::MAX, 0, &mut batch);
    assert!(matches!(found, Found::More { at } if at > 5_000), "{found:?}");
}

#[test]
fn a_pattern_among_100_000_topics_is_looked_up_when_the_set_has_changed_and_not_before() {
    let sequence = sequence(64 << 20);
    let topic = |n: usize| format!("orders.{}.{n}", n % 1_000);
    (0..100_000).for_each(|n| _ = publish(&sequence, &topic(n)));
    let version = || sequence.state.lock().patterns.version();
    let views: Vec<_> = (0..1_000).map(|n| sequence.follow(0, &[pattern(&format!("orders.{n}.*"))])).collect();
    let before = version();
    sequence.follow(0, &[pattern("orders.7.*")]);
    assert_eq!(version(), before, "saying it twice is saying it once");
    let mut window = Window::default();
    sequence.inbox(0).swap(&mut window);
    for n in [7, 50_007, 99_999] {
        publish(&sequence, &topic(n));
        window.clear();
        sequence.inbox(0).swap(&mut window);
        assert_eq!(window.patterns, *views[n % 1_000].patterns, "one pattern of a thousand matches {}", topic(n));
    }
    // 50,007 once more, and 7: the hundred before and these.
    let read = all(&sequence, &[pattern("orders.7.*")]);
    assert_eq!(read.len(), 102);
    assert!(read.iter().all(|id| id.contains("/orders.7.")));
}

#[test]
fn a_topic_that_very_many_patterns_match_keeps_no_list_of_them() {
    let sequence = sequence(1 << 20);
    let any = |mask: u32| (0..8).map(|i| if mask >> i & 1 == 1 { "*" } else { "a" }).collect::<Vec<_>>().join(".");
    // Every way to write each of eight segments as itself or as a star.
    let followed: Vec<_> = (1..256).map(|mask| sequence.follow(0, &[pattern(&any(mask))])).collect();
    let mut window = Window::default();
    for _ in 0..2 {
        publish(&sequence, &any(0));
        window.clear();
        sequence.inbox(0).swap(&mut window);
        let mut matched = window.patterns.clone();
        matched.sort_unstable();
        let mut expected: Vec<_> = followed.iter().flat_map(|view| view.patterns.to_vec()).collect();
        expected.sort_unstable();
        assert_eq!(matched, expected);
    }
    let kept = sequence.state.lock().log.iter().map(|slot| slot.interest.patterns().len()).sum::<usize>();
    assert_eq!(kept, 0);
    assert_eq!(all(&sequence, &[pattern("*.a.a.a.a.a.a.*")]).len(), 2, "and it is found none the less");
}
