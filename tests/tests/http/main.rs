//! What a stranger with a socket sees of a hub: statuses, headers, bytes. Each test is named by the row of the failure
//! catalogue it holds (`docs/wire.md`).
//!
//! Knows the server by its public API, and HTTP by its bytes.

mod client;
mod connections;
mod contract;
mod crowd;
mod drain;
mod h2;
mod head;
mod layers;
mod leaving;
mod process;
mod refusals;
mod resume;
mod secure;
mod server;
mod stuck;
#[cfg(target_os = "linux")]
mod vanish;
