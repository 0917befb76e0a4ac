//! axum's own `Sse` over tokio broadcasts: what an app writes that has no event library.
//!
//! As good as it gets with these parts: one channel per topic, each event serialised and framed once, no keep-alive, no
//! delay of small writes. A reader that falls too far behind loses events, so the channels are longer than any burst.

use super::{Publish, asked, routes};
use crate::fanout::tick::{Load, NAME};
use axum::{
    extract::{RawQuery, State},
    response::sse::{Event, Sse},
    routing::get,
    serve::ListenerExt,
};
use futures_util::{Stream, StreamExt, stream};
use std::{convert::Infallible, error::Error, sync::Arc};
use tokio::{net::TcpListener, sync::broadcast};
use tokio_stream::wrappers::BroadcastStream;

/// Longer than any burst of the benchmark: nothing is lost, so that both servers do the same work.
const LONGEST: usize = 4_096;
/// With a topic per reader no burst is published, and ten thousand long channels would be all memory.
const SHORT: usize = 16;

#[derive(Clone)]
struct Channels(Arc<[broadcast::Sender<Event>]>);

pub(super) async fn run(
    listener: TcpListener,
    topics: u32,
    ready: impl FnOnce() -> std::io::Result<()>,
) -> Result<(), Box<dyn Error>> {
    let length = if topics > 1_000 { SHORT } else { LONGEST };
    let channels = Channels((0..topics).map(|_| broadcast::channel(length).0).collect());
    let app = routes(channels.clone(), topics, get(events).with_state(channels));
    ready()?;
    Ok(axum::serve(listener.tap_io(|socket| drop(socket.set_nodelay(true))), app).await?)
}

async fn events(
    State(channels): State<Channels>,
    RawQuery(query): RawQuery,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let asked = asked(query.as_deref().unwrap_or_default());
    let mut receivers: Vec<_> = asked.filter_map(|topic| Some(channels.0.get(topic)?.subscribe())).collect();
    let all = match receivers.len() {
        1 => BroadcastStream::new(receivers.remove(0)).left_stream(),
        _ => stream::select_all(receivers.into_iter().map(BroadcastStream::new)).right_stream(),
    };
    // One that lagged goes on, as most apps have it; the benchmark's readers would find the hole.
    Sse::new(all.filter_map(|event| async { event.ok().map(Ok) }))
}

impl Publish for Channels {
    async fn publish(&self, event: Load) {
        let Load::Tick(tick) = event;
        let json = serde_json::to_string(&tick).expect("numbers and text are JSON");
        let event = Event::default().id(tick.n.to_string()).event(NAME).data(json);
        // An error says that nobody listens.
        let _ = self.0[tick.topic as usize].send(event);
    }
}
