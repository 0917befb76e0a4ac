//! How streams end that are not drained: limits, rotation, blocked writes, faults of ours. Under a paused clock.

use super::{
    super::{
        fan::{Fan, Rules},
        sink::Sink,
        speech::Greeting,
    },
    face::{Client, bye, config, cursor, order, publish},
};
use crate::{
    hub::{Core, CoreConfig, Join, Stats, door::Door, inbox::Bounds, seat::Gone, sequence::Sequence},
    log::Limits,
};
use bytes::Bytes;
use eventwire::{EventName, Start, Topic};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};

fn of(principal: &str) -> Join {
    Join { principal: Some(principal.into()), ..order(&["a"], Start::Now) }
}

async fn arrived(core: &Arc<Core>, order: Join) -> Client {
    let mut client = Client::order(core, order);
    assert_eq!(client.read().await, ["hello".into(), cursor(0, "prelude"), cursor(0, "live")]);
    client
}

#[tokio::test(start_paused = true)]
async fn one_reader_more_than_the_hub_takes_is_told_bye_limit_and_the_others_miss_nothing() {
    let core = Core::new(CoreConfig { readers: 3, ..config() });
    let mut inside = Vec::new();
    for _ in 0..3 {
        inside.push(arrived(&core, order(&["a"], Start::Now)).await);
    }
    for _ in 0..5 {
        let mut excess = Client::join(&core, &["a"], Start::Now);
        assert_eq!(excess.read().await, ["hello".into(), bye("limit", 5_000), "end".into()]);
    }
    assert_eq!((core.stats().readers, core.stats().turned_away), (3, 5));
    publish(&core, "a", 1);
    for client in &mut inside {
        assert_eq!(client.read().await, ["tick 1/a 1"]);
    }
    // Whoever leaves makes room.
    inside.pop();
    inside[0].read().await;
    let mut next = Client::join(&core, &["a"], Start::Now);
    assert_eq!(next.read().await, ["hello".into(), cursor(1, "prelude"), cursor(1, "live")]);
}

#[tokio::test(start_paused = true)]
async fn a_principal_with_too_many_streams_is_told_so_and_nobody_else() {
    let core = Core::new(CoreConfig { per_principal: 2, ..config() });
    let ada = (arrived(&core, of("ada")).await, arrived(&core, of("ada")).await);
    assert_eq!(Client::order(&core, of("ada")).read().await[1..], [bye("limit", 5_000), "end".into()]);
    let _grace = arrived(&core, of("grace")).await;
    let _nobody = (arrived(&core, order(&["a"], Start::Now)).await, arrived(&core, order(&["a"], Start::Now)).await);
    let _nobody_else = arrived(&core, order(&["a"], Start::Now)).await;
    drop(ada.0);
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    let _again = arrived(&core, of("ada")).await;
    assert_eq!(Client::order(&core, of("ada")).read().await[1..], [bye("limit", 5_000), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn streams_that_are_old_enough_are_asked_to_come_back_not_all_at_once_and_not_before() {
    const AGE: Duration = Duration::from_secs(3_600);
    let core = Core::new(CoreConfig { rotate: Some(AGE), heartbeat: AGE * 2, ..config() });
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(arrived(&core, order(&["a"], Start::Now)).await);
    }
    let began = Instant::now();
    sleep(AGE * 3 / 4 - Duration::from_secs(1)).await;
    let mut gone = 0;
    while began.elapsed() < AGE + Duration::from_secs(20) {
        let mut now = 0;
        for client in clients.iter_mut().filter(|client| client.reader.is_some()) {
            let said = client.read().await;
            if client.reader.is_none() {
                assert_eq!(said[said.len() - 2..], [bye("rotate", 0), "end".into()]);
                assert!(began.elapsed() >= AGE * 3 / 4);
                now += 1;
            }
        }
        assert!(now < 50, "{now} within ten seconds");
        gone += now;
        sleep(Duration::from_secs(10)).await;
    }
    assert_eq!((gone, core.stats().readers), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_took_nothing_for_too_long_hears_that_instead_of_what_it_did_not_take() {
    let core = Core::new(config());
    let mut stuck = arrived(&core, order(&["a"], Start::Now)).await;
    for n in 0..3 {
        publish(&core, "a", n);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
    sleep(Duration::from_secs(11)).await;
    let stats = core.stats();
    assert_eq!((stats.readers, stats.let_go, stats.queued_bytes), (0, 1, 0));
    assert_eq!(stuck.read().await, [bye("slow", 0), "end".into()]);
}

#[tokio::test(start_paused = true)]
async fn i16_what_a_blocked_reader_has_not_taken_when_its_grant_ends_it_does_not_get() {
    for revoked in [true, false] {
        let core = Core::new(config());
        let until = (!revoked).then(|| Instant::now() + Duration::from_secs(5));
        let mut stuck = arrived(&core, Join { until, ..of("ada") }).await;
        for n in 0..3 {
            publish(&core, "a", n);
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(core.stats().behind, 1);
        if revoked {
            core.revoke("ada");
        } else {
            sleep(Duration::from_secs(5)).await;
        }
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        assert_eq!(core.stats().readers, 0);
        assert_eq!(stuck.read().await, [bye("auth", 0), "end".into()]);
    }
}

/// What one reader was sent; a fault of ours strikes when its bytes contain the trigger.
#[derive(Clone, Debug, Default)]
struct Fragile(Rc<RefCell<Vec<u8>>>, Option<&'static str>);

impl Fragile {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).unwrap()
    }
}

impl Sink for Fragile {
    fn write(&mut self, bytes: &[u8], _: Option<&mut Option<Bytes>>) -> Result<usize, Gone> {
        let text = std::str::from_utf8(bytes).unwrap();
        if let Some(trigger) = self.1.filter(|trigger| text.contains(trigger)) {
            panic!("a fault of the test's at {trigger}");
        }
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
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
async fn s20_a_fault_while_one_stream_is_served_ends_that_stream_with_bye_internal_and_no_other() {
    let config = config();
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };
    let door = vec![Arc::new(Door::default())];
    let sequence = Arc::new(Sequence::new(&config, Limits::new(1 << 20, 600_000), inbox, door));
    let rules = Rules {
        greeting: Greeting { contract: config.contract, heartbeat: config.heartbeat },
        stall: 10_000,
        rotate: None,
        readers: 100,
        per_principal: 100,
        has_store: false,
    };
    let mut fan = Fan::new(sequence.clone(), 0, rules, 7, sequence.now());
    // While it arrives, while it is live, at a heartbeat; and one between them that nothing happens to.
    let sinks = [Some("event: eventwire.hello"), Some("event: tick"), None, Some("\"beat\""), None]
        .map(|at| Fragile(Rc::default(), at));
    for sink in &sinks {
        fan.join(order(&["a"], Start::Now), None, sink.clone(), sequence.now());
    }
    let settle = |fan: &mut Fan<Fragile>| (0..8).for_each(|_| fan.turn(sequence.now()));
    let readers = |fan: &Fan<Fragile>| {
        let mut stats = Stats::default();
        fan.stats(&mut stats);
        (stats.readers, stats.live, stats.faults)
    };
    settle(&mut fan);
    assert_eq!(readers(&fan), (4, 4, 1));
    let (topic, name) = (Topic::parse("a").unwrap(), EventName::parse("tick").unwrap());
    sequence.put(None, &topic, &name, "1");
    settle(&mut fan);
    assert_eq!(readers(&fan), (3, 3, 2));
    tokio::time::advance(Duration::from_secs(20)).await;
    settle(&mut fan);
    assert_eq!(readers(&fan), (2, 2, 3));
    sequence.put(None, &topic, &name, "2");
    settle(&mut fan);
    for sink in &sinks {
        let text = sink.text();
        if sink.1.is_some() {
            assert!(text.ends_with("event: eventwire.bye\ndata: {\"reason\":\"internal\",\"after\":0}\n\n"), "{text}");
        } else {
            let events = text.matches("event: tick").count();
            assert!(events == 2 && text.contains("\"beat\"") && !text.contains("bye"), "{text}");
        }
    }
    drop(fan);
}
