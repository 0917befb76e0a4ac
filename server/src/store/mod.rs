//! What gives events their order and keeps them beyond the process.
