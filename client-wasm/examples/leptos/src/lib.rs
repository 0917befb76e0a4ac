//! A board in a Leptos page: the newest value of each topic, a badge for the state of the stream, and what it was told.

use eventwire::Position;
use eventwire_client::{Connect, Item};
use futures_util::StreamExt;
use leptos::{prelude::*, task::spawn_local_scoped_with_cancellation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the hub publishes. In an app this enum stands in a crate that the server and the page share.
#[derive(Debug, Serialize, Deserialize, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub enum Board {
    /// A number, and padding.
    Tick { n: u32, pad: String },
    /// A word.
    Note { text: String },
}

/// The topic that the button adds and deletes.
pub const NOTES: &str = "notes";

/// How many gaps and faults are shown: the newest.
const TOLD: usize = 10;

/// Called with each item once it is shown, and with the position up to which all was taken by then.
pub type OnItem = fn(&Item<Board>, Option<Position>);

/// A board that can be shut: what it held is dropped then, its stream with it.
#[component]
pub fn App(connect: fn() -> Connect<Board>, on_item: Option<OnItem>) -> impl IntoView {
    let (shown, show) = signal(true);
    view! {
        <button id="shut" on:click=move |_| show.update(|shown| *shown = !*shown)>
            {move || if shown.get() { "Shut the board" } else { "Open the board" }}
        </button>
        <Show when=move || shown.get()>
            <Values connect=connect() on_item=on_item/>
        </Show>
    }
}

/// The newest value of each topic.
#[component]
fn Values(connect: Connect<Board>, on_item: Option<OnItem>) -> impl IntoView {
    let values = RwSignal::new(BTreeMap::<String, RwSignal<String>>::new());
    let (state, set_state) = signal("idle, new".to_owned());
    let (told, tell) = signal(Vec::<String>::new());
    let (noted, note) = signal(false);

    let mut stream =
        connect.on_state(move |state| set_state.set(format!("{}, {}", state.kind(), state.reason()))).open();
    let topics = StoredValue::new_local(stream.topics());

    // The task owns the stream and ends with the component: the stream is dropped, which closes it.
    spawn_local_scoped_with_cancellation(async move {
        while let Some(item) = stream.next().await {
            match &item {
                Item::Event(event) => {
                    let text = match &event.data {
                        Board::Tick { n, .. } => n.to_string(),
                        Board::Note { text } => text.clone(),
                    };
                    let topic = event.topic.as_str();
                    match values.with_untracked(|values| values.get(topic).copied()) {
                        Some(value) => value.set(text), // one value is drawn anew, not the list
                        None => values.update(|values| {
                            values.insert(topic.into(), RwSignal::new(text));
                        }),
                    }
                }
                // A page whose values come from a query besides would make that again here.
                Item::Gap(gap) => tell.update(|told| push(told, format!("gap: {}", gap.reason.as_str()))),
                Item::Fault(fault) => tell.update(|told| push(told, fault.to_string())),
            }
            if let Some(on_item) = on_item {
                on_item(&item, stream.position());
            }
        }
    });

    let toggle = move |_| {
        let change = topics.with_value(|topics| if noted.get() { topics.delete([NOTES]) } else { topics.add([NOTES]) });
        match change {
            Ok(()) => note.update(|noted| *noted = !*noted),
            Err(error) => tell.update(|told| push(told, error.to_string())),
        }
    };
    view! {
        <p>"Stream: " <output id="state">{state}</output></p>
        <button id="notes" on:click=toggle>
            {move || if noted.get() { "Without notes" } else { "With notes" }}
        </button>
        <dl id="values">
            <For each=move || values.get() key=|(topic, _)| topic.clone() let((topic, value))>
                <dt>{topic.clone()}</dt>
                <dd id=format!("{topic}-value")>{value}</dd>
            </For>
        </dl>
        <ul id="told">
            <For each=move || told.get().into_iter().enumerate() key=|line| line.clone() let((_, line))>
                <li>{line}</li>
            </For>
        </ul>
    }
}

fn push(told: &mut Vec<String>, line: String) {
    if told.len() == TOLD {
        told.remove(0);
    }
    told.push(line);
}
