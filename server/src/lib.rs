//! Typed, ordered, complete event streams from an axum app over Server-Sent Events.
//!
//! One hub is one order of events in one process. What a reader is owed, a session decides; who may read what, the
//! app's own handler.

mod http;
mod hub;
mod log;
pub mod serve;
mod session;
pub mod store;

pub use http::{Access, EventStream, Expiry, Problem, Subscribe, serve};
pub use hub::{BuildError, Builder, Hub, IntoTopic, PublishError, SessionInfo, Stats};
