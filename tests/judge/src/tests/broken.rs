//! Implementations that are broken in one way each, by name: a correct one is wrapped, and the judge has to see it.

use super::*;

/// Topics in turn; of `price.*` only the newest event is promised.
const TOPICS: [&str; 4] = ["orders.a", "orders.b", "price.x", "secret.s"];
const EACH_LIFE: u64 = 24;

fn topic_of(offset: u64) -> &'static str {
    TOPICS[(offset % 4) as usize]
}

/// Two lives of one hub with three readers: one of everything; one of orders that slept through what was evicted; one
/// whose access to `secret.s` was withdrawn, and who came back without it.
fn correct() -> History {
    let lives = || (1..=2).flat_map(|life| (1..=EACH_LIFE).map(move |offset| (life, offset)));
    let published = lives().map(|(life, offset)| published(life, offset, topic_of(offset))).collect();
    let renewed = gap(2, 0, GapReason::Epoch, &[]);
    let told = |life, offset| [event(life, offset, topic_of(offset)), Item::At(at(life, offset))];

    let mut all = vec![];
    let mut orders = vec![Item::At(at(1, 2))];
    let mut withdrawn = vec![];
    for (life, offset) in lives() {
        if (life, offset) == (2, 1) {
            let anew = [renewed.clone(), Item::At(at(2, 0))];
            all.extend(anew.clone());
            orders.extend(anew.clone());
            withdrawn.extend(anew);
        }
        all.extend(told(life, offset));
        match (life, offset) {
            // A connection lost and taken up again leaves no trace at the page.
            (1, 9) => orders.extend([gap(1, 9, GapReason::Evicted, &["orders.*"]), Item::At(at(1, 9))]),
            (1, ..=9) => {}
            _ if topic_of(offset).starts_with("orders") => orders.extend(told(life, offset)),
            _ => {}
        }
        match (life, offset) {
            (1, 11) => {
                withdrawn.extend(told(1, 11));
                withdrawn.extend([Item::Withdrawn(at(1, 11)), Item::View(patterns(&["orders.*"]))]);
                withdrawn.push(Item::Gap {
                    at: Some(at(1, 11)),
                    reason: GapReason::Forbidden,
                    topics: patterns(&["secret.s"]),
                });
            }
            _ if topic_of(offset).starts_with("orders") => withdrawn.extend(told(life, offset)),
            _ if topic_of(offset) == "secret.s" && (life, offset) < (1, 11) => withdrawn.extend(told(life, offset)),
            _ => {}
        }
    }
    // What was in the prelude of its last stream.
    orders.insert(orders.len() - 1, event(2, 22, "price.x"));
    History {
        published,
        latest: patterns(&["price.*"]),
        lost: vec![],
        readings: vec![
            Reading::earliest(patterns(&["**"]), all),
            Reading { view: patterns(&["orders.*", "price.x"]), from: Some(at(1, 2)), new: false, items: orders },
            Reading::earliest(patterns(&["orders.*", "secret.s"]), withdrawn),
        ],
    }
}

const ALL: usize = 0;
const ORDERS: usize = 1;
const WITHDRAWN: usize = 2;

/// Wraps what the `reader`th was handed.
#[track_caller]
fn broken(reader: usize, wrap: impl FnOnce(&mut Vec<Item>), expected: &[Kind]) {
    let mut history = correct();
    wrap(&mut history.readings[reader].items);
    let violations = check(&history);
    assert_eq!(kinds(&violations), expected, "{violations:#?}");
    assert!(violations.iter().all(|v| v.reader == reader || v.kind == Kind::Divergent), "{violations:#?}");
}

/// Where the event is among the items.
fn find(items: &[Item], position: Position) -> usize {
    items.iter().position(|item| matches!(item, Item::Event { at, .. } if *at == position)).unwrap()
}

#[test]
fn a_correct_implementation_passes() {
    assert_eq!(check(&correct()), []);
}

#[test]
fn one_that_drops_an_event_silently_is_caught() {
    for offset in 1..=EACH_LIFE {
        broken(
            ALL,
            |items| {
                let n = find(items, at(2, offset));
                items.drain(n..n + 2);
            },
            // Of these only the newest is promised.
            if topic_of(offset) == "price.x" && offset < 22 { &[] } else { &[Kind::Lost] },
        );
    }
}

#[test]
fn one_that_drops_an_event_and_moves_the_position_all_the_same_is_caught() {
    broken(ALL, |items| drop(items.remove(find(items, at(1, 5)))), &[Kind::Lost]);
}

#[test]
fn one_that_loses_the_end_of_what_there_is_is_caught() {
    broken(ALL, |items| items.truncate(items.len() - 2), &[Kind::Lost]);
    broken(ALL, Vec::clear, &[]);
}

#[test]
fn one_that_repeats_events_after_a_reconnect_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 8));
            items.splice(n + 2..n + 2, [event(1, 7, topic_of(7)), event(1, 8, topic_of(8))]);
        },
        &[Kind::Duplicated],
    );
}

#[test]
fn one_that_repeats_a_prelude_it_had_handed_over_is_caught() {
    broken(ORDERS, |items| items.push(event(2, 22, "price.x")), &[Kind::Duplicated]);
}

#[test]
fn one_that_swaps_two_events_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 8));
            items.swap(n, n + 2);
        },
        &[Kind::Reordered, Kind::EarlyPosition],
    );
}

#[test]
fn one_that_shows_an_older_value_after_a_newer_one_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(2, 18));
            let older = items.remove(n);
            items.push(older);
        },
        &[Kind::Reordered],
    );
}

#[test]
fn one_that_tells_the_gap_after_the_next_event_is_caught() {
    broken(
        ORDERS,
        |items| {
            let n = items.iter().position(|item| matches!(item, Item::Gap { .. })).unwrap();
            let gap = items.drain(n..n + 2).collect::<Vec<_>>();
            items.splice(n + 1..n + 1, [gap[0].clone()]);
        },
        &[Kind::LateGap],
    );
}

#[test]
fn one_that_swallows_the_gap_is_caught() {
    broken(
        ORDERS,
        |items| items.retain(|item| !matches!(item, Item::Gap { reason: GapReason::Evicted, .. })),
        &[Kind::Lost],
    );
}

#[test]
fn one_that_names_the_wrong_topics_in_a_gap_is_caught() {
    broken(
        ORDERS,
        |items| {
            let evicted = |item: &&mut Item| matches!(item, Item::Gap { reason: GapReason::Evicted, .. });
            let Some(Item::Gap { topics, .. }) = items.iter_mut().find(evicted) else { unreachable!() };
            *topics = patterns(&["orders.a"]);
        },
        &[Kind::Lost],
    );
}

#[test]
fn one_that_ends_a_gap_before_the_loss_ends_is_caught() {
    broken(
        ORDERS,
        |items| {
            let n = items.iter().position(|item| matches!(item, Item::Gap { .. })).unwrap();
            items[n] = gap(1, 7, GapReason::Evicted, &["orders.*"]);
        },
        &[Kind::Lost],
    );
}

#[test]
fn one_that_tells_a_gap_without_loss_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 12));
            items.insert(n, gap(1, 11, GapReason::Slow, &[]));
        },
        &[Kind::NeedlessGap],
    );
}

#[test]
fn one_that_tells_the_same_gap_twice_is_caught() {
    broken(
        ORDERS,
        |items| {
            let n = items.iter().position(|item| matches!(item, Item::Gap { .. })).unwrap();
            items.insert(n + 2, gap(1, 9, GapReason::Evicted, &["orders.*"]));
        },
        &[Kind::NeedlessGap],
    );
}

#[test]
fn one_that_moves_the_position_early_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 12));
            items.insert(n, Item::At(at(1, 12)));
        },
        &[Kind::EarlyPosition],
    );
}

#[test]
fn one_whose_position_falls_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 12));
            items.insert(n, Item::At(at(1, 10)));
        },
        &[Kind::Reordered],
    );
}

#[test]
fn one_that_replays_another_epochs_event_without_a_gap_is_caught() {
    broken(ALL, |items| items.retain(|item| !matches!(item, Item::Gap { .. })), &[Kind::WrongEpoch]);
}

#[test]
fn one_that_comes_back_to_an_epoch_that_has_ended_is_caught() {
    broken(
        ALL,
        |items| {
            let n = find(items, at(1, 24));
            let late: Vec<Item> = items.drain(n..n + 2).take(1).collect();
            items.splice(n + 4..n + 4, late);
        },
        &[Kind::WrongEpoch],
    );
}

#[test]
fn one_that_leaks_a_topic_that_was_not_granted_is_caught() {
    broken(
        ORDERS,
        |items| {
            let n = find(items, at(2, 4));
            items.insert(n, event(2, 3, "secret.s"));
        },
        &[Kind::Unauthorised],
    );
}

#[test]
fn one_that_replays_what_access_gave_no_more_is_caught() {
    broken(
        WITHDRAWN,
        |items| {
            let n = find(items, at(1, 16));
            items.insert(n, event(1, 15, "secret.s"));
        },
        &[Kind::Unauthorised],
    );
}

#[test]
fn one_that_lets_a_stream_run_on_when_access_is_withdrawn_is_caught() {
    broken(
        WITHDRAWN,
        |items| {
            let n = items.iter().position(|item| matches!(item, Item::View(_))).unwrap();
            let next = find(items, at(1, 12));
            let next: Vec<Item> = items.drain(next..next + 2).collect();
            items.splice(n..n, next);
        },
        &[Kind::Unauthorised],
    );
}

#[test]
fn one_that_alters_a_payload_is_caught() {
    broken(
        WITHDRAWN,
        |items| {
            let n = find(items, at(1, 8));
            let Item::Event { content, .. } = &mut items[n] else { unreachable!() };
            content.push(' ');
        },
        // It was another's, too.
        &[Kind::Divergent, Kind::Phantom],
    );
}

#[test]
fn one_that_gives_one_position_to_two_publishes_is_caught() {
    let mut history = correct();
    let content = "tick of another".to_owned();
    history.published.push(Published { content, ..published(2, 8, topic_of(8)) });
    let lost: Vec<_> = check(&history).iter().map(|v| (v.kind, v.reader, v.at)).collect();
    assert_eq!(lost, [ALL, ORDERS, WITHDRAWN].map(|reader| (Kind::Lost, reader, at(2, 8))));
}

#[test]
fn one_that_makes_up_an_event_is_caught() {
    broken(ALL, |items| items.push(event(2, 25, "orders.a")), &[Kind::Phantom]);
}

#[test]
fn one_that_puts_an_event_under_another_topic_is_caught() {
    broken(
        WITHDRAWN,
        |items| {
            let n = find(items, at(1, 8));
            let Item::Event { topic, .. } = &mut items[n] else { unreachable!() };
            *topic = Topic::parse("orders.b").unwrap();
        },
        &[Kind::Divergent, Kind::Phantom],
    );
}

#[test]
fn one_that_shows_two_readers_two_events_at_one_position_is_caught() {
    let mut history = correct();
    // Nobody was told where these are, so either may be there: not both.
    for (reader, content) in [(ALL, "one"), (WITHDRAWN, "other")] {
        let topic = Topic::parse("orders.a").unwrap();
        let published =
            Published { topic: topic.clone(), content: content.into(), outcome: Outcome::Unknown, retried: false };
        history.published.push(published);
        history.readings[reader].items.push(Item::Event { at: at(2, 25), topic, content: content.into() });
    }
    assert_eq!(kinds(&check(&history)), [Kind::Divergent]);
}

#[test]
fn one_that_passes_over_what_its_store_lost_is_caught() {
    let mut history = correct();
    history.published.retain(|one| one.outcome != Outcome::Accepted(at(1, 13)));
    history.lost = vec![at(1, 13)];
    for reading in &mut history.readings {
        let of_it =
            |item: &Item| matches!(item, Item::Event { at: there, .. } | Item::At(there) if *there == at(1, 13));
        reading.items.retain(|item| !of_it(item));
    }
    // The first tells it, the others do not.
    let items = &mut history.readings[ALL].items;
    let n = find(items, at(1, 14));
    items.insert(n, gap(1, 13, GapReason::Lost, &[]));
    let violations = check(&history);
    assert_eq!(kinds(&violations), [Kind::Lost]);
    assert_eq!(violations.iter().map(|v| v.reader).collect::<Vec<_>>(), [ORDERS, WITHDRAWN]);
}
