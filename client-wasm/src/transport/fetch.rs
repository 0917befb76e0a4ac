//! One request by `fetch`: its bytes are framed here, all else about it is in `fetch.js`, where it is half the size.

use super::{Data, News, Tell};
use crate::{Endpoint, Raw, Request};
use eventwire::{limits, sse::Decoder};
use eventwire_client_core::{End, Status, TransportEvent};
use std::time::Duration;
use wasm_bindgen::{closure::Closure, prelude::wasm_bindgen};
use web_sys::AbortController;

/// What `fetch.js` says before all else that it says; any other number is the status of an answer that is no stream.
const LOST: u32 = 0;
const OPENED: u32 = 1;
const BYTES: u32 = 2;

/// What is said, bytes of the stream or of the refusal's own code, and for how many milliseconds nobody should come back.
/// The answer is whether to go on.
type Said = dyn FnMut(u32, Vec<u8>, f64) -> bool;

#[wasm_bindgen(module = "/src/transport/fetch.js")]
extern "C" {
    fn dial(request: &Request, url: &str, id: &str, probe: bool, tell: &Closure<Said>) -> AbortController;
    /// An event as an `EventSource` would have made it.
    pub(crate) fn message(name: &str, data: &str, id: &str) -> Raw;
}

/// A request under way. Dropping it aborts the request; nothing is heard of it afterwards.
pub(crate) struct Transport {
    abort: AbortController,
    _tell: Closure<Said>,
}

impl Transport {
    /// Dials; a raw stream behind `id`. `probe`: only the status is asked for.
    pub(crate) fn dial(endpoint: &Endpoint, url: &str, id: &str, probe: bool, tell: Tell) -> Self {
        let raw = endpoint.raw;
        let mut decoder = Decoder::new(limits::LINE);
        if raw {
            decoder = decoder.with_comments().with_id(id);
        }
        let tell = Closure::new(move |what: u32, bytes: Vec<u8>, after: f64| {
            let code;
            let event = match what {
                LOST => TransportEvent::Ended(End::Lost),
                OPENED => TransportEvent::Opened,
                BYTES => {
                    let framed = decoder.push(&bytes, |block| {
                        tell(News::Block { name: block.event, id: block.id, data: Data::Text(block.data) });
                    });
                    if raw {
                        tell(News::Read { id: decoder.last_event_id(), retry: decoder.retry() });
                    }
                    return framed.is_ok();
                }
                status => TransportEvent::Status(Status {
                    status: status as u16,
                    // What is no date is `NaN`, and `NaN` is not over zero.
                    retry_after: (after > 0.0).then(|| Duration::from_millis(after as u64)),
                    code: {
                        code = String::from_utf8_lossy(&bytes);
                        (!code.is_empty()).then_some(&*code)
                    },
                }),
            };
            tell(News::Plain(event));
            true
        });
        Self { abort: dial(&endpoint.request, url, id, probe, &tell), _tell: tell }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.abort.abort();
    }
}
