//! A stream on the runtime, as a client of one node sees it.

use crate::hub::{Core, CoreConfig, Join, seat::Reader};
use eventwire::{Epoch, EventName, Offset, Pattern, Payload, Position, Start, Topic, sse::Decoder};
use futures_core::Stream;
use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

pub(super) fn config() -> CoreConfig {
    CoreConfig {
        epoch: Epoch::parse("k3f9x2m1q0ab").unwrap(),
        start: Offset(0),
        retain: Duration::from_secs(600),
        budget: 1 << 20,
        latest: vec![Pattern::parse("prices.*").unwrap()],
        names: vec![EventName::parse("tick").unwrap()],
        contract: "0123456789abcdef".into(),
        heartbeat: Duration::from_secs(15),
        stall: Duration::from_secs(10),
        rotate: None,
        readers: 1_000,
        per_principal: 1_000,
    }
}

/// One stream as a client sees it.
pub(super) struct Client {
    pub(super) reader: Option<Reader>,
    decoder: Decoder,
}

impl Client {
    pub(super) fn join(core: &Arc<Core>, topics: &[&str], start: Start) -> Self {
        Self::order(core, order(topics, start))
    }

    pub(super) fn order(core: &Arc<Core>, order: Join) -> Self {
        Self { reader: Some(core.join(order)), decoder: Decoder::new(1 << 21) }
    }

    /// Everything that comes before the stream has nothing more to say for now.
    pub(super) async fn read(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        for _ in 0..8 {
            tokio::task::yield_now().await;
            loop {
                let Some(reader) = &mut self.reader else { return said };
                let next = poll_fn(|cx| match Pin::new(&mut *reader).poll_next(cx) {
                    Poll::Ready(next) => Poll::Ready(Some(next)),
                    Poll::Pending => Poll::Ready(None),
                });
                match next.await {
                    None => break,
                    Some(Some(Ok(piece))) => {
                        let push = |block: eventwire::sse::Block<'_>| {
                            let event = block.event.trim_start_matches("eventwire.");
                            let id = block.id.trim_start_matches("k3f9x2m1q0ab-");
                            said.push(match event {
                                "hello" => "hello".to_owned(),
                                // No id of their own: the last one stands.
                                "bye" | "names" => format!("{event} {}", block.data),
                                event => format!("{event} {id} {}", block.data),
                            });
                        };
                        self.decoder.push(&piece, push).unwrap();
                    }
                    Some(Some(Err(_))) => {
                        said.push("released".into());
                        self.reader = None;
                    }
                    Some(None) => {
                        said.push("end".into());
                        self.reader = None;
                    }
                }
            }
        }
        said
    }
}

pub(super) fn order(topics: &[&str], start: Start) -> Join {
    let granted = topics.iter().map(|t| Pattern::parse(t).unwrap()).collect();
    Join { granted, new: vec![], denied: vec![], start, principal: None, until: None }
}

/// The id of an event or position of this hub.
pub(super) fn after(offset: u64) -> Start {
    Start::After { position: at("k3f9x2m1q0ab", offset), native: false }
}

pub(super) fn at(epoch: &str, offset: u64) -> Position {
    Position { epoch: Epoch::parse(epoch).unwrap(), offset: Offset(offset) }
}

pub(super) fn cursor(at: u64, kind: &str) -> String {
    format!("cursor {at} {{\"kind\":\"{kind}\"}}")
}

pub(super) fn gap(at: u64, reason: &str, topics: &str) -> String {
    format!("gap {at} {{\"reason\":\"{reason}\",\"topics\":[{topics}]}}")
}

pub(super) fn bye(reason: &str, after: u32) -> String {
    format!("bye {{\"reason\":\"{reason}\",\"after\":{after}}}")
}

pub(super) fn publish(core: &Core, topic: &str, n: u32) {
    let name = EventName::parse("tick").unwrap();
    core.publish(&Topic::parse(topic).unwrap(), &name, &Payload::parse(&n.to_string()).unwrap());
}
