//! What a client says of itself to whoever looks.

use crate::script::{names, patterns, position};
use eventwire::{
    Frame, Pattern,
    frame::{CursorKind, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Counters, End, Handle, Input, State, Timestamp, Topics, TransportEvent,
};
use std::time::Duration;

fn drain(client: &mut Client) {
    while client.poll_output().is_some() {}
}

fn block(client: &mut Client, now: u64, event: &str, id: &str, body: Body) {
    let event = TransportEvent::Block(Block { event, id, body });
    let newest = Attempt(client.counters().attempts as u32);
    client.handle_input(Timestamp(now), Input::Transport(newest, event));
    drain(client);
}

fn open() -> Client {
    let config = Config { topics: Topics::Named(patterns("a,b.*")), ..Config::default() };
    let mut client = Client::new(config, 7);
    client.handle_input(Timestamp(5), Input::Open);
    drain(&mut client);
    client
}

fn hello(client: &mut Client, now: u64) {
    grant(client, now, "a,b.*");
}

fn grant(client: &mut Client, now: u64, topics: &str) {
    let hello = Frame::Hello(Hello {
        v: 1,
        start: position("a-10"),
        head: position("a-12"),
        names: names("tick"),
        contract: "00000000000000aa".into(),
        topics: patterns(topics),
        denied: Vec::new(),
        heartbeat: Duration::from_secs(15),
        spread: Duration::from_secs(1),
        retry: Duration::from_secs(1),
    });
    block(client, now, hello.event(), "", Frame::parse(hello.event(), &hello.data()).into());
}

fn asked(client: &Client) -> Vec<Pattern> {
    client.topics().cloned().collect()
}

#[test]
fn a_client_says_when_the_server_was_last_heard_but_not_before_it_was() {
    let mut client = open();
    assert_eq!(client.heard(), None);
    hello(&mut client, 8);
    assert_eq!(client.heard(), Some(Timestamp(8)));
    let beat = Frame::Cursor(CursorKind::Beat);
    block(&mut client, 900, beat.event(), "aaaaaaaaaaaa-11", Frame::parse(beat.event(), &beat.data()).into());
    assert_eq!(client.heard(), Some(Timestamp(900)));
    client.handle_input(Timestamp(1_000), Input::Timeout);
    assert_eq!(client.heard(), Some(Timestamp(900)));
}

#[test]
fn a_client_says_where_the_page_is_and_what_it_asks_for() {
    let mut client = open();
    assert_eq!(client.position(), None);
    hello(&mut client, 8);
    let live = Frame::Cursor(CursorKind::Live);
    block(&mut client, 9, live.event(), "aaaaaaaaaaaa-12", Frame::parse(live.event(), &live.data()).into());
    block(&mut client, 9, "tick", "aaaaaaaaaaaa-15/a", Body::Payload(Handle(1)));
    assert_eq!(client.position(), Some(position("a-15")));
    assert_eq!(asked(&client), patterns("a,b.*"));
    client.handle_input(Timestamp(10), Input::TopicsAdd(&patterns("c")));
    client.handle_input(Timestamp(10), Input::TopicsDelete(&patterns("a")));
    assert_eq!(asked(&client), patterns("b.*,c"));
}

#[test]
fn a_client_counts_what_it_handed_over_dropped_told_dialled_and_gave_up() {
    let mut client = open();
    hello(&mut client, 8);
    let live = Frame::Cursor(CursorKind::Live);
    block(&mut client, 9, live.event(), "aaaaaaaaaaaa-12", Frame::parse(live.event(), &live.data()).into());
    for id in ["aaaaaaaaaaaa-13/a", "aaaaaaaaaaaa-14/a", "aaaaaaaaaaaa-14/a", "aaaaaaaaaaaa-19.1/a", "nonsense"] {
        block(&mut client, 9, "tick", id, Body::Payload(Handle(1)));
    }
    for _ in 0..100 {
        if client.counters().attempts == 2 {
            break;
        }
        let at = client.deadline().expect("a deadline");
        client.handle_input(at, Input::Timeout);
        drain(&mut client);
    }
    let counted = Counters { events: 3, duplicates: 1, gaps: 1, faults: 1, attempts: 2, stalls: 1 };
    assert_eq!(client.counters(), counted);
}

#[test]
fn a_client_that_named_nothing_says_what_is_in_force_and_not_what_once_was() {
    let mut client = Client::new(Config::default(), 7);
    client.handle_input(Timestamp(5), Input::Open);
    drain(&mut client);
    assert_eq!(asked(&client), []);
    for (granted, said) in
        [("a,b.x", "a,b.x"), ("a,b.x,b.y", "a,b.x,b.y"), ("b.*,a", "a,b.x,b.y,b.*"), ("b.*,a", "a,b.*")]
    {
        grant(&mut client, 8, granted);
        let said = patterns(said);
        let mut asked = asked(&client);
        asked.sort_by_key(|pattern| said.iter().position(|other| other == pattern));
        assert_eq!(asked, said);
    }
}

#[test]
fn a_client_that_waits_says_until_when() {
    let mut client = open();
    assert_eq!(client.state().next_attempt_at(), None);
    client.handle_input(Timestamp(9), Input::Transport(Attempt(1), TransportEvent::Ended(End::Lost)));
    assert!(matches!(client.state(), State::Waiting { .. }));
    assert_eq!(client.state().next_attempt_at(), client.deadline());
}
