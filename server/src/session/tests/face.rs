//! The session on the runtime, under a paused clock.

use crate::hub::{Core, CoreConfig, Join, seat::Reader};
use eventwire::{Epoch, EventName, Offset, Pattern, Payload, Start, Topic, sse::Decoder};
use futures_core::Stream;
use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

fn config() -> CoreConfig {
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
    }
}

/// One stream as a client sees it.
struct Client {
    reader: Option<Reader>,
    decoder: Decoder,
}

impl Client {
    fn join(core: &Arc<Core>, topics: &[&str], start: Start) -> Self {
        let granted = topics.iter().map(|t| Pattern::parse(t).unwrap()).collect();
        let order = Join { granted, new: vec![], denied: vec![], start, principal: None, until: None };
        Self { reader: Some(core.join(order)), decoder: Decoder::new(1 << 21) }
    }

    /// Everything that comes before the stream has nothing more to say for now.
    async fn read(&mut self) -> Vec<String> {
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
                            let data = if event == "hello" { "" } else { block.data };
                            said.push(format!("{event} {} {data}", block.id.trim_start_matches("k3f9x2m1q0ab-")));
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

fn publish(core: &Core, topic: &str, n: u32) {
    let name = EventName::parse("tick").unwrap();
    core.publish(&Topic::parse(topic).unwrap(), &name, &Payload::parse(&n.to_string()).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_gets_the_newest_values_then_what_happens_then_a_heartbeat_and_a_bye() {
    let core = Core::new(config());
    publish(&core, "a", 1);
    publish(&core, "prices.x", 2);
    publish(&core, "prices.x", 3);
    let mut client = Client::join(&core, &["a", "prices.*"], Start::Now);
    let arrival = ["hello  ", "tick 3/prices.x 3", "cursor 3 {\"kind\":\"prelude\"}", "cursor 3 {\"kind\":\"live\"}"];
    assert_eq!(client.read().await, arrival);
    publish(&core, "a", 4);
    publish(&core, "b", 5);
    publish(&core, "a", 6);
    assert_eq!(client.read().await, ["tick 4.3/a 4", "tick 6.2/a 6"]);
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(client.read().await, ["cursor 6 {\"kind\":\"beat\"}"]);
    let drain = tokio::spawn(core.drain(Duration::from_secs(20)));
    assert_eq!(client.read().await, ["bye 6 {\"reason\":\"drain\",\"after\":0}", "end"]);
    drain.await.unwrap();
    assert_eq!(core.stats().readers, 0);
}
