//! The hub as an app uses it: the public crate, a public route, `eventwire_server::serve`.

use super::{Publish, routes};
use crate::fanout::tick::Load;
use eventwire::Topic;
use eventwire_server::Hub;
use std::{error::Error, sync::Arc};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Ours {
    hub: Hub<Load>,
    topics: Arc<[Topic]>,
}

pub(super) async fn run(
    listener: TcpListener,
    topics: u32,
    ready: impl FnOnce() -> std::io::Result<()>,
) -> Result<(), Box<dyn Error>> {
    let hub = Hub::<Load>::builder().build().await?;
    let topics_by_number = (0..topics).map(|topic| Topic::parse(&format!("t{topic}"))).collect::<Result<_, _>>()?;
    let events = hub.public_route();
    let app = routes(Ours { hub, topics: topics_by_number }, topics, events);
    ready()?;
    Ok(eventwire_server::serve(listener, app).await?)
}

impl Publish for Ours {
    async fn publish(&self, event: Load) {
        let Load::Tick(tick) = &event;
        self.hub.publish(&self.topics[tick.topic as usize], &event).await.expect("a hub in memory takes every event");
    }
}
