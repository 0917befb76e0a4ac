//! What Node is told of a schema, against the verdicts in `tests/fixtures/contract` that `contract` holds itself to.
//!
//! The same through the wasm, and what the modules say to payloads: `npm/test/contract.test.ts`.

use eventwire_contract::Contract;
use eventwire_contract_wasm::types;
use serde_json::{Value, json};
use std::{fs, path::Path};

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/contract").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn answer(schema: &Value) -> Value {
    serde_json::from_str(&types(&schema.to_string())).unwrap()
}

#[test]
fn each_schema_that_is_no_contract_has_the_refusals_of_its_fixture() {
    for case in read("refusals.json").as_array().unwrap() {
        assert_eq!(answer(&case["schema"]), json!({ "refusals": case["refusals"] }), "{}", case["about"]);
    }
}

#[test]
fn a_schema_has_the_hash_of_its_fixture_and_the_module_that_rust_writes() {
    let file = read("payloads.json");
    let module = Contract::compile(&file["schema"]).unwrap().typescript();
    assert_eq!(answer(&file["schema"]), json!({ "name": "Shop", "hash": file["hash"], "module": module }));
}
