//! The real client machine against the real server session, in one process on a paused clock: random days of
//! publishing, cut connections, restarts, sleep and slow reading, judged by the judge. A seed is a day; a failing one
//! is printed.
//!
//! No socket and no browser: between hub and machine are the bytes of the response body, cut anywhere.

use axum::{
    Router,
    body::{Body, BodyDataStream},
    http::Request,
};
use eventwire::{Frame, Pattern, Position, limits, sse};
use eventwire_client_core::{
    Attempt, Block, Body as Carried, Client, Config, End, Handle, Input, Output, State, Status, Timestamp, Topics,
    TransportEvent,
};
use eventwire_judge::{self as judge, History, Item, Kind, Outcome, Published, Reading, Violation};
use eventwire_server::Hub;
use eventwire_tests::events::Harness;
use futures_util::{FutureExt, StreamExt};
use std::time::Duration;
use tokio::time::{Instant, advance};
use tower::ServiceExt;

/// Topics that are published to; those under `latest.` promise only their newest event.
const TOPICS: [&str; 5] = ["prices.a", "prices.b", "orders", "latest.x", "latest.y"];

/// Chance out of a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

/// A hub, a page and the network between them.
struct World {
    chance: Chance,
    hub: Option<(Hub<Harness>, Router)>,
    client: Client,
    started: Instant,
    wire: Option<Wire>,
    published: Vec<Published>,
    items: Vec<Item>,
    from: Option<Position>,
    n: u32,
    /// Connections are cut.
    rough: bool,
    /// Hubs come and go.
    restarts: bool,
    /// Topics added during the day, and the position they were first asked for at.
    added: Vec<(Pattern, Option<Position>)>,
    /// Connects since the day began.
    dials: u32,
    /// What was told, for a failing day.
    log: Vec<String>,
}

/// One response.
struct Wire {
    attempt: Attempt,
    body: BodyDataStream,
    decoder: sse::Decoder,
    /// Nothing was read yet: what comes first is where most can go wrong.
    fresh: bool,
}

impl World {
    async fn new(seed: u64, topics: Topics) -> Self {
        let config = Config { topics, ..Config::default() };
        let mut world = Self {
            chance: Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            hub: None,
            client: Client::new(config, seed),
            started: Instant::now(),
            wire: None,
            published: Vec::new(),
            items: Vec::new(),
            from: None,
            n: 0,
            rough: true,
            restarts: true,
            added: Vec::new(),
            dials: 0,
            log: Vec::new(),
        };
        world.start().await;
        world.tell(Input::Open).await;
        world
    }

    /// A hub in memory: another one is another epoch.
    async fn start(&mut self) {
        let hub = Hub::<Harness>::builder()
            .retain(Duration::from_secs(20), 2 << 20)
            .latest("latest.*")
            .heartbeat(Duration::from_secs(5))
            .build()
            .await
            .expect("these settings are in range");
        let router = Router::new().route("/events", hub.public_route());
        self.hub = Some((hub, router));
        // Something for the prelude.
        for topic in TOPICS.into_iter().cycle().skip(1).take(9) {
            self.publish(topic, 10).await;
        }
    }

    async fn publish(&mut self, topic: &str, pad: usize) {
        let Some((hub, _)) = &self.hub else { return };
        self.n += 1;
        let event = Harness::Tick { n: self.n, pad: "x".repeat(pad) };
        let at = hub.publish(topic, &event).await.expect("memory takes all");
        let content = content(&serde_json::to_string(&event).expect("it is JSON")["{\"tick\":".len()..]);
        let content = content.trim_end_matches('}').to_owned();
        self.published.push(Published {
            topic: topic.parse().expect("a topic"),
            content,
            outcome: Outcome::Accepted(at),
            retried: false,
        });
    }

    /// Tells the machine, and carries out what it asks.
    async fn tell(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
        self.carry_out().await;
    }

    async fn carry_out(&mut self) {
        while let Some(output) = self.client.poll_output() {
            self.log.push(format!("{} {output:?}", self.now().0));
            match output {
                Output::Connect { attempt, query } => {
                    self.dial(attempt, &query).await;
                }
                Output::Disconnect { .. } => self.wire = None,
                Output::Gap(gap) => {
                    self.items.push(Item::Gap { at: gap.position, reason: gap.reason, topics: gap.topics })
                }
                Output::Fault(fault) => panic!("{fault:?}"),
                Output::Deliver { .. } => unreachable!("an event is delivered while its block is read"),
                Output::Probe { .. } | Output::Listen { .. } | Output::Outdated { .. } | Output::State(_) => {}
            }
        }
    }

    async fn dial(&mut self, attempt: Attempt, query: &str) {
        self.wire = None;
        self.dials += 1;
        let position = self.client.position();
        for (pattern, at) in self.added.iter_mut().filter(|(pattern, _)| query.contains(pattern.as_str())) {
            *at = at.or(position);
            assert!(at.is_none() || query.contains("lastEventId="), "{pattern} from nowhere: {query}");
        }
        let now = self.now();
        let answer = match &self.hub {
            None => TransportEvent::Ended(End::Lost),
            Some((_, router)) => {
                let request = Request::get(format!("/events?{query}")).body(Body::empty()).expect("a request");
                let response = router.clone().oneshot(request).await.expect("a router answers");
                let status = response.status().as_u16();
                if status == 200 {
                    let body = response.into_body().into_data_stream();
                    self.wire = Some(Wire { attempt, body, decoder: sse::Decoder::new(limits::LINE), fresh: true });
                    TransportEvent::Opened
                } else {
                    TransportEvent::Status(Status { status, retry_after: None, code: None })
                }
            }
        };
        self.client.handle_input(now, Input::Transport(attempt, answer));
    }

    /// Reads up to so many pieces of the body, if they are there; with `cut`, loses the connection inside the last.
    async fn read(&mut self, pieces: u64, cut: bool) {
        for n in 0..pieces {
            settle().await;
            let Some(wire) = &mut self.wire else { return };
            match wire.body.next().now_or_never() {
                None if cut => return self.end().await,
                None => return,
                Some(None | Some(Err(_))) => return self.end().await,
                Some(Some(Ok(bytes))) => {
                    let fresh = std::mem::take(&mut wire.fresh);
                    let last = cut && n + 1 == pieces || fresh && self.rough && self.chance.below(3) == 0;
                    let end = if last { self.chance.below(bytes.len() as u64 + 1) as usize } else { bytes.len() };
                    self.hear(&bytes[..end]).await;
                    if last {
                        return self.end().await;
                    }
                }
            }
        }
    }

    async fn hear(&mut self, bytes: &[u8]) {
        let now = self.now();
        let Some(mut wire) = self.wire.take() else { return };
        let (client, items, log) = (&mut self.client, &mut self.items, &mut self.log);
        let (mut others, mut begun) = (Vec::new(), None);
        wire.decoder
            .push(bytes, |block| {
                let ours = block.event.starts_with(eventwire::frame::PREFIX);
                let body = if ours { Carried::Frame(block.data) } else { Carried::Payload(Handle(0)) };
                let told = Block { event: block.event, id: block.id, body };
                log.push(format!("{} < {} {} {:.80}", now.0, block.event, block.id, block.data));
                if let Ok(Some(Frame::Hello(hello))) = Frame::parse(block.event, block.data) {
                    begun = begun.or(Some(hello.start));
                }
                client.handle_input(now, Input::Transport(wire.attempt, TransportEvent::Block(told)));
                while let Some(output) = client.poll_output() {
                    match output {
                        Output::Deliver { topic, position, .. } => {
                            items.push(Item::Event { at: position, topic, content: content(block.data) });
                        }
                        Output::Gap(gap) => {
                            items.push(Item::Gap { at: gap.position, reason: gap.reason, topics: gap.topics });
                        }
                        other => others.push(other),
                    }
                }
            })
            .expect("no line is longer than a payload may be");
        let attempt = wire.attempt;
        let hung_up = others.iter().any(|o| matches!(o, Output::Disconnect { attempt: of } if *of == attempt));
        if !hung_up {
            self.wire = Some(wire);
        }
        if let (None, Some(from)) = (self.from, begun) {
            self.from = Some(from);
            // What hubs before that one kept was never this page's.
            self.published.retain(|one| matches!(one.outcome, Outcome::Accepted(at) if at.epoch == from.epoch));
        }
        for output in others {
            self.log.push(format!("{} {output:?}", now.0));
            if let Output::Connect { attempt, query } = output {
                self.dial(attempt, &query).await;
            }
        }
        self.carry_out().await;
    }

    async fn end(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.tell(Input::Transport(wire.attempt, TransportEvent::Ended(End::Lost))).await;
        }
    }

    /// Time passes; awake, deadlines fire when they are due.
    async fn pass(&mut self, time: Duration, awake: bool) {
        let until = Instant::now() + time;
        while let Some(at) = self.client.deadline().map(|at| self.started + Duration::from_millis(at.0)) {
            if !awake || at > until {
                break;
            }
            advance(at.saturating_duration_since(Instant::now())).await;
            settle().await;
            self.read(1_000, false).await;
            if self.client.deadline().is_some_and(|deadline| deadline <= self.now()) {
                self.tell(Input::Timeout).await;
            }
        }
        advance(until.saturating_duration_since(Instant::now())).await;
        settle().await;
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.started.elapsed().as_millis() as u64)
    }

    /// One thing happens.
    async fn step(&mut self) {
        match self.chance.below(100) {
            0..32 => {
                for _ in 0..=self.chance.below(6) {
                    let topic = TOPICS[self.chance.below(5) as usize];
                    self.publish(topic, 10).await;
                }
            }
            32..57 => {
                let pieces = self.chance.below(5) + 1;
                self.read(pieces, false).await;
            }
            57..64 => {
                let pieces = self.chance.below(4) + 1;
                self.read(pieces, true).await;
            }
            64..84 => {
                let time = Duration::from_millis(self.chance.below(3_000));
                self.pass(time, true).await;
            }
            84..87 => {
                let time = Duration::from_millis(self.chance.below(60_000));
                let awake = self.chance.below(2) == 0;
                self.pass(time, awake).await;
            }
            // More than the log keeps.
            87 => {
                for _ in 0..40 {
                    let topic = TOPICS[self.chance.below(5) as usize];
                    self.publish(topic, 60_000).await;
                }
            }
            88 if self.restarts => {
                self.end().await;
                self.hub = None;
            }
            89..93 => {
                if self.hub.is_none() {
                    self.start().await;
                }
            }
            93..95 => self.tell(Input::Hidden).await,
            95..97 => self.tell(Input::Visible).await,
            97 => self.tell(Input::QueueFull).await,
            98 => self.tell(Input::QueueDrained).await,
            _ => self.tell(Input::Online).await,
        }
        settle().await;
    }

    /// The night after the day: everything works, until everything has come.
    async fn quiet(&mut self) {
        self.rough = false;
        if self.hub.is_none() {
            self.start().await;
        }
        self.tell(Input::Visible).await;
        self.tell(Input::QueueDrained).await;
        for _ in 0..60 {
            self.pass(Duration::from_secs(2), true).await;
            self.read(10_000, false).await;
        }
        assert_eq!(self.client.state(), State::Open);
    }

    /// The history of a part of the view, from a position on. What other parts lost is not this one's, so gaps in it
    /// may look needless.
    fn part(&self, view: &str, from: Position) -> Vec<Violation> {
        let view = patterns(view);
        let told = |item: &&Item| match item {
            Item::Event { topic, .. } => view.iter().any(|pattern| pattern.matches(topic.as_str())),
            Item::Gap { topics, .. } => topics.is_empty() || topics.iter().any(|t| view.iter().any(|p| p.overlaps(t))),
            Item::At(_) | Item::View(_) | Item::Withdrawn(_) => false,
        };
        let items: Vec<Item> = self.items.iter().filter(told).cloned().collect();
        let reading = Reading { view: view.clone(), from: Some(from), new: false, items };
        let mut history = History { readings: vec![reading], ..self.history("**") };
        // What came before was never this part's, but for newest events that a prelude brought.
        let handed = |at| {
            history.readings[0].items.iter().any(|item| matches!(item, Item::Event { at: there, .. } if *there == at))
        };
        history
            .published
            .retain(|one| matches!(one.outcome, Outcome::Accepted(at) if at.offset > from.offset || handed(at)));
        let mut violations = judge::check(&history);
        violations.retain(|violation| violation.kind != Kind::NeedlessGap);
        violations
    }

    fn history(&self, view: &str) -> History {
        let reading = Reading { view: patterns(view), from: self.from, new: true, items: self.items.clone() };
        History {
            published: self.published.clone(),
            latest: patterns("latest.*"),
            readings: vec![reading],
            ..History::default()
        }
    }
}

/// Lets the hub's tasks do what they have to do; the paused clock stays.
async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}

/// An event as it is told apart: its number is enough, and shorter than its padding.
fn content(data: &str) -> String {
    data.split(',').next().unwrap_or_default().to_owned()
}

fn patterns(list: &str) -> Vec<Pattern> {
    list.split(',').map(|p| Pattern::parse(p).expect("a pattern")).collect()
}

/// Days with these topics; each violation is printed with its seed and the day's last words.
async fn days(seeds: std::ops::Range<u64>, topics: Topics, view: &str) {
    let (mut handed, mut gaps, mut dials) = (0, 0, 0);
    for seed in seeds {
        let mut world = World::new(seed, topics.clone()).await;
        for _ in 0..world.chance.below(200) + 20 {
            world.step().await;
        }
        world.quiet().await;
        let violations = judge::check(&world.history(view));
        if !violations.is_empty() {
            let tail = world.log.len().saturating_sub(400);
            panic!("seed {seed}: {violations:#?}\n{}\nfrom {:?}", world.log[tail..].join("\n"), world.from);
        }
        handed += world.items.iter().filter(|item| matches!(item, Item::Event { .. })).count();
        gaps += world.items.len();
        dials += world.dials;
    }
    gaps -= handed;
    println!("handed {handed} gaps {gaps} dials {dials}");
    assert!(handed > 100 && gaps > 10 && dials > 100, "these days were dull: {handed} {gaps} {dials}");
}

#[tokio::test(start_paused = true)]
async fn every_event_comes_once_and_in_order_or_is_announced_where_all_is_granted() {
    days(0..20, Topics::Granted, "**").await;
}

#[tokio::test(start_paused = true)]
async fn every_event_comes_once_and_in_order_or_is_announced_where_topics_are_named() {
    days(1_000..1_020, Topics::Named(patterns("prices.*,latest.x")), "prices.*,latest.x").await;
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_added_misses_nothing_from_its_position_on_and_disturbs_no_other() {
    let mut added = 0;
    for seed in 2_000..2_020 {
        let mut world = World::new(seed, Topics::Named(patterns("orders,latest.x"))).await;
        world.restarts = false;
        let steps = world.chance.below(150) + 40;
        for n in 0..steps {
            world.step().await;
            let pattern = match n * 3 / steps {
                1 if world.added.is_empty() => "prices.*",
                2 if world.added.len() < 2 => "latest.y",
                _ => continue,
            };
            let pattern = patterns(pattern);
            world.added.push((pattern[0].clone(), None));
            world.tell(Input::TopicsAdd(&pattern)).await;
        }
        world.quiet().await;
        let from = world.from.expect("a stream has begun");
        let mut violations = world.part("orders,latest.x", from);
        for (pattern, at) in &world.added {
            violations.extend(world.part(pattern.as_str(), at.unwrap_or(from)));
            added += usize::from(at.is_some());
        }
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}\n{}", world.log.join("\n"));
    }
    assert!(added > 20, "these days were dull: {added}");
}
