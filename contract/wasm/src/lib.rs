//! The contract compiler for Node: text in, JSON out.
//!
//! What `npm/src/cli/compiler.ts` calls. It reads no file and asks no server; the TypeScript around it does.

use eventwire_contract::{Change, Contract, Refusal};
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen::prelude::wasm_bindgen;

/// Compiles the text of a schema: `{name, hash, module}`, or `{error}` if it is no JSON, or `{refusals}`.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn types(schema: &str) -> String {
    let answer = match compiled(schema) {
        Ok(contract) => {
            json!({ "name": contract.name(), "hash": contract.hash(), "module": contract.typescript() })
        }
        Err(wrong) => wrong,
    };
    answer.to_string()
}

/// What changed from one schema to another: `{changes}`, or `old` or `new` with what [`types`] would say is wrong with it.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen)]
pub fn check(old: &str, new: &str) -> String {
    let answer = match (compiled(old), compiled(new)) {
        (Ok(old), Ok(new)) => {
            json!({ "changes": eventwire_contract::check(&old, &new).iter().map(change).collect::<Vec<_>>() })
        }
        (Err(wrong), _) => json!({ "old": wrong }),
        (_, Err(wrong)) => json!({ "new": wrong }),
    };
    answer.to_string()
}

fn compiled(schema: &str) -> Result<Contract, Value> {
    let schema: Value = serde_json::from_str(schema).map_err(|error| json!({ "error": error.to_string() }))?;
    Contract::compile(&schema)
        .map_err(|refusals| json!({ "refusals": refusals.iter().map(refusal).collect::<Vec<_>>() }))
}

fn refusal(refusal: &Refusal) -> Value {
    let Refusal { pointer, place, what, why, next, .. } = refusal;
    json!({ "pointer": pointer, "place": place, "what": what, "why": why, "next": next, "text": refusal.to_string() })
}

fn change(change: &Change) -> Value {
    let Change { kind, breaks, event, place, path, what, why, next, also, .. } = change;
    json!({
        "kind": kind.as_str(), "breaks": breaks, "event": event, "place": place, "path": path,
        "what": what, "why": why, "next": next, "also": also, "text": change.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{check, types};
    use serde_json::{Value, json};

    fn answer(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn schema(names: &[&str]) -> String {
        json!({ "title": "Shop", "type": "string", "enum": names }).to_string()
    }

    #[test]
    fn a_schema_becomes_a_module_or_the_reasons_why_not() {
        let module = answer(&types(&schema(&["a"])));
        assert_eq!(module["name"], "Shop");
        assert!(module["module"].as_str().unwrap().contains("export const Shop"));
        assert_eq!(answer(&types("{}"))["refusals"][0]["pointer"], "");
        assert!(answer(&types("<html>"))["error"].as_str().unwrap().contains("line 1"));
    }

    #[test]
    fn two_schemas_become_changes_or_what_is_wrong_with_one() {
        let both = answer(&check(&schema(&["a"]), &schema(&["a", "b"])));
        assert_eq!(both["changes"][0]["kind"], "event-added");
        assert_eq!(both["changes"][0]["breaks"], false);
        assert!(answer(&check("{}", &schema(&["a"])))["old"]["refusals"].is_array());
        assert!(answer(&check(&schema(&["a"]), "no"))["new"]["error"].is_string());
    }
}
