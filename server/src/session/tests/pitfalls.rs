//! What a log of many topics is easily got wrong at, as a reader would see it.

use super::face::{Client, after, config, cursor, gap, publish};
use crate::hub::{Core, CoreConfig, inbox::Bounds};
use eventwire::{EventId, Start};

fn small() -> CoreConfig {
    CoreConfig { budget: 32 << 10, ..config() }
}

/// Offset and topic of each event that was said.
fn events(said: &[String]) -> Vec<(u64, String)> {
    let ids = said.iter().filter_map(|said| said.strip_prefix("tick ")?.split(' ').next());
    ids.map(|id| EventId::parse(&format!("k3f9x2m1q0ab-{id}")).unwrap())
        .map(|id| (id.position.offset.0, id.topic.as_str().to_owned()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_topics_number_that_is_used_again_brings_nobody_a_strangers_event() {
    let core = Core::new(small());
    let mut slow = Client::join(&core, &["a.*"], Start::Now);
    let mut exact = Client::join(&core, &["a.0"], Start::Now);
    slow.read().await;
    exact.read().await;
    // Topics that are used once and forgotten: their numbers go from one family to the other.
    let (mut last, mut gaps) = (0, 0);
    for round in 0..40 {
        for n in 0..200 {
            let family = if (n / 7 + round) % 2 == 0 { "a" } else { "b" };
            publish(&core, &format!("{family}.{round}-{n}"), n);
            if n % 20 == 0 {
                tokio::task::yield_now().await;
            }
        }
        let mut patient = Client::join(&core, &["b.*"], after(core.position().offset.0 - 50));
        let said = patient.read().await;
        assert!(events(&said).iter().all(|(_, topic)| topic.starts_with("b.")), "{said:?}");
        if round % 6 == 0 {
            let said = slow.read().await;
            gaps += said.iter().filter(|said| said.starts_with("gap")).count();
            for (at, topic) in events(&said) {
                assert!(topic.starts_with("a.") && at > last, "{at} of {topic} after {last}");
                last = at;
            }
        }
    }
    assert!(gaps > 0, "so much was forgotten that some reader was told");
    assert_eq!(events(&exact.read().await), [], "nothing of its topic was ever published");
}

#[tokio::test(start_paused = true)]
async fn a_burst_that_an_inbox_holds_makes_no_live_reader_replay_and_a_larger_one_costs_a_replay_and_no_event() {
    for (bytes, records, patterns, replays) in [
        (1 << 20, 1 << 16, 1 << 18, false),
        (1_000, 1 << 16, 1 << 18, true),
        (1 << 20, 10, 1 << 18, true),
        (1 << 20, 1 << 16, 10, true),
    ] {
        let core = Core::bounded(config(), Bounds { bytes, records, patterns });
        let mut clients: Vec<_> =
            [&["a.x"][..], &["a.*"], &["**"]].map(|view| Client::join(&core, view, Start::Now)).into();
        for client in &mut clients {
            client.read().await;
        }
        (0..1_000).for_each(|n| publish(&core, "a.x", n));
        tokio::task::yield_now().await;
        assert_eq!(core.stats().behind > 0, replays, "{bytes} {records} {patterns}");
        for client in &mut clients {
            let offsets: Vec<_> = events(&client.read().await).into_iter().map(|(at, _)| at).collect();
            assert_eq!(offsets, (1..=1_000).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_gap_a_reader_goes_on_from_the_highest_loss_of_its_view_and_what_is_kept_below_lies_inside() {
    let core = Core::new(small());
    publish(&core, "quiet", 1);
    (0..2_000).for_each(|n| publish(&core, "hog", n));
    publish(&core, "quiet", 2);
    // Alone it is all there: a quiet topic's events outlive the hog's.
    let mut alone = Client::join(&core, &["quiet"], after(0));
    assert_eq!(events(&alone.read().await), [(1, "quiet".into()), (2_002, "quiet".into())]);
    let mut both = Client::join(&core, &["hog", "quiet"], after(0));
    let said = both.read().await;
    let lost = events(&said)[0].0 - 1;
    assert_eq!(said[1], gap(lost, "evicted", "\"hog\",\"quiet\""));
    assert!(lost > 1);
    let offsets: Vec<_> = events(&said).into_iter().map(|(at, _)| at).collect();
    assert_eq!(offsets, (lost + 1..=2_002).collect::<Vec<_>>(), "all behind the gap, nothing of before it");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_latest_only_topics_skips_on_its_own_stream_and_its_ids_never_fall() {
    let core = Core::new(config());
    let mut client = Client::join(&core, &["prices.*", "a"], Start::Now);
    client.read().await;
    publish(&core, "a", 0);
    tokio::task::yield_now().await;
    for n in 1..=3_000 {
        publish(&core, ["prices.x", "prices.y", "prices.z"][n as usize % 3], n);
        if n % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let said = client.read().await;
    assert!(!said.iter().any(|said| said.starts_with("gap") || said.starts_with("bye")), "{said:?}");
    let offsets: Vec<_> = events(&said).into_iter().map(|(at, _)| at).collect();
    assert!(offsets.is_sorted_by(|a, b| a < b), "{offsets:?}");
    assert!(offsets.len() < 200, "{} events, and most were superseded", offsets.len());
    assert_eq!(offsets[offsets.len() - 3..], [2_999, 3_000, 3_001], "the newest of each");
    publish(&core, "a", 1);
    assert_eq!(client.read().await, ["tick 3002.3001/a 1"], "the same stream goes on");
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_that_fell_off_the_log_is_told_gap_slow_on_the_same_stream_and_is_live_again() {
    let core = Core::new(small());
    let mut client = Client::join(&core, &["a"], Start::Now);
    client.read().await;
    for n in 0..3_000 {
        publish(&core, "a", n);
        if n % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let said = client.read().await;
    let gaps: Vec<_> = said.iter().filter(|said| said.starts_with("gap")).collect();
    assert!(gaps.len() == 1 && gaps[0].contains("\"slow\""), "{gaps:?}");
    assert!(!said.contains(&"hello".to_owned()) && said.last() == Some(&cursor(3_000, "live")), "{said:?}");
    publish(&core, "a", 3_000);
    assert_eq!(client.read().await, ["tick 3001.1/a 3000"]);
}
