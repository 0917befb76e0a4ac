//! Bytes of the fetch transport into blocks, as JavaScript takes them.

use eventwire::{limits, sse::Decoder};
use wasm_bindgen::prelude::wasm_bindgen;

/// Frames the bytes of one attempt.
#[derive(Debug)]
#[cfg_attr(feature = "npm", wasm_bindgen)]
#[cfg_attr(not(feature = "npm"), wasm_bindgen(js_name = EventwireFramer))]
pub struct Framer {
    decoder: Decoder,
    /// Blocks of the bytes pushed last; empty once they are taken.
    blocks: String,
}

#[cfg_attr(feature = "npm", wasm_bindgen)]
#[cfg_attr(not(feature = "npm"), wasm_bindgen(js_class = EventwireFramer))]
impl Framer {
    /// `raw`: for a server that is not ours, the most bytes of a line and of one event's data, if that is more than ours send;
    /// comments are blocks too, then. 0 for one of ours. `id`: the last event ID of the attempt before.
    #[wasm_bindgen(constructor)]
    pub fn new(raw: u32, id: &str) -> Self {
        let decoder = Decoder::new(limits::LINE.max(raw as usize)).with_id(id);
        Self { decoder: if raw > 0 { decoder.with_comments() } else { decoder }, blocks: String::new() }
    }

    /// Takes the next bytes; whether the attempt goes on.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let blocks = &mut self.blocks;
        let whole = self.decoder.push(bytes, |block| {
            for part in [block.event, "\n", block.id, "\n", block.data, "\r"] {
                blocks.push_str(part);
            }
        });
        whole.is_ok()
    }

    /// All blocks of these bytes, each ended by a CR, which ends a line and so is in none: its name, its id, and its data
    /// from the third line on. One text, for each costs a call, a decoder's start and room of its own.
    pub fn next(&mut self) -> String {
        std::mem::take(&mut self.blocks)
    }

    /// The last event ID in force.
    pub fn id(&self) -> String {
        self.decoder.last_event_id().into()
    }

    /// The floor of the waits, in milliseconds; 0 if none was said.
    pub fn retry(&self) -> f64 {
        self.decoder.retry().map_or(0.0, |retry| retry.as_secs_f64() * 1000.0)
    }
}
