//! Who may read what today: the simulated app's handler and the judge ask the same table.

use super::page::patterns;
use eventwire::{Pattern, Request};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Every page may read these; some may read [`SECRET`], too.
const OPEN: [&str; 3] = ["prices.*", "orders.**", "latest.*"];
const SECRET: &str = "secret.*";

/// Clones are the same table.
#[derive(Clone, Debug, Default)]
pub(super) struct Grants(Arc<Mutex<BTreeMap<String, bool>>>);

impl Grants {
    pub(super) fn set(&self, page: &str, secret: bool) {
        self.0.lock().expect("no handler panics").insert(page.to_owned(), secret);
    }

    pub(super) fn has_secret(&self, page: &str) -> bool {
        self.0.lock().expect("no handler panics").get(page).copied().unwrap_or_default()
    }

    pub(super) fn patterns(&self, page: &str) -> Vec<Pattern> {
        let mut granted = patterns(&OPEN);
        if self.has_secret(page) {
            granted.extend(patterns(&[SECRET]));
        }
        granted
    }

    /// What a stream that asks this may carry.
    pub(super) fn of(&self, page: &str, query: &str) -> Vec<Pattern> {
        let granted = self.patterns(page);
        let asked = asked(query);
        if asked.is_empty() {
            return granted;
        }
        asked.into_iter().filter(|asked| granted.iter().any(|pattern| pattern.covers(asked))).collect()
    }
}

/// What a request names.
pub(super) fn asked(query: &str) -> Vec<Pattern> {
    let asked = Request::parse(query, []).expect("the machine asks what can be read");
    [asked.topics, asked.new].concat()
}
