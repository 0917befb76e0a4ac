//! The judge is judged: a perfect run passes, and every way to spoil it is named.

use super::*;

fn epoch(n: u64) -> Epoch {
    Epoch::from_random(n)
}

fn at(offset: u64) -> Position {
    Position { epoch: epoch(1), offset: Offset(offset) }
}

fn topic(n: u64) -> Topic {
    Topic::parse(if n.is_multiple_of(2) { "even" } else { "odd" }).unwrap()
}

fn event(n: u64) -> Item {
    Item::Event { at: at(n), topic: topic(n), content: format!("tick {n}") }
}

fn gap(upto: u64, topics: &[&str]) -> Item {
    let topics = topics.iter().map(|raw| Pattern::parse(raw).unwrap()).collect();
    Item::Gap { at: Some(at(upto)), reason: GapReason::Evicted, topics }
}

fn history(items: Vec<Item>) -> History {
    let published = |n| Published {
        topic: topic(n),
        content: format!("tick {n}"),
        outcome: Outcome::Accepted(at(n)),
        retried: false,
    };
    History { published: (1..=10).map(published).collect(), view: vec![Pattern::all()], items, ..History::default() }
}

fn perfect() -> Vec<Item> {
    (1..=10).map(event).collect()
}

/// A perfect run, spoilt.
fn check_after(spoil: impl FnOnce(&mut Vec<Item>), expected: &[Violation]) {
    let mut items = perfect();
    spoil(&mut items);
    assert_eq!(check(&history(items)), expected);
}

#[test]
fn a_perfect_run_has_nothing_wrong_with_it() {
    check_after(|_| {}, &[]);
}

#[test]
fn an_event_that_is_left_out_is_lost() {
    check_after(|items| drop(items.remove(4)), &[Violation::Lost(topic(5), at(5))]);
    check_after(|items| drop(items.pop()), &[Violation::Lost(topic(10), at(10))]);
}

#[test]
fn an_event_handed_over_twice_is_a_duplicate() {
    check_after(
        |items| items.insert(5, event(5)),
        &[Violation::Duplicated(topic(5), at(5)), Violation::Reordered(topic(5), at(5))],
    );
}

#[test]
fn two_events_that_change_places_are_out_of_order() {
    check_after(|items| items.swap(4, 5), &[Violation::Reordered(topic(5), at(5))]);
}

#[test]
fn an_event_nobody_published_or_that_was_changed_is_a_phantom() {
    let made_up = Item::Event { at: at(11), topic: topic(1), content: "tick 11".into() };
    check_after(|items| items.push(made_up), &[Violation::Phantom(topic(1), at(11))]);
    let moved = Item::Event { at: at(11), topic: topic(1), content: "tick 1".into() };
    check_after(
        |items| items.push(moved),
        &[Violation::Phantom(topic(1), at(11)), Violation::Duplicated(topic(1), at(11))],
    );
}

#[test]
fn a_loss_told_before_the_next_event_is_no_violation_and_told_after_it_is_late() {
    check_after(
        |items| {
            items.remove(4);
            items.insert(4, gap(5, &["odd"]));
        },
        &[],
    );
    check_after(
        |items| {
            items.remove(4);
            items.insert(5, gap(6, &[]));
        },
        &[Violation::LateGap(topic(5), at(5))],
    );
}

#[test]
fn a_gap_of_other_topics_announces_nothing() {
    check_after(
        |items| {
            items.remove(4);
            items.insert(4, gap(5, &["even"]));
        },
        &[Violation::Lost(topic(5), at(5)), Violation::NeedlessGap(at(5), GapReason::Evicted)],
    );
}

#[test]
fn a_gap_that_covers_nothing_missing_is_needless() {
    check_after(|items| items.insert(4, gap(4, &[])), &[Violation::NeedlessGap(at(4), GapReason::Evicted)]);
}

#[test]
fn another_epoch_needs_a_gap_and_no_epoch_comes_back() {
    let next = |n: u64| Position { epoch: epoch(2), offset: Offset(n) };
    let later = |n: u64| Item::Event { at: next(n), topic: topic(1), content: format!("later {n}") };
    let publish = |n| Published {
        topic: topic(1),
        content: format!("later {n}"),
        outcome: Outcome::Accepted(next(n)),
        retried: false,
    };
    let told = Item::Gap { at: Some(next(0)), reason: GapReason::Epoch, topics: Vec::new() };
    let judge = |items: Vec<Item>| {
        let mut history = history(items);
        history.published.extend((1..=2).map(publish));
        check(&history)
    };
    let mut items: Vec<Item> = perfect().drain(..7).collect();
    items.extend([told.clone(), later(1), later(2)]);
    assert_eq!(judge(items.clone()), [], "8 to 10 are announced by the gap");
    let mut silent = items.clone();
    silent.remove(7);
    let lost = |n| Violation::Lost(topic(n), at(n));
    assert_eq!(judge(silent), [Violation::ForeignEpoch(topic(1), next(1)), lost(8), lost(9), lost(10)]);
    let mut back = items;
    back.push(event(8));
    assert!(judge(back).contains(&Violation::ForeignEpoch(topic(8), at(8))));
}

#[test]
fn a_publish_tried_again_in_another_epoch_may_stand_in_both_and_in_neither_twice() {
    let next = |n: u64| Position { epoch: epoch(2), offset: Offset(n) };
    let again = |n: u64| Item::Event { at: next(n), topic: topic(10), content: "tick 10".into() };
    let told = Item::Gap { at: Some(next(0)), reason: GapReason::Epoch, topics: Vec::new() };
    let judge = |retried: bool, more: Vec<Item>| {
        let mut history = history(perfect());
        history.published[9].outcome = Outcome::Accepted(next(1));
        history.published[9].retried = retried;
        history.items.extend(more);
        check(&history)
    };
    assert_eq!(judge(true, vec![told.clone(), again(1)]), []);
    let never = [Violation::Phantom(topic(10), at(10)), Violation::Duplicated(topic(10), next(1))];
    assert_eq!(judge(false, vec![told.clone(), again(1)]), never);
    let twice = [Violation::Phantom(topic(10), next(2)), Violation::Duplicated(topic(10), next(2))];
    assert_eq!(judge(true, vec![told, again(1), again(2)]), twice);
}

#[test]
fn of_a_latest_only_topic_the_newest_event_is_owed_and_no_other() {
    let judge = |items: Vec<Item>| {
        let latest = vec![Pattern::parse("odd").unwrap()];
        check(&History { latest, ..history(items) })
    };
    let evens =
        |newest: u64| (1..=10).filter(|n: &u64| n.is_multiple_of(2) || *n == newest).map(event).collect::<Vec<_>>();
    assert_eq!(judge(evens(9)), []);
    assert_eq!(judge(evens(7)), [Violation::Lost(topic(9), at(9))]);
    // A prelude: it comes when the position is beyond it.
    let mut prelude = evens(0);
    prelude.push(event(9));
    assert_eq!(judge(prelude), []);
}

#[test]
fn what_was_refused_may_not_appear_and_what_is_unknown_may() {
    let mut history = history(perfect());
    history.published[9].outcome = Outcome::Unknown;
    assert_eq!(check(&history), []);
    history.items.pop();
    assert_eq!(check(&history), []);
    history.published[8].outcome = Outcome::Refused;
    assert_eq!(check(&history), [Violation::Phantom(topic(9), at(9))]);
}
