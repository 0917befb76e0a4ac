//! The stream of a target without a browser: it never leaves `idle`. For rendering on a server.

use crate::{Endpoint, Page};
use eventwire::{Pattern, Position};
use eventwire_client_core::{Config, Counters};

/// A stream that stays idle.
#[derive(Debug)]
pub struct Stream(());

impl Stream {
    /// Does nothing: there is no browser to connect with.
    pub fn open(_endpoint: Endpoint, _config: Config, _page: Box<dyn Page>) -> Self {
        Self(())
    }

    /// Does nothing.
    pub fn close(&self) {}

    /// Does nothing.
    pub fn add_topics(&self, _topics: &[Pattern]) {}

    /// Does nothing.
    pub fn delete_topics(&self, _topics: &[Pattern]) {}

    /// Does nothing.
    pub fn queue_full(&self) {}

    /// Does nothing.
    pub fn queue_drained(&self) {}

    /// Does nothing.
    pub fn restart(&self) {}

    /// None: nothing was ever handed over.
    pub fn position(&self) -> Option<Position> {
        None
    }

    /// All zero.
    pub fn counters(&self) -> Counters {
        Counters::default()
    }

    /// None.
    pub fn heard(&self) -> Option<f64> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;
    use eventwire_client_core::{Fault, Gap, State};

    struct Nobody;

    impl Page for Nobody {
        fn event(&self, event: Event<'_>) {
            match *event.raw {}
        }
        fn gap(&self, gap: Gap) {
            panic!("{gap:?}");
        }
        fn fault(&self, fault: Fault) {
            panic!("{fault:?}");
        }
        fn outdated(&self, hash: &str) {
            panic!("{hash}");
        }
        fn state(&self, state: &State, _next_attempt_at: Option<f64>) {
            panic!("{state:?}");
        }
    }

    #[test]
    fn without_a_browser_a_stream_says_nothing() {
        let endpoint = Endpoint { url: "/events".into(), fetch: false, request: () };
        let stream = Stream::open(endpoint, Config::default(), Box::new(Nobody));
        stream.add_topics(&[Pattern::all()]);
        assert_eq!(stream.position(), None);
        stream.close();
    }
}
