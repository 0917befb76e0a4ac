//! What a reader is shown and a publisher is told when the store misbehaves.

use super::*;
use crate::store::InvalidRecord;
use eventwire::Epoch;
use futures_util::FutureExt;

#[tokio::test]
async fn a_publish_is_answered_once_it_came_back_with_or_without_offsets_in_acknowledgements() {
    for blind in [false, true] {
        let store = Scripted::new();
        store.with(|state| state.blind = blind);
        store.with(|state| state.append(vec![foreign(1, None)]));
        let hub = builder().store(store).build().await.unwrap();
        assert_eq!(hub.position(), at(&hub, 1), "read back before it is ready");
        assert_eq!(hub.publish("a.b", &tick(2)).await.unwrap(), at(&hub, 2));
        Page::of(&hub).shows(&[r#"tick {"n":1} @1"#, r#"tick {"n":2} @2"#]).await;
    }
}

#[tokio::test]
async fn publishes_that_wait_share_one_append() {
    let (hub, store) = scripted().await;
    let events: Vec<_> = (1..=300).map(tick).collect();
    let published = futures_util::future::join_all(events.iter().map(|event| hub.publish("a.b", event))).await;
    let offsets: Vec<_> = published.into_iter().map(|position| position.unwrap().offset.0).collect();
    assert_eq!(offsets, (1..=300).collect::<Vec<_>>(), "in the order they were begun");
    assert!(store.copy().appends < 30, "{} appends", store.copy().appends);
}

#[tokio::test]
async fn a_publish_dropped_half_way_is_accepted_or_was_never_sent() {
    let (hub, _store) = scripted().await;
    let mut page = Page::of(&hub);
    for n in 1..=20 {
        let event = tick(n);
        let mut publish = Box::pin(hub.publish("a.b", &event));
        assert!(futures_util::FutureExt::now_or_never(&mut publish).is_none(), "it waits for the store");
        drop(publish);
    }
    hub.publish("a.b", &tick(21)).await.unwrap();
    for n in 1..=21 {
        page.shows(&[&format!(r#"tick {{"n":{n}}} @{n}"#)]).await;
    }
}

#[tokio::test]
async fn what_was_taken_in_is_stored_though_the_hub_is_dropped() {
    let (hub, store) = scripted().await;
    let event = tick(1);
    assert!(futures_util::FutureExt::now_or_never(Box::pin(hub.publish("a.b", &event))).is_none());
    drop(hub);
    while store.copy().head < Offset(1) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_refused_publish_is_definite_and_the_next_one_works() {
    let (hub, store) = scripted().await;
    store.next_append(Next::Refused);
    let error = hub.publish("a.b", &tick(1)).await.unwrap_err();
    assert!(matches!(&error, PublishError::Refused(why) if why.to_string() == "no room"), "{error}");
    assert_eq!(hub.publish("a.b", &tick(2)).await.unwrap(), at(&hub, 1));
}

#[tokio::test(start_paused = true)]
async fn a_tail_that_was_cut_goes_on_where_it_was_and_nobody_is_told() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    for n in 2..=5 {
        store.cut_tails();
        store.with(|state| state.append(vec![foreign(n, None)]));
    }
    hub.publish("a.b", &tick(6)).await.unwrap();
    for n in 1..=6 {
        page.shows(&[&format!(r#"tick {{"n":{n}}} @{n}"#)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_deleted_and_created_again_is_another_epoch_told_before_its_first_event() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#]).await;
    let old = hub.position().epoch;
    store.with(|state| {
        state.recreate(99);
        state.append(vec![foreign(7, None), foreign(8, None)]);
    });
    // What the new life began with is replayed to those who come; who was here goes on from where it was told.
    assert!(page.next().await.starts_with("gap epoch @"));
    let position = hub.publish("a.b", &tick(9)).await.unwrap();
    assert_ne!(position.epoch, old);
    assert_eq!(position, Position { epoch: Epoch::from_random(99), offset: Offset(3) });
    assert_eq!(page.until("@3").await, r#"tick {"n":9} @3"#);
    let all = [r#"tick {"n":7} @1"#, r#"tick {"n":8} @2"#, r#"tick {"n":9} @3"#];
    Page::of(&hub).shows(&all).await;
}

#[tokio::test(start_paused = true)]
async fn a_restored_copy_is_noticed_by_its_last_record_and_renewed() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    let backup = store.copy();
    hub.publish("a.b", &tick(2)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#, r#"tick {"n":2} @2"#]).await;
    // Another event at the place of one that was shown: no broker notices.
    store.restore(backup);
    store.with(|state| state.append(vec![foreign(3, None), foreign(4, None)]));
    assert!(page.next().await.starts_with("gap epoch @"));
    hub.publish("a.b", &tick(5)).await.unwrap();
    assert_eq!(page.until("@4").await, r#"tick {"n":5} @4"#);
    let all = [r#"tick {"n":1} @1"#, r#"tick {"n":3} @2"#, r#"tick {"n":4} @3"#, r#"tick {"n":5} @4"#];
    Page::of(&hub).shows(&all).await;
    assert_eq!(store.copy().epoch, hub.position().epoch, "renewed in the store itself");
}

#[tokio::test(start_paused = true)]
async fn a_restored_copy_that_ends_too_early_is_renewed() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    let backup = store.copy();
    for n in 2..=4 {
        hub.publish("a.b", &tick(n)).await.unwrap();
    }
    for n in 1..=4 {
        page.shows(&[&format!(r#"tick {{"n":{n}}} @{n}"#)]).await;
    }
    store.restore(backup);
    assert!(page.next().await.starts_with("gap epoch @"));
    hub.publish("a.b", &tick(5)).await.unwrap();
    assert_eq!(page.until("@2").await, r#"tick {"n":5} @2"#);
    Page::of(&hub).shows(&[r#"tick {"n":1} @1"#, r#"tick {"n":5} @2"#]).await;
}

#[tokio::test(start_paused = true)]
async fn a_last_record_that_was_forgotten_meanwhile_is_a_gap() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#]).await;
    store.cut_tails();
    store.with(|state| {
        state.append((2..=9).map(|n| foreign(n, None)).collect());
        state.records = state.records.split_off(&Offset(8));
        state.first = Offset(8);
    });
    page.shows(&["gap lost @7", r#"tick {"n":8} @8"#, r#"tick {"n":9} @9"#]).await;
}

#[tokio::test]
async fn a_record_without_form_is_a_gap_and_order_is_kept() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#]).await;
    store.with(|state| {
        state.append((2..=3).map(|n| foreign(n, None)).collect());
        state.records.insert(Offset(2), Err(InvalidRecord::because("nonsense")));
    });
    page.shows(&["gap undecodable @2", r#"tick {"n":3} @3"#]).await;
}

#[tokio::test(start_paused = true)]
async fn publishes_on_their_way_into_a_lost_epoch_are_appended_to_the_next() {
    let (hub, store) = scripted().await;
    hub.publish("a.b", &tick(1)).await.unwrap();
    store.quietly(|state| state.recreate(5));
    let events: Vec<_> = (2..=4).map(tick).collect();
    let published = futures_util::future::join_all(events.iter().map(|event| hub.publish("a.b", event))).await;
    for (n, position) in (1..).zip(published) {
        assert_eq!(position.unwrap(), Position { epoch: Epoch::from_random(5), offset: Offset(n) });
    }
}

#[tokio::test(start_paused = true)]
async fn a_last_record_that_was_forgotten_with_nothing_after_it_is_no_gap() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    hub.publish("a.b", &tick(1)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#]).await;
    store.cut_tails();
    store.with(|state| {
        state.records.clear();
        state.first = Offset(2);
    });
    hub.publish("a.b", &tick(2)).await.unwrap();
    page.shows(&[r#"tick {"n":2} @2"#]).await;
}

#[tokio::test(start_paused = true)]
async fn a_publish_waits_for_a_store_that_is_away_for_a_moment_and_is_refused_when_it_stays_away() {
    let (hub, store) = scripted().await;
    let away = |away| {
        store.with(|state| state.away = away);
        store.cut_tails();
    };
    away(true);
    let event = tick(1);
    let (published, ()) = tokio::join!(hub.publish("a.b", &event), async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        store.with(|state| state.away = false);
    });
    assert_eq!(published.unwrap(), at(&hub, 1));
    away(true);
    for n in 2..=4 {
        let error = hub.publish("a.b", &tick(n)).await.unwrap_err();
        assert!(matches!(&error, PublishError::Refused(_)), "{error}");
        assert!(error.to_string().contains("away for 10s (nobody answers); see to it"), "{error}");
    }
    store.with(|state| state.away = false);
    // Refused is refused: nothing of them appears.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(hub.publish("a.b", &tick(5)).await.unwrap(), at(&hub, 2));
}

/// A store that is gone for good, and a hub that is, too: no task stays behind to ask for it.
#[tokio::test(start_paused = true)]
async fn the_loop_of_a_dropped_hub_ends_though_its_store_does_not_answer() {
    let (hub, store) = scripted().await;
    store.with(|state| state.away = true);
    store.cut_tails();
    // The first rounds have failed, and the loop waits for a while.
    tokio::time::sleep(Duration::from_secs(3)).await;
    drop(hub);
    let holders = || std::sync::Arc::strong_count(&store.changed);
    let give_up = Instant::now() + SOON;
    while holders() > 1 {
        assert!(Instant::now() < give_up, "{} hold the store", holders());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Without a word to any other task: the store answers at once, and nobody else publishes.
#[tokio::test]
async fn an_event_that_is_alone_is_accepted_where_it_is_published() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    let mut shown = Vec::new();
    for n in 1..=5 {
        hub.publish("a.b", &tick(n)).await.unwrap();
        shown.push(format!(r#"tick {{"n":{n}}} @{n}"#));
    }
    let next = hub.publish("a.b", &tick(6)).now_or_never();
    assert_eq!(next.expect("it is accepted at once").unwrap(), at(&hub, 6));
    shown.push(r#"tick {"n":6} @6"#.into());
    store.next_append(Next::Refused);
    let refused = hub.publish("a.b", &tick(0)).now_or_never().expect("it is answered at once");
    assert!(matches!(refused, Err(PublishError::Refused(_))), "{refused:?}");
    // Another epoch, another life of the store: the loop's own task sees to it.
    page.shows(&shown.iter().map(String::as_str).collect::<Vec<_>>()).await;
    store.with(|state| state.recreate(99));
    assert!(page.next().await.starts_with("gap epoch @"));
    hub.publish("a.b", &tick(7)).await.unwrap();
    page.shows(&[r#"tick {"n":7} @1"#]).await;
}

/// However long somebody was alone before, and though the store makes nobody wait.
#[tokio::test]
async fn publishers_in_company_share_batches_soon() {
    let (hub, store) = scripted().await;
    for n in 1..=100 {
        hub.publish("a.b", &tick(n)).await.unwrap();
    }
    let before = store.copy().appends;
    assert_eq!(before, 100);
    let publishers = (0..64).map(|n| {
        let hub = hub.clone();
        tokio::spawn(async move {
            for _ in 0..50 {
                hub.publish("a.b", &tick(n)).await.unwrap();
            }
        })
    });
    for publisher in publishers.collect::<Vec<_>>() {
        publisher.await.unwrap();
    }
    // Most of 3,200.
    let batches = store.copy().appends - before;
    assert!(batches < 800, "{batches}");
}

/// Threads that publish at once, with and without company, and never wait for an answer that is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_moves_the_loop_on_every_publish_is_answered_once_and_in_its_publishers_order() {
    const EACH: u32 = 500;
    let (hub, _store) = scripted().await;
    let publishers = (0..8).map(|_| {
        let hub = hub.clone();
        tokio::spawn(async move {
            let mut own = Vec::new();
            for n in 0..EACH {
                own.push(hub.publish("a.b", &tick(n)).await.unwrap().offset.0);
                if n % 100 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            own
        })
    });
    let mut all = Vec::new();
    for publisher in publishers.collect::<Vec<_>>() {
        let own = tokio::time::timeout(SOON, publisher).await.expect("all are answered").unwrap();
        assert!(own.is_sorted(), "{own:?}");
        all.extend(own);
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(1..=8 * u64::from(EACH)));
}
