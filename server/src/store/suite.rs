//! What every kind of store must do, whichever it is. A kind says how it is opened; the sentences are the same.

use super::{scripted::Scripted, *};
use eventwire::{EventName, Payload, Topic};
use futures_util::{FutureExt, StreamExt};
use std::{collections::BTreeMap, pin::pin, time::Duration};
use tokio::time::timeout;

/// Long enough for any machine; nothing is measured.
const SOON: Duration = Duration::from_secs(20);

/// A store of one kind, empty, and what must outlive it.
pub(crate) trait Kind {
    type Store: Store;
    fn open() -> (Self::Store, Self)
    where
        Self: Sized;
}

pub(crate) fn record(writer: &str, seq: u64, topic: &str) -> Arc<Record> {
    Arc::new(Record {
        epoch: None,
        producer: Some(Producer { tag: writer.into(), seq }),
        key: None,
        time: 1_795_255_200_000 + seq,
        topic: Topic::parse(topic).unwrap(),
        name: EventName::parse("tick").unwrap(),
        payload: Payload::parse(&format!("{{\"n\":{seq}}}")).unwrap(),
    })
}

fn batch(writer: &str, seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Record>> {
    seqs.map(|seq| record(writer, seq, "a.b")).collect()
}

async fn append(store: &impl Store, epoch: Epoch, batch: Vec<Arc<Record>>) -> Option<Offset> {
    timeout(SOON, store.append(epoch, batch)).await.expect("append answers").expect("append works").first
}

/// The next records, so many; whatever else comes is a failure.
async fn read(tail: impl Stream<Item = Result<Fed, TailEnd>>, count: usize) -> Vec<(Offset, Arc<Record>)> {
    let mut tail = pin!(tail);
    let mut out = Vec::new();
    while out.len() < count {
        match timeout(SOON, tail.next()).await.expect("the tail goes on") {
            Some(Ok(Fed::Record(at, record))) => out.push((at, record)),
            Some(Ok(Fed::Idle(_))) => {}
            other => panic!("after {} records: {other:?}", out.len()),
        }
    }
    out
}

/// How a tail ends.
async fn end(tail: impl Stream<Item = Result<Fed, TailEnd>>) -> TailEnd {
    let mut tail = pin!(tail);
    loop {
        match timeout(SOON, tail.next()).await.expect("the tail ends") {
            Some(Err(end)) => return end,
            Some(Ok(_)) => {}
            None => panic!("the tail ended without a word"),
        }
    }
}

fn refusal<T>(tail: Result<T, TailEnd>) -> TailEnd {
    tail.err().expect("the tail is refused")
}

pub(crate) async fn an_empty_store_has_an_epoch_and_begins_after_its_head<K: Kind>() {
    let (store, _kind) = K::open();
    let bounds = store.bounds().await.unwrap();
    assert_eq!((bounds.first, bounds.head), (Offset(1), Offset::ZERO));
    assert_eq!(store.bounds().await.unwrap(), bounds);
}

pub(crate) async fn two_writers_lose_nothing_and_each_keeps_its_order<K: Kind>() {
    const EACH: u64 = 1_000;
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    let write = async |writer: &str| {
        let mut acks = BTreeMap::new();
        for seq in (1..=EACH).step_by(50) {
            let at = append(&store, epoch, batch(writer, seq..=seq + 49)).await;
            if let Some(at) = at {
                acks.extend((seq..seq + 50).zip((at.0..).map(Offset)));
            }
        }
        acks
    };
    let (a, b) = tokio::join!(write("a"), write("b"));
    let got = read(store.tail(epoch, first).await.unwrap(), 2 * EACH as usize).await;
    assert!(got.is_sorted_by(|(x, _), (y, _)| x < y), "offsets rise");
    for (writer, acks) in [("a", a), ("b", b)] {
        let own = got.iter().filter_map(|(at, record)| {
            let producer = record.producer.as_ref().filter(|producer| &*producer.tag == writer)?;
            Some((producer.seq, *at))
        });
        let own: Vec<_> = own.collect();
        assert!(own.iter().map(|(seq, _)| *seq).eq(1..=EACH), "{writer}: all, once, in order");
        assert!(acks.is_empty() || own.into_iter().collect::<BTreeMap<_, _>>() == acks, "{writer}: acks say the same");
    }
}

pub(crate) async fn a_batch_is_contiguous_and_comes_back_as_it_was<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    let mut sent = batch("a", 1..=20);
    Arc::make_mut(&mut sent[3]).key = Some("key \"3\"\n".into());
    Arc::make_mut(&mut sent[4]).producer = None;
    Arc::make_mut(&mut sent[5]).epoch = Some(epoch);
    append(&store, epoch, sent.clone()).await;
    let got = read(store.tail(epoch, first).await.unwrap(), 20).await;
    assert!(!store.profile().atomic || got.windows(2).all(|pair| pair[1].0 == pair[0].0.next()));
    assert_eq!(got.into_iter().map(|(_, record)| record).collect::<Vec<_>>(), sent);
}

pub(crate) async fn every_tail_sees_the_same_and_begins_where_it_was_told<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    let early = store.tail(epoch, first).await.unwrap();
    for part in 0..10 {
        append(&store, epoch, batch("a", part * 30 + 1..=part * 30 + 30)).await;
    }
    let all = read(early, 300).await;
    for k in [0, 1, 29, 30, 31, 155, 299] {
        let got = read(store.tail(epoch, all[k].0).await.unwrap(), 300 - k).await;
        assert_eq!(got, all[k..], "from the record {k}");
    }
}

pub(crate) async fn a_tail_at_the_end_is_silent_until_something_is_appended<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=5)).await;
    let head = store.bounds().await.unwrap().head;
    let mut tail = Box::pin(store.tail(epoch, head.next()).await.unwrap());
    let silent = tail.next().now_or_never();
    assert!(matches!(silent, None | Some(Some(Ok(Fed::Idle(_))))));
    append(&store, epoch, batch("a", 6..=7)).await;
    let got = read(tail, 2).await;
    assert_eq!(got.iter().map(|(_, record)| record.clone()).collect::<Vec<_>>(), batch("a", 6..=7));
}

pub(crate) async fn a_tail_beyond_the_end_is_refused<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=5)).await;
    let head = store.bounds().await.unwrap().head;
    assert_eq!(refusal(store.tail(epoch, Offset(head.0 + 2)).await), TailEnd::Ahead { head });
}

pub(crate) async fn what_was_trimmed_is_refused_with_the_true_first<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=50)).await;
    let all = read(store.tail(epoch, first).await.unwrap(), 50).await;
    let first = store.trim(all[20].0, &[]).await.unwrap();
    assert_eq!(first, all[20].0);
    assert_eq!(refusal(store.tail(epoch, all[19].0).await), TailEnd::Trimmed { first });
    assert_eq!(read(store.tail(epoch, first).await.unwrap(), 30).await, all[20..]);
}

pub(crate) async fn trimmed_to_nothing_the_order_goes_on<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=50)).await;
    let head = store.bounds().await.unwrap().head;
    store.trim(Offset(head.0 + 100), &[]).await.unwrap();
    assert_eq!(store.bounds().await.unwrap(), Bounds { epoch, first: head.next(), head });
    let tail = store.tail(epoch, head.next()).await.unwrap();
    append(&store, epoch, batch("a", 51..=51)).await;
    assert!(read(tail, 1).await[0].0 > head);
}

/// There is more than a tail that was handed one record may hold already: with all of it, it would not be overtaken.
pub(crate) async fn d10_retention_that_overtakes_a_tail_ends_it<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=10_000)).await;
    append(&store, epoch, batch("a", 10_001..=10_010)).await;
    let mut tail = Box::pin(store.tail(epoch, first).await.unwrap());
    let begun = read(&mut tail, 1).await;
    let head = store.bounds().await.unwrap().head;
    let first = store.trim(head, &[]).await.unwrap();
    let mut last = begun[0].0;
    loop {
        match timeout(SOON, tail.next()).await.unwrap() {
            Some(Ok(Fed::Record(at, _))) => {
                assert_eq!(at, last.next(), "never a silent jump");
                last = at;
            }
            Some(Ok(Fed::Idle(_))) => {}
            other => {
                assert_eq!(other, Some(Err(TailEnd::Trimmed { first })));
                break;
            }
        }
    }
}

pub(crate) async fn what_is_to_be_kept_outlives_its_neighbours_until_it_is_not<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, .. } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=50)).await;
    let all = read(store.tail(epoch, first).await.unwrap(), 50).await;
    store.trim(all[20].0, &[all[3].0, all[7].0]).await.unwrap();
    assert_eq!(store.kept().await.unwrap(), [all[3].clone(), all[7].clone()]);
    store.trim(all[30].0, &[all[7].0, all[25].0]).await.unwrap();
    assert_eq!(store.kept().await.unwrap(), [all[7].clone(), all[25].clone()]);
}

pub(crate) async fn a_renewed_epoch_ends_tails_and_refuses_writers_of_the_old_one<K: Kind>() {
    let (store, _kind) = K::open();
    let Bounds { epoch, first, head } = store.bounds().await.unwrap();
    append(&store, epoch, batch("a", 1..=5)).await;
    let tail = store.tail(epoch, first).await.unwrap();
    let (one, two) = tokio::join!(store.renew(epoch), store.renew(epoch));
    let renewed = one.unwrap();
    assert_eq!(renewed, two.unwrap(), "two renewals are one");
    assert_ne!(renewed.epoch, epoch);
    assert!(renewed.head > head, "what was kept is kept");
    assert_eq!(end(tail).await, TailEnd::OtherEpoch(renewed.epoch));
    assert_eq!(refusal(store.tail(epoch, first).await), TailEnd::OtherEpoch(renewed.epoch));
    assert_eq!(store.append(epoch, batch("a", 6..=6)).await, Err(AppendError::WrongEpoch(renewed.epoch)));
    assert_eq!(store.renew(epoch).await.unwrap(), renewed, "too late to renew again");
    append(&store, renewed.epoch, batch("a", 6..=6)).await;
}

/// The sentences above as tests of one kind.
macro_rules! suite {
    ($kind:ty: $($sentence:ident)*) => {$(
        #[tokio::test]
        async fn $sentence() {
            $crate::store::suite::$sentence::<$kind>().await;
        }
    )*};
    ($kind:ty) => {
        $crate::store::suite::suite! { $kind:
            an_empty_store_has_an_epoch_and_begins_after_its_head
            two_writers_lose_nothing_and_each_keeps_its_order
            a_batch_is_contiguous_and_comes_back_as_it_was
            every_tail_sees_the_same_and_begins_where_it_was_told
            a_tail_at_the_end_is_silent_until_something_is_appended
            a_tail_beyond_the_end_is_refused
            what_was_trimmed_is_refused_with_the_true_first
            trimmed_to_nothing_the_order_goes_on
            d10_retention_that_overtakes_a_tail_ends_it
            what_is_to_be_kept_outlives_its_neighbours_until_it_is_not
            a_renewed_epoch_ends_tails_and_refuses_writers_of_the_old_one
        }
    };
}
pub(crate) use suite;

mod in_memory {
    use super::*;

    struct Plain;

    impl Kind for Plain {
        type Store = Scripted;
        fn open() -> (Scripted, Self) {
            (Scripted::new(), Self)
        }
    }

    suite!(Plain);

    /// Acknowledgements know no offset, as with RabbitMQ.
    mod blind {
        use super::*;

        struct Blind;

        impl Kind for Blind {
            type Store = Scripted;
            fn open() -> (Scripted, Self) {
                let store = Scripted::new();
                store.with(|state| state.blind = true);
                (store, Self)
            }
        }

        suite!(Blind);
    }
}
