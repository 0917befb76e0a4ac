//! The two doors to the browser's half of the shell, `browser/*.js`: what it is asked to do, and what it tells.
//!
//! Flat numbers and strings. JavaScript there, for it is half the size of the same in wasm; decisions are in neither.

use crate::{Raw, Request, shell::Shell};
use eventwire::{
    Code, EventName, Frame, Pattern, Position,
    frame::{Bye, CursorKind, Gap, GapReason, Hello, InvalidFrame},
    limits,
    sse::Decoder,
};
use eventwire_client_core::{Attempt, End, Input, Status, TransportEvent};
use std::{rc::Weak, time::Duration};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/browser/browser.js")]
extern "C" {
    pub(crate) type Browser;
    #[wasm_bindgen(constructor)]
    pub(crate) fn new(url: &str, request: &Request, via_fetch: bool) -> Browser;
    #[wasm_bindgen(method)]
    pub(crate) fn start(this: &Browser, machine: Door);
    #[wasm_bindgen(method)]
    pub(crate) fn stop(this: &Browser);
    #[wasm_bindgen(method)]
    pub(crate) fn now(this: &Browser) -> f64;
    #[wasm_bindgen(method)]
    pub(crate) fn date(this: &Browser, moment: f64) -> f64;
    #[wasm_bindgen(method)]
    pub(crate) fn wake(this: &Browser, at: f64);
    #[wasm_bindgen(method)]
    pub(crate) fn connect(this: &Browser, attempt: u32, query: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn disconnect(this: &Browser, attempt: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn probe(this: &Browser, attempt: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn listen(this: &Browser, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn framed(this: &Browser, attempt: u32, name: &str, id: &str, data: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Browser, attempt: u32, id: &str, retry: f64);
}

// What `browser.js` imports has to be named to be carried along.
#[wasm_bindgen(module = "/src/browser/fetch.js")]
extern "C" {
    #[wasm_bindgen(js_name = dial)]
    fn _dial();
}
#[wasm_bindgen(module = "/src/browser/frames.js")]
extern "C" {
    #[wasm_bindgen(js_name = read)]
    fn _read();
}

/// Inputs without more to say, by the numbers of `browser.js`.
const SIGNALS: [Input<'static>; 10] = [
    Input::Open,
    Input::Timeout,
    Input::Visible,
    Input::Hidden,
    Input::PageHide,
    Input::PageShow,
    Input::Online,
    Input::Offline,
    Input::Freeze,
    Input::Resume,
];

/// What the browser's half holds of a stream. It outlives the stream without harm.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Door(pub(crate) Weak<Shell>);

#[wasm_bindgen]
impl Door {
    /// A signal of the page, the time to open, or the timer.
    pub fn signal(&self, signal: usize) {
        if let (Some(shell), Some(input)) = (self.0.upgrade(), SIGNALS.get(signal)) {
            shell.tell(*input);
        }
    }

    /// An attempt has begun, ended, or was answered with a status and no stream.
    pub fn news(&self, attempt: u32, what: u16, after: f64, code: &str) {
        let event = match what {
            0 => TransportEvent::Ended(End::Lost),
            1 => TransportEvent::Opened,
            2 => TransportEvent::Ended(End::Refused),
            status => TransportEvent::Status(Status {
                status,
                retry_after: (after > 0.0).then(|| millis(after)),
                code: (!code.is_empty()).then_some(code),
            }),
        };
        if let Some(shell) = self.0.upgrade() {
            shell.tell(Input::Transport(Attempt(attempt), event));
        }
    }

    /// Bytes of an attempt are framed behind this id, and comments are handed over as well: the server is not ours.
    pub fn raw(&self, attempt: u32, id: &str) {
        if let Some(shell) = self.0.upgrade() {
            shell.frame_bytes(Attempt(attempt), Decoder::new(limits::LINE).with_comments().with_id(id));
        }
    }

    /// Bytes of an attempt; whether it goes on.
    pub fn bytes(&self, attempt: u32, bytes: &[u8]) -> bool {
        self.0.upgrade().is_none_or(|shell| shell.bytes(Attempt(attempt), bytes))
    }

    /// An event: its name and its id, one a line.
    pub fn event(&self, attempt: u32, text: &str, raw: Raw) {
        if let (Some(shell), Some((name, id))) = (self.0.upgrade(), text.split_once('\n')) {
            shell.event(Attempt(attempt), name, id, raw);
        }
    }

    /// A frame: its name, its id, and its words in the order of `frames.js`, one a line, lists joined by commas; then its
    /// numbers.
    pub fn frame(&self, attempt: u32, text: &str, a: f64, b: f64, c: f64, d: f64) {
        self.read(attempt, text, |name, words| read(name, words, [a, b, c, d]).map(Some));
    }

    /// A frame that cannot be read: its name, its id, and the member that is wrong; none in a frame that nobody here knows.
    pub fn broken(&self, attempt: u32, text: &str) {
        self.read(attempt, text, |_, member| if member.is_empty() { Ok(None) } else { Err(member) });
    }
}

impl Door {
    fn read<'a>(
        &self,
        attempt: u32,
        text: &'a str,
        read: impl FnOnce(&str, &'a str) -> Result<Option<Frame>, &'a str>,
    ) {
        let mut lines = text.splitn(3, '\n');
        let mut line = || lines.next().unwrap_or_default();
        let (name, id, rest) = (line(), line(), line());
        if let Some(shell) = self.0.upgrade() {
            let read = read(name, rest).map_err(|member| InvalidFrame::new(name, member));
            shell.frame(Attempt(attempt), name, id, &read);
        }
    }
}

fn read(name: &str, words: &str, [a, b, c, d]: [f64; 4]) -> Result<Frame, &'static str> {
    let mut words = words.split('\n');
    let mut word = || words.next().unwrap_or_default();
    Ok(match name {
        "eventwire.hello" => Frame::Hello(Hello {
            v: a as u32,
            start: Position::parse(word()).map_err(|_| "start")?,
            head: Position::parse(word()).map_err(|_| "head")?,
            names: list(word(), |name| EventName::parse(name).ok()).ok_or("names")?,
            contract: word().into(),
            topics: patterns(word()).ok_or("topics")?,
            denied: patterns(word()).ok_or("denied")?,
            heartbeat: millis(b),
            spread: millis(c),
            retry: millis(d),
        }),
        "eventwire.gap" => Frame::Gap(Gap {
            reason: GapReason::parse(word()).unwrap_or(GapReason::Lost),
            topics: patterns(word()).ok_or("topics")?,
        }),
        "eventwire.cursor" => Frame::Cursor(CursorKind::parse(word()).unwrap_or(CursorKind::Skip)),
        "eventwire.names" => Frame::Names(list(word(), |name| EventName::parse(name).ok()).ok_or("names")?),
        _ => Frame::Bye(Bye { reason: Code::of_bye(word()), after: millis(a) }),
    })
}

fn millis(number: f64) -> Duration {
    Duration::from_millis(number as u64)
}

/// Patterns joined by commas, if each is one.
pub(crate) fn patterns(joined: &str) -> Option<Vec<Pattern>> {
    list(joined, |pattern| Pattern::parse(pattern).ok())
}

/// What is joined by commas, which neither a topic nor a name can hold. Nothing at all is an empty list.
pub(crate) fn list<T>(joined: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut items = Vec::new();
    if !joined.is_empty() {
        for item in joined.split(',') {
            items.push(parse(item)?);
        }
    }
    Some(items)
}
