//! The fine print: what is owed to whom, and what excuses what.

use super::*;

/// Ten events of one life, in turn of `odd` and `even`.
fn ten(items: Vec<Item>) -> History {
    let published = (1..=10).map(|n| published(1, n, name(n))).collect();
    History { published, readings: vec![Reading::earliest(patterns(&["**"]), items)], ..History::default() }
}

fn name(n: u64) -> &'static str {
    if n.is_multiple_of(2) { "even" } else { "odd" }
}

fn told(offsets: impl IntoIterator<Item = u64>) -> Vec<Item> {
    offsets.into_iter().map(|n| event(1, n, name(n))).collect()
}

#[track_caller]
fn verdict(history: &History, expected: &[(Kind, u64)]) {
    let violations: Vec<_> = check(history).iter().map(|one| (one.kind, one.at.offset.0)).collect();
    assert_eq!(violations, expected);
}

#[test]
fn what_lies_before_the_beginning_is_not_owed() {
    let mut history = ten(told(5..=10));
    verdict(&history, &[(Kind::Lost, 1), (Kind::Lost, 2), (Kind::Lost, 3), (Kind::Lost, 4)]);
    history.readings[0].from = Some(at(1, 4));
    verdict(&history, &[]);
}

#[test]
fn a_reader_that_was_handed_nothing_at_all_was_owed_everything() {
    let history = ten(vec![]);
    assert_eq!(check(&history).len(), 10);
}

#[test]
fn of_a_latest_only_topic_the_newest_event_is_owed_and_no_other() {
    let evens = |newest: u64| told((1..=10).filter(|n: &u64| n.is_multiple_of(2) || *n == newest));
    let judge = |items, expected: &[_]| verdict(&History { latest: patterns(&["odd"]), ..ten(items) }, expected);
    judge(evens(9), &[]);
    judge(evens(7), &[(Kind::Lost, 9)]);
    // A prelude: it comes when the position is beyond it; or the word that it cannot come does.
    judge([told([2, 4, 6, 8, 10]), told([9])].concat(), &[]);
    judge([told([2, 4, 6, 8, 10]), vec![gap(1, 9, GapReason::Evicted, &["odd"])]].concat(), &[]);
}

#[test]
fn a_newcomer_is_owed_the_newest_value_before_its_beginning_and_a_page_that_knows_it_is_not() {
    let mut history = History { latest: patterns(&["odd"]), ..ten(told([10])) };
    history.readings[0].from = Some(at(1, 9));
    verdict(&history, &[(Kind::Lost, 9)]);
    history.readings[0].new = false;
    verdict(&history, &[]);
}

#[test]
fn a_topic_that_is_added_is_owed_from_there_and_one_that_is_removed_up_to_there() {
    let changing = |items| {
        let mut history = ten(items);
        history.readings[0].view = patterns(&["odd"]);
        history
    };
    let switch = [Item::At(at(1, 5)), Item::View(patterns(&["even"]))];
    verdict(&changing([told([1, 3, 5]), switch.to_vec(), told([6, 8, 10])].concat()), &[]);
    verdict(&changing([told([1, 3]), switch.to_vec(), told([6, 10])].concat()), &[(Kind::Lost, 5), (Kind::Lost, 8)]);
    verdict(&changing([told([1, 3, 5]), switch.to_vec(), told([6, 7, 8, 10])].concat()), &[(Kind::Unauthorised, 7)]);
}

#[test]
fn a_latest_only_topic_that_left_the_view_and_is_back_may_bring_its_newest_event_once_more() {
    let judge = |views: &[&[&str]], expected: &[_]| {
        let mut items = told(1..=10);
        items.extend(views.iter().map(|view| Item::View(patterns(view))));
        items.extend(told([9]));
        verdict(&History { latest: patterns(&["odd"]), ..ten(items.clone()) }, expected);
        items.extend(told([9]));
        verdict(&History { latest: patterns(&["odd"]), ..ten(items) }, &[expected, &[(Kind::Duplicated, 9)]].concat());
    };
    judge(&[&["even"], &["odd", "even"]], &[]);
    judge(&[&["odd"], &["odd", "even"]], &[(Kind::Duplicated, 9)]);
}

#[test]
fn what_was_refused_may_not_appear_and_what_is_unknown_may() {
    let mut history = ten(told(1..=10));
    history.published[9].outcome = Outcome::Unknown;
    verdict(&history, &[]);
    history.readings[0].items.pop();
    verdict(&history, &[]);
    history.published[8].outcome = Outcome::Refused;
    verdict(&history, &[(Kind::Phantom, 9)]);
}

#[test]
fn a_publish_tried_again_in_another_epoch_may_stand_in_both_and_in_neither_twice() {
    let again = |n| {
        let Item::Event { topic, content, .. } = event(1, 10, "even") else { unreachable!() };
        Item::Event { at: at(2, n), topic, content }
    };
    let renewed = gap(2, 0, GapReason::Epoch, &[]);
    let judge = |retried, more: Vec<Item>, expected: &[_]| {
        let mut history = ten([told(1..=10), more].concat());
        history.published[9].outcome = Outcome::Accepted(at(2, 1));
        history.published[9].retried = retried;
        verdict(&history, expected);
    };
    judge(true, vec![renewed.clone(), again(1)], &[]);
    judge(false, vec![renewed.clone(), again(1)], &[(Kind::Phantom, 10), (Kind::Duplicated, 1)]);
    judge(true, vec![renewed, again(1), again(2)], &[(Kind::Phantom, 2), (Kind::Duplicated, 2)]);
}

#[test]
fn a_loss_near_a_pattern_may_be_told_and_one_far_from_it_may_not() {
    let mut history = ten(vec![]);
    history.published = vec![published(1, 1, "a.b.c"), published(1, 2, "a.b"), published(1, 3, "b.b")];
    let judge = |view: &str, expected: &[_]| {
        let mut history = history.clone();
        let here = Item::At(at(1, 0));
        let mut items = vec![here, gap(1, 1, GapReason::Evicted, &[view])];
        items.extend([event(1, 2, "a.b"), event(1, 3, "b.b")].into_iter().filter(|item| match item {
            Item::Event { topic, .. } => patterns(&[view])[0].matches(topic.as_str()),
            _ => false,
        }));
        history.readings = vec![Reading::earliest(patterns(&[view]), items)];
        verdict(&history, expected);
    };
    judge("a.*", &[]);
    judge("*.b", &[]);
    judge("b.*", &[(Kind::NeedlessGap, 1)]);
    judge("a.b", &[(Kind::NeedlessGap, 1)]);
}

#[test]
fn a_reader_ahead_of_the_order_falls_back_once_and_is_owed_what_comes() {
    let ahead = vec![Item::At(at(1, 20)), gap(1, 6, GapReason::Ahead, &[]), Item::At(at(1, 6))];
    let mut history = ten([ahead.clone(), told(7..=10)].concat());
    history.readings[0].from = Some(at(1, 20));
    verdict(&history, &[]);
    history.readings[0].items = ahead;
    assert_eq!(kinds(&check(&history)), [Kind::Lost]);
}
