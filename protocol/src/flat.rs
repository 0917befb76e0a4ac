//! Flat JSON: an object of strings, numbers and lists of strings. All that our frames need.
