//! Rows S12, S13 and S14: what a position is answered with, over HTTP.

use super::{
    client::{get, until},
    server::{Server, Test, Under, builder, hub, public, tick},
};
use eventwire_server::store::Disk;
use std::time::Duration;

#[tokio::test]
async fn s12_what_is_no_longer_kept_is_a_gap_and_then_all_that_is() {
    let hub = builder().retain(Duration::from_secs(600), 2 << 20).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let first = tick(&hub, "a", 0).await;
    let text = "x".repeat(64 << 10);
    for _ in 0..100 {
        hub.publish("a", &Test::Note { text: text.clone() }).await.expect("accepted");
    }
    let last = tick(&hub, "a", 1).await;
    let mut stream = get(server.at, "/events", &[("Last-Event-ID", first.as_bytes())]).await;
    stream.expect("eventwire.hello").await;
    let gap = stream.expect("eventwire.gap").await;
    assert_eq!(gap.data["reason"], "evicted");
    let offset = |id: &str| id.split(['-', '.', '/']).nth(1).and_then(|digits| digits.parse::<u64>().ok());
    let goes_on = offset(&gap.id).expect("a gap says where the stream goes on");
    stream.expect("eventwire.cursor").await;
    let mut next = goes_on + 1;
    loop {
        let event = stream.next().await.expect("the stream lives");
        if event.name == "eventwire.cursor" {
            break;
        }
        assert_eq!(offset(&event.id), Some(next), "nothing after the gap is missing");
        next += 1;
    }
    assert_eq!(offset(&last), Some(next - 1));
    assert!(goes_on > 1 && goes_on < 101, "{goes_on}");
}

#[tokio::test]
async fn s13_a_position_of_another_epoch_is_a_gap_and_the_stream_goes_on() {
    for under in Under::BOTH {
        let hub = hub().await;
        let server = Server::start(under, public(&hub)).await;
        tick(&hub, "a", 1).await;
        let mut stream = get(server.at, "/events", &[("Last-Event-ID", b"zzzzzzzzzzzz-1.1/a")]).await;
        let story = stream.story_until("cursor \"live\"").await;
        assert_eq!(story, "hello [\"**\"]\ngap \"epoch\"\ncursor \"prelude\"\ncursor \"live\"\n");
        tick(&hub, "a", 2).await;
        assert_eq!(stream.expect("tick").await.data["n"], 2);
    }
}

#[tokio::test]
async fn s14_after_a_restart_everything_is_replayed_before_anything_is_published() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || async {
        // The hub before this one lets go of the folder when its task has ended.
        let mut disk = None;
        let free = || {
            disk = Disk::open(folder.path()).ok();
            disk.is_some()
        };
        until("the folder is free", free).await;
        builder().store(disk.expect("a disk store")).build().await.expect("a hub")
    };
    let first = {
        let hub = open().await;
        let first = tick(&hub, "a", 0).await;
        for n in 1..4 {
            tick(&hub, "a", n).await;
        }
        first
    };
    let hub = open().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[("Last-Event-ID", first.as_bytes())]).await;
    let ticks: String = (1..4).map(|n| format!("tick {{\"n\":{n}}}\n")).collect();
    let story = stream.story_until("cursor \"live\"").await;
    assert_eq!(story, format!("hello [\"**\"]\ncursor \"prelude\"\n{ticks}cursor \"live\"\n"));
}

#[tokio::test]
async fn earliest_is_all_that_is_kept() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    for n in 0..3 {
        tick(&hub, "a", n).await;
    }
    let mut stream = get(server.at, "/events?lastEventId=earliest", &[]).await;
    let story = stream.story_until("cursor \"live\"").await;
    let ticks: String = (0..3).map(|n| format!("tick {{\"n\":{n}}}\n")).collect();
    assert!(story.contains(&ticks), "{story}");
    assert!(!story.contains("gap"), "{story}");
}
