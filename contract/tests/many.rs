//! A contract of many events: what it costs TypeScript, printed and not asserted, for it depends on the machine.

mod support;

use eventwire_contract::Contract;
use serde_json::{Map, Value, json};
use support::node::compiled;

const EVENTS: usize = 300;

/// Events of ten fields each, every third of them of a type that others share.
fn contract() -> Contract {
    let event = |i: usize| {
        let fields: Map<_, _> = (0..10)
            .map(|field| {
                let schema = match field % 5 {
                    0 => json!({ "type": "string", "description": "Whose it is." }),
                    1 => json!({ "type": "integer", "format": "uint32", "minimum": 0 }),
                    2 => json!({ "$ref": format!("#/$defs/Shared{}", (i + field) % 40) }),
                    3 => json!({ "type": ["number", "null"] }),
                    _ => json!({ "type": "array", "items": { "type": "boolean" } }),
                };
                (format!("field{field}"), schema)
            })
            .collect();
        let names: Vec<_> = fields.keys().cloned().collect();
        let payload = json!({ "type": "object", "properties": fields, "required": names });
        let name = format!("event{i}");
        json!({ "type": "object", "properties": { name.clone(): payload }, "required": [name], "additionalProperties": false })
    };
    let shared = |i: usize| {
        json!({ "oneOf": [
            { "type": "object", "properties": { "kind": { "type": "string", "const": "a" }, "x": { "type": "number" } }, "required": ["kind", "x"] },
            { "type": "object", "properties": { "kind": { "type": "string", "const": format!("b{i}") } }, "required": ["kind"] },
        ] })
    };
    let defs: Map<_, _> = (0..40).map(|i| (format!("Shared{i}"), shared(i))).collect();
    let arms: Vec<Value> = (0..EVENTS).map(event).collect();
    Contract::compile(&json!({ "title": "Many", "oneOf": arms, "$defs": defs })).unwrap()
}

/// A handler, with or without the contract it is of.
fn page(contract: &str) -> String {
    format!(
        "import type {{ Contract }} from \"eventwire\";\n{contract}
declare function connect<E extends object>(contract: Contract<E>): {{ on<K extends keyof E>(name: K, handler: (event: E[K]) => void): void }};
connect(It).on(\"event7\", ({{ field0, field1 }}) => field0.charAt(field1));\n"
    )
}

#[test]
fn a_contract_of_three_hundred_events_compiles_and_says_what_it_costs_typescript() {
    let contract = contract();
    let small = page("declare const It: Contract<{ event7: { field0: string; field1: number } }>;");
    let large = page("import { Many as It } from \"./many.events.ts\";");
    let took = |files: &[(&str, String)]| {
        let answer = compiled(files);
        assert_eq!(answer["errors"], "");
        (answer["seconds"].as_f64().unwrap(), answer)
    };
    // The first warms the machine's caches.
    took(&[("page.ts", small.clone())]);
    let (bare, _) = took(&[("page.ts", small)]);
    let (with, answer) = took(&[("page.ts", large), ("many.events.ts", contract.typescript())]);
    println!(
        "tsc on {EVENTS} events: {:.2} s, {:.2} s without them; validators {} bytes brotli",
        with, bare, answer["code"]["many.events.ts"]["brotli"]
    );
}
