//! What a typed stream is without a browser, as where a page is rendered on a server: idle, and asked for nothing.

use super::{
    Connect,
    inbox::{Inbox, Source},
};
use eventwire::{Events, Pattern, Position};
use eventwire_client_core::{Config, Counters};
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// Nothing at all.
pub(super) struct Line;

impl Line {
    pub(super) fn open<E: Events + DeserializeOwned + 'static>(
        connect: Connect<E>,
        _config: Config,
        _inbox: &Rc<Inbox<E>>,
    ) -> Self {
        let Connect { url: _, with_credentials: _, headers: _, .. } = connect; // there is nobody to ask
        Self
    }

    pub(super) fn close(&self) {}

    pub(super) fn add_topics(&self, _topics: &[Pattern]) {}

    pub(super) fn delete_topics(&self, _topics: &[Pattern]) {}

    pub(super) fn counters(&self) -> Counters {
        Counters::default()
    }
}

impl Source for Line {
    fn full(&self) {}

    fn drained(&self) {}

    fn position(&self) -> Option<Position> {
        None
    }
}
