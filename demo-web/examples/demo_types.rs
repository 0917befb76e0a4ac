//! Writes the dashboard's contract; `cargo xtask types` runs it.

use eventwire_contract::{Contract, keep_types};

fn main() -> std::process::ExitCode {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/web/src/demo.events.ts");
    keep_types([(file, Contract::of::<eventwire_demo::Demo>())])
}
