//! One module per door.

pub(crate) mod client;
pub(crate) mod disk;
pub(crate) mod frame;
pub(crate) mod payload;
pub(crate) mod record;
pub(crate) mod request;
pub(crate) mod round_trip;
pub(crate) mod schema;
pub(crate) mod sse;
pub(crate) mod words;
