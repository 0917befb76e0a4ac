//! The stream beside ours, written as a tutorial would: axum's `Sse` over a broadcast channel.
//!
//! A reader that is away or slow loses events, and neither side says a word. That is the point of showing it.
//!
//! In a tutorial the server publishes itself: what happened while it was away went to nobody. Here the publisher brings it
//! later, so readers are let in behind that, and what they lose is no matter of who comes first.

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use tokio::sync::{
    broadcast::{self, error::RecvError},
    watch,
};

/// How many events the channel holds for a slow reader before it skips ahead.
const CAPACITY: usize = 1024;

/// The tutorial's channel, and whether the publisher has brought what waited.
#[derive(Clone)]
pub(crate) struct Naive {
    channel: broadcast::Sender<(Box<str>, Box<str>)>,
    begun: watch::Sender<bool>,
}

impl Naive {
    /// A channel without readers.
    pub(crate) fn new() -> Self {
        Self { channel: broadcast::channel(CAPACITY).0, begun: watch::channel(false).0 }
    }

    /// Sends to whoever listens now.
    pub(crate) fn send(&self, event: &str, data: &str) {
        // Nobody listening is no error: so say the tutorials.
        let _nobody = self.channel.send((event.into(), data.into()));
    }

    /// The publisher has brought what waited: from now on readers are let in.
    pub(crate) fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// One reader's stream.
    pub(crate) async fn stream(&self) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        // It ends without having begun only with the server.
        let _begun = self.begun.subscribe().wait_for(|begun| *begun).await.is_ok();
        let receiver = self.channel.subscribe();
        let events = stream::unfold(receiver, |mut receiver| async {
            loop {
                match receiver.recv().await {
                    Ok((event, data)) => {
                        return Some((Ok(Event::default().event(&*event).data(&*data)), receiver));
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        Sse::new(events).keep_alive(KeepAlive::default())
    }
}
