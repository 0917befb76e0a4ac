//! What must hold for any bytes: one function per door through which bytes come in.
//!
//! A target panics when something does not hold. Who makes the bytes is not its business: libFuzzer by
//! `cargo xtask fuzz`, the committed corpus and a few thousand changes of it by `cargo test -p eventwire-fuzz`.

mod pieces;
mod targets;

use targets::{client, disk, frame, payload, record, request, round_trip, schema, sse, words};

/// A door, and what must hold behind it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: of the command, and of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// What must hold.
    pub about: &'static str,
    /// Words that chance alone would not find soon.
    pub words: &'static [&'static str],
    /// How many changed inputs a plain test run affords.
    pub changes: usize,
    /// Panics if it does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: [Target; 10] = [
    sse::TARGET,
    round_trip::TARGET,
    words::TARGET,
    request::TARGET,
    payload::TARGET,
    frame::TARGET,
    record::TARGET,
    disk::TARGET,
    client::TARGET,
    schema::TARGET,
];

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    static ALL: [Target; TARGETS.len()] = TARGETS;
    ALL.iter().find(|target| target.name == name)
}

/// All names, for a person.
pub fn names() -> String {
    TARGETS.map(|target| target.name).join(", ")
}
