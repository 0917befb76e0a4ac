//! The types we write, held against those that ts-rs writes of the same Rust.

#![allow(deprecated)]

mod support;

#[path = "fixtures/family.rs"]
mod family;

use eventwire_contract::Contract;
use family::Family;
use serde_json::Value;
use support::node::compiled;
use ts_rs::{Config, TS};

/// Types that ts-rs cannot say, each with why.
const APART: [&str; 3] = [
    // What a serialiser may leave out, ts-rs calls optional only if a reader has a `default`, too.
    "skipped",
    // Not read by ts-rs: `#[serde(flatten)]` of an `Option`.
    "flatOption",
    // The index of ts-rs is of numbers, ours of strings, as `Object.keys` hands them out.
    "integerMaps",
];

/// Equality of types, of what they are when nothing is a name any more.
const EQUAL: &str = r#"
type Plain<T> = T extends string | number | boolean | null | undefined ? T : { [K in keyof T]: Plain<T[K]> };
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Equal<A, B> = Same<Plain<A>, Plain<B>>;
/** The payload of one variant, as an externally tagged enum has it. */
type Of<U, N extends string> = U extends N ? null : U extends { [K in N]: infer P } ? P : never;
"#;

#[test]
fn the_types_of_a_contract_equal_those_of_ts_rs() {
    let contract = Contract::of::<Family>().unwrap_or_else(|refusals| panic!("{refusals:#?}"));
    let folder = std::env::temp_dir().join(format!("eventwire-peers-{}", std::process::id()));
    let config = Config::new().with_large_int("number").with_out_dir(&folder);
    Family::export_all(&config).unwrap();
    let mut files = vec![("family.events.ts".to_owned(), contract.typescript())];
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.push((name, std::fs::read_to_string(&path).unwrap()));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    let mut test = format!(
        "import type {{ FamilyEvents }} from \"./family.events.ts\";\nimport type {{ Family }} from \"./Family\";\n{EQUAL}"
    );
    let mut held = 0;
    for (i, name) in contract.names().iter().enumerate() {
        let name = name.as_str();
        let equal = !APART.contains(&name);
        held += usize::from(equal);
        test +=
            &format!("export const e{i}: Equal<FamilyEvents[{name:?}], Of<Family, {name:?}>> = {equal}; // {name}\n");
    }
    files.push(("equal.ts".into(), test));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let answer = compiled(&files);
    assert_eq!(
        answer["errors"],
        Value::from(""),
        "{}",
        files.iter().map(|(name, text)| format!("// {name}\n{text}\n")).collect::<String>()
    );
    assert_eq!(held + APART.len(), contract.names().len());
}
