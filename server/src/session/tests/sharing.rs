//! Bytes that many readers are owed: composed once, and for nobody who could not take them.

use super::face::{Client, config, publish};
use crate::hub::{Core, seat::Reader};
use bytes::Bytes;
use eventwire::Start;
use futures_util::{FutureExt, StreamExt};

fn take(client: &mut Client) -> Option<Bytes> {
    let reader: &mut Reader = client.reader.as_mut()?;
    reader.next().now_or_never()?.and_then(Result::ok)
}

#[tokio::test(start_paused = true)]
async fn readers_who_fell_behind_together_are_sent_the_same_bytes() {
    let core = Core::new(config());
    let mut clients: Vec<_> = ["a", "a", "b"].map(|topic| Client::join(&core, &[topic], Start::Now)).into();
    for client in &mut clients {
        client.read().await;
    }
    for n in 0..4_000 {
        publish(&core, "a", n);
        publish(&core, "b", n);
        // One after the other, so that the first is alone in its piece and the others find that one untaken.
        if n < 2 {
            tokio::task::yield_now().await;
        }
    }
    let mut sent = [const { Vec::new() }; 3];
    for _ in 0..4_000 {
        tokio::task::yield_now().await;
        for (client, sent) in clients.iter_mut().zip(&mut sent) {
            sent.extend(take(client));
        }
    }
    let [one, other, stranger] = sent;
    assert!(one.len() > 4, "{} pieces", one.len());
    assert_eq!(one.concat(), other.concat());
    assert_eq!(one.concat().iter().filter(|&&byte| byte == b'\n').count(), 16_000, "each event once");
    let places = |pieces: &[Bytes]| pieces.iter().map(|piece| piece.as_ptr()).collect::<Vec<_>>();
    assert_eq!(places(&one), places(&other), "the same bytes, not their like");
    assert_ne!(places(&one), places(&stranger));
}

#[tokio::test(start_paused = true)]
async fn what_concerns_readers_of_different_interests_is_copied_once_and_each_gets_its_own_events() {
    let core = Core::new(config());
    let mut clients = [&["a"][..], &["a", "b"], &["b", "c"]].map(|topics| Client::join(&core, topics, Start::Now));
    for client in &mut clients {
        client.read().await;
    }
    publish(&core, "a", 1);
    tokio::task::yield_now().await;
    let [one, other, stranger] = clients.each_mut().map(take);
    let place = |piece: &Option<Bytes>| piece.as_ref().map(|piece| piece.as_ptr());
    assert!(place(&one).is_some() && place(&one) == place(&other) && stranger.is_none());
    let events = |client: &mut Client| {
        let piece = take(client).unwrap_or_default();
        let blocks = String::from_utf8(piece.to_vec()).unwrap();
        blocks.split_inclusive("\n\n").map(str::to_owned).collect::<Vec<_>>()
    };
    for turns in 1..4 {
        for n in 0..turns {
            publish(&core, "a", n);
            publish(&core, "b", n);
        }
        tokio::task::yield_now().await;
        let [one, other, stranger] = clients.each_mut().map(events);
        let both = one.iter().zip(&stranger).flat_map(|(one, stranger)| [one.clone(), stranger.clone()]);
        assert_eq!([one.len() as u32, stranger.len() as u32], [turns; 2]);
        assert_eq!(other, both.collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_shared_whoever_is_handed_something_else_in_between() {
    let core = Core::new(config());
    // In the order they are served: the second is owed more than the event that the others are owed alone.
    let interests = [&["a"][..], &["a", "c"], &["a", "d"], &["b"]];
    let mut clients = interests.map(|topics| Client::join(&core, topics, Start::Now));
    for client in &mut clients {
        client.read().await;
    }
    for topic in ["a", "b", "c"] {
        publish(&core, topic, 1);
    }
    tokio::task::yield_now().await;
    let pieces = clients.each_mut().map(|client| take(client).unwrap_or_default());
    assert_eq!(pieces[0].as_ptr(), pieces[2].as_ptr(), "the same bytes, not their like");
    let events = pieces.map(|piece| String::from_utf8_lossy(&piece).matches("event: tick").count());
    assert_eq!(events, [1, 2, 1, 1]);
}
