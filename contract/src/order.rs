//! An order of alternatives that depends on what they say, not on where Rust lists them or how their types are called.
//!
//! Sorts for the hash only: what TypeScript reads keeps the order of the enum.

use crate::{hash::Text, refs};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{cell::RefCell, collections::HashMap, collections::HashSet};

/// How often types are told apart by the types they name: a chain of that many types that differ in the last one only.
const ROUNDS: usize = 16;

type Print = [u8; 32];

/// A fingerprint of everything that is referred to.
#[derive(Debug)]
pub(crate) struct Order {
    prints: HashMap<String, Print>,
    /// Of arms, by their place in memory: arms within arms would otherwise be read again at each level.
    arms: RefCell<HashMap<usize, Print>>,
}

impl Order {
    pub(crate) fn of(root: &Value) -> Self {
        let mut targets = HashSet::new();
        gather(root, &mut targets);
        let mut order = Self {
            prints: targets.iter().map(|target| ((*target).to_owned(), Print::default())).collect(),
            arms: RefCell::default(),
        };
        // Each round looks one reference further; when it tells no two more apart, no later one will.
        let mut different = 1;
        for _ in 0..ROUNDS {
            let prints: HashMap<_, _> = targets
                .iter()
                .filter_map(|target| Some(((*target).to_owned(), order.print(root, refs::resolve(root, target)?))))
                .collect();
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
    pub(crate) fn sorted<'a>(&self, root: &Value, arms: impl Iterator<Item = &'a Value>) -> Vec<&'a Value> {
        let mut arms: Vec<_> = arms.map(|arm| (self.arm(root, arm), arm)).collect();
        arms.sort_by_key(|&(print, _)| print);
        arms.into_iter().map(|(_, arm)| arm).collect()
    }

    fn arm(&self, root: &Value, arm: &Value) -> Print {
        let place = std::ptr::from_ref(arm).addr();
        if let Some(known) = self.arms.borrow().get(&place) {
            return *known;
        }
        let print = self.print(root, arm);
        self.arms.borrow_mut().insert(place, print);
        print
    }

    fn print(&self, root: &Value, schema: &Value) -> Print {
        Sha256::digest(Text::local(root, self, schema)).into()
    }
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
