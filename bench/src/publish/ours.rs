//! Our side: tasks that publish into a hub, each waiting for its position before it publishes again.

use std::{path::Path, sync::Arc, time::Instant};

use eventwire::Topic;
use eventwire_server::{
    Hub,
    store::{Disk, Store, Sync},
};

use super::{EVERY, Mode, Round, Until, Watch, runtime, texts};
use crate::{stream::Load, topics::memory::topics_of};

/// Topics that are published to by turns.
const TOPICS: usize = 100;

pub(super) fn memory(publishers: usize, until: Until) -> Result<Round, String> {
    runtime()?.block_on(async {
        let hub = Hub::<Load>::builder().build().await.map_err(|error| error.to_string())?;
        round(&hub, publishers, until).await
    })
}

pub(super) fn disk(mode: Mode, publishers: usize, until: Until, folder: &Path) -> Result<Round, String> {
    let sync = match mode {
        Mode::Always => Sync::Always,
        Mode::Every => Sync::Every(EVERY),
    };
    let open = || Disk::open(folder).map_err(|error| error.to_string());
    let round = {
        let disk = open()?.sync(sync);
        let runtime = runtime()?;
        runtime.block_on(async {
            let hub = Hub::<Load>::builder().store(disk).build().await.map_err(|error| error.to_string())?;
            round(&hub, publishers, until).await
        })?
        // With the runtime ends whatever still holds the folder.
    };
    let disk = open()?;
    let head = runtime()?.block_on(disk.bounds()).map_err(|error| error.to_string())?.head;
    if head.0 == round.accepted {
        return Ok(round);
    }
    Err(format!("{} events were accepted, and {head} are in the folder", round.accepted))
}

async fn round(hub: &Hub<Load>, publishers: usize, until: Until) -> Result<Round, String> {
    let topics: Arc<[Topic]> = topics_of(TOPICS)?.into();
    let events: Arc<[Load]> = texts().into_iter().map(Load::Filled).collect();
    let began = Instant::now();
    let mut tasks = Vec::with_capacity(publishers);
    for publisher in 0..publishers {
        let (hub, topics, events) = (hub.clone(), topics.clone(), events.clone());
        tasks.push(tokio::spawn(async move {
            let mut watch = Watch::until(began + until.0);
            let mut turn = publisher;
            loop {
                let began = Instant::now();
                hub.publish(&topics[turn % topics.len()], &events[turn % events.len()])
                    .await
                    .map_err(|error| error.to_string())?;
                turn += 1;
                if !watch.over(began) {
                    return Ok::<_, String>(watch.each);
                }
            }
        }));
    }
    let mut each = Vec::new();
    for task in tasks {
        each.extend(task.await.map_err(|error| error.to_string())??);
    }
    let took = began.elapsed();
    let accepted = each.len() as u64;
    let head = hub.position().offset;
    if head.0 != accepted {
        return Err(format!("{accepted} events were accepted, and the hub is at {head}"));
    }
    Ok(Round { accepted, took, each })
}
