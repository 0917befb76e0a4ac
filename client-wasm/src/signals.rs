//! What a page says about itself: seen or not, left and back, network or none, frozen.
//!
//! Works in a worker too, where there is no document and only the network speaks, and where there are no events at all.

use eventwire_client_core::Input;
use gloo_events::EventListener;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Document, EventTarget, VisibilityState};

#[wasm_bindgen]
extern "C" {
    /// `window`, or whatever a worker has instead.
    type Global;
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: Global;
    #[wasm_bindgen(method, getter)]
    fn document(this: &Global) -> Option<Document>;
    #[wasm_bindgen(method, getter, js_name = addEventListener)]
    fn add_event_listener(this: &Global) -> JsValue;
}

/// Listens to the page. Dropping it stops that.
#[derive(Debug)]
pub(crate) struct Signals {
    _listeners: Vec<EventListener>,
}

impl Signals {
    /// `tell` is called for each signal, and once at the start if the page is not seen.
    pub(crate) fn listen(tell: impl Fn(Input<'static>) + Clone + 'static) -> Self {
        let global = GLOBAL.with(|global| JsValue::clone(global).unchecked_into::<Global>());
        let mut listeners = Vec::new();
        if let Some(document) = global.document() {
            if document.visibility_state() == VisibilityState::Hidden {
                tell(Input::Hidden);
            }
            let said = tell.clone();
            let seen = document.clone();
            listeners.push(EventListener::new(&document, "visibilitychange", move |_| {
                said(match seen.visibility_state() {
                    VisibilityState::Hidden => Input::Hidden,
                    _ => Input::Visible,
                });
            }));
            for (name, input) in [("freeze", Input::Freeze), ("resume", Input::Resume)] {
                listeners.push(signal(&document, name, input, &tell));
            }
        }
        // Node has neither document nor events of its own.
        if !global.add_event_listener().is_undefined() {
            let inputs = [
                ("pagehide", Input::PageHide),
                ("pageshow", Input::PageShow),
                ("online", Input::Online),
                ("offline", Input::Offline),
            ];
            for (name, input) in inputs {
                listeners.push(signal(global.unchecked_ref(), name, input, &tell));
            }
        }
        Self { _listeners: listeners }
    }
}

fn signal(
    target: &EventTarget,
    name: &'static str,
    input: Input<'static>,
    tell: &(impl Fn(Input<'static>) + Clone + 'static),
) -> EventListener {
    let tell = tell.clone();
    EventListener::new(target, name, move |_| tell(input))
}
