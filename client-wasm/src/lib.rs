//! The eventwire client in a browser: transports, a timer and the page's signals around the machine.
//!
//! Decides nothing: when and whether to connect is [`eventwire_client_core::Client`]'s. Decodes nothing: a payload stays
//! the string that the browser made of it until a [`Page`] takes it. On native targets it compiles to a stream that
//! stays idle, so that the same front end renders on a server.

#[cfg(target_arch = "wasm32")]
mod flat;
#[cfg(target_arch = "wasm32")]
mod framer;
#[cfg(not(target_arch = "wasm32"))]
mod inert;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
mod npm;
mod page;
#[cfg(all(target_arch = "wasm32", not(feature = "npm")))]
mod shell;

#[cfg(not(target_arch = "wasm32"))]
pub use inert::Stream;
pub use page::{Endpoint, Event, Page, Raw, Request};
#[cfg(all(target_arch = "wasm32", not(feature = "npm")))]
pub use shell::Stream;

pub use eventwire_client_core as core;
