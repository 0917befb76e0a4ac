//! What the tests of generated code share: Node, and values of the fixture's enum.

#![allow(dead_code, deprecated, unreachable_pub)]

pub mod mutate;
pub mod node;
pub mod oracle;
pub mod schemas;
pub mod values;

#[path = "../fixtures/shop.rs"]
pub mod shop;
