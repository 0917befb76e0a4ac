//! The eventwire client as a state machine without IO.
//!
//! One door in, one door out: a shell feeds [`Input`]s with their [`Timestamp`] and carries out every [`Output`]. Time and
//! chance are arguments, so any bad day can be replayed. The machine sees names, ids and handles, never a payload; it
//! knows no socket, no clock, no browser.
//!
//! ```
//! use eventwire_client_core::{Client, Config, Input, Timestamp};
//! let mut client = Client::new(Config::default(), 7);
//! client.handle_input(Timestamp(0), Input::Open);
//! while let Some(output) = client.poll_output() {
//!     let _ = output; // carry it out
//! }
//! let _ = client.deadline(); // when to say `Input::Timeout`
//! ```

mod backoff;
mod chance;
mod client;
mod config;
mod continuity;
mod io;
mod link;
mod outbox;
mod page;
mod reader;
mod state;
mod time;
mod topics;
mod watchdog;

pub use client::Client;
pub use config::{Background, Config, Contract, Topics};
pub use io::{Attempt, Block, Body, CloseReason, End, Fault, Gap, Handle, Input, Output, Status, TransportEvent};
pub use outbox::Counters;
pub use state::{Dialled, Pause, State, Trouble};
pub use time::Timestamp;
