//! While a store has not taken an event in, nobody is shown it, nobody is told that it is published, and the head does not
//! move.

use super::*;
use futures_util::{FutureExt, future::join_all};
use tokio::task::yield_now;

/// Turns in which whoever could tell a secret has every opportunity.
const TURNS: usize = 200;

/// `hold` holds the store back, for as long as what it returns lives; `reached`: an event has come to where it is held.
async fn nothing_is_dispatched_before<G>(hub: Hub<Test>, hold: impl FnOnce() -> G, reached: impl Fn() -> bool) {
    let (start, mut early) = (hub.position(), Page::of(&hub));
    for n in 1..=start.offset.0 {
        early.shows(&[&format!(r#"tick {{"n":{n}}} @{n}"#)]).await;
    }

    let held = hold();
    let events = [7, 8, 9].map(tick);
    let mut published = Box::pin(join_all(events.iter().map(|event| hub.publish("a.b", event))));
    let give_up = Instant::now() + SOON;
    while !reached() {
        assert!(Instant::now() < give_up, "nothing came to the store");
        assert!(published.as_mut().now_or_never().is_none(), "answered before the store had it");
        yield_now().await;
    }
    let mut late = Page::from(&hub, Start::Now);
    for _ in 0..TURNS {
        yield_now().await;
        assert_eq!(early.next().now_or_never(), None);
        assert_eq!(late.next().now_or_never(), None);
        assert_eq!(hub.position(), start, "the head moved");
        assert!(published.as_mut().now_or_never().is_none(), "answered before the store had it");
    }

    drop(held);
    let positions: Vec<_> = published.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(positions, [1, 2, 3].map(|n| at(&hub, start.offset.0 + n)));
    for mut page in [early, late] {
        for (n, position) in (7..).zip(&positions) {
            page.shows(&[&format!(r#"tick {{"n":{n}}} @{}"#, position.offset)]).await;
        }
    }
}

/// Lets the store go on.
struct Held(Scripted);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.with(|state| state.held = false);
    }
}

#[tokio::test]
async fn nothing_is_dispatched_answered_or_counted_while_a_store_has_not_taken_it_in() {
    for blind in [false, true] {
        let store = Scripted::new();
        store.with(|state| state.blind = blind);
        let hub = builder().store(store.clone()).build().await.unwrap();
        hub.publish("a.b", &tick(1)).await.unwrap();
        let hold = || {
            store.with(|state| state.held = true);
            Held(store.clone())
        };
        nothing_is_dispatched_before(hub, hold, || store.copy().appends > 1).await;
    }
}

/// An event that is alone is written by whoever publishes it, under a mode where that is quick: here it is not.
#[cfg(feature = "disk")]
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_event_written_where_it_is_published_is_dispatched_once_it_is_written() {
    use crate::store::{
        Sync,
        simulated::{Simulated, Work},
    };
    let medium = Simulated::default();
    let store = medium.store(Sync::Every(Duration::from_secs(60)));
    let hub = builder().store(store).build().await.unwrap();
    let mut page = Page::of(&hub);
    for n in 1..=9 {
        hub.publish("a.b", &tick(n)).await.unwrap();
        page.shows(&[&format!(r#"tick {{"n":{n}}} @{n}"#)]).await;
    }
    let held = medium.hold(Work::Write);
    let publishing = tokio::spawn({
        let hub = hub.clone();
        async move { hub.publish("a.b", &tick(10)).await.unwrap() }
    });
    let give_up = Instant::now() + SOON;
    while !medium.is_waited_for() {
        assert!(Instant::now() < give_up, "nothing came to the disk");
        yield_now().await;
    }
    for _ in 0..TURNS {
        yield_now().await;
        assert_eq!(page.next().now_or_never(), None);
        assert_eq!(hub.position(), at(&hub, 9), "the head moved");
        assert!(!publishing.is_finished(), "answered before the disk had it");
    }
    drop(held);
    assert_eq!(publishing.await.unwrap(), at(&hub, 10));
    page.shows(&[r#"tick {"n":10} @10"#]).await;
}

/// What a mode promises is done before anyone hears of it: written through, or written. Nobody waits for the disk
/// meanwhile but who publishes: all of this runs on one thread.
#[cfg(feature = "disk")]
#[tokio::test]
async fn d2_nothing_is_dispatched_answered_or_counted_before_the_disk_has_it_as_its_mode_promises() {
    use crate::store::{
        Sync,
        simulated::{Simulated, Work},
    };
    let every = Sync::Every(Duration::from_secs(60));
    // The first event is written beside the loop in every mode, as it begins a file; later ones only if that may take long.
    for (sync, work, before) in [
        (Sync::Always, Work::Write, 1),
        (Sync::Always, Work::Sync, 0),
        (Sync::Always, Work::Sync, 2),
        (every, Work::Write, 0),
    ] {
        let medium = Simulated::default();
        let hub = builder().store(medium.store(sync)).build().await.unwrap();
        for n in 1..=before {
            hub.publish("a.b", &tick(n)).await.unwrap();
        }
        nothing_is_dispatched_before(hub, || medium.hold(work), || medium.is_waited_for()).await;
    }
}
