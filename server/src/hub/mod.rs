//! One order of events in one process: publishing, who follows what, what is kept, and the way into a stream.
//!
//! Knows neither HTTP nor what a session says; events go to shards, readers never.

mod builder;
mod clock;
pub(crate) mod core;
mod facade;
mod feed;
pub(crate) mod join;
mod keys;
mod publish;
mod types;

pub(crate) use self::core::{Core, CoreConfig};
pub use builder::{BuildError, Builder};
pub use facade::Hub;
pub(crate) use join::{Join, Reader, Released};
pub use join::{SessionInfo, Stats};
pub use publish::{IntoTopic, PublishError};
