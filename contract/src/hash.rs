//! The hash by which a page notices that the server speaks another contract.
//!
//! The first 16 hex digits of SHA-256 over one line of JSON, `{name: payload schema}`:
//!
//! - names, members of schemas and `required` are sorted by bytes; nothing stands between tokens;
//! - annotations are gone: `title description default examples deprecated readOnly writeOnly $comment $schema $id`
//!   and `x-…`, and so is `$defs`: the first `$ref` to a schema is `[n, schema]`, every later one `n`, counted from 0.
//!   The name of a Rust type is no part of the contract, so renaming one does not make pages outdated;
//! - `const` is an `enum` of one, and the names among the arms of a `oneOf` are one sorted `enum` at its head, or
//!   instead of it if there is nothing else: schemars gives a unit variant with a doc comment an arm of its own, which
//!   changes nothing for a page;
//! - `additionalProperties: false` and `unevaluatedProperties: false` are gone, since a page ignores members it does not
//!   know; but where it does not: of an arm that is closed around its one member, and beside `patternProperties`;
//! - the other arms of a `oneOf`, and those of an `anyOf`, stand in an order that they have among themselves
//!   ([`order`](mod@crate::order)): the order in which Rust lists variants says nothing to a page.

use crate::{
    keywords::{externals, is_annotation, sole, unit, values},
    order::Order,
    refs,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The hash of a contract whose events are these.
pub(crate) fn hash<'a>(root: &'a Value, events: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let digest = Sha256::digest(canonical(root, events));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What tells one schema from others.
#[cfg(feature = "schemars")]
pub(crate) fn print(root: &Value, order: &Order, schema: &Value) -> String {
    Sha256::digest(Text::local(root, order, schema)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text that is hashed.
pub(crate) fn canonical<'a>(root: &'a Value, events: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let mut events: Vec<_> = events.collect();
    events.sort_by_key(|&(name, _)| name);
    written(root, &Order::of(root), events)
}

/// The same text for each event alone, in their order: two events with one text say the same.
pub(crate) fn each<'a>(root: &'a Value, events: impl Iterator<Item = (&'a str, &'a Value)>) -> Vec<String> {
    let order = Order::of(root);
    events.map(|event| written(root, &order, vec![event])).collect()
}

fn written<'a>(root: &'a Value, order: &'a Order, events: Vec<(&'a str, &'a Value)>) -> String {
    let mut text = Text::new(root, order, Some(Vec::new()));
    text.members(events.into_iter(), |text, payload| text.schema(payload));

    // References are followed here, one after the other: a chain of types may be longer than a stack is deep.
    let (mut out, mut seen) = (String::new(), HashMap::new());
    let mut open = vec![(text, 0, 0)];
    while let Some((text, done, next)) = open.last_mut() {
        let reference = text.targets.as_ref().and_then(|targets| targets.get(*next)).copied();
        let (end, target) = reference.map_or((text.out.len(), None), |(end, target)| (end, Some(target)));
        out += &text.out[*done..end];
        (*done, *next) = (end, *next + 1);
        let Some(target) = target else {
            open.pop();
            out += if open.is_empty() { "" } else { "]" };
            continue;
        };
        let n = seen.len();
        if let Some(known) = seen.get(target) {
            out += &format!("{known}");
        } else if let Some(schema) = refs::resolve(root, target) {
            seen.insert(target, n);
            out += &format!("[{n},");
            let mut text = Text::new(root, order, Some(Vec::new()));
            text.schema(schema);
            open.push((text, 0, 0));
        }
    }
    out
}

/// A schema as it is hashed.
pub(crate) struct Text<'a> {
    root: &'a Value,
    order: &'a Order,
    /// The references in it, each with its place in the text; without, a reference is the print of what it means.
    targets: Option<Vec<(usize, &'a str)>>,
    out: String,
}

impl<'a> Text<'a> {
    fn new(root: &'a Value, order: &'a Order, targets: Option<Vec<(usize, &'a str)>>) -> Self {
        Self { root, order, targets, out: String::new() }
    }

    /// One schema, with prints of what it refers to.
    pub(crate) fn local(root: &'a Value, order: &'a Order, schema: &'a Value) -> String {
        let mut text = Self::new(root, order, None);
        text.schema(schema);
        text.out
    }

    /// One of several alternatives, in the same way.
    pub(crate) fn alternative(root: &'a Value, order: &'a Order, arm: Arm<'a>) -> String {
        let mut text = Self::new(root, order, None);
        text.arm(arm);
        text.out
    }

    /// One schema without what it refers to, and that.
    pub(crate) fn open(root: &'a Value, order: &'a Order, schema: &'a Value) -> (String, Vec<(usize, &'a str)>) {
        let mut text = Self::new(root, order, Some(Vec::new()));
        text.schema(schema);
        (text.out, text.targets.unwrap_or_default())
    }

    fn schema(&mut self, schema: &'a Value) {
        let closed = schema.get("patternProperties").is_some();
        self.arm(Arm { schema, closed });
    }

    fn arm(&mut self, Arm { schema, closed }: Arm<'a>) {
        if let Some(names) = all_names(schema) {
            return self.names(names);
        }
        let Some(object) = schema.as_object() else { return self.plain(schema) };
        let says = |key: &str, value: &Value| !is_annotation(key) && (closed || !closes(key, value));
        let mut members: Vec<_> =
            object.iter().filter(|(key, value)| says(key, value)).map(|(key, value)| (key.as_str(), value)).collect();
        for (key, _) in &mut members {
            if *key == "const" {
                *key = "enum";
            }
        }
        members.sort_by_key(|&(key, _)| key);
        let constant = object.contains_key("const");
        self.out.push('{');
        for (i, (key, value)) in members.into_iter().enumerate() {
            self.comma(i);
            self.string(key);
            self.out.push(':');
            match (key, value) {
                ("enum", value) if constant => self.list([value].into_iter(), Self::plain),
                ("$ref", Value::String(target)) => self.reference(target),
                ("required" | "type" | "enum", Value::Array(values)) => self.set(values),
                ("properties" | "patternProperties" | "dependentSchemas", Value::Object(map)) => {
                    let mut map: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
                    map.sort_by_key(|&(key, _)| key);
                    self.members(map.into_iter(), Self::schema);
                }
                ("oneOf", Value::Array(arms)) => self.one_of(arms),
                ("anyOf", Value::Array(arms)) => {
                    let arms = arms.iter().map(|arm| Arm::of(arm, false));
                    self.list(self.order.sorted(self.root, arms).into_iter(), Self::arm)
                }
                ("allOf" | "prefixItems", Value::Array(arms)) => self.list(arms.iter(), Self::schema),
                ("items" | "additionalProperties" | "unevaluatedProperties" | "not" | "propertyNames", value) => {
                    self.schema(value)
                }
                (_, value) => self.plain(value),
            }
        }
        self.out.push('}');
    }

    fn reference(&mut self, target: &'a str) {
        match &mut self.targets {
            Some(targets) => targets.push((self.out.len(), target)),
            None => {
                // Digit by digit: of a chain of types, this is most of what a hash costs.
                let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or_default();
                let digits = self.order.target(target).into_iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit);
                self.out.extend(digits);
            }
        }
    }

    fn one_of(&mut self, arms: &'a [Value]) {
        let mut names = Vec::new();
        let all = externals(arms);
        let rest: Vec<_> =
            arms.iter().filter(|arm| !names_only(arm, &mut names)).map(|arm| Arm::of(arm, all)).collect();
        let head = usize::from(!names.is_empty());
        self.out.push('[');
        if head > 0 {
            self.names(names);
        }
        for (i, arm) in self.order.sorted(self.root, rest.into_iter()).into_iter().enumerate() {
            self.comma(i + head);
            self.arm(arm);
        }
        self.out.push(']');
    }

    fn names(&mut self, names: Vec<&str>) {
        self.out += r#"{"enum":"#;
        self.set(&names.into_iter().map(Value::from).collect::<Vec<_>>());
        self.out += r#","type":"string"}"#;
    }

    fn set(&mut self, values: &[Value]) {
        let mut texts: Vec<_> = values
            .iter()
            .map(|value| {
                let mut text = Text::new(self.root, self.order, None);
                text.plain(value);
                text.out
            })
            .collect();
        texts.sort_unstable();
        self.list(texts.iter(), |text, value| text.out += value);
    }

    /// JSON that is no schema.
    fn plain(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let mut map: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
                map.sort_by_key(|&(key, _)| key);
                self.members(map.into_iter(), Self::plain);
            }
            Value::Array(values) => self.list(values.iter(), Self::plain),
            Value::String(value) => self.string(value),
            value => self.out += &value.to_string(),
        }
    }

    fn members<'b, T>(&mut self, members: impl Iterator<Item = (&'b str, T)>, each: impl Fn(&mut Self, T)) {
        self.out.push('{');
        for (i, (key, value)) in members.enumerate() {
            self.comma(i);
            self.string(key);
            self.out.push(':');
            each(self, value);
        }
        self.out.push('}');
    }

    fn list<T>(&mut self, values: impl Iterator<Item = T>, each: impl Fn(&mut Self, T)) {
        self.out.push('[');
        for (i, value) in values.enumerate() {
            self.comma(i);
            each(self, value);
        }
        self.out.push(']');
    }

    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.push(',');
        }
    }

    fn string(&mut self, value: &str) {
        self.out += &Value::from(value).to_string();
    }
}

/// One of several alternatives.
#[derive(Clone, Copy)]
pub(crate) struct Arm<'a> {
    pub(crate) schema: &'a Value,
    /// Whether a page refuses members that it does not name.
    closed: bool,
}

impl<'a> Arm<'a> {
    /// `all`: of an externally tagged enum.
    fn of(schema: &'a Value, all: bool) -> Self {
        Self { schema, closed: all || sole(schema).is_some() || schema.get("patternProperties").is_some() }
    }
}

/// Whether a keyword does no more than to close an object.
fn closes(key: &str, value: &Value) -> bool {
    matches!(key, "additionalProperties" | "unevaluatedProperties") && value == &Value::Bool(false)
}

/// The names of an enum that has no more than names.
fn all_names(schema: &Value) -> Option<Vec<&str>> {
    let object = schema.as_object()?;
    let arms = object.get("oneOf")?.as_array()?;
    let mut names = Vec::new();
    let only = object.keys().all(|key| key == "oneOf" || is_annotation(key));
    (only && arms.iter().all(|arm| names_only(arm, &mut names))).then_some(names)
}

/// Whether an arm is nothing but names of unit variants; these are added.
fn names_only<'a>(arm: &'a Value, names: &mut Vec<&'a str>) -> bool {
    let only = unit(arm);
    if only {
        names.extend(values(arm).into_iter().filter_map(Value::as_str));
    }
    only
}

#[cfg(test)]
mod tests {
    use crate::{Contract, hash, top};
    use serde_json::Value;

    /// What `docs/wire.md` calls the hash: schemas, the text that is hashed, and the digits.
    const FIXTURE: &str = include_str!("../../tests/fixtures/wire/contract-hash.json");

    #[test]
    fn the_hash_is_what_the_fixture_says() {
        let cases: Vec<Value> = serde_json::from_str(FIXTURE).unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let schema = &case["schema"];
            let (_, events) = top::read(schema, &mut Vec::new());
            let events = events.iter().map(|event| (event.name.as_str(), event.payload));
            assert_eq!(hash::canonical(schema, events), case["hashed"], "{}", case["about"]);
            assert_eq!(Contract::compile(schema).unwrap().hash(), case["hash"], "{}", case["about"]);
        }
    }
}
