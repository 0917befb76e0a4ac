//! Random scripts: what holds whatever happens.
