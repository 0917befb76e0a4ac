//! The seams under a scheduler that tries orders of locks, counters and bells which machines seldom do: the hub's own
//! code, threads of a model in the place of the runtime's.
//!
//! No timer ever fires here: whoever waits for news that are not told waits for ever, and the model calls it a deadlock.
//! A failing order is printed; `shuttle::replay` runs it again.

use super::{
    super::shard::{Next, Task},
    face::{config, order},
};
use crate::hub::{Core, CoreConfig, inbox::Bounds, seat::Reader};
use eventwire::{Epoch, EventId, EventName, Offset, Payload, Position, Start, Topic, sse::Decoder};
use futures_core::Stream;
use shuttle::{
    Config, Runner,
    future::block_on,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    thread::{self, JoinHandle},
};
use std::{
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

const WIDE: Bounds = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };

/// Tries so many orders of what `model` does twice: with a few preemptions at the worst places, and at random.
/// `SEAM_ORDERS` says otherwise.
fn check(orders: usize, model: impl Fn() + Copy + Send + Sync + 'static) {
    fn run(scheduler: impl Scheduler + 'static, model: impl Fn() + Copy + Send + Sync + 'static) {
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        Runner::new(scheduler, config).run(model);
    }
    let orders = std::env::var("SEAM_ORDERS").ok().and_then(|orders| orders.parse().ok()).unwrap_or(orders);
    run(PctScheduler::new_from_seed(7, 3, orders), model);
    run(RandomScheduler::new_from_seed(7, orders), model);
}

/// A hub whose shard is a thread of the model. It ends when hub and readers are gone.
fn hub(config: CoreConfig, inbox: Bounds) -> (Arc<Core>, JoinHandle<()>) {
    let (core, shard) = Core::with_shard(CoreConfig { latest: vec![], ..config }, inbox);
    (core, thread::spawn(move || run(shard)))
}

fn run(mut shard: Task) {
    while let Some(next) = shard.turns() {
        match next {
            Next::Now => thread::yield_now(),
            Next::Rung | Next::At(_) => block_on(shard.door.heard()),
        }
    }
}

fn after(offset: u64) -> Start {
    Start::After { position: Position { epoch: config().epoch, offset: Offset(offset) }, native: false }
}

fn publish(
    core: &Arc<Core>,
    topic: &'static str,
    payloads: impl IntoIterator<Item = String> + Send + 'static,
) -> JoinHandle<()> {
    let core = core.clone();
    thread::spawn(move || {
        for payload in payloads {
            let name = EventName::parse("tick").unwrap();
            core.publish(&Topic::parse(topic).unwrap(), &name, &Payload::parse(&payload).unwrap());
        }
    })
}

fn numbers(upto: u64) -> impl Iterator<Item = String> {
    (1..=upto).map(|n| n.to_string())
}

/// One frame of a stream: its name, its offset, an event's topic.
type Said = (String, u64, String);

/// Reads until `enough` says so, or the stream ends. Says what came.
fn read(reader: &mut Reader, enough: impl Fn(&Said) -> bool) -> Vec<Said> {
    let (mut said, mut decoder) = (Vec::new(), Decoder::new(1 << 20));
    while !said.last().is_some_and(&enough) {
        let Some(piece) = block_on(poll_fn(|cx| Pin::new(&mut *reader).poll_next(cx))) else { break };
        let each = |block: eventwire::sse::Block<'_>| {
            let offset = Position::parse(block.id).map_or(0, |position| position.offset.0);
            let topic = EventId::parse(block.id).map(|id| id.topic.as_str().to_owned()).unwrap_or_default();
            said.push((block.event.trim_start_matches("eventwire.").to_owned(), offset, topic));
        };
        decoder.push(&piece.expect("not released"), each).unwrap();
    }
    said
}

fn events(said: &[Said]) -> Vec<u64> {
    said.iter().filter(|(name, ..)| name == "tick").map(|(_, offset, _)| *offset).collect()
}

/// Two publish three events; a reader that was at the beginning gets each once, in order.
fn subscribe_against_publish(view: &'static [&'static str], inbox: Bounds) {
    let (core, shard) = hub(config(), inbox);
    let publishers = [publish(&core, "t.a", numbers(2)), publish(&core, "t.b", numbers(1))];
    let mut reader = core.join(order(view, after(0)));
    let said = read(&mut reader, |(_, offset, _)| *offset >= 3);
    assert_eq!(events(&said), [1, 2, 3]);
    assert!(said.iter().all(|(name, ..)| name != "gap"));
    publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
    drop((core, reader));
    shard.join().unwrap();
}

#[test]
fn s16_whoever_joins_while_others_publish_gets_everything_once_and_in_order() {
    check(600, || subscribe_against_publish(&["t.a", "t.b"], WIDE));
}

#[test]
fn s16_whoever_follows_a_pattern_gets_topics_that_come_up_while_it_joins() {
    check(600, || subscribe_against_publish(&["t.*"], WIDE));
}

#[test]
fn s16_an_inbox_that_overruns_while_a_reader_joins_loses_nothing() {
    check(600, || subscribe_against_publish(&["t.a", "t.b"], Bounds { bytes: 1, records: 1, patterns: 1 }));
}

#[test]
fn s22_a_reader_that_takes_its_pieces_late_is_woken_for_each_and_misses_nothing() {
    check(600, || {
        let (core, shard) = hub(config(), WIDE);
        let mut late = core.join(order(&["t.a"], after(0)));
        let mut quick = core.join(order(&["t.a"], after(0)));
        let quick = thread::spawn(move || read(&mut quick, |(_, offset, _)| *offset >= 3));
        publish(&core, "t.a", numbers(3)).join().unwrap();
        assert_eq!(events(&read(&mut late, |(_, offset, _)| *offset >= 3)), [1, 2, 3]);
        assert_eq!(events(&quick.join().unwrap()), [1, 2, 3]);
        drop((core, late));
        shard.join().unwrap();
    });
}

/// Events so large that each forgets an earlier one. What does not come lies within a gap that came before.
#[test]
fn s12_what_is_trimmed_while_a_reader_catches_up_is_told() {
    check(200, || {
        const LAST: u64 = 12;
        let (core, shard) =
            hub(CoreConfig { budget: 16 << 10, ..config() }, Bounds { bytes: 1, records: 2, patterns: 8 });
        let mut reader = core.join(order(&["t.a"], after(0)));
        let publisher = publish(&core, "t.a", (1..=LAST).map(|_| format!("\"{}\"", "x".repeat(3_000))));
        let mut at = 0;
        for (name, offset, _) in read(&mut reader, |(_, offset, _)| *offset >= LAST) {
            match name.as_str() {
                "gap" => {
                    assert!(offset >= at, "a gap to {offset} after {at}");
                    at = offset;
                }
                "tick" => {
                    assert_eq!(offset, at + 1, "what lies before it was neither sent nor told");
                    at = offset;
                }
                _ => assert!(offset == 0 || offset == at, "{name} at {offset} after {at}"),
            }
        }
        assert_eq!(at, LAST);
        publisher.join().unwrap();
        drop((core, reader));
        shard.join().unwrap();
    });
}

#[test]
fn s13_another_life_that_begins_while_others_publish_is_told_before_its_first_event() {
    check(600, || {
        let (core, shard) = hub(config(), WIDE);
        let mut reader = core.join(order(&["t.a"], after(0)));
        let feeder = {
            let core = core.clone();
            thread::spawn(move || {
                let (topic, name) = (Topic::parse("t.a").unwrap(), EventName::parse("tick").unwrap());
                core.accept(Offset(1), &topic, &name, "0");
                core.renew(Epoch::from_random(7), Offset(0));
                core.accept(Offset(1), &topic, &name, "0");
                core.accept(Offset(2), &topic, &name, "0");
            })
        };
        let (mut told, mut at) = (false, 0);
        for (name, offset, _) in read(&mut reader, |(_, offset, _)| *offset >= 2) {
            match name.as_str() {
                "gap" => (told, at) = (true, offset),
                "tick" => {
                    assert_eq!(offset, at + 1, "an event is missing, or came twice");
                    at = offset;
                }
                _ => {}
            }
        }
        assert!(told && at == 2);
        feeder.join().unwrap();
        drop((core, reader));
        shard.join().unwrap();
    });
}

/// Reads to the end, and notes that it is about to go.
fn leave(mut reader: Reader, here: &AtomicUsize) {
    let said = read(&mut reader, |_| false);
    assert_eq!(said.last().map(|(name, ..)| name.as_str()), Some("bye"), "{said:?}");
    here.fetch_sub(1, SeqCst);
}

#[test]
fn n12_a_drain_that_is_over_has_left_nobody_who_was_there() {
    check(600, || {
        let (core, shard) = hub(config(), WIDE);
        let (reader, here) = (core.join(order(&["t.a"], after(0))), Arc::new(AtomicUsize::new(1)));
        let reading = {
            let here = here.clone();
            thread::spawn(move || leave(reader, &here))
        };
        block_on(core.drain(Duration::ZERO));
        assert_eq!((core.stats().readers, here.load(SeqCst)), (0, 0));
        reading.join().unwrap();
        drop(core);
        shard.join().unwrap();
    });
}

#[test]
fn n12_whoever_joins_while_a_drain_begins_is_told_to_go_as_well() {
    check(600, || {
        let (core, shard) = hub(config(), WIDE);
        let here = Arc::new(AtomicUsize::new(2));
        let joining = [0, 1].map(|_| {
            let (core, here) = (core.clone(), here.clone());
            thread::spawn(move || leave(core.join(order(&["t.a"], after(0))), &here))
        });
        block_on(core.drain(Duration::ZERO));
        joining.into_iter().for_each(|reader| reader.join().unwrap());
        drop(core);
        shard.join().unwrap();
    });
}
