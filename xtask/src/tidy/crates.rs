//! Who may depend on whom: one table, held against `cargo metadata`.
//!
//! Looks at manifests only; what a file names is `words` and `rooms`.

use serde_json::Value;

use super::{Breach, Verdict};

/// What a crate may depend on, beyond what it needs for its own tests.
struct Rule {
    name: &'static str,
    /// Crates of this repository.
    ours: &'static [&'static str],
    /// Crates from outside.
    others: Others,
}

enum Others {
    /// These and no more: the crate is pure, or every byte of it is sent to browsers.
    Only(&'static [&'static str]),
    Any,
}

const RULES: &[Rule] = &[
    Rule { name: "eventwire", ours: &["eventwire-derive"], others: Others::Only(&["schemars", "serde", "serde_json"]) },
    Rule { name: "eventwire-derive", ours: &[], others: Others::Only(&["proc-macro2", "quote", "syn"]) },
    Rule {
        name: "eventwire-contract",
        ours: &["eventwire"],
        others: Others::Only(&["schemars", "serde", "serde_json", "sha2", "unicode-ident"]),
    },
    Rule {
        name: "eventwire-contract-wasm",
        ours: &["eventwire-contract"],
        others: Others::Only(&["serde_json", "wasm-bindgen"]),
    },
    Rule { name: "eventwire-client-core", ours: &["eventwire"], others: Others::Only(&[]) },
    Rule {
        name: "eventwire-client",
        ours: &["eventwire", "eventwire-client-core"],
        others: Others::Only(&[
            "futures-core",
            "js-sys",
            "lol_alloc",
            "serde",
            "serde-wasm-bindgen",
            "wasm-bindgen",
            "wasm-bindgen-futures",
            "web-sys",
        ]),
    },
    Rule { name: "eventwire-server", ours: &["eventwire", "eventwire-contract"], others: Others::Any },
    Rule {
        name: "eventwire-demo",
        ours: &["eventwire", "eventwire-contract", "eventwire-server"],
        others: Others::Any,
    },
    Rule { name: "eventwire-judge", ours: &["eventwire"], others: Others::Only(&[]) },
    Rule { name: "eventwire-tests", ours: ANY_OF_OURS, others: Others::Any },
    Rule { name: "eventwire-bench", ours: ANY_OF_OURS, others: Others::Any },
    Rule { name: "eventwire-fuzz", ours: ANY_OF_OURS, others: Others::Any },
    Rule { name: "xtask", ours: ANY_OF_OURS, others: Others::Any },
];

/// For crates that look at everything and that nobody may depend on.
const ANY_OF_OURS: &[&str] = &[
    "eventwire",
    "eventwire-derive",
    "eventwire-contract",
    "eventwire-client-core",
    "eventwire-client",
    "eventwire-server",
    "eventwire-judge",
];

/// Only these crates may depend on axum; inside the server `words` holds it to one room.
const AXUM: [&str; 5] = ["eventwire-server", "eventwire-demo", "eventwire-tests", "eventwire-bench", "eventwire-fuzz"];

pub(super) fn verdicts(metadata: &Value) -> Vec<Verdict> {
    vec![
        Verdict { rule: "a crate depends on no crate of ours but those its room may import", breaches: ours(metadata) },
        Verdict { rule: "a pure crate depends on nothing but what is listed", breaches: others(metadata) },
        Verdict {
            rule: "only the server, the demo, the tests, the benches and the fuzz targets depend on axum",
            breaches: axum(metadata),
        },
    ]
}

fn ours(metadata: &Value) -> Vec<Breach> {
    let members: Vec<&str> = packages(metadata).map(|package| text(package, "name")).collect();
    let mut breaches = Vec::new();
    for package in packages(metadata) {
        let name = text(package, "name");
        let Some(rule) = rule(name) else {
            breaches.push(Breach {
                place: manifest(package),
                text: format!("no rule says what `{name}` may import; add one to xtask/src/tidy/crates.rs"),
            });
            continue;
        };
        for dependency in dependencies(package) {
            let on = text(dependency, "name");
            if members.contains(&on) && !rule.ours.contains(&on) && !(is_dev(dependency) && ANY_OF_OURS.contains(&on)) {
                breaches.push(Breach {
                    place: manifest(package),
                    text: format!("`{name}` depends on `{on}`; of ours it may import {}", listed(rule.ours)),
                });
            }
        }
    }
    breaches
}

fn others(metadata: &Value) -> Vec<Breach> {
    let members: Vec<&str> = packages(metadata).map(|package| text(package, "name")).collect();
    let mut breaches = Vec::new();
    for package in packages(metadata) {
        let name = text(package, "name");
        let Some(Rule { others: Others::Only(allowed), .. }) = rule(name) else {
            continue;
        };
        for dependency in dependencies(package).filter(|dependency| !is_dev(dependency)) {
            let on = text(dependency, "name");
            if !members.contains(&on) && !allowed.contains(&on) {
                breaches.push(Breach {
                    place: manifest(package),
                    text: format!("`{name}` depends on `{on}`; from outside it may have {}", listed(allowed)),
                });
            }
        }
    }
    breaches
}

fn axum(metadata: &Value) -> Vec<Breach> {
    packages(metadata)
        .filter(|package| !AXUM.contains(&text(package, "name")))
        .filter(|package| dependencies(package).any(|dependency| text(dependency, "name").starts_with("axum")))
        .map(|package| Breach {
            place: manifest(package),
            text: format!("`{}` depends on axum; that is the server's", text(package, "name")),
        })
        .collect()
}

fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().into_iter().flatten()
}

fn is_dev(dependency: &Value) -> bool {
    dependency["kind"] == "dev"
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn manifest(package: &Value) -> String {
    crate::run::shown(std::path::Path::new(text(package, "manifest_path")))
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of `eventwire`, `eventwire-server`, `eventwire-tests` where one crate has one dependency more.
    fn seeded(package: &str, dependency: &str, kind: Option<&str>) -> Value {
        let crates = ["eventwire", "eventwire-server", "eventwire-tests"].map(|name| {
            let on = (name == package).then(|| json!({ "name": dependency, "kind": kind }));
            json!({ "name": name, "manifest_path": format!("{name}/Cargo.toml"), "dependencies": Vec::from_iter(on) })
        });
        json!({ "packages": crates })
    }

    fn broken(metadata: &Value) -> Vec<&'static str> {
        let broken = verdicts(metadata).into_iter().filter(|verdict| !verdict.breaches.is_empty());
        broken.map(|verdict| verdict.rule).collect()
    }

    #[test]
    fn a_crate_that_imports_upwards_is_seen() {
        assert_eq!(broken(&seeded("eventwire", "eventwire-server", None)).len(), 1);
        assert!(broken(&seeded("eventwire-server", "eventwire", None)).is_empty());
    }

    #[test]
    fn nobody_imports_the_tests_not_even_for_a_test() {
        assert_eq!(broken(&seeded("eventwire-server", "eventwire-tests", Some("dev"))).len(), 1);
    }

    #[test]
    fn a_pure_crate_with_a_clock_of_somebody_else_is_seen() {
        assert_eq!(broken(&seeded("eventwire", "web-time", None)).len(), 1);
        assert!(broken(&seeded("eventwire", "proptest", Some("dev"))).is_empty());
        assert!(broken(&seeded("eventwire-server", "socket2", None)).is_empty());
    }

    #[test]
    fn axum_outside_its_crates_is_seen() {
        let rules = broken(&seeded("eventwire", "axum", Some("dev")));
        assert_eq!(rules, ["only the server, the demo, the tests, the benches and the fuzz targets depend on axum"]);
    }

    #[test]
    fn a_crate_without_a_rule_is_seen() {
        let metadata = json!({ "packages": [{ "name": "newcomer", "manifest_path": "newcomer/Cargo.toml" }] });
        assert_eq!(broken(&metadata).len(), 1);
    }
}
