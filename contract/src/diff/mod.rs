//! What changed between two contracts, and what of it breaks pages that are open.
//!
//! [`fits`] has the verdict, [`walk`] finds the places. Neither looks at what a page does with a value.

mod arms;
mod change;
mod fits;
mod limits;
mod walk;
mod words;

pub use change::{Change, ChangeKind};

use crate::{
    Contract, hash,
    model::{Event, Model, Shape},
    refusal::At,
    top,
};
use eventwire::EventName;
use std::collections::{HashMap, HashSet};
use walk::Walk;

/// What a server of `new` changes for pages that were built with `old` and are still open.
///
/// A page checks what it is sent with its own contract. So what narrows is safe, what widens breaks, an added member is
/// ignored, and an event that the page does not know is a fault that stops nothing. If no change breaks, each payload that
/// the server sends is valid to such pages; what cannot be proved is said to break, with the reason. An event that got
/// another name breaks, too: no payload is at fault then, and yet the page waits in vain.
///
/// While a deploy rolls, pages of `new` meet servers of `old` as well: `check(new, old)` tells of them.
///
/// ```
/// use eventwire_contract::{Contract, check};
/// # use serde_json::json;
/// # let schema = |cents: serde_json::Value| json!({ "title": "Shop", "oneOf": [{
/// #     "type": "object", "required": ["price"], "additionalProperties": false, "properties": { "price": {
/// #     "type": "object", "required": ["cents"], "properties": { "cents": cents } } } }] });
/// # let before = Contract::compile(&schema(json!({ "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 }))).unwrap();
/// # let now = Contract::compile(&schema(json!({ "type": ["integer", "null"], "format": "uint8", "minimum": 0, "maximum": 255 }))).unwrap();
/// // In a test: `before` from the schema of the last release, `now` from `Contract::of::<Shop>()`.
/// let breaking: Vec<_> = check(&before, &now).into_iter().filter(|change| change.breaks).collect();
/// assert_eq!(breaking[0].place, "Shop::price.cents");
/// assert!(breaking[0].to_string().starts_with("breaks  Shop::price.cents: may be null now"));
/// ```
pub fn check(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut walk = Walk::new(&old.model, &new.model);
    let unchanged = unchanged(old, new);
    let root = At::root(old.name());
    if old.name() != new.name() {
        walk.say(ChangeKind::Name, false, &root, words::name(new.name()));
    }
    let find = |events: &'_ [Event], name: &str| events.iter().position(|event| event.name == name);
    let (before, now) = (&old.model.events, &new.model.events);
    let mut added: Vec<_> = now.iter().filter(|event| find(before, &event.name).is_none()).collect();
    for event in before {
        let at = root.clone().variant(&event.name);
        walk.event(&event.name, unchanged.contains(event.name.as_str()));
        if let Some(same) = find(now, &event.name) {
            walk.payload(event, &now[same], &at);
        } else if says_nothing(&old.model, event) {
            let came =
                now.iter().filter(|other| find(before, &other.name).is_none() && says_nothing(&new.model, other));
            let came: Vec<_> = came.map(|other| other.name.as_str()).collect();
            walk.say(ChangeKind::EventRemoved, false, &at, words::event_removed(&event.name, &came));
        } else if let Some(other) = walk.alike(&event.payload.shape, added.iter().map(|other| &other.payload.shape)) {
            let other = added.remove(other);
            walk.say(ChangeKind::EventRenamed, true, &at, words::renamed(&event.name, &other.name));
        } else {
            walk.say(ChangeKind::EventRemoved, false, &at, words::event_removed(&event.name, &[]));
        }
    }
    for event in added {
        walk.event(&event.name, false);
        walk.say(ChangeKind::EventAdded, false, &root.clone().variant(&event.name), words::event_added());
    }
    let mut changes = walk.changes;
    if changes.is_empty() && old.hash() != new.hash() {
        changes.push(Change::new(ChangeKind::Unchecked, false, "", &root, words::unchecked()));
    }
    changes
}

/// Whether an event's payload is the same as that of any event like it, so that it cannot show that two are one: nothing,
/// an object of no members, anything.
fn says_nothing(model: &Model, event: &Event) -> bool {
    match model.resolve(&event.payload.shape) {
        Shape::Null | Shape::Any => true,
        Shape::Record(record) => record.open(),
        _ => false,
    }
}

/// Bytes of schema times events up to which those that say the same are looked for: each is written with all it refers to.
const WRITTEN: usize = 1 << 27;

/// The events whose payloads say the same in both. Only what differs is searched: a search gives up on very large types, and
/// what could not be proved breaks.
fn unchanged<'a>(old: &'a Contract, new: &'a Contract) -> HashSet<&'a str> {
    if old.hash() == new.hash() {
        return old.names.iter().map(EventName::as_str).collect();
    }
    let size = |contract: &Contract| contract.schema.to_string().len().saturating_mul(contract.names.len());
    if size(old).max(size(new)) > WRITTEN {
        return HashSet::new();
    }
    let texts = |contract: &Contract| {
        let (_, events) = top::read(&contract.schema, &mut Vec::new());
        hash::each(&contract.schema, events.iter().map(|event| (event.name.as_str(), event.payload)))
    };
    let before: HashMap<_, _> = old.names.iter().map(EventName::as_str).zip(texts(old)).collect();
    let now = new.names.iter().map(EventName::as_str).zip(texts(new));
    now.filter(|(name, text)| before.get(name) == Some(text)).map(|(name, _)| name).collect()
}
