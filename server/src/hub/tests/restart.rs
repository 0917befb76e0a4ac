//! The same folder, another process: what a reader that comes back is shown.

use super::*;
use crate::store::{Disk, Store};
use eventwire::EventName;
use tempfile::TempDir;

async fn open(folder: &TempDir) -> Hub<Test> {
    // The hub before lets go of the folder a turn after its last handle is dropped.
    let give_up = Instant::now() + SOON;
    loop {
        match Disk::open(folder.path()) {
            Ok(disk) => return builder().store(disk).build().await.unwrap(),
            Err(error) => assert!(Instant::now() < give_up, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Ids and all.
async fn raw(hub: &Hub<Test>, start: Start, events: usize) -> Vec<String> {
    let mut page = Page::from(hub, start);
    let (mut ids, mut decoder) = (Vec::new(), Decoder::new(limits::LINE));
    let give_up = Instant::now() + SOON;
    while ids.len() < events {
        let bytes = timeout_at(give_up, page.reader.next()).await.unwrap().unwrap().unwrap();
        let read = decoder.push(&bytes, |block| {
            if !block.event.starts_with("eventwire.") {
                ids.push(format!("{} {} {}", block.id, block.event, block.data));
            } else if block.event == "eventwire.gap" {
                ids.push(format!("gap {}", block.data));
            }
        });
        read.unwrap();
    }
    ids
}

/// S14.
#[tokio::test]
async fn a_reader_that_comes_back_before_anything_is_published_is_shown_all_it_missed_with_the_same_ids() {
    let folder = tempfile::tempdir().unwrap();
    let hub = open(&folder).await;
    let mut positions = Vec::new();
    for n in 0..40 {
        let topic = ["a", "b.c", "latest.x"][n as usize % 3];
        positions.push(hub.publish(topic, &tick(n)).await.unwrap());
    }
    let start = |position| Start::After { position, native: true };
    let all = raw(&hub, Start::Earliest, 28).await;
    let some = raw(&hub, start(positions[30]), 6).await;
    drop(hub);

    let hub = open(&folder).await;
    assert_eq!(hub.position(), positions[39], "the same epoch, the same head");
    assert_eq!(raw(&hub, Start::Earliest, 28).await, all);
    assert_eq!(raw(&hub, start(positions[30]), 6).await, some);
    assert!(some.iter().all(|line| line.contains(".3/") || line.contains("/latest.x")), "{some:?}");
    let next = hub.publish("a", &tick(40)).await.unwrap();
    assert_eq!(next, at(&hub, 41));
    assert!(raw(&hub, start(positions[39]), 1).await[0].contains("-41.1/a "), "its previous one is known");
}

#[tokio::test]
async fn keys_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let hub = open(&folder).await;
    let first = hub.publish_keyed("k", "a", &tick(1)).await.unwrap();
    drop(hub);
    let hub = open(&folder).await;
    assert_eq!(hub.publish_keyed("k", "a", &tick(1)).await.unwrap(), first);
}

#[tokio::test]
async fn a_folder_that_is_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let _hub = open(&folder).await;
    let text = Disk::open(folder.path()).unwrap_err().to_string();
    assert!(text.contains(&folder.path().display().to_string()), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_disk_keeps_what_the_log_keeps_and_the_newest_of_latest_only_topics_beyond() {
    let folder = tempfile::tempdir().unwrap();
    let store = || builder().retain(SOON, 2 << 20);
    let hub = store().store(Disk::open(folder.path()).unwrap()).build().await.unwrap();
    for n in [1, 2] {
        hub.publish("latest.x", &tick(n)).await.unwrap();
    }
    let large = Test::Text("x".repeat(100 << 10));
    for _ in 0..50 {
        hub.publish("a", &large).await.unwrap();
    }
    let log = hub.core().retained();
    assert!(log.0 > Offset(20), "the log has forgotten most: {log:?}");
    assert_eq!(log.1, [Offset(2)]);
    // Told at the next tick of the loop.
    tokio::time::sleep(Duration::from_secs(10)).await;
    drop(hub);
    let disk = loop {
        match Disk::open(folder.path()) {
            Ok(disk) => break disk,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let (bounds, kept) = (disk.bounds().await.unwrap(), disk.kept().await.unwrap());
    assert_eq!((bounds.first, bounds.head), (log.0, Offset(52)));
    assert_eq!(kept.iter().map(|(at, _)| *at).collect::<Vec<_>>(), log.1);

    let hub = store().store(disk).build().await.unwrap();
    let mut page = Page::from(&hub, Start::Now);
    page.shows(&[r#"tick {"n":2} @2"#]).await;
    assert_eq!(hub.publish("a", &tick(3)).await.unwrap(), at(&hub, 53));
    page.shows(&[r#"tick {"n":3} @53"#]).await;
}

#[tokio::test(start_paused = true)]
async fn a_key_is_known_for_its_window_after_a_restart_however_little_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = || builder().retain(Duration::from_secs(1), 2 << 20);
    let hub = store().store(Disk::open(folder.path()).unwrap()).build().await.unwrap();
    let first = hub.publish_keyed("k", "a", &tick(1)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    hub.publish("a", &tick(2)).await.unwrap();
    assert!(hub.core().retained().0 > first.offset, "the log has forgotten it");
    tokio::time::sleep(Duration::from_secs(20)).await;
    drop(hub);
    let disk = loop {
        match Disk::open(folder.path()) {
            Ok(disk) => break disk,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let hub = store().store(disk).build().await.unwrap();
    assert_eq!(hub.publish_keyed("k", "a", &tick(1)).await.unwrap(), first);
}

/// The wall clock jumps while the server is down, or was wrong before: events that were written hours or years from now.
#[tokio::test(start_paused = true)]
async fn d11_a_wall_clock_that_jumps_changes_no_id_forgets_no_event_and_keeps_no_key_for_ever() {
    const HOUR: i64 = 3_600_000;
    for jump in [0, HOUR, -HOUR, 87_600 * HOUR, -40_000 * HOUR] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        let epoch = disk.bounds().await.unwrap().epoch;
        let then = crate::hub::clock::Clock::start().now().checked_add_signed(-jump).unwrap();
        let batch = (1..=20).map(|n| {
            let mut shared = foreign(n, (n == 1).then_some("k"));
            let record = Arc::make_mut(&mut shared);
            record.name = EventName::parse("tick").unwrap();
            record.payload = eventwire::Payload::parse(&format!(r#"{{"n":{n}}}"#)).unwrap();
            record.time = then + n;
            shared
        });
        disk.append(epoch, batch.collect()).await.unwrap();

        let hub = builder().retain(SOON, 2 << 20).store(disk).build().await.unwrap();
        assert_eq!(hub.position(), Position { epoch, offset: Offset(20) }, "{jump}");
        let lines: Vec<_> = (1..=20).map(|n| format!(r#"tick {{"n":{n}}} @{n}"#)).collect();
        let mut page = Page::of(&hub);
        page.shows(&lines.iter().map(String::as_str).collect::<Vec<_>>()).await;
        // Of two minutes that nobody measured nothing is known, if the clock went on by more.
        let known = jump < HOUR;
        let again = hub.publish_keyed("k", "a", &tick(21)).await.unwrap().offset;
        assert_eq!(again, Offset(if known { 1 } else { 21 }), "{jump}");
        // Its window over, a key is free, and what it lay in may be forgotten, whatever the clock says.
        tokio::time::sleep(Duration::from_secs(125)).await;
        let fresh = hub.publish_keyed("k", "a", &tick(22)).await.unwrap().offset;
        assert_eq!(fresh, again.next().max(Offset(21)), "{jump}");
        tokio::time::sleep(Duration::from_secs(10)).await;
        drop(hub);
        let disk = loop {
            match Disk::open(folder.path()) {
                Ok(disk) => break disk,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let bounds = disk.bounds().await.unwrap();
        assert_eq!((bounds.epoch, bounds.first, bounds.head), (epoch, fresh, fresh), "{jump}");
    }
}

/// Retention takes away, in the log and in the folder, what a reader is just being shown.
#[tokio::test(start_paused = true)]
async fn d10_retention_under_an_active_replay_leaves_the_rest_or_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = Disk::open(folder.path()).unwrap();
    let patient = builder().retain(SOON, 2 << 20).stall(Duration::from_secs(300));
    let hub = patient.store(store).build().await.unwrap();
    let large = Test::Text("x".repeat(100 << 10));
    for _ in 0..15 {
        hub.publish("a", &large).await.unwrap();
    }
    // One has all there was, one is overtaken while it reads, one comes back to what is gone.
    let (mut quick, mut slow) = (Page::of(&hub), Page::of(&hub));
    quick.until(" @15").await;
    slow.until(" @1").await;
    for _ in 0..60 {
        hub.publish("a", &large).await.unwrap();
    }
    // Told to the folder at the next tick of the loop.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let first = hub.core().retained().0.0;
    assert!(first > 50, "{first}");
    let late = Page::from(&hub, Start::After { position: at(&hub, 5), native: true });
    for (mut page, mut stands) in [(quick, 15), (slow, 1), (late, 5)] {
        let mut gaps = 0;
        while stands < 75 {
            let line = page.next().await;
            let offset = line.rsplit_once('@').and_then(|(_, at)| at.parse().ok()).unwrap();
            match line.starts_with("gap") {
                true => assert!(offset > stands && offset < 75, "{line} to a reader at {stands}"),
                false => assert_eq!(offset, stands + 1, "nothing is skipped without a word"),
            }
            gaps += u32::from(line.starts_with("gap"));
            stands = offset;
        }
        assert_eq!(gaps, 1, "each is told once, and has the rest");
    }
}

/// What is forgotten is known topic by topic, in the folder too.
#[tokio::test(start_paused = true)]
async fn after_a_restart_only_a_reader_that_lost_something_of_its_own_is_told_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = || builder().retain(SOON, 2 << 20);
    let hub = store().store(Disk::open(folder.path()).unwrap()).build().await.unwrap();
    let early = hub.publish("quiet.x", &tick(1)).await.unwrap();
    let large = Test::Text("x".repeat(100 << 10));
    for _ in 0..50 {
        hub.publish("loud.x", &large).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(hub.core().retained().0 > Offset(20));
    drop(hub);
    let disk = loop {
        match Disk::open(folder.path()) {
            Ok(disk) => break disk,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let hub = store().store(disk).build().await.unwrap();
    hub.publish("quiet.x", &tick(2)).await.unwrap();
    let read = |pattern: &str| {
        let start = Start::After { position: early, native: true };
        Page::granted(&hub, start, vec![Pattern::parse(pattern).unwrap()])
    };
    for pattern in ["quiet.x", "quiet.*"] {
        read(pattern).shows(&[r#"tick {"n":2} @52"#]).await;
    }
    for pattern in ["loud.x", "loud.*", "**"] {
        let told = read(pattern).next().await;
        assert!(told.starts_with("gap evicted @"), "{pattern}: {told}");
    }
}
