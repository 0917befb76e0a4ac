//! What a log keeps, what it forgets, and what it knows of what it forgot.

use super::{Batch, Limits, Log, Read, TopicId};
use eventwire::Topic;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// The same table every time: a test knows no chance.
type Hash = BuildHasherDefault<DefaultHasher>;

const LIMITS: Limits = Limits { segment: 1_000, budget: 20_000, retain: 1_000, quiet: 500, tombs: 1_000 };

struct Hub {
    log: Log<Hash>,
    now: u64,
}

impl Hub {
    fn new(limits: Limits) -> Self {
        Self { log: Log::new(limits, 0, Hash::default()), now: 0 }
    }

    /// Topics under `latest.` keep only their newest event.
    fn topic(&mut self, name: &str) -> TopicId {
        self.log.topic(&Topic::parse(name).unwrap(), |name| name.starts_with("latest."))
    }

    fn publish(&mut self, name: &str, size: usize) -> u64 {
        let at = self.log.head() + 1;
        self.publish_at(at, name, size)
    }

    fn publish_at(&mut self, at: u64, name: &str, size: usize) -> u64 {
        let topic = self.topic(name);
        let body = format!("{at}:{name}{};", "#".repeat(size));
        self.log.append(topic, at, self.now, &body.as_bytes()[..1], &body.as_bytes()[1..]);
        at
    }

    /// Offsets of all of a topic after a position, read in pieces.
    fn read(&mut self, name: &str, after: u64) -> Vec<u64> {
        let (topic, head) = (self.topic(name), self.log.head());
        let (mut offsets, mut at) = (Vec::new(), after);
        loop {
            let mut batch = Batch::default();
            let read = self.log.read(&[topic], at, head, 300, &mut batch);
            let text = String::from_utf8(batch.bytes).unwrap();
            offsets.extend(text.split_terminator(';').map(|event| {
                let (at, rest) = event.split_once(':').unwrap();
                assert!(rest.trim_end_matches('#') == name, "{rest} is not of {name}");
                at.parse::<u64>().unwrap()
            }));
            match read {
                Read::Done { at } => {
                    assert_eq!(at, head.max(after));
                    return offsets;
                }
                Read::More { at: next } => {
                    assert!(next > at, "no progress");
                    at = next;
                }
            }
        }
    }
}

#[test]
fn events_of_a_topic_are_read_in_order_wherever_the_position_lies() {
    let mut hub = Hub::new(LIMITS);
    let mut of_a = Vec::new();
    for n in 0..300 {
        let at = hub.publish(if n % 7 == 0 { "a" } else { "b" }, 3);
        if n % 7 == 0 {
            of_a.push(at);
        }
    }
    for after in [0, 1, 2, 150, 280, 299, 300, 1_000] {
        let later: Vec<_> = of_a.iter().copied().filter(|at| *at > after).collect();
        assert_eq!(hub.read("a", after), later, "after {after}");
    }
}

#[test]
fn holes_wider_than_a_link_are_crossed() {
    let mut hub = Hub::new(LIMITS);
    let offsets = [3, 9, 9 + (1 << 33), 10 + (1 << 33), 1 << 50];
    for at in offsets {
        hub.publish_at(at, "a", 0);
    }
    assert_eq!(hub.read("a", 0), offsets);
    assert_eq!(hub.read("a", 9), offsets[2..]);
}

#[test]
fn a_hog_evicts_itself_and_quiet_topics_survive_within_the_budget() {
    let mut hub = Hub::new(LIMITS);
    for n in 0..20 {
        hub.publish(&format!("quiet.{n}"), 50);
    }
    for _ in 0..5_000 {
        hub.publish("hog", 90);
        assert!(hub.log.bytes() <= LIMITS.budget + LIMITS.segment, "{} bytes", hub.log.bytes());
    }
    for n in 0..20 {
        let topic = hub.topic(&format!("quiet.{n}"));
        assert_eq!(hub.log.lost(topic, 0), None);
        assert_eq!(hub.read(&format!("quiet.{n}"), 0), [n + 1]);
    }
    let hog = hub.topic("hog");
    let lost = hub.log.lost(hog, 0).expect("most of it is gone");
    assert_eq!(hub.read("hog", lost).first(), Some(&(lost + 1)), "all behind the last loss is there");
}

#[test]
fn quiet_topics_do_not_outlive_their_age() {
    let mut hub = Hub::new(LIMITS);
    hub.publish("quiet.a", 50);
    for _ in 0..500 {
        hub.publish("hog", 90);
    }
    hub.now += LIMITS.retain + 1;
    while !hub.log.trim(hub.now, 4) {}
    assert_eq!((hub.log.events(), hub.log.bytes(), hub.log.topics()), (0, 0, 0), "an idle hub is empty");
}

#[test]
fn one_call_forgets_a_bounded_number_of_segments_however_much_is_too_old() {
    let mut hub = Hub::new(Limits { budget: 1 << 20, ..LIMITS });
    for _ in 0..2_000 {
        hub.publish("a", 90);
    }
    hub.now += LIMITS.retain + 1;
    let (mut before, mut calls) = (hub.log.events(), 0);
    loop {
        let all = hub.log.trim(hub.now, 4);
        calls += 1;
        let (now, a_segment) = (hub.log.events(), LIMITS.segment / 90);
        assert!(before - now <= 4 * a_segment, "{} events in one hold of the lock", before - now);
        before = now;
        if all {
            break;
        }
    }
    assert!(calls > 40 && before == 0, "{calls} calls, {before} events left");
}

#[test]
fn a_topic_and_a_prefix_of_the_same_text_have_losses_of_their_own() {
    let mut hub = Hub::new(LIMITS);
    let of_topic = hub.publish("a", 10);
    let below = hub.publish("b.x", 10);
    hub.now += LIMITS.retain + 1;
    while !hub.log.trim(hub.now, 4) {}
    assert_eq!(hub.log.lost_under("a", 0), None, "`a.*` does not match `a`");
    assert_eq!(hub.log.lost_under("b", 0), Some(below));
    let (a, b) = (hub.topic("a"), hub.topic("b"));
    assert_eq!((hub.log.lost(a, 0), hub.log.lost(b, 0)), (Some(of_topic), None), "`b` was never published to");
}

#[test]
fn a_topic_that_is_gone_and_comes_back_knows_its_loss_and_a_new_one_has_none() {
    let mut hub = Hub::new(LIMITS);
    let last = hub.publish("a.once", 10);
    for _ in 0..100 {
        hub.publish("b", 10);
    }
    hub.now += LIMITS.retain + 1;
    while !hub.log.trim(hub.now, 4) {}
    let again = hub.topic("a.once");
    assert_eq!(hub.log.lost(again, 0), Some(last));
    assert_eq!(hub.log.lost(again, last), None);
    let never = hub.topic("a.never");
    assert_eq!(hub.log.lost(never, 0), None);
    assert_eq!(hub.log.lost_under("a", 0), Some(last));
    assert_eq!(hub.log.lost_under("c", 0), None);
    assert_eq!(hub.log.lost_under("", 0), Some(last + 100));
}

#[test]
fn topics_used_once_leave_bounded_memory_and_never_a_loss_too_low() {
    let mut hub = Hub::new(LIMITS);
    let offsets: Vec<_> = (0..20_000).map(|n| hub.publish(&format!("once.{n}"), 20)).collect();
    assert!(hub.log.topics() < 1_000, "{} topics", hub.log.topics());
    for n in (0..20_000).step_by(997) {
        let topic = hub.topic(&format!("once.{n}"));
        let kept = hub.read(&format!("once.{n}"), 0) == [offsets[n]];
        assert!(kept || hub.log.lost(topic, 0) >= Some(offsets[n]), "the loss of {n} is forgotten");
        hub.log.release(topic);
    }
}

#[test]
fn the_newest_of_many_values_costs_no_more_than_the_values() {
    let limits = Limits { budget: 1 << 20, ..LIMITS };
    let mut hub = Hub::new(limits);
    for round in 0..200 {
        for n in 0..50 {
            hub.publish(&format!("latest.{n}"), 20);
        }
        // Values that rest for long while others move on.
        if round % 20 == 0 {
            hub.publish(&format!("latest.rest.{round}"), 20);
        }
        hub.now += limits.retain / 10;
        while !hub.log.trim(hub.now, 4) {}
    }
    assert_eq!(hub.log.topics(), 60);
    assert!(hub.log.events() < 60 + 50 * 12, "{} events", hub.log.events());
    for round in (0..200).step_by(20) {
        let topic = hub.topic(&format!("latest.rest.{round}"));
        assert_eq!(hub.log.newest_lost(topic), None);
        assert_eq!(hub.read(&format!("latest.rest.{round}"), 0).len(), 1);
    }
}

#[test]
fn a_newest_value_outlives_any_number_of_others_that_moved_on_around_it() {
    let mut hub = Hub::new(Limits { budget: 1 << 20, ..LIMITS });
    for n in 0..30 {
        hub.publish(&format!("latest.rest.{n}"), 20);
        hub.publish(&format!("latest.{n}"), 20);
    }
    for _ in 0..20 {
        hub.now += LIMITS.retain + 1;
        while !hub.log.trim(hub.now, 4) {}
        // Survivors are written anew as these leave them.
        for n in 0..30 {
            hub.publish(&format!("latest.{n}"), 20);
        }
    }
    for n in 0..30 {
        assert_eq!(hub.read(&format!("latest.rest.{n}"), 0).len(), 1, "latest.rest.{n}");
    }
}

#[test]
fn a_newest_value_that_bytes_forced_out_is_a_loss_to_newcomers_until_the_next_one() {
    let mut hub = Hub::new(Limits { quiet: 0, ..LIMITS });
    let at = hub.publish("latest.x", 20);
    assert_eq!(hub.log.newest_lost_under("latest"), None);
    // So many other values that half the budget does not hold them.
    for n in 0..400 {
        hub.publish(&format!("latest.y.{n}"), 40);
    }
    let topic = hub.topic("latest.x");
    assert_eq!(hub.log.newest_lost(topic), Some(at));
    assert!(hub.log.newest_lost_under("latest") >= Some(at));
    hub.publish("latest.x", 20);
    assert_eq!(hub.log.newest_lost(topic), None);
    assert_eq!(hub.log.lost(topic, 0), None, "the newer one stands for it");
    for n in 0..400 {
        hub.publish(&format!("latest.y.{n}"), 1);
    }
    assert_eq!(hub.log.newest_lost_under("latest.y"), None, "all are back");
}

#[test]
fn following_what_never_was_makes_a_restarted_hub_forget_no_loss() {
    let mut hub = Hub { log: Log::new(Limits { tombs: 8, ..LIMITS }, 40, Hash::default()), now: 0 };
    let lost = hub.publish("a", 3);
    hub.now = 10_000;
    while !hub.log.trim(hub.now, 1) {}
    for n in 0..100 {
        let topic = hub.topic(&format!("never.{n}"));
        hub.log.release(topic);
    }
    let (lossy, other) = (hub.topic("a"), hub.topic("never.7"));
    assert_eq!((hub.log.lost(lossy, 40), hub.log.lost(other, 40)), (Some(lost), None));
}
