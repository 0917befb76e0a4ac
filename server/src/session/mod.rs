//! What one reader is owed: resume, replay, gap, cursor, heartbeat, lag, bye.
//!
//! A [`Fan`](fan::Fan) serves the readers of one shard without IO, clock or chance of its own; `shard` is its face on
//! the runtime. Knows nothing of HTTP.

mod admission;
mod alarms;
mod answer;
mod beats;
mod behind;
mod catchup;
mod claims;
mod due;
mod fan;
mod followers;
mod groups;
mod live;
mod parting;
mod pieces;
mod shard;
mod sink;
mod speech;
#[cfg(test)]
mod tests;
