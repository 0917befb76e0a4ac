//! The bad payloads of `tests/fixtures/contract` as a front end in Rust reads them: into the enum that their schema is of.
//!
//! What serde takes or refuses otherwise than a page does says so there, as `rust`, with the reason.

use eventwire::{Digits, Events};
use eventwire_contract::{Change, Contract, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

#[derive(Debug, Serialize, Deserialize, JsonSchema, Events)]
#[serde(rename_all = "camelCase")]
enum Shop {
    Closed,
    Price {
        sku: String,
        cents: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    Total(#[schemars(range(min = -9_007_199_254_740_991_i64, max = 9_007_199_254_740_991_i64))] i64),
    Ratio(f64),
    Text(String),
    Digits(Digits),
    Tree(Tree),
    Shape(Shape),
    Step(Step),
    Levels(BTreeMap<String, Level>),
    Odd {
        #[serde(rename = "__proto__")]
        proto: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        constructor: Option<String>,
    },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Tree {
    kids: Vec<Tree>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Shape {
    Circle { radius: f64 },
    Point,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Step {
    Rest,
    Walk { meters: u8 },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Level {
    Low,
    High,
}

#[test]
fn each_bad_payload_is_read_by_the_enum_as_its_fixture_says() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/contract/payloads.json");
    let file: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (written, of) = (Contract::compile(&file["schema"]).unwrap(), Contract::of::<Shop>().unwrap());
    let both = [check(&written, &of), check(&of, &written)].concat();
    assert_eq!(both.iter().filter(|change| change.breaks).collect::<Vec<_>>(), [] as [&Change; 0], "one contract");
    for case in file["cases"].as_array().unwrap() {
        let part = |i: usize| case["repeat"][i].as_str().unwrap();
        let text = case["text"].as_str().map_or_else(
            || {
                let times = case["repeat"][1].as_u64().unwrap() as usize;
                [part(0).repeat(times), part(2).to_owned(), part(3).repeat(times)].concat()
            },
            str::to_owned,
        );
        let read = Shop::decode(case["event"].as_str().unwrap(), &text);
        let page = case["verdict"].is_null();
        match case["rust"].as_str() {
            None => assert_eq!(read.is_ok(), page, "{}: {read:?}", case["about"]),
            Some(why) => {
                assert!(why.starts_with(if read.is_ok() { "takes it" } else { "refuses it" }), "{case}: {read:?}");
                assert_ne!(
                    read.is_ok(),
                    page,
                    "{}: where both say the same there is nothing to explain",
                    case["about"]
                );
            }
        }
    }
}
