//! Streams of a Rust enum, for front ends in Rust: what is asked for, and what comes.
//!
//! Knows serde and futures; neither the machine nor the browser does. The npm package is built without it.

mod connect;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "without a browser nothing fills it"))]
mod inbox;
#[cfg(not(target_arch = "wasm32"))]
mod inert;
mod item;
#[cfg(feature = "js")]
mod js;
#[cfg(target_arch = "wasm32")]
mod line;
#[cfg(target_arch = "wasm32")]
mod request;
mod stream;
mod topics;

pub use connect::{Connect, connect};
#[cfg(not(target_arch = "wasm32"))]
use inert::Line;
pub use item::{Event, Fault, Item, Outdated};
#[cfg(feature = "js")]
pub use js::NotForJs;
#[cfg(target_arch = "wasm32")]
use line::Line;
pub use stream::EventStream;
pub use topics::TopicSet;
