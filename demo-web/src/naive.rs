//! The stream beside ours, written as a tutorial would: axum's `Sse` over a broadcast channel.
//!
//! A reader that is away or slow loses events, and neither side says a word. That is the point of showing it.

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use std::convert::Infallible;
use tokio::sync::broadcast::{self, error::RecvError};

/// How many events the channel holds for a slow reader before it skips ahead.
const CAPACITY: usize = 1024;

/// The tutorial's channel.
#[derive(Clone)]
pub(crate) struct Naive(broadcast::Sender<(Box<str>, Box<str>)>);

impl Naive {
    /// A channel without readers.
    pub(crate) fn new() -> Self {
        Self(broadcast::channel(CAPACITY).0)
    }

    /// Sends to whoever listens now.
    pub(crate) fn send(&self, event: &str, data: &str) {
        // Nobody listening is no error: so say the tutorials.
        let _nobody = self.0.send((event.into(), data.into()));
    }

    /// One reader's stream.
    pub(crate) fn stream(&self) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let receiver = self.0.subscribe();
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
