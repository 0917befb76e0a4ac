//! A hub, its store, its pages and the network between them, on a paused clock: what may happen in a day, one thing
//! after the other.

use super::{
    grants::Grants,
    page::{Fate, Net, Page, content, patterns},
    store::{Next, Shaky},
};
use crate::{chaos::chance::Chance, events::Harness};
use axum::{
    Router,
    body::BodyDataStream,
    extract::{Path, State},
    routing,
};
use eventwire::{Epoch, Start};
use eventwire_client_core::{Background, Config, Input, Topics};
use eventwire_judge::{History, Outcome, Published, check};
use eventwire_server::{Access, EventStream, Hub, Problem, PublishError, Subscribe};
use futures_util::{FutureExt, StreamExt};
use std::{
    cell::RefCell,
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, advance},
};

/// What is published to; of those under `latest.` only the newest event is promised.
const TOPICS: [&str; 7] = ["prices.a", "prices.b", "orders.eu.7", "orders.us", "latest.x", "latest.y", "secret.s"];
/// What pages ask for. Each has something that everybody may read.
const VIEWS: [&[&str]; 5] = [
    &["prices.*", "latest.x"],
    &["orders.**"],
    &["latest.*", "secret.*"],
    &["prices.a", "orders.us", "secret.s", "latest.y"],
    &["orders.eu.7"],
];
/// What comes and goes while pages run.
const MORE: [&str; 5] = ["prices.b", "latest.*", "orders.**", "secret.s", "latest.x"];
/// Responses whose pages are gone; at the bound the server hears of the oldest.
const ZOMBIES: usize = 6;

pub(super) struct World {
    chance: Chance,
    life: Option<Life>,
    store: Option<Shaky>,
    epoch: Option<Epoch>,
    grants: Grants,
    pages: Vec<(Page, Manner)>,
    zombies: RefCell<VecDeque<BodyDataStream>>,
    refusing: bool,
    /// Connections are late, cut and half open.
    rough: bool,
    published: Arc<Mutex<Vec<Published>>>,
    publishing: Vec<JoinHandle<()>>,
    n: u32,
}

/// One hub.
struct Life {
    hub: Hub<Harness>,
    router: Router,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Quick,
    /// It takes one piece now and then.
    Slow,
}

/// How a day went.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) violations: Vec<String>,
    pub(super) log: Vec<String>,
    pub(super) handed: u64,
    pub(super) gaps: u64,
    pub(super) dials: u64,
}

async fn events(
    State((hub, grants)): State<(Hub<Harness>, Grants)>,
    Path(page): Path<String>,
    want: Subscribe,
) -> Result<EventStream, Problem> {
    let granted = grants.patterns(&page);
    hub.stream(want, Access::to(granted.iter().map(eventwire::Pattern::as_str)).principal(page))
}

impl World {
    pub(super) async fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let store = chance.one_in(2).then(|| Shaky::new(seed));
        let mut world = Self {
            chance,
            epoch: store.as_ref().map(Shaky::epoch),
            store,
            life: None,
            grants: Grants::default(),
            pages: Vec::new(),
            zombies: RefCell::default(),
            refusing: false,
            rough: true,
            published: Arc::default(),
            publishing: Vec::new(),
            n: 0,
        };
        world.start().await;
        for n in 0..=world.chance.below(4) {
            world.open_page(n, seed).await;
        }
        world
    }

    async fn open_page(&mut self, n: u64, seed: u64) {
        let name = format!("p{n}");
        self.grants.set(&name, self.chance.one_in(2));
        let topics = match self.chance.index(VIEWS.len() + 2) {
            view if view < VIEWS.len() => Topics::Named(patterns(VIEWS[view])),
            _ => Topics::Granted,
        };
        let here = self.life.as_ref().map(|life| life.hub.position());
        let (start, from) = match (self.chance.below(4), here) {
            (0, _) => (Start::Earliest, None),
            (1, Some(position)) => (Start::After { position, native: false }, Some(position)),
            _ => (Start::Now, None),
        };
        let background = match self.chance.below(3) {
            0 => Background::Keep,
            1 => Background::Immediate,
            _ => Background::default(),
        };
        let config = Config { topics, start, background, ..Config::default() };
        let manner = if self.chance.one_in(4) { Manner::Slow } else { Manner::Quick };
        self.pages.push((Page::new(name, config, from, seed ^ n), manner));
        self.on(self.pages.len() - 1, async |page, net| page.tell(net, Input::Open).await).await;
    }

    /// Does something with one page and the network it has.
    async fn on(&mut self, page: usize, act: impl AsyncFnOnce(&mut Page, &Net<'_>)) {
        let net = Net {
            router: self.life.as_ref().map(|life| &life.router),
            grants: &self.grants,
            rough: self.rough,
            refusing: self.refusing,
            zombies: &self.zombies,
        };
        act(&mut self.pages[page].0, &net).await;
        while self.zombies.borrow().len() > ZOMBIES {
            self.zombies.borrow_mut().pop_front();
        }
    }

    async fn start(&mut self) {
        let mut builder = Hub::<Harness>::builder()
            .retain(Duration::from_secs(20), 2 << 20)
            .latest("latest.*")
            .heartbeat(Duration::from_secs(5));
        if self.chance.one_in(4) {
            builder = builder.rotate(Duration::from_secs(60));
        }
        if let Some(store) = &self.store {
            builder = builder.store(store.clone());
        }
        // A store that does not answer gives no hub; another try comes.
        let Ok(hub) = builder.build().await else { return };
        let app = (hub.clone(), self.grants.clone());
        let router = Router::new().route("/events/{page}", routing::get(events)).with_state(app);
        self.life = Some(Life { hub, router });
        for topic in TOPICS {
            self.publish(vec![(topic, 10)]);
        }
        self.settle().await;
    }

    fn publish(&mut self, batch: Vec<(&'static str, usize)>) {
        let Some(life) = &self.life else { return };
        let keyed = self.store.is_some() && self.chance.one_in(2);
        let batch: Vec<_> = batch
            .into_iter()
            .map(|(topic, pad)| {
                self.n += 1;
                (topic, Harness::Tick { n: self.n, pad: "x".repeat(pad) }, format!("{}", self.n))
            })
            .collect();
        let (hub, published) = (life.hub.clone(), self.published.clone());
        self.publishing.retain(|task| !task.is_finished());
        self.publishing.push(tokio::spawn(async move {
            for (topic, event, key) in batch {
                let json = serde_json::to_string(&event).expect("it is JSON");
                let content = content(json.trim_start_matches("{\"tick\":")).to_owned();
                let at = {
                    let mut published = published.lock().expect("no publisher panics");
                    let topic = topic.parse().expect("a topic");
                    published.push(Published { topic, content, outcome: Outcome::Unknown, retried: false });
                    published.len() - 1
                };
                for _ in 0..4 {
                    let answer = match keyed {
                        true => hub.publish_keyed(&key, topic, &event).await,
                        false => hub.publish(topic, &event).await,
                    };
                    let one = &mut published.lock().expect("no publisher panics")[at];
                    match answer {
                        Ok(position) => one.outcome = Outcome::Accepted(position),
                        // What an earlier try did is as unknown as before.
                        Err(PublishError::Indeterminate(_)) if keyed => {
                            one.retried = true;
                            continue;
                        }
                        Err(PublishError::Indeterminate(_)) => {}
                        Err(_) if one.retried => {}
                        Err(_) => one.outcome = Outcome::Refused,
                    }
                    break;
                }
            }
        }));
    }

    /// Lets the hub's tasks do what they have to do; the paused clock stays.
    async fn settle(&mut self) {
        for _ in 0..if self.store.is_some() { 48 } else { 24 } {
            tokio::task::yield_now().await;
        }
        let epoch = self.store.as_ref().map(Shaky::epoch);
        if epoch != self.epoch {
            // What the store kept it may show again, in the life that has begun.
            self.epoch = epoch;
            self.published.lock().expect("no publisher panics").iter_mut().for_each(|one| one.retried = true);
        }
    }

    /// The hub dies, as by SIGKILL: nobody is told.
    async fn kill(&mut self) {
        for task in self.publishing.drain(..) {
            task.abort();
        }
        self.life = None;
        self.zombies.borrow_mut().clear();
        for page in 0..self.pages.len() {
            self.on(page, async |page, net| page.cut(net).await).await;
        }
    }

    /// One thing happens.
    pub(super) async fn step(&mut self) {
        let page = self.chance.index(self.pages.len());
        match self.chance.below(120) {
            0..30 => {
                let batch = (0..=self.chance.below(6)).map(|_| (TOPICS[self.chance.index(TOPICS.len())], 10));
                let batch = batch.collect();
                self.publish(batch);
            }
            30..55 => {
                let (pieces, late) = (self.chance.index(5) + 1, self.lateness());
                self.on(page, async |page, net| page.read(net, pieces, late).await).await;
            }
            55..62 => {
                let (pieces, cut) = (self.chance.index(4) + 1, self.chance.index(1 << 20));
                self.on(page, async |page, net| page.read(net, pieces, Fate::Cut(cut)).await).await;
            }
            62..65 => self.on(page, async |page, net| page.cut(net).await).await,
            65..67 => self.pages[page].0.half_open(),
            67..84 => {
                let time = Duration::from_millis(self.chance.below(3_000));
                self.pass(time).await;
            }
            84..87 => {
                let time = Duration::from_millis(self.chance.below(60_000));
                if self.chance.one_in(2) {
                    self.pass(time).await;
                } else {
                    // Everybody sleeps but the server.
                    advance(time).await;
                }
            }
            // More than the log keeps.
            87 => {
                let batch = (0..40).map(|_| (TOPICS[self.chance.index(TOPICS.len())], 60_000)).collect();
                self.publish(batch);
            }
            88 => self.kill().await,
            89 => {
                // The last handle is dropped: every stream is told goodbye.
                self.publishing.drain(..).for_each(|task| task.abort());
                self.life = None;
            }
            90 => {
                if let Some(life) = &self.life {
                    tokio::spawn(life.hub.drain(Duration::from_secs(3)));
                }
            }
            91..95 => {
                if self.life.is_none() {
                    self.start().await;
                }
            }
            95 => self.refusing = !self.refusing,
            96..98 => self.on(page, async |page, net| page.tell(net, Input::Hidden).await).await,
            98..100 => self.on(page, async |page, net| page.tell(net, Input::Visible).await).await,
            100 => self.on(page, async |page, net| page.tell(net, Input::QueueFull).await).await,
            101 => self.on(page, async |page, net| page.tell(net, Input::QueueDrained).await).await,
            102 => self.on(page, async |page, net| page.tell(net, Input::Online).await).await,
            103 => self.on(page, async |page, net| page.tell(net, Input::Offline).await).await,
            104..107 => self.regrant(page).await,
            107..111 => {
                let more = patterns(&[MORE[self.chance.index(MORE.len())]]);
                self.on(page, async |page, net| page.tell(net, Input::TopicsAdd(&more)).await).await;
            }
            111..114 if self.pages[page].0.is_named() => {
                let fewer = patterns(&[MORE[self.chance.index(MORE.len())]]);
                self.on(page, async |page, net| page.tell(net, Input::TopicsDelete(&fewer)).await).await;
            }
            114..119 => self.upset_store(),
            _ => self.zombies.borrow_mut().clear(),
        }
        self.settle().await;
    }

    fn lateness(&mut self) -> Fate {
        match self.rough && self.chance.one_in(3) {
            true => Fate::Late(Duration::from_millis(self.chance.below(2_000))),
            false => Fate::Late(Duration::ZERO),
        }
    }

    /// Access is withdrawn or given.
    async fn regrant(&mut self, page: usize) {
        let name = self.pages[page].0.name().to_owned();
        let had = self.grants.has_secret(&name);
        self.grants.set(&name, !had);
        let Some(life) = &self.life else { return };
        life.hub.revoke(&name);
        self.settle().await;
        let Some(life) = &self.life else { return };
        let here = life.hub.position();
        if had {
            self.pages[page].0.withdrawn(here);
        }
    }

    fn upset_store(&mut self) {
        let Some(store) = &self.store else { return };
        match self.chance.below(12) {
            0..3 => store.next(Next::Refused),
            3..5 => store.next(Next::LostAck),
            5..7 => store.next(Next::NeverArrived),
            7..9 => store.cut_tails(),
            9 => store.go_away(true),
            10 => store.go_away(false),
            _ => store.renew_behind(self.chance.below(u64::MAX), self.chance.one_in(2)),
        }
    }

    /// Time passes, and everything that is due happens when it is.
    async fn pass(&mut self, time: Duration) {
        let until = Instant::now() + time;
        loop {
            let due = self.pages.iter().filter_map(|(page, _)| page.deadline()).min();
            let due = due.filter(|due| *due <= until);
            advance(due.unwrap_or(until).saturating_duration_since(Instant::now())).await;
            self.settle().await;
            for n in 0..self.pages.len() {
                let pieces = match self.pages[n].1 {
                    Manner::Slow if self.rough => usize::from(self.chance.one_in(4)),
                    _ => 1_000,
                };
                let late = self.lateness();
                self.on(n, async |page, net| page.read(net, pieces, late).await).await;
            }
            self.drain_zombies();
            if due.is_none() {
                break;
            }
        }
        self.settle().await;
    }

    /// A network that still takes what nobody reads.
    fn drain_zombies(&mut self) {
        if self.chance.one_in(2) {
            for body in self.zombies.borrow_mut().iter_mut() {
                while let Some(Some(Ok(_))) = body.next().now_or_never() {}
            }
        }
    }

    /// The night after the day: everything works, until everything has come.
    pub(super) async fn quiet(mut self) -> Day {
        self.rough = false;
        self.refusing = false;
        self.zombies.borrow_mut().clear();
        if let Some(store) = &self.store {
            store.go_away(false);
        }
        // A hub that was told to drain stays so.
        self.kill().await;
        for _ in 0..10 {
            if self.life.is_none() {
                self.start().await;
            }
        }
        let mut violations = Vec::new();
        for n in 0..self.pages.len() {
            self.on(n, async |page, net| page.tell(net, Input::Visible).await).await;
            self.on(n, async |page, net| page.tell(net, Input::QueueDrained).await).await;
        }
        for second in 0..60 {
            self.pass(Duration::from_secs(2)).await;
            if second == 30 {
                // Behind the last loss, so that its gap is not the end.
                TOPICS.into_iter().for_each(|topic| self.publish(vec![(topic, 10)]));
            }
        }
        // Streams are moved about at any time; they have to come back.
        for _ in 0..60 {
            if self.pages.iter().all(|(page, _)| page.is_settled()) {
                break;
            }
            self.pass(Duration::from_secs(1)).await;
        }
        if self.publishing.iter().any(|task| !task.is_finished()) {
            violations.push("a publish was never answered".to_owned());
        }
        let mut day = Day::default();
        for (page, _) in &self.pages {
            if !page.is_settled() {
                violations.push(format!("{} never came back: {:?}", page.name(), page.state()));
            }
            day.dials += page.dials;
            day.log.push(page.log.join("\n"));
        }
        let history = History {
            published: self.published.lock().expect("no publisher panics").clone(),
            latest: patterns(&["latest.*"]),
            lost: Vec::new(),
            readings: self.pages.iter().map(|(page, _)| page.reading()).collect(),
        };
        violations.extend(check(&history).iter().map(ToString::to_string));
        let items = history.readings.iter().flat_map(|reading| &reading.items);
        for item in items {
            match item {
                eventwire_judge::Item::Event { .. } => day.handed += 1,
                eventwire_judge::Item::Gap { .. } => day.gaps += 1,
                _ => {}
            }
        }
        day.violations = violations;
        day
    }

    pub(super) fn steps(&mut self) -> u64 {
        self.chance.below(180) + 20
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("pages", &self.pages.len()).finish_non_exhaustive()
    }
}
