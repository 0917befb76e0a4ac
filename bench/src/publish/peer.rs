//! Fjall: its own append rate, and the same behind a queue, as a service would use it.
//!
//! A key is the event's number, a value the bytes of its payload: no topic, no name, no time, which ours write as well.

use std::{
    path::Path,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Instant,
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use tokio::sync::{mpsc as queue, oneshot};

use super::{EVERY, Mode, Round, Until, Watch, runtime, texts};

/// Events that may wait, and that one batch holds: as many as ours.
const WAITING: usize = 1024;
const BATCH: usize = 512;

struct Log {
    database: Database,
    events: Keyspace,
    mode: Mode,
    head: u64,
}

/// An event, and who waits for its number.
type Order = (Arc<str>, oneshot::Sender<Result<u64, String>>);

/// One loop, batches of as many events as could be waiting. In a thread of its own, as everyone else here: a busy system
/// lets one that has worked before wait longer.
pub(super) fn bare(mode: Mode, publishers: usize, until: Until, folder: &Path) -> Result<Round, String> {
    thread::scope(|scope| scope.spawn(|| lone(mode, publishers, until, folder)).join())
        .map_err(|_| "the loop panicked")?
}

fn lone(mode: Mode, publishers: usize, until: Until, folder: &Path) -> Result<Round, String> {
    let mut log = Log::open(mode, folder)?;
    let texts = texts();
    let through = log.write_through();
    let began = Instant::now();
    let mut watch = Watch::until(began + until.0);
    let mut each = Vec::new();
    loop {
        let turn = Instant::now();
        let next = log.head as usize;
        log.append((next..next + publishers).map(|turn| texts[turn % texts.len()].as_bytes()))?;
        let more = watch.over(turn);
        // Of all in the batch.
        each.extend(std::iter::repeat_n(watch.each.pop().unwrap_or_default(), publishers));
        if !more {
            break;
        }
    }
    let took = began.elapsed();
    through.stop()?;
    log.check(each.len() as u64)?;
    Ok(Round { accepted: log.head, took, each })
}

/// Tasks that wait for their answer, a queue, a thread that commits what waits.
pub(super) fn served(mode: Mode, publishers: usize, until: Until, folder: &Path) -> Result<Round, String> {
    let mut log = Log::open(mode, folder)?;
    let through = log.write_through();
    let (orders, mut waiting) = queue::channel::<Order>(WAITING);
    let writer = thread::spawn(move || {
        let mut taken = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut taken, BATCH) > 0 {
            let first = log.head + 1;
            let done = log.append(taken.iter().map(|(text, _)| text.as_bytes()));
            for ((_, answer), number) in taken.drain(..).zip(first..) {
                // Whoever asked waits for it: nobody here gives up.
                let _ = answer.send(done.clone().map(|()| number));
            }
        }
        log
    });
    let texts: Arc<[Arc<str>]> = texts().into_iter().map(Into::into).collect();
    let (took, each) = runtime()?.block_on(async {
        let began = Instant::now();
        let mut tasks = Vec::with_capacity(publishers);
        for publisher in 0..publishers {
            let (orders, texts) = (orders.clone(), texts.clone());
            tasks.push(tokio::spawn(async move {
                let mut watch = Watch::until(began + until.0);
                let mut turn = publisher;
                loop {
                    let began = Instant::now();
                    let (answer, answered) = oneshot::channel();
                    let gone = || "the writer is gone".to_owned();
                    orders.send((texts[turn % texts.len()].clone(), answer)).await.map_err(|_| gone())?;
                    answered.await.map_err(|_| gone())??;
                    turn += 1;
                    if !watch.over(began) {
                        return Ok::<_, String>(watch.each);
                    }
                }
            }));
        }
        drop(orders);
        let mut each = Vec::new();
        for task in tasks {
            each.extend(task.await.map_err(|error| error.to_string())??);
        }
        Ok::<_, String>((began.elapsed(), each))
    })?;
    let log = writer.join().map_err(|_| "the writer panicked")?;
    through.stop()?;
    log.check(each.len() as u64)?;
    Ok(Round { accepted: log.head, took, each })
}

impl Log {
    fn open(mode: Mode, folder: &Path) -> Result<Self, String> {
        let database = Database::builder(folder).open().map_err(|error| error.to_string())?;
        let events = database.keyspace("events", KeyspaceCreateOptions::default).map_err(|error| error.to_string())?;
        Ok(Self { database, events, mode, head: 0 })
    }

    fn append<'a>(&mut self, values: impl Iterator<Item = &'a [u8]>) -> Result<(), String> {
        let through = match self.mode {
            Mode::Always => PersistMode::SyncData,
            Mode::Every => PersistMode::Buffer,
        };
        let mut batch = self.database.batch().durability(Some(through));
        let mut head = self.head;
        for value in values {
            head += 1;
            batch.insert(&self.events, head.to_be_bytes(), value);
        }
        batch.commit().map_err(|error| error.to_string())?;
        self.head = head;
        Ok(())
    }

    /// What is not written through before it is accepted is written through at an interval.
    fn write_through(&self) -> Through {
        let (stop, stopped) = mpsc::sync_channel::<()>(1);
        let database = (self.mode == Mode::Every).then(|| self.database.clone());
        let thread = thread::spawn(move || {
            let Some(database) = database else { return Ok(()) };
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                database.persist(PersistMode::SyncData).map_err(|error| error.to_string())?;
            }
            Ok(())
        });
        Through { stop, thread }
    }

    fn check(&self, accepted: u64) -> Result<(), String> {
        let newest = self.events.last_key_value().map(|entry| entry.key().map_err(|error| error.to_string()));
        match newest.transpose()? {
            Some(key) if *key == accepted.to_be_bytes() && self.head == accepted => Ok(()),
            newest => Err(format!("{accepted} events were accepted, and the newest key is {newest:?}")),
        }
    }
}

/// The thread that writes through.
struct Through {
    stop: mpsc::SyncSender<()>,
    thread: thread::JoinHandle<Result<(), String>>,
}

impl Through {
    fn stop(self) -> Result<(), String> {
        drop(self.stop);
        self.thread.join().map_err(|_| "the thread that writes through panicked")?
    }
}
