//! Bad payloads, schemas that are refused and hostile text: each with its verdict, in files that Rust, wasm and TypeScript
//! read (`tests/fixtures/contract`).
//!
//! `UPDATE_EXPECT=1` writes the verdicts; what is in the files is then to be read, not believed.

mod support;

use eventwire_contract::{Contract, Refusal};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use support::node::{compiled, verdicts};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/contract").join(name)
}

fn read(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// Compares with what the file says, or writes it.
fn check(name: &str, told: &Value) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path(name), format!("{told:#}\n")).unwrap();
    }
    assert_eq!(read(name), *told, "UPDATE_EXPECT=1 writes {name} anew");
}

/// A case's payload: its `text`, or of `repeat` the opening so many times, the middle, and the end as often.
fn text(case: &Value) -> String {
    if let Some(text) = case["text"].as_str() {
        return text.to_owned();
    }
    let part = |i: usize| case["repeat"][i].as_str().unwrap();
    let times = case["repeat"][1].as_u64().unwrap() as usize;
    [part(0).repeat(times), part(2).to_owned(), part(3).repeat(times)].concat()
}

#[test]
fn each_bad_payload_has_the_verdict_of_its_fixture() {
    let mut file = read("payloads.json");
    let contract = Contract::compile(&file["schema"]).unwrap();
    file["hash"] = contract.hash().into();
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    let texts: Vec<_> = cases.iter().map(|case| (case["event"].as_str().unwrap().to_owned(), text(case))).collect();
    let told = verdicts(&contract, &texts);
    for (case, verdict) in file["cases"].as_array_mut().unwrap().iter_mut().zip(told) {
        // How an engine words it is its own business.
        let broken =
            verdict["thrown"].as_str().map(|thrown| assert!(thrown.starts_with("SyntaxError"), "{case}: {thrown}"));
        case["verdict"] = if broken.is_some() { json!("no JSON") } else { verdict };
    }
    check("payloads.json", &file);
}

#[test]
fn each_schema_that_is_no_contract_has_the_refusals_of_its_fixture() {
    let mut cases = read("refusals.json");
    for case in cases.as_array_mut().unwrap() {
        let refusals = Contract::compile(&case["schema"]).expect_err(&case["about"].to_string());
        assert!(!refusals.is_empty());
        case["refusals"] = refusals
            .into_iter()
            .map(|it| json!({ "pointer": it.pointer, "place": it.place, "what": it.what, "why": it.why, "next": it.next, "text": it.to_string() }))
            .collect();
    }
    check("refusals.json", &cases);
}

/// A template of the file with the text in every place that has room for one, `<name>` as a reference has it.
fn filled(template: &Value, text: &str) -> Value {
    let name = || text.replace('~', "~0").replace('/', "~1").replace('%', "%25");
    let fill = |part: &str| part.replace("<name>", &name()).replace("<text>", text);
    match template {
        Value::String(part) => fill(part).into(),
        Value::Array(parts) => parts.iter().map(|part| filled(part, text)).collect(),
        Value::Object(parts) => parts.iter().map(|(name, part)| (fill(name), filled(part, text))).collect(),
        part => part.clone(),
    }
}

#[test]
fn hostile_text_stays_text_wherever_a_schema_has_room_for_it() {
    let mut file = read("hostile.json");
    let (template, pattern, cases) = (file["schema"].take(), file["pattern"].take(), file["cases"].take());
    let mut files = Vec::new();
    for (i, told) in file["texts"].as_array_mut().unwrap().iter_mut().enumerate() {
        let text = &told["text"].as_str().unwrap().to_owned();
        let contract =
            Contract::compile(&filled(&template, text)).unwrap_or_else(|refusals| panic!("{text:?}: {refusals:#?}"));
        let cases = filled(&cases, text);
        let texts: Vec<_> = cases
            .as_array()
            .unwrap()
            .iter()
            .map(|case| (case["event"].as_str().unwrap().to_owned(), case["payload"].to_string()))
            .collect();
        // That loading the module changed nothing, `verdicts` asserts.
        for (case, verdict) in cases.as_array().unwrap().iter().zip(verdicts(&contract, &texts)) {
            assert_eq!(json!(verdict.is_null()), case["fine"], "{text:?}: {case}: {verdict}");
        }
        let code = contract.typescript();
        assert!(!code.contains("</") && !code.contains("<!--"), "{text:?}");
        files.push((format!("hostile{i}.ts"), code));
        // A pattern is hostile text, too: refused, or the same to both languages.
        told["pattern"] = match Contract::compile(&filled(&pattern, text)) {
            Ok(contract) => {
                verdicts(&contract, &[("a".to_owned(), "\"\"".to_owned())]);
                files.push((format!("pattern{i}.ts"), contract.typescript()));
                Value::Null
            }
            Err(refusals) => refusals.iter().map(Refusal::to_string).collect(),
        };
    }
    (file["schema"], file["pattern"], file["cases"]) = (template, pattern, cases);
    check("hostile.json", &file);
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    assert_eq!(compiled(&files)["errors"], "");
}
