//! Runs and compiles generated modules in Node. Without it these tests fail; they are never skipped.

use eventwire_contract::Contract;
use serde_json::{Value, json};
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// What the validators of a contract say to each payload: `null`, or what is wrong.
pub fn verdicts(contract: &Contract, cases: &[(String, String)]) -> Vec<Value> {
    let answer = script("verdicts.mjs", &json!({ "module": contract.javascript(), "cases": cases }));
    assert_eq!(answer["name"], contract.name());
    assert_eq!(answer["hash"], contract.hash());
    let names: Vec<_> = contract.names().iter().map(|name| name.as_str()).collect();
    assert_eq!(answer["names"], json!(names));
    assert_eq!(
        answer["exports"].as_array().map(Vec::len),
        Some(2),
        "the contract and its schemas: {}",
        answer["exports"]
    );
    assert_eq!(answer["touched"], false, "loading a module changes nothing");
    let verdicts = answer["verdicts"].as_array().unwrap().clone();
    assert_eq!(verdicts.len(), cases.len());
    verdicts
}

/// A module, and payloads of its event `e` as text.
pub struct Asked {
    pub contract: Contract,
    pub payloads: Vec<String>,
}

/// Whether the validators of many contracts take each of their payloads. One Node for all of them.
pub fn taken(asked: &[Asked]) -> Vec<Vec<bool>> {
    let cases: Vec<_> =
        asked.iter().map(|one| json!({ "module": one.contract.javascript(), "payloads": one.payloads })).collect();
    let answer = script("taken.mjs", &cases.into());
    let read = |one: &Value| one.as_array().unwrap().iter().map(|taken| taken.as_bool().unwrap()).collect();
    answer.as_array().unwrap().iter().map(read).collect()
}

/// What TypeScript and a bundler make of modules: `errors`, and per module its minified code and size.
pub fn compiled(files: &[(&str, String)]) -> Value {
    installed("typescript");
    let files: serde_json::Map<_, _> = files.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    script("compile.mjs", &json!({ "files": files }))
}

/// What the validators of a contract, and ajv on the same schemas, say to each payload.
pub fn agreed(contract: &Contract, schemas: &serde_json::Map<String, Value>, cases: &[(String, String)]) -> Value {
    installed("ajv");
    let file = std::env::temp_dir().join(format!("eventwire-agree-{}-{}.ndjson", std::process::id(), contract.name()));
    let mut lines = json!({ "module": contract.javascript(), "schemas": schemas }).to_string();
    for case in cases {
        lines += &format!("\n{}", json!(case));
    }
    std::fs::write(&file, lines).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ts/agree.mjs");
    let output = Command::new("node").arg(path).arg(&file).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(output.status.success(), "agree.mjs failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn installed(package: &str) {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ts/node_modules").join(package);
    assert!(
        packages.exists(),
        "{package} is not installed for the contract's tests: run `npm ci` in contract/tests/ts, or `cargo xtask test`, which does"
    );
}

fn script(name: &str, input: &Value) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ts").join(name);
    let mut child =
        Command::new("node").arg(path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(|error| {
            panic!("cannot start node: {error}. Generated code is tested by running it: install Node 20 or newer")
        });
    // The scripts read all before they write anything.
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}
