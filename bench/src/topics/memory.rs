//! Bytes: what the log adds to an event, what an idle topic costs that someone follows, what a reader costs that takes
//! nothing.
//!
//! Each figure in a process of its own, which is this program called again.

use std::{error::Error, process::Command, time::Duration};

use eventwire::Topic;
use eventwire_server::Hub;

use super::{Size, wake};
use crate::stream::{Load, Stream, memory, patterns, publish};

/// Asks a new process for one figure.
pub(super) fn own(part: &str, size: Size) -> Result<f64, Box<dyn Error>> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["topics", "--part", part]).args(size.quick.then_some("--quick"));
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let failed = || format!("part {part}: {}", String::from_utf8_lossy(&output.stderr));
    if output.status.success() { text.trim().parse().map_err(|_| failed().into()) } else { Err(failed().into()) }
}

/// Measures one figure, here.
pub(super) fn part(part: &str, size: Size) -> Result<f64, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let figure = match part {
            "event" => event(size).await,
            "topic" => topic(size).await,
            "stuck" => stuck(size).await,
            other if other.starts_with("wake_") => wake::part(other, size).await,
            other => Err(format!("no part `{other}`")),
        };
        figure.map_err(Into::into)
    })
}

/// A payload that makes an event of some 256 bytes.
pub(crate) fn load() -> Load {
    Load::Filled("x".repeat(180))
}

async fn event(size: Size) -> Result<f64, String> {
    let (events, topics) = (size.of(1_000_000, 20_000), 1_000);
    let hub = hub(1 << 30).await?;
    let names = topics_of(topics)?;
    let load = load();
    // What the process, the runtime and the hub itself need is no matter of events.
    publish(&hub, &names[0], &load)?;
    let (before, already) = (memory()?, hub.stats());
    for n in 0..events {
        publish(&hub, &names[n % topics], &load)?;
    }
    let after = hub.stats();
    let (grown, bytes) = (memory()? - before, after.log_bytes - already.log_bytes);
    if after.events - already.events != events {
        return Err(format!("{} of {events} events are kept", after.events));
    }
    Ok((grown - bytes as f64) / events as f64)
}

/// Readers of a hundred topics each that nobody publishes to: what log, hub and session together keep for a topic, and a
/// hundredth of a reader.
async fn topic(size: Size) -> Result<f64, String> {
    let (readers, each) = (size.of(1_000, 20), 100);
    let hub = hub(64 << 20).await?;
    let before = memory()?;
    let mut streams = Vec::with_capacity(readers);
    for reader in 0..readers {
        let asked = patterns((0..each).map(|n| format!("idle.{}", reader * each + n)));
        streams.push(Stream::open(&hub, &asked, None)?);
        while hub.stats().live <= reader {
            streams.iter_mut().rev().take(1).for_each(|stream| drop(stream.take()));
            tokio::task::yield_now().await;
        }
    }
    if hub.stats().topics != readers * each {
        return Err(format!("{} topics are followed", hub.stats().topics));
    }
    Ok((memory()? - before) / (readers * each) as f64)
}

/// Readers of a topic each that took their hello and nothing since, while events come: all that such a reader costs,
/// with its body and its topic.
async fn stuck(size: Size) -> Result<f64, String> {
    let readers = size.of(10_000, 200);
    let hub = hub(64 << 20).await?;
    let topics = topics_of(readers)?;
    let before = memory()?;
    let mut streams = Vec::with_capacity(readers);
    for topic in &topics {
        streams.push(Stream::open(&hub, &patterns([topic.to_string()]), None)?);
    }
    while hub.stats().live < readers {
        streams.iter_mut().for_each(|stream| drop(stream.take()));
        tokio::task::yield_now().await;
    }
    streams.iter_mut().for_each(|stream| drop(stream.take()));
    let load = load();
    for _ in 0..4 {
        for topic in &topics {
            publish(&hub, topic, &load)?;
        }
        tokio::task::yield_now().await;
    }
    let stats = hub.stats();
    if stats.behind != readers {
        return Err(format!("{} of {readers} readers are behind", stats.behind));
    }
    // The log itself is the hub's.
    Ok((memory()? - before - stats.log_bytes as f64) / readers as f64)
}

/// A hub in memory that nobody is too slow for.
pub(crate) async fn hub(bytes: usize) -> Result<Hub<Load>, String> {
    let builder = Hub::<Load>::builder().retain(Duration::from_secs(3_600), bytes).stall(Duration::from_secs(300));
    builder.build().await.map_err(|error| error.to_string())
}

pub(crate) fn topics_of(count: usize) -> Result<Vec<Topic>, String> {
    (0..count).map(|n| Topic::parse(&format!("room.{n}")).map_err(|error| error.to_string())).collect()
}
