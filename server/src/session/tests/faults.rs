//! Bad input, by its name in `docs/wire.md`: S11 (see `clock`) to S17, S21, S22.

use super::face::{Client, after, at, config, cursor, gap, order, publish};
use crate::hub::{Core, CoreConfig};
use eventwire::{EventName, Offset, Pattern, Start, Topic};

fn small() -> CoreConfig {
    CoreConfig { budget: 32 << 10, ..config() }
}

#[tokio::test(start_paused = true)]
async fn s12_a_position_whose_events_are_evicted_is_a_gap_and_then_what_is_left() {
    let core = Core::new(small());
    (0..2_000).for_each(|n| publish(&core, "a", n));
    publish(&core, "b", 0);
    let mut client = Client::join(&core, &["a"], after(1));
    let said = client.read().await;
    let evicted: u64 = said[1].split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(said[1], gap(evicted, "evicted", "\"a\""));
    assert_eq!(said[2], cursor(evicted, "prelude"));
    assert!(said[3].starts_with(&format!("tick {}.1/a", evicted + 1)), "{}", said[3]);
    assert_eq!(said.len() as u64, 4 + 2_000 - evicted, "everything that is left, and cursor live");
    // Nothing of `b` was evicted, however much of `a` was.
    let mut other = Client::join(&core, &["b"], after(1));
    assert_eq!(other.read().await[1..], [cursor(1, "prelude"), "tick 2001/b 0".into(), cursor(2001, "live")]);
}

#[tokio::test(start_paused = true)]
async fn s13_a_position_of_another_epoch_is_a_gap_at_the_head_and_the_newest_values() {
    let core = Core::new(config());
    publish(&core, "prices.x", 1);
    publish(&core, "a", 2);
    let start = Start::After { position: at("000000000000", 1), native: true };
    let mut client = Client::join(&core, &["a", "prices.*"], start);
    let said = [gap(2, "epoch", ""), "tick 1/prices.x 1".into(), cursor(2, "prelude"), cursor(2, "live")];
    assert_eq!(client.read().await[1..], said);
    let mut unreadable = Client::join(&core, &["a", "prices.*"], Start::Unreadable { native: false });
    assert_eq!(unreadable.read().await[1], gap(2, "position", ""));
}

#[tokio::test(start_paused = true)]
async fn s14_a_resume_right_after_a_restart_and_before_any_publish_is_a_full_replay() {
    let core = Core::new(CoreConfig { start: Offset(40), ..config() });
    let accept = |at: u64, topic: &str| {
        core.accept(Offset(at), &Topic::parse(topic).unwrap(), &EventName::parse("tick").unwrap(), "0");
    };
    // Newest values from before the start first, then what is kept.
    accept(7, "prices.x");
    (41..=44).for_each(|at| accept(at, "a"));
    let mut client = Client::join(&core, &["a", "prices.x"], after(42));
    let said = [cursor(42, "prelude"), "tick 43.1/a 0".into(), "tick 44.1/a 0".into(), cursor(44, "live")];
    assert_eq!(client.read().await[1..], said);
    let mut newcomer = Client::join(&core, &["prices.x"], Start::Now);
    assert_eq!(newcomer.read().await[1], "tick 7/prices.x 0");
    // Of what lies before nothing is known: that is told.
    let mut old = Client::join(&core, &["a"], after(39));
    assert_eq!(old.read().await[1], gap(40, "evicted", "\"a\""));
}

#[tokio::test(start_paused = true)]
async fn s15_a_replay_longer_than_any_buffer_streams_with_back_pressure() {
    let core = Core::new(CoreConfig { budget: 8 << 20, ..config() });
    (0..20_000).for_each(|n| publish(&core, "a", n));
    let mut client = Client::join(&core, &["a"], after(0));
    let mut events = 0;
    for _ in 0..1_000 {
        let said = client.read().await;
        events += said.iter().filter(|said| said.starts_with("tick")).count();
        assert!(core.stats().queued_bytes <= 80 << 10, "{} bytes wait", core.stats().queued_bytes);
        if said.last() == Some(&cursor(20_000, "live")) {
            break;
        }
    }
    assert_eq!(events, 20_000);
}

#[tokio::test(start_paused = true)]
async fn s17_bogus_positions_in_a_loop_cost_no_scan_and_leave_nothing() {
    let core = Core::new(CoreConfig { budget: 8 << 20, ..config() });
    (0..20_000).for_each(|n| publish(&core, "a", n));
    publish(&core, "b", 0);
    let before = core.stats();
    for n in 0..2_000u64 {
        let start = match n % 4 {
            0 => after(u64::MAX - n),
            1 => after(n),
            2 => Start::After { position: at("000000000000", n), native: true },
            _ => Start::Unreadable { native: true },
        };
        let topic = format!("b.{n}");
        let mut client = Client::join(&core, &[&topic], start);
        let said = client.read().await;
        assert_eq!(said.last(), Some(&cursor(20_001, "live")), "{said:?}");
    }
    tokio::task::yield_now().await;
    let after = core.stats();
    assert_eq!((after.topics, after.readers, after.queued_bytes), (before.topics, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn s21_publishing_never_waits_for_a_reader_that_takes_nothing() {
    let core = Core::new(small());
    let mut stuck: Vec<_> = (0..100).map(|_| Client::join(&core, &["a"], Start::Now)).collect();
    for client in &mut stuck {
        client.read().await;
    }
    // Publishing is not even async; what it leaves behind for those who take nothing is bounded.
    for n in 0..5_000 {
        publish(&core, "a", n);
        if n % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    tokio::task::yield_now().await;
    let stats = core.stats();
    assert_eq!(stats.behind, 100);
    assert!(stats.queued_bytes < 100 * 10_000, "{} bytes for 100 stuck readers", stats.queued_bytes);
}

#[tokio::test(start_paused = true)]
async fn s22_falling_behind_is_a_replay_and_beyond_the_log_a_gap_never_a_skip() {
    let core = Core::new(small());
    let mut client = Client::join(&core, &["a", "prices.x"], Start::Now);
    client.read().await;
    publish(&core, "a", 1);
    tokio::task::yield_now().await;
    (2..=50).for_each(|n| publish(&core, "a", n));
    tokio::task::yield_now().await;
    let said = client.read().await;
    assert_eq!(said.len(), 50, "{said:?}");
    publish(&core, "prices.x", 1);
    tokio::task::yield_now().await;
    for n in 0..3_000 {
        publish(&core, "a", n);
        if n % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let said = client.read().await;
    let slow = said.iter().position(|said| said.contains("slow")).expect("a gap");
    assert!(said[slow].ends_with("\"topics\":[\"a\"]}"), "{}", said[slow]);
    let after = said[slow].split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert_eq!(said[slow + 1], cursor(after, "prelude"));
    assert!(said[slow + 2].starts_with(&format!("tick {}.1/a", after + 1)), "{}", said[slow + 2]);
    assert_eq!(said.last(), Some(&cursor(3_051, "live")));
}

#[tokio::test(start_paused = true)]
async fn a_reader_behind_skips_what_is_superseded_and_gets_the_newest() {
    let core = Core::new(config());
    (0..1_000).for_each(|n| publish(&core, if n % 2 == 0 { "prices.x" } else { "prices.y" }, n));
    for topics in [&["prices.x", "prices.y"][..], &["prices.*"]] {
        let mut client = Client::join(&core, topics, after(3));
        let newest = ["tick 999/prices.x 998", "tick 1000/prices.y 999"].map(String::from);
        let mut said = vec![cursor(3, "prelude")];
        said.extend(newest.into_iter().chain([cursor(1_000, "live")]));
        assert_eq!(client.read().await[1..], said);
    }
}

#[tokio::test(start_paused = true)]
async fn the_newest_value_outlives_the_age_limit_and_nothing_else_does() {
    let core = Core::new(config());
    publish(&core, "prices.x", 1);
    publish(&core, "prices.x", 2);
    publish(&core, "a", 3);
    tokio::time::sleep(config().retain * 2).await;
    assert_eq!(core.stats().events, 1);
    let mut client = Client::join(&core, &["prices.x", "a"], Start::Now);
    let said = ["tick 2/prices.x 2".to_owned(), cursor(3, "prelude"), cursor(3, "live")];
    assert_eq!(client.read().await[1..], said);
    let mut away = Client::join(&core, &["prices.x"], after(0));
    assert_eq!(away.read().await[2], "tick 2/prices.x 2", "nothing was lost of a latest-only topic");
    let mut away = Client::join(&core, &["a"], after(0));
    assert_eq!(away.read().await[1], gap(3, "evicted", "\"a\""));
}

#[tokio::test(start_paused = true)]
async fn only_new_topics_get_a_prelude_and_none_after_a_browsers_own_reconnect() {
    let core = Core::new(config());
    publish(&core, "prices.x", 1);
    publish(&core, "prices.y", 2);
    let mut ordered = order(&["prices.x"], after(2));
    ordered.new = vec![Pattern::parse("prices.y").unwrap()];
    let mut client = Client::order(&core, ordered.clone());
    let end = [cursor(2, "prelude"), cursor(2, "live")];
    assert_eq!(client.read().await[1..], [&["tick 2/prices.y 2".to_owned()][..], &end].concat());
    ordered.start = Start::After { position: at("k3f9x2m1q0ab", 2), native: true };
    let mut client = Client::order(&core, ordered);
    assert_eq!(client.read().await[1..], end);
}

#[tokio::test(start_paused = true)]
async fn earliest_is_all_that_is_kept_without_a_gap() {
    let core = Core::new(small());
    (0..2_000).for_each(|n| publish(&core, "a", n));
    let mut client = Client::join(&core, &["a"], Start::Earliest);
    let said = client.read().await;
    assert!(said[1].ends_with("{\"kind\":\"prelude\"}"), "{}", said[1]);
    assert!(said.len() > 100 && said.len() < 2_000);
    assert!(!said.iter().any(|said| said.starts_with("gap")));
    let mut all = Client::join(&core, &["b"], Start::Earliest);
    assert_eq!(all.read().await[1..], [cursor(0, "prelude"), cursor(2_000, "live")]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_newest_value_is_told_once_and_not_again_behind_the_prelude() {
    let core = Core::new(small());
    publish(&core, "prices.x", 1);
    (0..2_000).for_each(|n| publish(&core, &format!("prices.{n}"), n));
    let mut client = Client::join(&core, &["prices.x"], after(0));
    let said = [gap(1, "evicted", "\"prices.x\""), cursor(1, "prelude"), cursor(2_001, "live")];
    assert_eq!(client.read().await[1..], said);
}

#[tokio::test(start_paused = true)]
async fn a_hole_of_the_store_is_told_to_patterns_from_before_it_and_to_no_newcomer_after_it() {
    let core = Core::new(config());
    publish(&core, "prices.x", 1);
    core.gap(eventwire::frame::GapReason::Undecodable, Offset(2));
    for topics in [&["orders.*"][..], &["prices.*"], &["**"]] {
        let mut away = Client::join(&core, topics, after(1));
        let told = gap(2, "undecodable", &format!("\"{}\"", topics[0]));
        assert_eq!(away.read().await[1], told, "{topics:?}");
        let mut back = Client::join(&core, topics, after(2));
        assert_eq!(back.read().await[1..], [cursor(2, "prelude"), cursor(2, "live")], "{topics:?}");
        let mut newcomer = Client::join(&core, topics, Start::Now);
        let said = newcomer.read().await;
        assert!(!said.iter().any(|said| said.starts_with("gap")), "{topics:?}: {said:?}");
    }
    // Of one topic it is known whether its newest value may be what was lost, and from when on it is not.
    let mut newcomer = Client::join(&core, &["prices.x"], Start::Now);
    assert_eq!(newcomer.read().await[1], gap(2, "undecodable", "\"prices.x\""));
    publish(&core, "prices.x", 3);
    let mut newcomer = Client::join(&core, &["prices.x"], Start::Now);
    assert_eq!(newcomer.read().await[1..], ["tick 3/prices.x 3".into(), cursor(3, "prelude"), cursor(3, "live")]);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_to_a_pattern_hears_of_lost_newest_values_only_where_something_is_latest_only() {
    let core = Core::new(small());
    publish(&core, "prices.x", 1);
    (0..2_000).for_each(|n| publish(&core, &format!("prices.{n}"), n));
    let mut client = Client::join(&core, &["prices.*"], Start::Now);
    assert!(client.read().await[1].contains("\"reason\":\"evicted\""));
    for topics in [&["orders.*"][..], &["prices.eu.*"]] {
        let mut client = Client::join(&core, topics, Start::Now);
        assert_eq!(client.read().await[1..], [cursor(2_001, "prelude"), cursor(2_001, "live")], "{topics:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_newest_value_lost_while_its_newcomer_takes_nothing_is_told() {
    let core = Core::new(small());
    let topics: Vec<String> = (0..80).map(|n| format!("prices.{}{n}", "x".repeat(40))).collect();
    topics.iter().for_each(|topic| publish(&core, topic, 1));
    let asked: Vec<&str> = topics.iter().map(String::as_str).collect();
    let mut client = Client::join(&core, &asked, Start::Now);
    // The first piece of the prelude lies there; meanwhile all but the last values of the rest are evicted.
    tokio::task::yield_now().await;
    let gone = |core: &Core| {
        let (first, below) = core.retained();
        below.into_iter().chain([first]).min() > Some(Offset(10))
    };
    (0..2_000).take_while(|_| !gone(&core)).for_each(|n| publish(&core, &format!("prices.{n}"), n));
    let said = client.read().await;
    let had = |topic: &&str| said.iter().any(|said| said.starts_with("tick") && said.contains(&format!("/{topic} ")));
    let missing: Vec<&str> = asked.iter().copied().filter(|topic| !had(topic)).collect();
    assert!(!missing.is_empty() && missing.len() < asked.len(), "{missing:?} were evicted");
    let gaps: Vec<&String> = said.iter().filter(|said| said.starts_with("gap")).collect();
    assert_eq!(gaps.len(), 1, "{said:?}");
    assert!(missing.iter().all(|topic| gaps[0].contains(&format!("\"{topic}\""))), "{missing:?} not in {gaps:?}");
}
