//! The Server-Sent Events codec: an encoder that cannot fail over values valid by type, and an incremental, bounded
//! decoder that follows the WHATWG standard (HTML, section 9.2 "Server-sent events") on any chunking.

mod decode;
mod encode;

pub use decode::{Block, Decoder, LineTooLong};
pub use encode::{event_prefix, event_suffix, event_topic, frame, retry};
