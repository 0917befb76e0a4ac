//! What a stream says, read as a client reads it.

mod face;
