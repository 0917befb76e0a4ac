//! A page without a browser: the real client machine over a byte stream of HTTP, and a record of what it was handed.
//!
//! The only shell in Rust that touches a network; it decides nothing.

use eventwire::{Pattern, Position, Topic, limits, sse};
use eventwire_client_core::{
    Attempt, Block, Body, Client, Config, End, Gap, Handle, Input, Output, State, Status, Timestamp, TransportEvent,
};
use eventwire_judge::{Item, Reading};
use futures_util::StreamExt;
use reqwest::{Response, header};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::{AbortHandle, JoinHandle},
    time::{Instant, sleep_until, timeout},
};

/// A reader that is running. Dropping it closes its stream.
#[derive(Debug)]
pub struct Reader {
    record: Arc<Mutex<Record>>,
    news: watch::Receiver<News>,
    task: JoinHandle<()>,
}

/// All it was handed, with the positions a page would have had after each.
#[derive(Debug, Default)]
struct Record {
    items: Vec<Item>,
    handed: usize,
    newest: BTreeMap<Topic, String>,
}

/// Where the client is, and how often it was open.
#[derive(Clone, Debug)]
struct News {
    state: State,
    opened: u32,
}

/// What an attempt's task tells, at most this much ahead: beyond, the socket waits.
const AHEAD: usize = 16;

enum Heard {
    Opened,
    Bytes(Vec<u8>),
    Status { status: u16, retry_after: Option<Duration>, code: Option<String> },
    Ended(End),
}

impl Reader {
    /// Reads `url` (of the route, without query) as `config` says, until dropped.
    pub fn open(url: impl Into<String>, config: Config, seed: u64) -> Self {
        Self::hurried(url, config, seed, 1)
    }

    /// As [`Self::open`], but waits between attempts are so many times shorter. Silence is judged by the true clock.
    pub fn hurried(url: impl Into<String>, config: Config, seed: u64, hurry: u32) -> Self {
        let record = Arc::new(Mutex::new(Record::default()));
        let (told, news) = watch::channel(News { state: State::Idle, opened: 0 });
        let shell = Shell {
            url: url.into(),
            http: reqwest::Client::new(),
            client: Client::new(config, seed),
            started: Instant::now(),
            skipped: Duration::ZERO,
            hurry,
            record: record.clone(),
            told,
            running: None,
        };
        Self { record, news, task: tokio::spawn(shell.run()) }
    }

    /// The events and gaps it was handed so far.
    pub fn items(&self) -> Vec<Item> {
        let mut items = self.lock().items.clone();
        items.retain(|item| matches!(item, Item::Event { .. } | Item::Gap { .. }));
        items
    }

    /// How many events it was handed so far.
    pub fn handed(&self) -> usize {
        self.lock().handed
    }

    /// All of it for the judge, who is told what it read; it is to have read all that is kept.
    pub fn earliest(&self, view: Vec<Pattern>) -> Reading {
        Reading::earliest(view, self.lock().items.clone())
    }

    /// As [`Self::earliest`], but it began at the first position it knew, where all was new to it.
    pub fn from_now(&self, view: Vec<Pattern>) -> Reading {
        let items = self.lock().items.clone();
        let from = items.iter().find_map(|item| match item {
            Item::At(at) => Some(*at),
            _ => None,
        });
        Reading { view, from, new: true, items }
    }

    /// Waits until what it was handed is as `done` says.
    ///
    /// # Panics
    /// When that takes longer than `patience`, with how far it came.
    pub async fn until(&mut self, patience: Duration, done: impl Fn(&[Item]) -> bool) {
        let record = self.record.clone();
        let items = || {
            let mut items = record.lock().expect("no test panics while it records").items.clone();
            items.retain(|item| matches!(item, Item::Event { .. } | Item::Gap { .. }));
            items
        };
        self.wait(patience, |_| done(&items())).await;
    }

    /// Waits until the newest it was handed of each of these topics is this; `false` if that takes longer than
    /// `patience`.
    pub async fn has_newest(&mut self, patience: Duration, newest: &BTreeMap<Topic, String>) -> bool {
        let record = self.record.clone();
        let done = || {
            let record = record.lock().expect("no test panics while it records");
            newest.iter().all(|(topic, content)| record.newest.get(topic) == Some(content))
        };
        timeout(patience, self.news.wait_for(|_| done())).await.is_ok_and(|news| news.is_ok())
    }

    /// Waits until its stream is open; `false` if that takes longer than `patience`.
    pub async fn is_open(&mut self, patience: Duration) -> bool {
        timeout(patience, self.news.wait_for(|news| news.state == State::Open)).await.is_ok_and(|news| news.is_ok())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Record> {
        self.record.lock().expect("no reader panics while it records")
    }

    /// Waits until its stream was open `times` times: what is published then reaches it.
    ///
    /// # Panics
    /// When that takes longer than `patience`, with how far it came.
    pub async fn until_opened(&mut self, patience: Duration, times: u32) {
        self.wait(patience, |news| news.opened >= times).await;
    }

    async fn wait(&mut self, patience: Duration, done: impl Fn(&News) -> bool) {
        let arrived = timeout(patience, self.news.wait_for(done)).await.is_ok_and(|news| news.is_ok());
        if !arrived {
            panic!("waited {patience:?} in vain: {:?} after {} events", *self.news.borrow(), self.handed());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Shell {
    url: String,
    http: reqwest::Client,
    client: Client,
    started: Instant,
    /// Waits that were cut short, together.
    skipped: Duration,
    hurry: u32,
    record: Arc<Mutex<Record>>,
    told: watch::Sender<News>,
    running: Option<Running>,
}

/// One attempt. Dropping it ends its task and with it the connection.
struct Running {
    attempt: Attempt,
    query: String,
    news: mpsc::Receiver<Heard>,
    decoder: sse::Decoder,
    task: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shell {
    async fn run(mut self) {
        self.input(Input::Open);
        loop {
            let due = self.client.deadline();
            let wait = due.map(|at| Duration::from_millis(at.0).saturating_sub(self.elapsed()));
            // Nobody is silent between attempts: that time may pass faster.
            let pace = if self.running.is_none() { self.hurry } else { 1 };
            let deadline = wait.map(|wait| Instant::now() + wait / pace);
            let timer = async {
                match deadline {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let news = async {
                match &mut self.running {
                    Some(running) => (running.attempt, running.news.recv().await),
                    None => std::future::pending().await,
                }
            };
            let heard = tokio::select! {
                () = timer => None,
                heard = news => Some(heard),
            };
            match heard {
                None => {
                    if let Some(due) = due.filter(|_| pace > 1) {
                        self.skipped += Duration::from_millis(due.0).saturating_sub(self.elapsed());
                    }
                    self.input(Input::Timeout);
                }
                Some((attempt, Some(news))) => self.hear(attempt, news),
                Some((attempt, None)) => self.end(attempt, End::Lost),
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed() + self.skipped
    }

    fn now(&self) -> Timestamp {
        Timestamp(u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn hear(&mut self, attempt: Attempt, news: Heard) {
        match news {
            Heard::Opened => self.input(Input::Transport(attempt, TransportEvent::Opened)),
            Heard::Bytes(bytes) => self.decode(attempt, &bytes),
            Heard::Ended(end) => self.end(attempt, end),
            Heard::Status { status, retry_after, code } => {
                self.running = None;
                let status = Status { status, retry_after, code: code.as_deref() };
                self.input(Input::Transport(attempt, TransportEvent::Status(status)));
            }
        }
    }

    fn end(&mut self, attempt: Attempt, end: End) {
        self.running = None;
        self.input(Input::Transport(attempt, TransportEvent::Ended(end)));
    }

    fn decode(&mut self, attempt: Attempt, bytes: &[u8]) {
        let now = self.now();
        let Some(running) = &mut self.running else { return };
        let (client, record) = (&mut self.client, &self.record);
        let mut outputs = Vec::new();
        let decoded = running.decoder.push(bytes, |block| {
            let ours = block.event.starts_with(eventwire::frame::PREFIX);
            let read = eventwire::Frame::parse(block.event, block.data);
            let body = if ours { read.into() } else { Body::Payload(Handle(0)) };
            let told = Block { event: block.event, id: block.id, body };
            client.handle_input(now, Input::Transport(attempt, TransportEvent::Block(told)));
            // A payload lives no longer than the block it came with.
            while let Some(output) = client.poll_output() {
                match output {
                    Output::Deliver { topic, position, .. } => {
                        let content = format!("{} {}", block.event, block.data);
                        note(record, Item::Event { at: position, topic, content });
                    }
                    Output::Gap(gap) => note(record, missing(gap)),
                    other => outputs.push(other),
                }
            }
            reached(record, client.position());
        });
        for output in outputs {
            self.carry_out(output);
        }
        self.tell();
        if decoded.is_err() {
            self.end(attempt, End::Lost);
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
        while let Some(output) = self.client.poll_output() {
            self.carry_out(output);
        }
        self.tell();
    }

    fn tell(&self) {
        let state = self.client.state().clone();
        self.told.send_modify(|told| {
            told.opened += u32::from(state == State::Open && told.state != State::Open);
            told.state = state;
        });
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect { attempt, query } => self.running = Some(self.dial(attempt, query, false)),
            Output::Probe { attempt } => {
                let query = self.running.take().map(|running| running.query.clone()).unwrap_or_default();
                self.running = Some(self.dial(attempt, query, true));
            }
            Output::Disconnect { attempt } => {
                self.running.take_if(|running| running.attempt == attempt);
            }
            Output::Gap(gap) => note(&self.record, missing(gap)),
            // A payload is delivered while its block is read, and only then; the rest is for people.
            Output::Deliver { .. } | Output::Fault(_) | Output::Outdated { .. } | Output::State(_) => {}
        }
    }

    fn dial(&self, attempt: Attempt, query: String, probe: bool) -> Running {
        let (tell, news) = mpsc::channel(AHEAD);
        let url = if query.is_empty() { self.url.clone() } else { format!("{}?{query}", self.url) };
        let request = self.http.get(url).header(header::ACCEPT, "text/event-stream");
        let task = tokio::spawn(async move {
            // Whoever would listen may have gone; the task then ends with its next word.
            let _ = match request.send().await {
                Ok(response) if response.status() == 200 && !probe => follow(response, &tell).await,
                Ok(response) => tell.send(status(response).await).await,
                Err(_) => tell.send(Heard::Ended(End::Lost)).await,
            };
        });
        let decoder = sse::Decoder::new(limits::LINE);
        Running { attempt, query, news, decoder, task: task.abort_handle() }
    }
}

async fn follow(response: Response, tell: &mpsc::Sender<Heard>) -> Result<(), mpsc::error::SendError<Heard>> {
    tell.send(Heard::Opened).await?;
    let mut bytes = response.bytes_stream();
    while let Some(Ok(bytes)) = bytes.next().await {
        tell.send(Heard::Bytes(bytes.to_vec())).await?;
    }
    tell.send(Heard::Ended(End::Lost)).await
}

async fn status(response: Response) -> Heard {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
    let retry_after = retry_after.map(Duration::from_secs);
    // A 200 is a stream: it is not read.
    let body: Option<serde_json::Value> = if status == 200 { None } else { response.json().await.ok() };
    let code = body.and_then(|body| Some(body.get("code")?.as_str()?.to_owned()));
    Heard::Status { status, retry_after, code }
}

fn missing(gap: Gap) -> Item {
    Item::Gap { at: gap.position, reason: gap.reason, topics: gap.topics }
}

fn note(record: &Mutex<Record>, item: Item) {
    let mut record = record.lock().expect("no reader panics while it looks");
    if let Item::Event { topic, content, .. } = &item {
        record.handed += 1;
        record.newest.insert(topic.clone(), content.clone());
    }
    record.items.push(item);
}

/// What was handed over is behind the page now.
fn reached(record: &Mutex<Record>, position: Option<Position>) {
    let mut record = record.lock().expect("no reader panics while it looks");
    let last = record.items.iter().rev().find_map(|item| match item {
        Item::At(at) => Some(*at),
        _ => None,
    });
    if let Some(position) = position.filter(|position| Some(*position) != last) {
        record.items.push(Item::At(position));
    }
}
