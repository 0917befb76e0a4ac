//! What a client says of itself to whoever looks.

use crate::script::{names, patterns, position};
use eventwire::{
    Frame,
    frame::{CursorKind, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, Counters, Handle, Input, Timestamp, Topics, TransportEvent,
};
use std::time::Duration;

fn drain(client: &mut Client) {
    while client.poll_output().is_some() {}
}

fn block(client: &mut Client, now: u64, event: &str, id: &str, body: Body<'_>) {
    let event = TransportEvent::Block(Block { event, id, body });
    client.handle_input(Timestamp(now), Input::Transport(Attempt(1), event));
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
    let hello = Frame::Hello(Hello {
        v: 1,
        start: position("a-10"),
        head: position("a-12"),
        names: names("tick"),
        contract: "00000000000000aa".into(),
        topics: patterns("a,b.*"),
        denied: Vec::new(),
        heartbeat: Duration::from_secs(15),
        spread: Duration::from_secs(1),
        retry: Duration::from_secs(1),
    });
    block(client, now, hello.event(), "", Body::Frame(&hello.data()));
}

#[test]
fn a_client_says_when_the_server_was_last_heard_but_not_before_it_was() {
    let mut client = open();
    assert_eq!(client.heard(), None);
    hello(&mut client, 8);
    assert_eq!(client.heard(), Some(Timestamp(8)));
    let beat = Frame::Cursor(CursorKind::Beat);
    block(&mut client, 900, beat.event(), "aaaaaaaaaaaa-11", Body::Frame(&beat.data()));
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
    block(&mut client, 9, live.event(), "aaaaaaaaaaaa-12", Body::Frame(&live.data()));
    block(&mut client, 9, "tick", "aaaaaaaaaaaa-15/a", Body::Payload(Handle(1)));
    assert_eq!(client.position(), Some(position("a-15")));
    let asked = |client: &Client| client.topics().cloned().collect::<Vec<_>>();
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
    block(&mut client, 9, live.event(), "aaaaaaaaaaaa-12", Body::Frame(&live.data()));
    for id in ["aaaaaaaaaaaa-13/a", "aaaaaaaaaaaa-14/a", "aaaaaaaaaaaa-14/a", "aaaaaaaaaaaa-19.1/a", "nonsense"] {
        block(&mut client, 9, "tick", id, Body::Payload(Handle(1)));
    }
    for _ in 0..4 {
        let at = client.deadline().expect("a deadline");
        client.handle_input(at, Input::Timeout);
        drain(&mut client);
    }
    let counted = Counters { events: 3, duplicates: 1, gaps: 1, faults: 1, attempts: 2, stalls: 1 };
    assert_eq!(client.counters(), counted);
}
