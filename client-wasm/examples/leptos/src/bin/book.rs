//! The same page for the browser tests: asks for what its URL says, and writes down all it is handed, as the judge reads
//! it. Its driver's half, `window.book`, is in `tests/e2e/checks/leptos.mjs`.

use board::{App, Board};
use eventwire::{Events, Position};
use eventwire_client::{Background, Connect, Item, connect};
use leptos::prelude::*;
use std::time::Duration;
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
    /// A token that the server may take; `refused` is the status with which it did not take the last.
    #[wasm_bindgen(js_namespace = book)]
    async fn token(refused: Option<u16>) -> JsValue;
}

fn main() {
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
    if asked("from").is_some_and(|from| from == "earliest") {
        connect = connect.from_earliest();
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
    position(&text(reached));
}

fn text(position: Option<Position>) -> String {
    position.map(|position| position.to_string()).unwrap_or_default()
}
