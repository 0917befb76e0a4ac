//! A typed stream: the shell at one end, `Stream` of futures at the other.

use super::{Connect, Item, Line, TopicSet, inbox::Inbox};
use eventwire::{Events, Position};
use eventwire_client_core::{Config, Counters, State};
use serde::de::DeserializeOwned;
use std::{
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
};

/// The events of one enum, in order and complete, or an [`Item`] that says what is missing. Dropping it closes it.
///
/// Ends, with `None`, when it is closed for good; [`state`](Self::state) then says why.
pub struct EventStream<E: Events + DeserializeOwned> {
    line: Rc<Line>,
    inbox: Rc<Inbox<E>>,
}

impl<E: Events + DeserializeOwned + 'static> EventStream<E> {
    pub(super) fn open(connect: Connect<E>, config: Config, inbox: Rc<Inbox<E>>) -> Self {
        let line = Rc::new(Line::open(connect, config, &inbox));
        let source: Weak<Line> = Rc::downgrade(&line);
        inbox.fill_from(source);
        Self { line, inbox }
    }
}

impl<E: Events + DeserializeOwned> EventStream<E> {
    /// Closes for good. What was handed over before may still be taken.
    pub fn close(&self) {
        self.line.close();
    }

    /// The stream's topics, to be changed while it runs, also from elsewhere.
    pub fn topics(&self) -> TopicSet {
        TopicSet(Rc::downgrade(&self.line))
    }

    /// Where the stream is, and why. To be told of changes: [`Connect::on_state`].
    pub fn state(&self) -> State {
        self.inbox.state()
    }

    /// When the next attempt has its time, in milliseconds of `Date.now()`, while the state is `waiting`.
    pub fn next_attempt_at(&self) -> Option<f64> {
        self.inbox.next_attempt_at()
    }

    /// Up to where everything was taken, or told to be missing. Pass it to [`Connect::from`] to go on later.
    pub fn position(&self) -> Option<Position> {
        self.inbox.position()
    }

    /// What has been counted.
    pub fn counters(&self) -> Counters {
        self.line.counters()
    }
}

impl<E: Events + DeserializeOwned> Drop for EventStream<E> {
    fn drop(&mut self) {
        // Whom the states are for may be gone already, as what a component held is.
        self.inbox.leave();
        self.close();
    }
}

impl<E: Events + DeserializeOwned> futures_core::Stream for EventStream<E> {
    type Item = Item<E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<E>>> {
        self.inbox.take(cx)
    }
}

impl<E: Events + DeserializeOwned> std::fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream").field("state", &self.state()).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use crate::{Fault, Item, connect};
    use eventwire::Position;
    use futures_core::Stream;
    use std::{
        cell::Cell,
        pin::pin,
        rc::Rc,
        task::{Context, Poll, Waker},
    };

    #[derive(Debug, serde::Serialize, serde::Deserialize, eventwire::Events)]
    enum Shop {
        Closed,
    }

    /// What a server that renders the page does with the stream in it: poll it, and drop it.
    #[test]
    fn without_a_browser_a_stream_is_idle_and_pending_whatever_is_done_to_it() {
        let from = Position::parse("k3f9x2m1q0ab-7").unwrap();
        let told = Rc::new(Cell::new(0));
        let count = told.clone();
        let stream = connect::<Shop>("/events?shop=1#top")
            .topics(["prices.*"])
            .from(from)
            .headers(|_| async { vec![("authorization".into(), "Bearer t".into())] })
            .on_state(move |_| count.set(count.get() + 1))
            .open();
        let mut stream = pin!(stream);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
        let topics = stream.topics();
        topics.add(["orders.7"]).unwrap();
        topics.delete(["orders.7"]).unwrap();
        assert_eq!(stream.state().kind(), "idle");
        assert_eq!(stream.position(), Some(from));
        assert_eq!(stream.counters().attempts, 0);
        stream.close();
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
        assert_eq!(told.get(), 0);
    }

    #[test]
    fn what_is_no_topic_is_told_first_and_the_others_are_asked_for() {
        let mut stream = pin!(connect::<Shop>("/events").topics(["prices..acme", "orders.*"]).open());
        let mut cx = Context::from_waker(Waker::noop());
        match stream.as_mut().poll_next(&mut cx) {
            Poll::Ready(Some(Item::Fault(Fault::Topic { topic, .. }))) => assert_eq!(&*topic, "prices..acme"),
            other => panic!("{other:?}"),
        }
        assert!(stream.as_mut().poll_next(&mut cx).is_pending());
    }

    #[test]
    fn topics_of_a_stream_that_is_gone_are_still_read() {
        let topics = connect::<Shop>("/events").open().topics();
        assert!(topics.add(["orders.7"]).is_ok());
        assert!(topics.add(["orders 7"]).is_err());
        assert!(topics.delete(["**.a"]).is_err());
    }

    #[test]
    fn what_is_asked_for_is_seen_in_a_debugger_without_the_urls_query() {
        let connect = connect::<Shop>("/events?token=secret").topics(["orders.7"]);
        let text = format!("{connect:?}");
        assert!(text.contains("/events") && text.contains("orders.7") && !text.contains("secret"), "{text}");
    }
}
