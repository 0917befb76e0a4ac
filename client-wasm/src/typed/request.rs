//! How to ask, as the browser's half takes it: an object of flags and functions.

use super::{Fault, connect::Headers, inbox::Inbox};
use eventwire::Events;
use js_sys::{Object, Promise, Reflect};
use serde::de::DeserializeOwned;
use std::rc::Weak;
use wasm_bindgen::{JsValue, prelude::Closure};
use wasm_bindgen_futures::future_to_promise;

/// What the request holds of Rust. Once it is dropped the browser's half calls nothing any more.
pub(super) struct Asked {
    _headers: Option<Closure<dyn Fn(JsValue) -> Promise>>,
    _wrong: Closure<dyn Fn(String)>,
}

pub(super) fn request<E: Events + DeserializeOwned + 'static>(
    headers: Option<Headers>,
    with_credentials: bool,
    inbox: Weak<Inbox<E>>,
) -> (Object, Asked) {
    let request = Object::new();
    let headers = headers.map(|headers| {
        Closure::<dyn Fn(JsValue) -> Promise>::new(move |why: JsValue| {
            let refused = Reflect::get(&why, &"refused".into()).ok().and_then(|status| status.as_f64());
            let answer = headers(refused.map(|status| status as u16));
            future_to_promise(async move {
                let sent = Object::new();
                for (name, value) in answer.await {
                    set(&sent, &name, &value.into());
                }
                Ok(sent.into())
            })
        })
    });
    let wrong = Closure::<dyn Fn(String)>::new(move |reason| {
        if let Some(inbox) = inbox.upgrade() {
            inbox.fault(Fault::Request(reason));
        }
    });
    if let Some(headers) = &headers {
        set(&request, "headers", headers.as_ref());
    }
    set(&request, "withCredentials", &with_credentials.into());
    set(&request, "wrong", wrong.as_ref());
    (request, Asked { _headers: headers, _wrong: wrong })
}

/// A plain object takes any member.
fn set(object: &Object, name: &str, value: &JsValue) {
    let taken = Reflect::set(object, &name.into(), value);
    debug_assert!(taken.is_ok(), "{name}");
}
