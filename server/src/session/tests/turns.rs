//! What one turn does for those who catch up, and what they are taken to have been handed.

use super::{
    super::{
        fan::{Fan, Rules},
        sink::Sink,
        speech::Greeting,
    },
    face::{after, at, config, order},
    oracle::{Pipe, Tap},
};
use crate::{
    hub::{Join, Stats, inbox::Bounds, sequence::Sequence},
    log::Limits,
};
use eventwire::{EventName, Start, Topic};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};
use tokio::time::advance;

/// A fan whose inbox holds a few events.
pub(super) fn fan<S: Sink>() -> (Arc<Sequence>, Fan<S>) {
    let config = config();
    let inbox = Bounds { bytes: 1 << 20, records: 8, patterns: 1 << 16 };
    let sequence = Arc::new(Sequence::new(&config, Limits::new(8 << 20, 600_000), inbox, vec![Arc::default()]));
    let rules = Rules {
        greeting: Greeting { contract: config.contract, heartbeat: config.heartbeat },
        stall: 10_000,
        rotate: None,
        readers: 1_000,
        per_principal: 1_000,
        has_store: false,
    };
    let fan = Fan::new(sequence.clone(), 0, rules, 7, sequence.now());
    (sequence, fan)
}

pub(super) fn publish(sequence: &Sequence, topic: &str, events: usize) {
    let (topic, name) = (Topic::parse(topic).unwrap(), EventName::parse("tick").unwrap());
    (0..events).for_each(|_| _ = sequence.put(None, &topic, &name, &format!("\"{}\"", "#".repeat(990))));
}

pub(super) fn pipe(room: usize) -> Rc<RefCell<Pipe>> {
    Rc::new(RefCell::new(Pipe { room, ..Pipe::default() }))
}

pub(super) fn settle<S: Sink>(fan: &mut Fan<S>, sequence: &Sequence) {
    (0..16).for_each(|_| fan.turn(sequence.now()));
}

pub(super) fn said(pipe: &RefCell<Pipe>) -> String {
    String::from_utf8(std::mem::take(&mut pipe.borrow_mut().bytes)).unwrap()
}

pub(super) fn stats<S: Sink>(fan: &Fan<S>) -> Stats {
    let mut stats = Stats::default();
    fan.stats(&mut stats);
    stats
}

#[tokio::test(start_paused = true)]
async fn a_turn_serves_so_many_who_catch_up_and_composes_so_much_for_them() {
    let (sequence, mut fan) = fan();
    let many: Vec<_> = (0..600).map(|_| pipe(usize::MAX)).collect();
    for pipe in &many {
        fan.join(order(&["b"], Start::Now), None, Tap(pipe.clone()), sequence.now());
    }
    for served in [256, 512, 600] {
        fan.turn(sequence.now());
        assert_eq!(many.iter().filter(|pipe| !pipe.borrow().bytes.is_empty()).count(), served);
    }
    publish(&sequence, "a", 256);
    let late: Vec<_> = (0..40).map(|_| pipe(usize::MAX)).collect();
    for pipe in &late {
        fan.join(order(&["a"], Start::Earliest), None, Tap(pipe.clone()), sequence.now());
    }
    let (mut most, mut all) = (0, 0);
    while !fan.idle() {
        fan.turn(sequence.now());
        let handed: usize = late.iter().map(|pipe| std::mem::take(&mut pipe.borrow_mut().bytes).len()).sum();
        (most, all) = (handed.max(most), all + handed);
    }
    assert!(all > 40 * 256 * 1_000);
    // A megabyte, and the piece that passed it.
    assert!((1 << 20..(1 << 20) + (68 << 10)).contains(&most), "{most} in one turn");
}

#[tokio::test(start_paused = true)]
async fn a_first_piece_is_of_four_kibibytes_whatever_is_said_before_its_events() {
    let (sequence, mut fan) = fan();
    let (topic, name) = (Topic::parse("a").unwrap(), EventName::parse("tick").unwrap());
    (0..256).for_each(|_| _ = sequence.put(None, &topic, &name, "1"));
    let pipe = pipe(usize::MAX);
    fan.join(order(&["a"], Start::Earliest), None, Tap(pipe.clone()), sequence.now());
    fan.turn(sequence.now());
    let text = said(&pipe);
    let last = text.rfind("id: ").unwrap();
    assert!(last < 4_096 && text.len() >= 4_096, "{last} {}", text.len());
}

/// What its hello says of one member.
fn member(hello: &str, name: &str) -> String {
    let (_, rest) = hello.split_once(&format!("\"{name}\":")).unwrap();
    rest[..rest.find([',', '}']).unwrap()].trim_matches('"').into()
}

#[tokio::test(start_paused = true)]
async fn a_hello_says_where_the_stream_starts_and_when_to_come_back() {
    for has_store in [false, true] {
        let (sequence, mut fan) = fan();
        fan.has_store(has_store);
        fan.rules.readers = 6;
        publish(&sequence, "a", 5);
        settle(&mut fan, &sequence);
        let elsewhere = |offset| Start::After { position: at("000000000000", offset), native: false };
        let ahead = if has_store { 9 } else { 5 };
        let starts = [Start::Now, after(3), after(5), after(9), elsewhere(3), elsewhere(9), Start::Now];
        for (n, (start, says)) in starts.into_iter().zip([5, 3, 5, ahead, 5, 5, 5]).enumerate() {
            let pipe = pipe(usize::MAX);
            fan.join(order(&["a"], start), None, Tap(pipe.clone()), sequence.now());
            fan.turn(sequence.now());
            let text = said(&pipe);
            assert_eq!(member(&text, "start"), format!("k3f9x2m1q0ab-{says}"), "{n}: {text}");
            let turned_away = n == 6;
            assert_eq!(text.contains("eventwire.bye"), turned_away, "{text}");
            // Sooner the few that are there than those of whom nobody knows how many they are.
            let (spread, least) = if turned_away { (30_000, 5_000) } else { (1_000, 1_000) };
            assert_eq!(member(&text, "spread"), spread.to_string());
            let retry: u64 = member(&text, "retry").parse().unwrap();
            assert!((least..=least + spread).contains(&retry), "{retry}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_counted_from_what_was_handed_last_and_from_nothing_else() {
    let (sequence, mut fan) = fan();
    let [behind, stranger, torn] = [0; 3].map(|_| pipe(usize::MAX));
    let mut id = None;
    for (pipe, topic) in [(&behind, "a"), (&stranger, "b"), (&torn, "c")] {
        id = Some(fan.join(order(&[topic], Start::Now), None, Tap(pipe.clone()), sequence.now()));
    }
    settle(&mut fan, &sequence);
    for pipe in [&behind, &stranger, &torn] {
        assert!(said(pipe).contains("\"live\""));
    }
    let mut beats = Vec::new();
    for second in 1..=30 {
        advance(Duration::from_secs(1)).await;
        match second {
            8 => {
                torn.borrow_mut().room = 500;
                publish(&sequence, "c", 1);
                settle(&mut fan, &sequence);
                // More than the inbox holds: everyone looks into the log, and one of them finds something.
                publish(&sequence, "a", 12);
            }
            12 => {
                torn.borrow_mut().room = usize::MAX;
                fan.writable(id.unwrap());
            }
            _ => {}
        }
        settle(&mut fan, &sequence);
        let texts = [&behind, &stranger, &torn].map(|pipe| said(pipe));
        assert_eq!(texts[0].matches("event: tick").count(), if second == 8 { 12 } else { 0 });
        beats.extend((0..3).filter(|&n| texts[n].contains("\"beat\"")).map(|n| (second, n)));
    }
    let first = |reader| beats.iter().find(|(_, n)| *n == reader).map(|(second, _)| *second);
    let heard = [0, 1, 2].map(first);
    for (heard, handed) in heard.into_iter().zip([8, 0, 12]) {
        assert!(heard.is_some_and(|at| (handed + 14..=handed + 15).contains(&at)), "{beats:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_anywhere_while_it_catches_up_goes_on_right_there() {
    let (sequence, mut fan) = fan();
    (0..12).for_each(|n| publish(&sequence, &format!("prices.{n}"), 1));
    publish(&sequence, "a", 12);
    for start in [Start::Now, Start::Earliest] {
        let mut read = |stop| {
            let pipe = pipe(stop);
            let id = fan.join(order(&["prices.*", "a"], start.clone()), None, Tap(pipe.clone()), sequence.now());
            settle(&mut fan, &sequence);
            assert!(pipe.borrow().bytes.len() <= stop);
            pipe.borrow_mut().room = usize::MAX;
            fan.writable(id);
            settle(&mut fan, &sequence);
            fan.leave(id);
            said(&pipe)
        };
        let whole = read(usize::MAX);
        // All but the hello, which tells each reader another time to come back.
        let rest = |text: &str| text[text.find("id: ").unwrap()..].to_owned();
        assert!(rest(&whole).matches("event: tick").count() >= 12);
        for stop in whole.match_indices("\n\n").flat_map(|(at, _)| at + 1..=at + 3) {
            assert_eq!(rest(&read(stop)), rest(&whole), "stopped at {stop}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_shard_holds_is_added_to_what_others_hold() {
    let (sequence, mut fan) = fan();
    fan.has_store(true);
    let pipes = [pipe(usize::MAX), pipe(usize::MAX)];
    for pipe in &pipes {
        fan.join(order(&["a"], Start::Now), None, Tap(pipe.clone()), sequence.now());
    }
    settle(&mut fan, &sequence);
    let figures = |fan: &Fan<Tap>| {
        let mut stats = Stats { readers: 10, live: 20, behind: 30, queued_bytes: 40, tasks: 50, ..Stats::default() };
        fan.stats(&mut stats);
        (stats.readers, stats.live, stats.behind, stats.queued_bytes, stats.tasks)
    };
    assert_eq!(figures(&fan), (12, 22, 30, 40, 51));
    pipes[0].borrow_mut().bytes.clear();
    pipes[1].borrow_mut().room = 500;
    publish(&sequence, "a", 1);
    let (.., waits, _) = figures(&fan);
    settle(&mut fan, &sequence);
    let event = said(&pipes[0]).len();
    assert_eq!(waits, 40 + event, "not looked at yet");
    assert_eq!(figures(&fan), (12, 21, 31, 40 + event - 500, 51));
    fan.join(order(&["a"], after(9)), None, Tap(pipe(usize::MAX)), sequence.now());
    settle(&mut fan, &sequence);
    assert!(fan.question().is_some());
    assert_eq!(figures(&fan).4, 52, "one asks the store");
}

#[tokio::test(start_paused = true)]
async fn operators_see_where_each_stream_is() {
    let (sequence, mut fan) = fan();
    let pipe = pipe(usize::MAX);
    let order = Join { principal: Some("ada".into()), ..order(&["a", "b"], Start::Now) };
    let id = fan.join(order.clone(), None, Tap(pipe.clone()), sequence.now());
    settle(&mut fan, &sequence);
    advance(Duration::from_secs(3)).await;
    publish(&sequence, "a", 1);
    settle(&mut fan, &sequence);
    let seen = |fan: &Fan<Tap>| {
        let mut seen = Vec::new();
        fan.sessions(sequence.now(), &mut seen);
        seen
    };
    let mut info = seen(&fan);
    assert_eq!((info[0].id, info.len()), (id.serial, 1));
    assert_eq!((&info[0].topics, info[0].principal.as_deref()), (&order.granted, Some("ada")));
    assert_eq!((info[0].position, info[0].live, info[0].age.as_secs()), (at("k3f9x2m1q0ab", 1), true, 3));
    pipe.borrow_mut().room = 0;
    publish(&sequence, "a", 1);
    settle(&mut fan, &sequence);
    info = seen(&fan);
    assert_eq!((info[0].position, info[0].live), (at("k3f9x2m1q0ab", 1), false));
}
