//! The server's process: a hub in memory behind `serve`, told what to do line by line on its standard input.

use eventwire_server::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    error::Error,
    fs,
    io::{BufRead, stdin},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot, task::JoinHandle};

/// What the bench publishes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
enum Bench {
    /// The publisher's own number, and when it was published, in microseconds since 1970.
    Tick { n: u32, at: f64, pad: String },
}

struct Running {
    hub: Hub<Bench>,
    stop: Option<oneshot::Sender<()>>,
    published: u32,
    /// Milliseconds since a drain began, and how many readers there were.
    paced: Option<JoinHandle<Vec<(u64, usize)>>>,
}

pub(super) fn run() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let mut running = None;
    // The director's end of the pipe closes when it ends, however it ends.
    for line in stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split(' ').collect();
        let answer = runtime.block_on(obey(&words, &mut running));
        println!("{}", answer.unwrap_or_else(|error| json!({ "error": error.to_string() })));
    }
    // Nobody is left to drain for.
    runtime.shutdown_background();
    Ok(())
}

async fn obey(words: &[&str], running: &mut Option<Running>) -> Result<Value, Box<dyn Error>> {
    match (words, running) {
        (["listen", drain], running) => {
            let hub = Hub::<Bench>::builder().build().await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let at = listener.local_addr()?.to_string();
            let (stop, stopped) = oneshot::channel::<()>();
            let app = axum::Router::new().route("/events", hub.public_route());
            let serve = eventwire_server::serve(listener, app).drain(Duration::from_secs(drain.parse()?));
            tokio::spawn(
                serve
                    .until(async {
                        let _ = stopped.await;
                    })
                    .into_future(),
            );
            *running = Some(Running { hub, stop: Some(stop), published: 0, paced: None });
            Ok(json!({ "at": at }))
        }
        (["publish", count, pause, bytes], Some(running)) => {
            let (count, pad): (u32, String) = (count.parse()?, "x".repeat(bytes.parse()?));
            let mut pace = tokio::time::interval(Duration::from_micros(pause.parse::<u64>()?.max(1)));
            for _ in 0..count {
                pace.tick().await;
                running.published += 1;
                let event = Bench::Tick { n: running.published, at: micros(), pad: pad.clone() };
                running.hub.publish("ticks", &event).await?;
            }
            Ok(json!({ "published": running.published }))
        }
        (["drain"], Some(running)) => {
            let sent = running.stop.take().is_some_and(|stop| stop.send(()).is_ok());
            running.paced = Some(tokio::spawn(watch(running.hub.clone())));
            Ok(json!({ "draining": sent }))
        }
        (["paced"], Some(running)) => {
            let watched = running.paced.take().ok_or("no drain was watched")?.await?;
            Ok(json!({ "paced": watched }))
        }
        (["stats"], Some(running)) => {
            let stats = running.hub.stats();
            Ok(json!({
                "readers": stats.readers,
                "behind": stats.behind,
                "topics": stats.topics,
                "queued": stats.queued_bytes,
                "tasks": stats.tasks,
                "letGo": stats.let_go,
                "faults": stats.faults,
                "alive": tokio::runtime::Handle::current().metrics().num_alive_tasks(),
                "fds": fs::read_dir("/proc/self/fd")?.count(),
                "rss": resident()?,
            }))
        }
        _ => Err(format!("not understood: {words:?}").into()),
    }
}

pub(super) fn micros() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e6
}

/// How many readers are left, until none is. As the server does it: what a client sees also tells when the client had its
/// turn on a busy machine.
async fn watch(hub: Hub<Bench>) -> Vec<(u64, usize)> {
    let (began, mut seen) = (Instant::now(), Vec::new());
    loop {
        let readers = hub.stats().readers;
        seen.push((began.elapsed().as_millis() as u64, readers));
        if readers == 0 || began.elapsed() > Duration::from_secs(120) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Bytes of this process in memory.
fn resident() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? << 10)
}
