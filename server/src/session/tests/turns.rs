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
    hub::{Join, Stats, inbox::Bounds, seat::Gone, sequence::Sequence},
    log::Limits,
};
use bytes::Bytes;
use eventwire::{EventName, Start, Topic};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};
use tokio::time::advance;

/// A fan whose inbox holds a few events.
fn fan<S: Sink>() -> (Arc<Sequence>, Fan<S>) {
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

fn publish(sequence: &Sequence, topic: &str, events: usize) {
    let (topic, name) = (Topic::parse(topic).unwrap(), EventName::parse("tick").unwrap());
    (0..events).for_each(|_| _ = sequence.put(None, &topic, &name, &format!("\"{}\"", "#".repeat(990))));
}

fn pipe(room: usize) -> Rc<RefCell<Pipe>> {
    Rc::new(RefCell::new(Pipe { room, ..Pipe::default() }))
}

fn settle<S: Sink>(fan: &mut Fan<S>, sequence: &Sequence) {
    (0..16).for_each(|_| fan.turn(sequence.now()));
}

fn said(pipe: &RefCell<Pipe>) -> String {
    String::from_utf8(std::mem::take(&mut pipe.borrow_mut().bytes)).unwrap()
}

fn stats<S: Sink>(fan: &Fan<S>) -> Stats {
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
async fn i16_what_another_reader_was_sent_is_not_shared_with_one_whose_grant_is_over() {
    let (sequence, mut fan) = fan();
    let pipes = [pipe(usize::MAX), pipe(usize::MAX)];
    let ids = [0, 1].map(|n| {
        let order = Join { principal: Some(["ada", "grace"][n].into()), ..order(&["a"], Start::Now) };
        fan.join(order, None, Tap(pipes[n].clone()), sequence.now())
    });
    settle(&mut fan, &sequence);
    for pipe in &pipes {
        said(pipe);
        pipe.borrow_mut().room = 0;
    }
    publish(&sequence, "a", 12);
    settle(&mut fan, &sequence);
    assert_eq!(stats(&fan).behind, 2);
    for (pipe, id) in pipes.iter().zip(ids) {
        pipe.borrow_mut().room = usize::MAX;
        fan.writable(id);
    }
    fan.revoke("grace");
    settle(&mut fan, &sequence);
    assert_eq!(said(&pipes[0]).matches("event: tick").count(), 12);
    assert_eq!(said(&pipes[1]), "event: eventwire.bye\ndata: {\"reason\":\"auth\",\"after\":0}\n\n");
    assert!(pipes[1].borrow().finished);
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
async fn nothing_follows_a_bye_that_was_taken_in_two() {
    let (sequence, mut fan) = fan();
    let pipe = pipe(usize::MAX);
    let order = Join { principal: Some("ada".into()), ..order(&["a"], Start::Now) };
    let id = fan.join(order, None, Tap(pipe.clone()), sequence.now());
    settle(&mut fan, &sequence);
    said(&pipe);
    pipe.borrow_mut().room = 10;
    fan.revoke("ada");
    settle(&mut fan, &sequence);
    sequence.put(None, &Topic::parse("a").unwrap(), &EventName::parse("new").unwrap(), "1");
    settle(&mut fan, &sequence);
    pipe.borrow_mut().room = usize::MAX;
    fan.writable(id);
    settle(&mut fan, &sequence);
    assert_eq!(said(&pipe), "event: eventwire.bye\ndata: {\"reason\":\"auth\",\"after\":0}\n\n");
    assert!(pipe.borrow().finished && stats(&fan).readers == 0);
}

/// Takes ten bytes of an event, and then strikes.
#[derive(Clone, Debug, Default)]
struct Torn(Rc<RefCell<Vec<u8>>>, bool);

impl Sink for Torn {
    fn write(&mut self, bytes: &[u8], _: &mut Option<Bytes>) -> Result<usize, Gone> {
        assert!(!self.1, "a fault of the test's inside a frame");
        self.1 = std::str::from_utf8(bytes).unwrap().contains("event: tick");
        let n = if self.1 { 10 } else { bytes.len() };
        self.0.borrow_mut().extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn finish(&mut self) {}

    fn dismiss(&mut self, bye: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bye);
    }

    fn queued(&self) -> usize {
        0
    }
}

#[tokio::test(start_paused = true)]
async fn s20_a_fault_inside_a_frame_cuts_the_stream_there_and_says_nothing() {
    let (sequence, mut fan) = fan();
    let sink = Torn::default();
    let id = fan.join(order(&["a"], Start::Now), None, sink.clone(), sequence.now());
    settle(&mut fan, &sequence);
    sink.0.borrow_mut().clear();
    publish(&sequence, "a", 1);
    settle(&mut fan, &sequence);
    fan.writable(id);
    settle(&mut fan, &sequence);
    assert_eq!((stats(&fan).readers, stats(&fan).faults), (0, 1));
    assert_eq!(sink.0.borrow().len(), 10);
}
