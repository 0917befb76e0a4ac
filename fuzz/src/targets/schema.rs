//! JSON Schemas made elsewhere: `Contract::compile` refuses them or makes modules of bounded length, and `check` of two ends.

use crate::{Target, pieces::text};
use eventwire_contract::{Contract, check};
use serde_json::Value;

pub(crate) const TARGET: Target = Target {
    name: "schema",
    about: "a schema is refused with reasons, or its modules are as long as it is times a factor; between it and itself nothing has changed; of two it is told what has",
    words: &[
        "\0",
        "\"title\":\"A\"",
        "\"oneOf\":[",
        "\"anyOf\":[",
        "\"allOf\":[",
        "\"type\":",
        "\"object\"",
        "\"array\"",
        "\"string\"",
        "\"integer\"",
        "\"number\"",
        "\"boolean\"",
        "\"null\"",
        "[\"string\",\"null\"]",
        "\"enum\":[",
        "\"const\":",
        "\"properties\":{",
        "\"required\":[",
        "\"additionalProperties\":false",
        "\"additionalProperties\":",
        "\"patternProperties\":{\"^\\\\d+$\":",
        "\"unevaluatedProperties\":false",
        "\"items\":",
        "\"prefixItems\":[",
        "\"minItems\":2",
        "\"maxItems\":64",
        "\"uniqueItems\":true",
        "\"minLength\":1",
        "\"maxLength\":",
        "\"pattern\":\"",
        "\"format\":\"",
        "\"uint64\"",
        "\"int32\"",
        "\"double\"",
        "\"minimum\":0",
        "\"maximum\":9007199254740991",
        "\"exclusiveMinimum\":",
        "\"multipleOf\":",
        "\"not\":{",
        "{\"$ref\":\"#\"}",
        "{\"$ref\":\"#/$defs/",
        "\"$defs\":{",
        "\"description\":\"",
        "\"deprecated\":true",
        "\"default\":",
        "%25",
        "~1",
        "__proto__",
        "{\"type\":\"object\",\"required\":[\"a\"],\"additionalProperties\":false,\"properties\":{\"a\":",
    ],
    changes: 2_000,
    run,
};

/// Longest module of a schema without length: its head and every helper.
const HEAD: usize = 32 << 10;
/// Longest text for a byte of a schema: a level of nesting is indentation and a piece of a function's name in each level below
/// it, a list of fixed length writes its type out in up to 2,000 bytes, a name of up to 100 characters stands wherever its
/// type is used.
const FACTOR: usize = 100;

fn run(input: &[u8]) {
    let text = text(input);
    let (one, other) = text.split_once('\0').unwrap_or((text, "null"));
    let Some(old) = compiled(one) else { return };
    assert_eq!(check(&old, &old), [], "something changed between a schema and itself");
    // As it would come again from a server that was started anew.
    if let Some(again) = compiled(&old.schema().to_string()) {
        assert_eq!(again.hash(), old.hash());
        assert_eq!(check(&old, &again), []);
    } else {
        panic!("what was compiled is refused when it is written and read again");
    }
    let Some(new) = compiled(other) else { return };
    let there = check(&old, &new);
    check(&new, &old);
    assert!(old.hash() != new.hash() || there.iter().all(|change| !change.breaks), "same hash: {there:?}");
    there.iter().for_each(|change| assert!(!change.to_string().is_empty()));
}

fn compiled(json: &str) -> Option<Contract> {
    let schema = serde_json::from_str::<Value>(json).ok()?;
    match Contract::compile(&schema) {
        Ok(contract) => {
            assert_eq!(contract.hash().len(), 16);
            let most = HEAD + FACTOR * schema.to_string().len();
            for module in [contract.typescript(), contract.javascript()] {
                assert!(module.len() <= most, "{} bytes for {}: more than {most}", module.len(), json.len());
            }
            Some(contract)
        }
        Err(refusals) => {
            assert!(!refusals.is_empty(), "refused, and no reason");
            refusals.iter().for_each(|refusal| assert!(!refusal.to_string().is_empty()));
            None
        }
    }
}
