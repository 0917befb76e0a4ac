//! An order of alternatives that depends on what they say, not on where Rust lists them or how their types are called.
//!
//! Sorts for the hash only: what TypeScript reads keeps the order of the enum.

use crate::{
    hash::{Arm, Text},
    refs,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::HashMap, collections::HashSet};

/// How often types are told apart by the types they name: a chain of that many types that differ in the last one only.
const ROUNDS: usize = 16;

type Print = [u8; 32];

/// A fingerprint of everything that is referred to.
#[derive(Debug, Default)]
pub(crate) struct Order {
    prints: HashMap<String, Print>,
    /// Of arms, by their place in memory: arms within arms would otherwise be read again at each level.
    arms: RefCell<HashMap<usize, Print>>,
}

impl Order {
    pub(crate) fn of(root: &Value) -> Self {
        let types = types(root);
        let mut order = Self::default();
        // What differs neither in itself nor in what it refers to has one print. Of a chain of types all links are alike for
        // as many rounds as they are far from its end: each in each round, printing would be nearly all that compiling costs.
        let mut known = HashMap::new();
        // Each round looks one reference further; when it tells no two more apart, no later one will.
        let mut different = 1;
        for _ in 0..ROUNDS {
            let mut printed = |it: &Type<'_>| {
                let refers: Vec<_> = it.refers.iter().map(|target| order.target(target)).collect();
                *known.entry((it.like, refers)).or_insert_with(|| print(Text::local(root, &order, it.schema)))
            };
            let prints = types.iter().map(|it| (it.target.to_owned(), printed(it))).collect();
            order = Self { prints, arms: RefCell::default() };
            let now = order.prints.values().collect::<HashSet<_>>().len();
            if now <= different {
                break;
            }
            different = now;
        }
        order
    }

    /// What a reference stands for.
    pub(crate) fn target(&self, target: &str) -> Print {
        self.prints.get(target).copied().unwrap_or_default()
    }

    /// Alternatives in their order.
    pub(crate) fn sorted<'a>(&self, root: &Value, arms: impl Iterator<Item = Arm<'a>>) -> Vec<Arm<'a>> {
        let mut arms: Vec<_> = arms.map(|arm| (self.arm(root, arm), arm)).collect();
        arms.sort_by_key(|&(print, _)| print);
        arms.into_iter().map(|(_, arm)| arm).collect()
    }

    fn arm(&self, root: &Value, arm: Arm<'_>) -> Print {
        let place = std::ptr::from_ref(arm.schema).addr();
        if let Some(known) = self.arms.borrow().get(&place) {
            return *known;
        }
        let print = print(Text::alternative(root, self, arm));
        self.arms.borrow_mut().insert(place, print);
        print
    }
}

fn print(text: String) -> Print {
    #[cfg(test)]
    tests::PRINTED.set(tests::PRINTED.get() + 1);
    Sha256::digest(text).into()
}

/// What is referred to.
struct Type<'a> {
    target: &'a str,
    schema: &'a Value,
    /// The same number for all that say the same beside what they refer to.
    like: usize,
    /// What it refers to, in the order of its text.
    refers: Vec<&'a str>,
}

fn types(root: &Value) -> Vec<Type<'_>> {
    let mut targets = HashSet::new();
    gather(root, &mut targets);
    let unordered = Order::default();
    let mut texts = HashMap::new();
    let mut types = Vec::with_capacity(targets.len());
    for &target in &targets {
        let Some(schema) = refs::resolve(root, target) else { continue };
        let (text, refers) = Text::open(root, &unordered, schema);
        let refers = refers.into_iter().filter_map(|(_, target)| targets.get(target).copied()).collect();
        let next = texts.len();
        types.push(Type { target, schema, like: *texts.entry(text).or_insert(next), refers });
    }
    types
}

fn gather<'a>(value: &'a Value, targets: &mut HashSet<&'a str>) {
    match value {
        Value::Object(object) => {
            targets.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| gather(value, targets));
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, targets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, ROUNDS};
    use serde_json::{Map, Value, json};
    use std::cell::Cell;

    thread_local! {
        /// How often a fingerprint was made of a text.
        pub(super) static PRINTED: Cell<usize> = const { Cell::new(0) };
    }

    /// A chain of types, each of which has the next; how often anything was printed to put its arms in order.
    fn printed(links: usize, link: impl Fn(usize, Value) -> Value) -> usize {
        let next = |i: usize| json!({ "$ref": format!("#/$defs/T{}", i + 1) });
        let mut defs: Map<_, _> = (0..links).map(|i| (format!("T{i}"), link(i, next(i)))).collect();
        defs.insert(format!("T{links}"), json!({ "type": "boolean" }));
        PRINTED.set(0);
        let root = json!({ "$ref": "#/$defs/T0", "$defs": defs });
        let order = Order::of(&root);
        assert_eq!(order.prints.len(), links + 1);
        PRINTED.get()
    }

    #[test]
    fn a_long_chain_of_types_is_not_printed_anew_in_each_round() {
        let links = 3_000;
        let object = |name: &str, value: Value| json!({ "type": "object", "properties": { name: value } });
        let alike = printed(links, |_, next| object("x", next));
        assert!(alike <= ROUNDS * ROUNDS, "{alike}");
        // With two arms in each, printed once to read them.
        let optional = printed(links, |_, next| object("x", json!({ "anyOf": [next, { "type": "null" }] })));
        assert!(optional <= 2 * links + 3 * ROUNDS * ROUNDS, "{optional}");
        // What differs in itself is told apart in the first round, and needs no more than a second to show it.
        let named = printed(links, |i, next| object(&format!("x{i}"), next));
        assert!(named <= 2 * (links + 1), "{named}");
    }
}
