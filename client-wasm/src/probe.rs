//! Asks the stream's URL for its status, which an `EventSource` does not show.
//!
//! Reads no stream: a 200 is aborted as soon as it is known to be one.

use crate::Endpoint;
use js_sys::{Function, Promise, Reflect};
use std::{cell::RefCell, rc::Rc, time::Duration};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use web_sys::{AbortController, Headers, RequestCache, RequestCredentials, RequestInit, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = Number)]
    fn number(text: &str) -> f64;
    type Thenable;
    #[wasm_bindgen(method)]
    fn then(this: &Thenable, fulfilled: &Function, rejected: &Function);
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) code: Option<String>,
}

/// A question under way. Dropping it aborts the request; nothing is heard of it afterwards.
pub(crate) struct Probe {
    abort: AbortController,
    question: Rc<Question>,
}

type Tell = dyn FnOnce(Option<Answer>);
type Callback = Closure<dyn FnMut(JsValue)>;

/// Its callbacks hold it and it holds them until the promise settles, which an abort makes it do at once: a promise has
/// no way to unsubscribe, and calling a callback that is gone would be an error on the page's console.
struct Question {
    tell: RefCell<Option<Box<Tell>>>,
    callbacks: RefCell<Vec<Callback>>,
}

impl Probe {
    /// `tell` hears the answer, or `None` if there was none.
    pub(crate) fn ask(endpoint: &Endpoint, url: &str, tell: impl FnOnce(Option<Answer>) + 'static) -> Option<Self> {
        let abort = AbortController::new().ok()?;
        let headers = Headers::new().ok()?;
        headers.set("accept", "text/event-stream").ok()?;
        let init = RequestInit::new();
        init.set_signal(Some(&abort.signal()));
        init.set_headers(&headers);
        init.set_cache(RequestCache::NoStore);
        if endpoint.with_credentials {
            init.set_credentials(RequestCredentials::Include);
        }
        let asked = fetch(url, &init).ok()?;
        let question = Rc::new(Question { tell: RefCell::new(Some(Box::new(tell))), callbacks: RefCell::default() });
        let (answered, failed, aborted) = (Rc::clone(&question), Rc::clone(&question), abort.clone());
        question.wait(
            asked,
            move |response| answered.answered(response.unchecked_into(), &aborted),
            move |_| failed.done(None),
        );
        Some(Self { abort, question })
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.question.tell.take();
        self.abort.abort();
    }
}

impl Question {
    fn answered(self: &Rc<Self>, response: Response, abort: &AbortController) {
        let status = response.status();
        let retry_after = retry_after(&response);
        let problem =
            header(&response, "content-type").is_some_and(|kind| kind.starts_with("application/problem+json"));
        let body = if problem { response.text().ok() } else { None };
        let Some(body) = body else {
            self.done(Some(Answer { status, retry_after, code: None }));
            return abort.abort(); // whatever the body is, nobody reads it
        };
        let (read, failed) = (Rc::clone(self), Rc::clone(self));
        self.wait(
            body,
            move |text| {
                let code = parse_json(&text).and_then(|body| Reflect::get(&body, &"code".into()));
                read.done(Some(Answer { status, retry_after, code: code.ok().and_then(|code| code.as_string()) }));
            },
            move |_| failed.done(Some(Answer { status, retry_after, code: None })),
        );
    }

    fn wait(
        &self,
        promise: Promise,
        fulfilled: impl FnMut(JsValue) + 'static,
        rejected: impl FnMut(JsValue) + 'static,
    ) {
        let (fulfilled, rejected) = (Callback::new(fulfilled), Callback::new(rejected));
        promise.unchecked_ref::<Thenable>().then(fulfilled.as_ref().unchecked_ref(), rejected.as_ref().unchecked_ref());
        self.callbacks.borrow_mut().extend([fulfilled, rejected]);
    }

    /// Nothing is awaited any more: the callbacks go, the running one when it returns.
    fn done(&self, answer: Option<Answer>) {
        drop(self.callbacks.take());
        if let Some(tell) = self.tell.take() {
            tell(answer);
        }
    }
}

/// `Retry-After`, in seconds or as a date, as a time from now.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = header(response, "retry-after")?;
    let seconds = number(&value);
    let millis = match seconds.is_nan() {
        false => seconds * 1000.0,
        true => js_sys::Date::parse(&value) - js_sys::Date::now(),
    };
    // What is no date is `NaN`, and `NaN` is not over zero.
    (millis > 0.0).then(|| Duration::from_millis(millis as u64))
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok()?
}
