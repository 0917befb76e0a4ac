//! S16: publishing while readers are between the log and what is live, with real threads, wake-ups and locks.

use super::face::config;
use crate::hub::{Core, CoreConfig, Join, inbox::Bounds, seat::Reader};
use eventwire::{Epoch, EventId, EventName, Offset, Pattern, Payload, Position, Start, Topic, sse::Decoder};
use futures_core::Stream;
use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

const EVENTS: u64 = 3_000;
/// Nobody is let go for being slow: so may the machine be.
const PATIENT: Duration = Duration::from_secs(300);
const VIEWS: [&[&str]; 6] = [&["t.0"], &["t.1", "t.2"], &["t.*"], &["**"], &["t.3", "t.**"], &["u.0", "t.0"]];

/// Reads from a position until so much of the view has come; says what came.
async fn read(core: &Arc<Core>, view: &[Pattern], from: u64, until: u64, pieces: usize) -> Vec<(u64, String)> {
    let epoch = core.position().epoch;
    let start = Start::After { position: Position { epoch, offset: Offset(from) }, native: false };
    let order = Join { granted: view.to_vec(), new: vec![], denied: vec![], start, principal: None, until: None };
    let mut reader: Reader = core.join(order);
    let mut decoder = Decoder::new(1 << 20);
    let mut events = Vec::new();
    for _ in 0..pieces {
        let Some(piece) = poll_fn(|cx| Pin::new(&mut reader).poll_next(cx)).await else { break };
        let mut here = 0;
        let each = |block: eventwire::sse::Block<'_>| {
            here = Position::parse(block.id).map_or(here, |position| position.offset.0);
            if block.event == "tick" {
                let id = EventId::parse(block.id).unwrap();
                events.push((id.position.offset.0, id.topic.as_str().to_owned()));
            }
        };
        decoder.push(&piece.expect("not released"), each).unwrap();
        if here >= until {
            break;
        }
    }
    events
}

#[test]
fn s16_readers_that_join_while_others_publish_get_everything_once_and_in_order() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
    for round in 0..8 {
        runtime.block_on(async {
            // A heartbeat ends every wait for an event that does not concern the reader.
            let heartbeat = Duration::from_millis(20);
            let config = CoreConfig { heartbeat, stall: PATIENT, budget: 8 << 20, latest: vec![], ..config() };
            // Inboxes that carry all, marks in the place of events, and too few even of these.
            let inbox =
                [(1 << 20, 1 << 16, 1 << 16), (300, 1 << 16, 1 << 16), (1 << 20, 3, 1 << 16), (1 << 20, 1 << 16, 5)];
            let (bytes, records, patterns) = inbox[round % 4];
            let core = Core::bounded(config, Bounds { bytes, records, patterns });
            let publishers = ["t", "u"].map(|prefix| {
                let core = core.clone();
                tokio::task::spawn_blocking(move || {
                    let (name, payload) = (EventName::parse("tick").unwrap(), Payload::parse("0").unwrap());
                    let mut published = Vec::new();
                    for i in 0..EVENTS / 2 {
                        let topic = Topic::parse(&format!("{prefix}.{}", i % 4)).unwrap();
                        let at = core.publish(&topic, &name, &payload);
                        published.push((at.offset.0, topic.as_str().to_owned()));
                        if i % 64 == round as u64 {
                            std::thread::yield_now();
                        }
                    }
                    published
                })
            });
            let readers: Vec<_> = (0..60)
                .map(|n: usize| {
                    let core = core.clone();
                    tokio::spawn(async move {
                        let view: Vec<_> = VIEWS[n % 6].iter().map(|p| Pattern::parse(p).unwrap()).collect();
                        let from = core.position().offset.0 / 2;
                        // Cut once on the way, and resumed.
                        let mut all = read(&core, &view, from, EVENTS, 1 + n % 5).await;
                        let at = all.last().map_or(from, |(at, _)| *at);
                        if at < EVENTS {
                            all.extend(read(&core, &view, at, EVENTS, usize::MAX).await);
                        }
                        (view, from, all)
                    })
                })
                .collect();
            let mut published = Vec::new();
            for publisher in publishers {
                published.extend(publisher.await.unwrap());
            }
            published.sort();
            for reader in readers {
                let (view, from, all) = reader.await.unwrap();
                let of = |(at, topic): &&(u64, String)| *at > from && view.iter().any(|p| p.matches(topic));
                let owed: Vec<_> = published.iter().filter(of).cloned().collect();
                assert_eq!(all, owed, "{view:?} from {from}");
            }
        });
    }
}

/// Reads one stream of everything until it is at this position: within each epoch every offset follows the one before.
async fn follow(core: &Arc<Core>, until: Position) -> usize {
    let view = vec![Pattern::all()];
    let start = Start::After { position: core.position(), native: false };
    let order = Join { granted: view, new: vec![], denied: vec![], start, principal: None, until: None };
    let mut reader: Reader = core.join(order);
    let mut decoder = Decoder::new(1 << 20);
    let (mut at, mut gaps): (Option<Position>, usize) = (None, 0);
    while at != Some(until) {
        let piece = poll_fn(|cx| Pin::new(&mut reader).poll_next(cx)).await.expect("no end").expect("not released");
        let each = |block: eventwire::sse::Block<'_>| {
            let Ok(id) = Position::parse(block.id) else { return };
            match block.event {
                "eventwire.gap" => gaps += 1,
                "tick" => {
                    let before = at.expect("a cursor came before");
                    assert_eq!(before.epoch, id.epoch, "another epoch without a gap");
                    assert_eq!(before.offset.next(), id.offset, "an event is missing, or came twice");
                }
                _ => assert!(at.is_none_or(|at| at == id), "{} at {id} after {at:?}", block.event),
            }
            at = Some(id);
        };
        decoder.push(&piece, each).unwrap();
    }
    gaps
}

#[test]
fn readers_follow_through_new_epochs_while_others_publish_and_miss_nothing_after_each_gap() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_time().build().unwrap();
    runtime.block_on(async {
        let config = CoreConfig { heartbeat: Duration::from_millis(20), stall: PATIENT, latest: vec![], ..config() };
        let core = Core::bounded(config, Bounds { bytes: 2_000, records: 16, patterns: 1 << 16 });
        let publisher = {
            let core = core.clone();
            tokio::task::spawn_blocking(move || {
                let (topic, name) = (Topic::parse("t").unwrap(), EventName::parse("tick").unwrap());
                for life in 0..60u64 {
                    for at in 1..=100 {
                        core.accept(Offset(at), &topic, &name, "0");
                        if at % 16 == life % 16 {
                            std::thread::yield_now();
                        }
                    }
                    core.renew(Epoch::from_random(life + 1), Offset(0));
                }
                core.accept(Offset(1), &topic, &name, "0");
            })
        };
        let until = Position { epoch: Epoch::from_random(60), offset: Offset(1) };
        let readers: Vec<_> = (0..20)
            .map(|_| {
                let core = core.clone();
                tokio::spawn(async move { follow(&core, until).await })
            })
            .collect();
        publisher.await.unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
    });
}
