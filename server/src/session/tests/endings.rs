//! How the reasons meet for which a stream ends: a grant, a drain, a limit, a stop of its own, a fault inside a frame.

use super::{
    super::sink::Sink,
    face::order,
    oracle::Tap,
    turns::{fan, pipe, publish, said, settle, stats},
};
use crate::hub::{Join, seat::Gone};
use bytes::Bytes;
use eventwire::{EventName, Start, Topic};
use std::{cell::RefCell, rc::Rc, time::Duration};
use tokio::time::advance;

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

#[tokio::test(start_paused = true)]
async fn a_grant_ends_in_time_however_many_readers_came_and_went_meanwhile() {
    let (sequence, mut fan) = fan();
    let stays = pipe(usize::MAX);
    fan.join(order(&["a"], Start::Now), Some(sequence.now() + 60_000), Tap(stays.clone()), sequence.now());
    for n in 0..3_000 {
        let until = sequence.now() + 3_600_000 + n;
        let id = fan.join(order(&["a"], Start::Now), Some(until), Tap::default(), sequence.now());
        fan.leave(id);
    }
    settle(&mut fan, &sequence);
    advance(Duration::from_secs(59)).await;
    settle(&mut fan, &sequence);
    assert!(!stays.borrow().finished);
    advance(Duration::from_secs(1)).await;
    settle(&mut fan, &sequence);
    assert!(stays.borrow().finished && said(&stays).contains("\"auth\""));
}

#[tokio::test(start_paused = true)]
async fn a_drain_of_more_milliseconds_than_there_are_takes_as_good_as_for_ever() {
    let (sequence, mut fan) = fan();
    let pipes = [pipe(usize::MAX), pipe(usize::MAX)];
    for pipe in &pipes {
        fan.join(order(&["a"], Start::Now), None, Tap(pipe.clone()), sequence.now());
    }
    settle(&mut fan, &sequence);
    assert!(fan.drain(Duration::MAX, sequence.now()) > u64::MAX / 8);
    advance(Duration::from_secs(1_000_000)).await;
    settle(&mut fan, &sequence);
    assert_eq!(pipes.map(|pipe| pipe.borrow().finished), [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_second_drain_may_be_shorter_than_the_first_and_never_longer() {
    for (second, over) in [(20, 20), (2, 2), (0, 0), (600, 60)] {
        let (sequence, mut fan) = fan();
        let pipes = [0; 4].map(|_| pipe(usize::MAX));
        for pipe in &pipes {
            fan.join(order(&["a"], Start::Now), None, Tap(pipe.clone()), sequence.now());
        }
        settle(&mut fan, &sequence);
        for seconds in [60, second] {
            fan.drain(Duration::from_secs(seconds), sequence.now());
        }
        advance(Duration::from_secs(over)).await;
        settle(&mut fan, &sequence);
        assert!(pipes.iter().all(|pipe| pipe.borrow().finished), "{second}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_turned_away_is_told_so_whatever_else_would_end_its_stream() {
    let (sequence, mut fan) = fan();
    fan.rules.readers = 0;
    let pipe = pipe(usize::MAX);
    fan.join(order(&["a"], Start::Now), None, Tap(pipe.clone()), sequence.now());
    fan.drain(Duration::ZERO, sequence.now());
    settle(&mut fan, &sequence);
    assert!(said(&pipe).ends_with("data: {\"reason\":\"limit\",\"after\":5000}\n\n"));
}

#[tokio::test(start_paused = true)]
async fn i16_a_blocked_reader_whose_grant_ends_in_a_drain_goes_at_once() {
    let (sequence, mut fan) = fan();
    let pipe = pipe(usize::MAX);
    let order = Join { principal: Some("ada".into()), ..order(&["a"], Start::Now) };
    fan.join(order, None, Tap(pipe.clone()), sequence.now());
    settle(&mut fan, &sequence);
    said(&pipe);
    pipe.borrow_mut().room = 0;
    publish(&sequence, "a", 1);
    settle(&mut fan, &sequence);
    fan.drain(Duration::from_secs(60), sequence.now());
    settle(&mut fan, &sequence);
    assert_eq!(said(&pipe), "");
    fan.revoke("ada");
    settle(&mut fan, &sequence);
    assert_eq!(said(&pipe), "event: eventwire.bye\ndata: {\"reason\":\"auth\",\"after\":0}\n\n");
}

#[tokio::test(start_paused = true)]
async fn a_reader_in_whose_way_nothing_lies_has_its_time_from_when_it_stops() {
    let (sequence, mut fan) = fan();
    let pipe = pipe(usize::MAX);
    fan.join(order(&["a"], Start::Now), None, Tap(pipe.clone()), sequence.now());
    settle(&mut fan, &sequence);
    advance(Duration::from_secs(9)).await;
    pipe.borrow_mut().room = 0;
    publish(&sequence, "a", 1);
    for (seconds, readers) in [(0, 1), (9, 1), (1, 0)] {
        advance(Duration::from_secs(seconds)).await;
        settle(&mut fan, &sequence);
        assert_eq!(stats(&fan).readers, readers);
    }
}

/// Takes ten bytes of an event, and then strikes.
#[derive(Clone, Debug, Default)]
struct Torn(Rc<RefCell<Vec<u8>>>, bool);

impl Sink for Torn {
    fn write(&mut self, bytes: &[u8], _: Option<&mut Option<Bytes>>) -> Result<usize, Gone> {
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
