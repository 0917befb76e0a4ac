//! Writes the contract of the test fixture; `cargo xtask types` runs it.

#[path = "../tests/fixtures/shop.rs"]
mod shop;

use eventwire_contract::{Contract, keep_types};

fn main() -> std::process::ExitCode {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/shop.events.ts");
    keep_types([(file, Contract::of::<shop::Shop>())])
}
