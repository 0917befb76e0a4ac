//! The client by its two doors: scripts with transcripts, a table of everything at once, and random scripts.

mod background;
mod connecting;
mod granted;
mod invariants;
mod itself;
mod properties;
mod reading;
mod script;
mod table;
mod topics;
mod watching;
