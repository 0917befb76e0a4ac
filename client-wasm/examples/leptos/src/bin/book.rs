//! The same page for the browser tests: asks for what its URL says, and writes down all it is handed, as the judge reads
//! it. Its driver's half, `window.book`, is in `tests/e2e/checks/leptos.mjs`.

use board::{App, Board};
use eventwire::{Digits, Events, Position, Topic};
use eventwire_client::{Background, Connect, Event, Item, connect};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// What the page's URL says of it.
    #[wasm_bindgen(js_namespace = book)]
    fn asked(name: &str) -> Option<String>;
    #[wasm_bindgen(js_namespace = book)]
    fn event(at: &str, topic: &str, content: &str);
    #[wasm_bindgen(js_namespace = book)]
    fn gap(at: &str, reason: &str, topics: &str);
    #[wasm_bindgen(js_namespace = book)]
    fn fault(text: &str);
    #[wasm_bindgen(js_namespace = book)]
    fn position(at: &str);
    /// The item once more, as JavaScript beside the page would be handed it.
    #[wasm_bindgen(js_namespace = book)]
    fn object(item: &JsValue);
    /// A token that the server may take; `refused` is the status with which it did not take the last.
    #[wasm_bindgen(js_namespace = book)]
    async fn token(refused: Option<u16>) -> JsValue;
}

fn main() {
    if asked("kinds").is_some() {
        return kinds();
    }
    leptos::mount::mount_to_body(|| view! { <App connect=asked_for on_item=Some(write_down)/> });
}

fn asked_for() -> Connect<Board> {
    let mut connect = connect("/events");
    if let Some(topics) = asked("topics") {
        connect = connect.topics(topics.split(','));
    }
    if let Some(grace) = asked("grace").and_then(|grace| grace.parse().ok()) {
        connect = connect.background(Background::Grace(Duration::from_millis(grace)));
    }
    if let Some(items) = asked("queue").and_then(|items| items.parse().ok()) {
        connect = connect.queue(items);
    }
    match asked("from").as_deref() {
        Some("earliest") => connect = connect.from_earliest(),
        Some(from) => connect = connect.from(Position::parse(from).expect("the driver gives a position")),
        None => {}
    }
    if asked("token").is_some() {
        connect = connect.headers(async |refused| {
            let token = token(refused).await.as_string().unwrap_or_default();
            vec![("authorization".into(), format!("Bearer {token}"))]
        });
    }
    connect
}

fn write_down(item: &Item<Board>, reached: Option<Position>) {
    match item {
        Item::Event(it) => match it.data.encode() {
            Ok((name, payload)) => event(&it.position.to_string(), it.topic.as_str(), &format!("{name} {payload}")),
            Err(error) => fault(&error.to_string()),
        },
        Item::Gap(it) => {
            let topics: Vec<_> = it.topics.iter().map(|pattern| pattern.as_str()).collect();
            gap(&text(it.position), it.reason.as_str(), &topics.join(","));
        }
        Item::Fault(it) => fault(&it.to_string()),
    }
    match item.to_js() {
        Ok(item) => object(&item),
        Err(error) => fault(&error.to_string()),
    }
    position(&text(reached));
}

/// What an enum may hold, and JavaScript has another way with.
#[derive(Debug, Serialize, Deserialize, Events)]
enum Kinds {
    Named(BTreeMap<String, Inner>),
    Nested(Vec<Option<BTreeMap<String, BTreeMap<String, u8>>>>),
    Flat {
        own: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
    Numbered(BTreeMap<i64, bool>),
    Switched(BTreeMap<bool, char>),
    Widely(BTreeMap<u128, ()>),
    Listed(#[serde(with = "pairs")] Vec<(Inner, u8)>),
    Field(Assigned),
    Wide(i128),
    Whole(Digits<u64>),
    Long(u64),
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner {
    n: u8,
}

#[derive(Debug, Serialize, Deserialize)]
struct Assigned {
    #[serde(rename = "__proto__")]
    inner: Inner,
}

/// A map whose keys are objects.
mod pairs {
    use super::Inner;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(pairs: &[(Inner, u8)], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Inner, u8)>, D::Error> {
        Vec::deserialize(deserializer)
    }
}

/// Each as JavaScript would be handed it.
fn kinds() {
    let inner = || BTreeMap::from([("__proto__".to_owned(), 1)]);
    let all = [
        Kinds::Named(BTreeMap::from([("__proto__".into(), Inner { n: 1 }), ("b".into(), Inner { n: 2 })])),
        Kinds::Nested(vec![None, Some(BTreeMap::from([("__proto__".into(), inner())]))]),
        Kinds::Flat { own: 1, rest: inner() },
        Kinds::Numbered(BTreeMap::from([(-7, true)])),
        Kinds::Switched(BTreeMap::from([(false, 'ü')])),
        Kinds::Widely(BTreeMap::from([(u128::MAX, ())])),
        Kinds::Listed(vec![(Inner { n: 1 }, 1)]),
        Kinds::Field(Assigned { inner: Inner { n: 1 } }),
        Kinds::Wide(-1),
        Kinds::Whole(Digits(u64::MAX)),
        Kinds::Long((1 << 53) - 1),
        Kinds::Long(1 << 53),
        Kinds::Nothing,
    ];
    let position = Position::parse("k3f9x2m1q0ab-11").expect("a position");
    for data in all {
        let topic = Topic::parse("kinds").expect("a topic");
        match (Event { data, topic, position }).to_js() {
            Ok(item) => object(&item),
            Err(error) => fault(&error.to_string()),
        }
    }
}

fn text(position: Option<Position>) -> String {
    position.map(|position| position.to_string()).unwrap_or_default()
}
