//! One key, one event.

use super::*;
use std::time::UNIX_EPOCH;

/// I21: whatever gives the offsets.
async fn sixty_four_racing_tasks_with_one_key_publish_one_event(hub: Hub<Test>) {
    let mut page = Page::of(&hub);
    let racing = (0..64).map(|n| {
        let hub = hub.clone();
        tokio::spawn(async move { hub.publish_keyed("the key", "a.b", &tick(n)).await.unwrap() })
    });
    let mut positions = Vec::new();
    for task in racing.collect::<Vec<_>>() {
        positions.push(task.await.unwrap());
    }
    assert_eq!(positions, [at(&hub, 1); 64]);
    let end = hub.publish("a.b", &tick(100)).await.unwrap();
    assert_eq!(end, at(&hub, 2));
    assert!(page.next().await.ends_with("@1"));
    page.shows(&[r#"tick {"n":100} @2"#]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory_racing_publishes_of_one_key_are_one_event() {
    sixty_four_racing_tasks_with_one_key_publish_one_event(memory().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_a_store_racing_publishes_of_one_key_are_one_event() {
    sixty_four_racing_tasks_with_one_key_publish_one_event(scripted().await.0).await;
}

#[cfg(feature = "disk")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_a_disk_racing_publishes_of_one_key_are_one_event() {
    let folder = tempfile::tempdir().unwrap();
    let hub = builder().store(crate::store::Disk::open(folder.path()).unwrap()).build().await.unwrap();
    sixty_four_racing_tasks_with_one_key_publish_one_event(hub).await;
}

#[tokio::test]
async fn a_lost_acknowledgement_tried_again_with_its_key_is_one_event() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    store.next_append(Next::LostAck);
    let error = hub.publish_keyed("k", "a.b", &tick(1)).await;
    // It came back through the tail before or after the store gave up on its answer: both are true.
    assert!(error.is_ok() || error.is_err_and(|error| error.is_indeterminate()));
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap(), at(&hub, 1));
    hub.publish("a.b", &tick(2)).await.unwrap();
    page.shows(&[r#"tick {"n":1} @1"#, r#"tick {"n":2} @2"#]).await;
}

#[tokio::test]
async fn a_publish_that_never_arrived_tried_again_with_its_key_is_one_event() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    store.next_append(Next::NeverArrived);
    assert!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap_err().is_indeterminate());
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap(), at(&hub, 1));
    page.shows(&[r#"tick {"n":1} @1"#]).await;
}

#[tokio::test]
async fn of_two_records_with_one_key_every_tail_drops_the_second() {
    let (hub, store) = scripted().await;
    let mut page = Page::of(&hub);
    let batch = vec![foreign(1, Some("k")), foreign(2, None), foreign(3, Some("k")), foreign(4, None)];
    store.with(|state| state.append(batch));
    let shown = [r#"tick {"n":1} @1"#, r#"tick {"n":2} @2"#, r#"tick {"n":4} @4"#];
    page.shows(&shown).await;
    // And so does a node that comes later.
    let later = builder().store(store).build().await.unwrap();
    Page::of(&later).shows(&shown).await;
}

#[tokio::test]
async fn the_key_window_is_rebuilt_at_the_start() {
    let (hub, store) = scripted().await;
    let first = hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap();
    drop(hub);
    let hub = builder().store(store).build().await.unwrap();
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap(), first);
    assert_eq!(hub.publish_keyed("other", "a.b", &tick(2)).await.unwrap(), at(&hub, 2));
}

#[tokio::test]
async fn a_key_whose_window_is_over_is_a_new_event() {
    let (_, store) = scripted().await;
    let mut old = foreign(1, Some("k"));
    let now = UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    Arc::make_mut(&mut old).time = now - 130_000;
    store.with(|state| state.append(vec![old]));
    let hub = builder().store(store).build().await.unwrap();
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(2)).await.unwrap(), at(&hub, 2));
}

#[tokio::test(start_paused = true)]
async fn in_memory_a_key_is_forgotten_after_its_window_and_not_before() {
    let hub = memory().await;
    let first = hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap();
    tokio::time::advance(Duration::from_millis(119_999)).await;
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap(), first);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(hub.publish_keyed("k", "a.b", &tick(1)).await.unwrap(), at(&hub, 2));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let hub = memory().await;
    for key in [String::new(), "k".repeat(257)] {
        let error = hub.publish_keyed(&key, "a.b", &tick(1)).await.unwrap_err();
        assert!(matches!(error, PublishError::Key(bytes) if bytes == key.len()), "{error}");
    }
    hub.publish_keyed("k".repeat(256), "a.b", &tick(1)).await.unwrap();
}
