//! Where a batch is written: with its user, if that is certain to be quick, else where somebody may wait.

use super::{simulated::*, *};
use std::time::Instant;

/// Whether the thread that this runs on wrote it.
async fn written_here(disk: &Disk, medium: &Simulated, batch: Vec<Arc<Record>>) -> bool {
    let epoch = disk.inner.bounds().epoch;
    disk.append(epoch, batch).await.unwrap();
    medium.writer() == Some(thread::current().id())
}

fn long(seq: u64) -> Arc<Record> {
    let mut record = record("w", seq, "a.b");
    let text = format!("\"{}\"", "x".repeat(300 << 10));
    Arc::make_mut(&mut record).payload = eventwire::Payload::parse(&text).unwrap();
    record
}

#[tokio::test]
async fn at_an_interval_a_little_is_written_where_it_is_published_unless_writes_are_slow_or_another_file_begins() {
    let medium = Simulated::default();
    let idle: flusher::Spawn = |_| thread::Builder::new().spawn(|| {});
    let disk = Disk::over(Arc::new(medium.clone()), here(), 400 << 10, None).unwrap();
    let disk = disk.sync_with(Sync::Every(Duration::from_secs(1)), idle);
    assert!(!written_here(&disk, &medium, vec![record("w", 1, "a.b")]).await, "a file begins");
    // A machine that is busy may have made it wait.
    let rested = || disk.inner.writing.lock().pace = Pace::default();
    rested();
    assert!(written_here(&disk, &medium, vec![record("w", 2, "a.b")]).await);
    rested();
    assert!(!written_here(&disk, &medium, vec![long(3)]).await, "it is long");
    let now = Instant::now();
    disk.inner.writing.lock().pace.took(now, now + Duration::from_secs(60));
    assert!(!written_here(&disk, &medium, vec![record("w", 4, "a.b")]).await, "writes are slow");
    rested();
    {
        let other = disk.inner.writing.lock();
        assert!(disk.inner.at_once(&[record("w", 5, "a.b")]).is_none(), "somebody else writes");
        drop(other);
    }
    assert!(written_here(&disk, &medium, vec![record("w", 5, "a.b")]).await);
    rested();
    assert!(!written_here(&disk, &medium, vec![long(6)]).await, "it is long");
    rested();
    assert!(!written_here(&disk, &medium, vec![record("w", 7, "a.b")]).await, "a file begins");
    rested();
    assert!(written_here(&disk, &medium, vec![record("w", 8, "a.b")]).await);
    let found: Vec<_> = contents(&disk).into_iter().filter_map(|(_, seq)| seq).collect();
    assert_eq!(found, (1..=8).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_written_through_before_it_is_accepted_is_waited_for_on_another_thread() {
    let medium = Simulated::default();
    let disk = Disk::over(Arc::new(medium.clone()), here(), SEGMENT, None).unwrap();
    for seq in 1..=3 {
        assert!(!written_here(&disk, &medium, vec![record("w", seq, "a.b")]).await);
    }
}
