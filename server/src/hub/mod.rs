//! One order of events in one process: publishing, who follows what, what is kept, and the way into a stream.
//!
//! Knows neither HTTP nor what a session says; events go to shards, readers never.

mod builder;
mod clock;
pub(crate) mod core;
pub(crate) mod door;
mod facade;
mod feed;
mod few;
pub(crate) mod inbox;
pub(crate) mod join;
mod keys;
mod names;
mod patterns;
mod publish;
pub(crate) mod seat;
pub(crate) mod sequence;
mod types;
mod view;

#[cfg(test)]
mod tests;

pub(crate) use self::core::{Core, CoreConfig};
pub use builder::{BuildError, Builder};
pub use facade::Hub;
pub(crate) use join::Join;
pub use join::{SessionInfo, Stats};
pub use publish::{IntoTopic, PublishError};
pub(crate) use view::{Found, Fresh, Lost, View};
