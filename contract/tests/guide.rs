//! What docs/contract.md shows is what the compiler writes; its Rust is compiled as doctests of the crate.

mod support;

#[allow(dead_code, unreachable_pub)]
#[path = "fixtures/guide.rs"]
mod guide;

use eventwire_contract::Contract;
use support::node::compiled;

const GUIDE: &str = include_str!("../../docs/contract.md");
const SOURCE: &str = include_str!("fixtures/guide.rs");

#[test]
fn the_guide_shows_the_enum_that_is_compiled_here_and_its_types() {
    let (_, source) = SOURCE.split_once("\n\n").unwrap();
    assert!(GUIDE.contains(source.trim_end()), "docs/contract.md shows fixtures/guide.rs");
    let text = Contract::of::<guide::Shop>().unwrap().typescript();
    let (_, types) = text.split_once("from \"eventwire\";\n\n").unwrap();
    let (types, _) = types.split_once("\n/** Everything the shop").unwrap();
    assert!(GUIDE.contains(types.trim_end()), "docs/contract.md shows:\n{types}");
}

#[test]
fn the_typescript_of_the_guide_compiles() {
    let contract = Contract::of::<guide::Shop>().unwrap();
    let mut files = vec![("shop.events.ts".to_owned(), contract.typescript())];
    // The package's own entry brings what a page brings; here its shape is enough.
    let connect = "import type { Contract } from \"eventwire\";\ndeclare function connect<E extends object>(contract: Contract<E>, url: string): \
                   { on<K extends keyof E>(name: K, handler: (event: E[K]) => void): void };\ndeclare const console: { log(...values: unknown[]): void };\n";
    let blocks = GUIDE.split("```ts\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for (i, block) in blocks.filter(|block| block.contains("import")).enumerate() {
        let block = block
            .replace("import { connect } from \"eventwire\";\n", connect)
            .replace("./shop.events", "./shop.events.ts");
        files.push((format!("guide{i}.ts"), block));
    }
    assert!(files.len() > 1);
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    assert_eq!(compiled(&files)["errors"], "");
}
