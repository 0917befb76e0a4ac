//! The events of a Rust enum in a front end in Rust: typed, in order and complete, or with a word about what is missing.
//!
//! [`connect`] makes a stream of them; the server's half is `eventwire-server`. The README shows it in Leptos, Dioxus and
//! Yew. Decides nothing: when and whether to connect is [`core::Client`]'s. On native targets it compiles to a stream that
//! stays idle and pending, so that the same front end renders on a server.
//!
//! The feature `npm` is what the npm package `eventwire` is built of, and is no interface of anybody else's.

#[cfg(all(target_arch = "wasm32", any(feature = "npm", feature = "typed")))]
mod flat;
#[cfg(all(target_arch = "wasm32", feature = "npm"))]
mod npm;
#[cfg(all(target_arch = "wasm32", feature = "typed"))]
mod page;
#[cfg(all(target_arch = "wasm32", feature = "typed"))]
mod shell;
#[cfg(feature = "typed")]
mod typed;

pub use eventwire_client_core as core;
#[cfg(feature = "typed")]
pub use eventwire_client_core::{Background, CloseReason, Counters, Dialled, Gap, Pause, State, Trouble};
#[cfg(feature = "js")]
pub use typed::NotForJs;
#[cfg(feature = "typed")]
pub use typed::{Connect, Event, EventStream, Fault, Item, Outdated, TopicSet, connect};
