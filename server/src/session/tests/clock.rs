//! What time does to a stream: heartbeat, stall, expiry, waiting, drain. Under a paused clock.

use super::face::{Client, after, at, bye, config, cursor, gap, order, publish};
use crate::hub::{Core, CoreConfig};
use eventwire::{EventName, Offset, Start, Topic, frame::GapReason};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, advance, sleep};

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_gets_the_newest_values_then_what_happens_then_a_heartbeat_and_a_bye() {
    let core = Core::new(config());
    publish(&core, "a", 1);
    publish(&core, "prices.x", 2);
    publish(&core, "prices.x", 3);
    let mut client = Client::join(&core, &["a", "prices.*"], Start::Now);
    let arrival = ["hello".into(), "tick 3/prices.x 3".into(), cursor(3, "prelude"), cursor(3, "live")];
    assert_eq!(client.read().await, arrival);
    publish(&core, "a", 4);
    publish(&core, "b", 5);
    publish(&core, "a", 6);
    assert_eq!(client.read().await, ["tick 4.3/a 4", "tick 6.2/a 6"]);
    sleep(secs(15)).await;
    assert_eq!(client.read().await, [cursor(6, "beat")]);
    let drain = tokio::spawn(core.drain(secs(20)));
    assert_eq!(client.read().await, [bye("drain", 0), "end".into()]);
    drain.await.unwrap();
    assert_eq!(core.stats().readers, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_never_silent_for_longer_than_its_hello_says() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    let (mut silent, mut beats) = (Duration::ZERO, 0);
    for step in 0..600 {
        // What others are told breaks no silence; what this reader is told does.
        publish(&core, "b", step);
        if step % 70 == 0 {
            publish(&core, "a", step);
        }
        sleep(Duration::from_millis(300)).await;
        silent += Duration::from_millis(300);
        let said = client.read().await;
        beats += said.iter().filter(|said| said.contains("beat")).count();
        if !said.is_empty() {
            silent = Duration::ZERO;
        }
        assert!(silent < secs(15), "silent for {silent:?}");
    }
    assert!((6..=14).contains(&beats), "{beats} heartbeats in three minutes");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_grows_too_old_as_well() {
    let core = Core::new(CoreConfig { retain: secs(1), ..config() });
    // The shard has looked, found nothing, and gone to rest.
    sleep(secs(5)).await;
    publish(&core, "a", 1);
    sleep(secs(20)).await;
    assert_eq!(core.stats().events, 0);
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_moves_the_position_over_what_others_got() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    (0..5).for_each(|n| publish(&core, "b", n));
    sleep(secs(15)).await;
    assert_eq!(client.read().await, [cursor(5, "beat")]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_body_is_not_polled_for_ten_seconds_is_released_and_resumes() {
    let core = Core::new(config());
    let mut stuck = Client::join(&core, &["a"], Start::Now);
    let mut healthy = Client::join(&core, &["a"], Start::Now);
    stuck.read().await;
    healthy.read().await;
    publish(&core, "a", 1); // in the stuck one's seat
    healthy.read().await;
    publish(&core, "a", 2); // refused
    healthy.read().await;
    sleep(secs(9)).await;
    assert_eq!(core.stats().readers, 2);
    sleep(secs(1)).await;
    assert_eq!(healthy.read().await, Vec::<String>::new());
    assert_eq!(core.stats().readers, 1, "its state is gone");
    assert_eq!(stuck.read().await, [bye("slow", 0), "end".into()]);
    publish(&core, "a", 3);
    assert_eq!(healthy.read().await, ["tick 3.1/a 3"]);
    let mut again = Client::join(&core, &["a"], after(0));
    let events = ["tick 1/a 1", "tick 2.1/a 2", "tick 3.1/a 3"].map(String::from);
    let mut said = vec!["hello".to_owned(), cursor(0, "prelude")];
    said.extend(events.into_iter().chain([cursor(3, "live")]));
    assert_eq!(again.read().await, said);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_leaves_one_piece_for_ten_seconds_is_let_go_whether_or_not_another_one_comes() {
    for (heartbeat, stall) in [(15, 10), (55, 3), (10, 30)] {
        let core = Core::new(CoreConfig { heartbeat: secs(heartbeat), stall: secs(stall), ..config() });
        for lived in [0, 1, 7, 14, 16, 29, 100] {
            let (mut quiet, mut busy) =
                (Client::join(&core, &["a"], Start::Now), Client::join(&core, &["a"], Start::Now));
            for client in [&mut quiet, &mut busy] {
                client.read().await;
            }
            for _ in 0..lived {
                sleep(secs(1)).await;
                quiet.read().await;
                busy.read().await;
            }
            publish(&core, "a", 1);
            tokio::task::yield_now().await;
            busy.read().await;
            for _ in 1..stall {
                sleep(secs(1)).await;
                // The others have their heartbeats meanwhile, and what is published does not begin the time anew.
                busy.read().await;
            }
            publish(&core, "a", 2);
            sleep(Duration::from_millis(900)).await;
            busy.read().await;
            assert_eq!(core.stats().readers, 2, "after {lived} s it has {stall} s");
            sleep(Duration::from_millis(101)).await;
            assert_eq!(core.stats().readers, 1, "after {lived} s it has {stall} s and no more");
            assert_eq!(quiet.read().await, [bye("slow", 0), "end".into()]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_nobody_takes_is_taken_back_after_ten_seconds() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["a"], Start::Now);
    sleep(Duration::from_millis(9_900)).await;
    assert_eq!(core.stats().readers, 1);
    sleep(Duration::from_millis(101)).await;
    assert_eq!((core.stats().readers, core.stats().queued_bytes > 0), (0, false));
    assert_eq!(client.read().await, [bye("slow", 0), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_its_piece_in_time_is_kept_and_misses_nothing() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    for n in 0..4 {
        publish(&core, "a", 2 * n);
        tokio::task::yield_now().await;
        publish(&core, "a", 2 * n + 1);
        sleep(secs(9)).await;
        let said = client.read().await;
        assert_eq!(said.iter().filter(|said| said.starts_with("tick")).count(), 2, "{said:?}");
    }
    assert_eq!(core.stats().readers, 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_left_is_forgotten_within_a_turn() {
    let core = Core::new(config());
    let mut clients: Vec<_> = (0..3).map(|_| Client::join(&core, &["a", "a.*"], Start::Now)).collect();
    for client in &mut clients {
        client.read().await;
    }
    assert_eq!((core.stats().readers, core.stats().live, core.stats().topics), (3, 3, 1));
    clients.truncate(1);
    let unseen = Client::join(&core, &["b"], Start::Now);
    drop(unseen);
    clients[0].read().await;
    assert_eq!(core.stats().readers, 1);
    drop(clients);
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    let stats = core.stats();
    assert_eq!((stats.readers, stats.live, stats.topics, stats.queued_bytes), (0, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_expires_ends_the_stream_with_bye_auth_and_nothing_after() {
    let core = Core::new(config());
    let mut order = order(&["a"], Start::Now);
    order.until = Some(Instant::now() + secs(30));
    let mut client = Client::order(&core, order.clone());
    client.read().await;
    for _ in 0..29 {
        sleep(secs(1)).await;
        client.read().await;
    }
    sleep(secs(1)).await;
    publish(&core, "a", 1);
    let said = client.read().await;
    assert_eq!(said[said.len() - 2..], [bye("auth", 0), "end".into()]);
    // What has expired already is told so at once.
    let mut late = Client::order(&core, order);
    assert_eq!(late.read().await, ["hello".into(), bye("auth", 0), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn revoking_a_principal_ends_its_streams_and_no_others() {
    let core = Core::new(config());
    let of = |principal: &str| {
        let mut order = order(&["a"], Start::Now);
        order.principal = Some(principal.into());
        Client::order(&core, order)
    };
    let (mut one, mut two) = (of("one"), of("two"));
    one.read().await;
    two.read().await;
    core.revoke("one");
    assert_eq!(one.read().await, [bye("auth", 0), "end".into()]);
    publish(&core, "a", 1);
    assert_eq!(two.read().await, ["tick 1/a 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_says_bye_to_all_evenly_spread_and_ends_with_the_last() {
    let core = Core::new(config());
    let mut clients: Vec<_> = (0..40).map(|_| Client::join(&core, &["a"], Start::Now)).collect();
    for client in &mut clients {
        client.read().await;
    }
    let began = Instant::now();
    let drain = tokio::spawn(core.drain(secs(20)));
    let mut left = clients.len();
    for second in 1..=20 {
        sleep(secs(1)).await;
        for client in clients.iter_mut().filter(|client| client.reader.is_some()) {
            let said = client.read().await;
            if said.iter().any(|said| !said.contains("beat")) {
                // A heartbeat may come before.
                assert_eq!(said[said.len().saturating_sub(2)..], [bye("drain", 0), "end".into()]);
            }
        }
        let now = clients.iter().filter(|client| client.reader.is_some()).count();
        assert!(left - now <= 3, "{} in second {second}", left - now);
        left = now;
    }
    assert_eq!(left, 0);
    drain.await.unwrap();
    assert!(began.elapsed() <= secs(21));
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_though_a_reader_takes_nothing_and_turns_newcomers_away() {
    let core = Core::new(config());
    let mut stuck = Client::join(&core, &["a"], Start::Now);
    stuck.read().await;
    publish(&core, "a", 1);
    // In its seat, and never taken.
    tokio::task::yield_now().await;
    assert!(core.stats().queued_bytes > 0);
    let began = Instant::now();
    let drain = tokio::spawn(core.drain(secs(3)));
    tokio::task::yield_now().await;
    let mut late = Client::join(&core, &["a"], Start::Now);
    assert_eq!(late.read().await, ["hello".into(), bye("drain", 0), "end".into()]);
    drain.await.unwrap();
    assert!((secs(3)..=secs(5)).contains(&began.elapsed()));
    assert_eq!(stuck.read().await, [bye("drain", 0), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_nobody_is_over_at_once() {
    let core = Core::new(config());
    let began = Instant::now();
    core.drain(secs(20)).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_hub_says_bye_to_its_readers() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    drop(core);
    assert_eq!(client.read().await, [bye("drain", 0), "end".into()]);
}

/// What a store says of its head, and when.
fn store(core: &Arc<Core>, head: Option<u64>, after: Duration) {
    core.set_head_source(Box::new(move || {
        Box::pin(async move {
            sleep(after).await;
            head.map(|head| at("k3f9x2m1q0ab", head))
        })
    }));
}

fn accept(core: &Core, at: u64, topic: &str) {
    core.accept(Offset(at), &Topic::parse(topic).unwrap(), &EventName::parse("tick").unwrap(), "0");
}

#[tokio::test(start_paused = true)]
async fn a_position_ahead_of_this_node_and_within_the_store_waits_for_the_tail() {
    let core = Core::new(config());
    accept(&core, 1, "a");
    store(&core, Some(9), secs(1));
    let mut client = Client::join(&core, &["a"], after(7));
    assert_eq!(client.read().await, ["hello"]);
    sleep(secs(2)).await;
    (2..=6).for_each(|n| accept(&core, n, "a"));
    assert_eq!(client.read().await, Vec::<String>::new());
    // Another topic's event brings the tail there; the reader hears of it without a moment passing.
    accept(&core, 7, "b");
    assert_eq!(client.read().await, [cursor(7, "prelude"), cursor(7, "live")]);
    accept(&core, 9, "a");
    assert_eq!(client.read().await, ["tick 9.3/a 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_tail_that_does_not_come_within_five_seconds_is_bye_unavailable() {
    let core = Core::new(config());
    accept(&core, 1, "a");
    store(&core, Some(9), secs(1));
    let mut client = Client::join(&core, &["a"], after(7));
    client.read().await;
    sleep(Duration::from_millis(4_900)).await;
    assert_eq!(client.read().await, Vec::<String>::new());
    sleep(Duration::from_millis(200)).await;
    assert_eq!(client.read().await, [bye("unavailable", 1000), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_bye_unavailable() {
    let core = Core::new(config());
    store(&core, None, secs(1));
    let mut client = Client::join(&core, &["a"], after(7));
    client.read().await;
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(client.read().await, [bye("unavailable", 1000), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn s11_a_position_from_the_future_is_a_gap_at_once_without_a_store_and_after_its_answer_with_one() {
    let core = Core::new(config());
    publish(&core, "a", 1);
    publish(&core, "prices.x", 2);
    let said = |at| {
        let newest = ["tick 2/prices.x 2".to_owned(), cursor(at, "prelude"), cursor(at, "live")];
        [gap(at, "ahead", "")].into_iter().chain(newest).collect::<Vec<_>>()
    };
    let mut client = Client::join(&core, &["a", "prices.x"], after(1_000_000));
    assert_eq!(client.read().await[1..], said(2));
    store(&core, Some(2), secs(1));
    let mut client = Client::join(&core, &["a", "prices.x"], after(1_000_000));
    assert_eq!(client.read().await, ["hello"]);
    advance(secs(1)).await;
    assert_eq!(client.read().await, said(2));
}

#[tokio::test(start_paused = true)]
async fn a_loss_of_the_store_is_told_on_every_stream_and_to_whoever_was_away() {
    let core = Core::new(config());
    publish(&core, "prices.x", 1);
    let mut client = Client::join(&core, &["prices.x", "a"], Start::Now);
    client.read().await;
    core.gap(GapReason::Undecodable, Offset(2));
    accept(&core, 3, "a");
    let said = [
        gap(2, "undecodable", "\"a\",\"prices.x\""),
        "tick 1/prices.x 1".into(),
        cursor(2, "prelude"),
        "tick 3/a 0".into(),
        cursor(3, "live"),
    ];
    let heard = client.read().await;
    assert_eq!(heard, said, "{heard:#?}");
    let mut away = Client::join(&core, &["a"], after(1));
    assert_eq!(away.read().await[1], gap(2, "undecodable", "\"a\""));
}

#[tokio::test(start_paused = true)]
async fn another_epoch_is_told_on_every_stream() {
    let core = Core::new(config());
    publish(&core, "a", 1);
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    let next = at("zzzzzzzzzzzz", 0).epoch;
    core.renew(next, Offset(0));
    accept(&core, 1, "a");
    let said = client.read().await;
    assert!(said[0].starts_with("gap zzzzzzzzzzzz-"), "{said:?}");
    assert!(said[0].contains("epoch"), "{said:?}");
    assert!(said.last().is_some_and(|said| said.starts_with("cursor zzzzzzzzzzzz-1")), "{said:?}");
    accept(&core, 2, "a");
    assert_eq!(client.read().await, ["tick zzzzzzzzzzzz-2.1/a 0"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_hello_did_not_list_is_told_before_its_first_event() {
    let core = Core::new(config());
    let mut before = Client::join(&core, &["a"], Start::Now);
    before.read().await;
    let foreign = EventName::parse("foreign").unwrap();
    for at in 1..=2 {
        core.accept(Offset(at), &Topic::parse("a").unwrap(), &foreign, "0");
    }
    let said = ["names {\"names\":[\"foreign\"]}", "foreign 1/a 0", "foreign 2.1/a 0"];
    assert_eq!(before.read().await, said);
    let mut later = Client::join(&core, &["a"], after(1));
    assert_eq!(later.read().await, ["hello".into(), cursor(1, "prelude"), said[2].into(), cursor(2, "live")]);
}
