//! The task that runs a fan: when it ends, what its end does to readers, when it looks at what grows old.

use super::{
    super::sink::Place,
    face::{Client, after, bye, config, order, publish},
};
use crate::hub::{
    Core, CoreConfig, Join,
    door::{News, Order},
    inbox::Bounds,
};
use eventwire::Start;
use std::time::Duration;
use tokio::{runtime::Handle, task::yield_now, time::sleep};

const WIDE: Bounds = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };

#[tokio::test(start_paused = true)]
async fn a_shard_ends_with_its_hub_once_its_last_reader_has_gone() {
    let alive = || Handle::current().metrics().num_alive_tasks();
    for readers in 0..3 {
        let core = Core::new(config());
        let mut clients: Vec<_> = (0..readers).map(|_| Client::join(&core, &["a"], Start::Now)).collect();
        for client in &mut clients {
            client.read().await;
        }
        assert_eq!(alive(), 1);
        drop(core);
        for client in &mut clients {
            assert_eq!(client.read().await, [bye("drain", 0), "end".into()]);
        }
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(alive(), 0, "{readers} readers");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_ends_a_shard_its_readers_do_not_wait_for_ever() {
    let (core, shard) = Core::with_shard(config(), WIDE);
    let running = tokio::spawn(shard.run());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    running.abort();
    assert_eq!(client.read().await.last().map(String::as_str), Some("end"));
}

#[tokio::test(start_paused = true)]
async fn s20_a_fault_of_a_shards_own_is_counted_and_neither_who_is_there_nor_who_comes_waits_for_ever() {
    let core = Core::new(config());
    core.set_head_source(Box::new(|| panic!("a fault of the test's")));
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    // Somebody claims to be ahead, and to ask the store is what ends it.
    let mut ahead = Client::join(&core, &["a"], after(7));
    let mut behind_it = Client::join(&core, &["a"], Start::Now);
    assert_eq!(ahead.read().await.last().map(String::as_str), Some("end"));
    for client in [&mut client, &mut behind_it] {
        let said = client.read().await;
        assert_eq!(said[said.len() - 2..], [bye("internal", 0), "end".into()]);
    }
    assert_eq!(core.stats().faults, 3);
    let mut late = Client::join(&core, &["a"], Start::Now);
    assert_eq!(late.read().await, ["released"]);
    publish(&core, "a", 1);
    core.drain(Duration::from_secs(20)).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_to_a_shard_that_never_ran_does_not_wait_for_ever() {
    let (core, shard) = Core::with_shard(config(), WIDE);
    let mut early = Client::join(&core, &["a"], Start::Now);
    drop(shard);
    let mut late = Client::join(&core, &["a"], Start::Now);
    for client in [&mut early, &mut late] {
        assert_eq!(client.read().await, ["released"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_place_is_given_up_without_a_word_is_let_go() {
    let (core, shard) = Core::with_shard(config(), WIDE);
    let mut client = Client::join(&core, &["a"], Start::Now);
    let mut news = News::default();
    shard.door.look(&mut news);
    let Some(Order::Join(_, seat)) = news.orders.pop() else { panic!("a reader came") };
    drop(Place(seat));
    assert_eq!(client.read().await, ["released"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_forgotten_within_a_sixteenth_of_its_time() {
    let core = Core::new(CoreConfig { retain: Duration::from_secs(160), ..config() });
    publish(&core, "a", 1);
    sleep(Duration::from_secs(165)).await;
    assert_eq!(core.stats().events, 1, "looked at every ten seconds");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(core.stats().events, 0);
}

#[tokio::test(start_paused = true)]
async fn operators_see_each_stream_of_a_hub() {
    let core = Core::new(config());
    let mut client = Client::order(&core, Join { principal: Some("ada".into()), ..order(&["a"], Start::Now) });
    client.read().await;
    let sessions = core.sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].principal.as_deref(), Some("ada"));
}
