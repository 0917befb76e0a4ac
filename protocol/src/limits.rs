//! Every limit of the wire, each with its reason.

/// Longest topic, in bytes. With an epoch, two 20-digit numbers and their joints an id stays within [`ID`].
pub const TOPIC: usize = 70;
/// Most segments of a topic: deep enough for any hierarchy seen, shallow enough to match in bounded time.
pub const SEGMENTS: usize = 16;
/// Longest event id, in bytes. Up to 128 safe bytes a cross-origin `Last-Event-ID` needs no preflight (Fetch standard).
pub const ID: usize = 128;
/// Longest event name, in bytes.
pub const NAME: usize = 128;
/// Largest payload, in bytes of JSON. Larger things belong behind a URL.
pub const PAYLOAD: usize = 1 << 20;
/// Deepest nesting of a payload. `serde_json` and every browser read this much.
pub const DEPTH: usize = 128;
/// Most patterns of one request, `topics` and `new` together.
pub const PATTERNS: usize = 100;
/// Most bytes of patterns of one request: a URL of 8 KiB passes every proxy by default.
pub const PATTERN_BYTES: usize = 6 << 10;
/// Longest claimed position, in bytes. Longer ones, or bytes that are not visible ASCII, are refused with 400; anything
/// else unreadable is answered with a gap.
pub const CLAIM: usize = 256;
/// Longest line of a stream a decoder accepts, in bytes: a payload, its field name and some room.
pub const LINE: usize = PAYLOAD + 1024;
/// Most variants of one enum: their names travel in every `hello`.
pub const NAMES: usize = 1000;
/// Shortest reconnection time a server says or a client believes, in milliseconds: no fleet dials in a loop.
pub const RETRY_MIN: u64 = 1_000;
/// Longest reconnection time, in milliseconds: no typing error keeps a page away for a day.
pub const RETRY_MAX: u64 = 60_000;

/// A reconnection time in milliseconds, brought between the two bounds.
pub(crate) fn retry(asked: u64) -> u64 {
    asked.clamp(RETRY_MIN, RETRY_MAX)
}
