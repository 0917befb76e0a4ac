//! The hash by which a page notices that the server speaks another contract.
//!
//! The first 16 hex digits of SHA-256 over one line of JSON, `{name: payload schema}`:
//!
//! - names, members of schemas and `required` are sorted by bytes; nothing stands between tokens;
//! - annotations are gone: `title description default examples deprecated readOnly writeOnly $comment $schema $id`
//!   and `x-…`, and so is `$defs`: the first `$ref` to a schema is `[n, schema]`, every later one `n`, counted from 0.
//!   The name of a Rust type is no part of the contract, so renaming one does not make pages outdated;
//! - `const` is an `enum` of one, and the names among the arms of a `oneOf` are one sorted `enum` at its head: schemars
//!   moves a unit variant into an arm of its own when it gets a doc comment, which changes nothing for a page.

use crate::refs;
use serde_json::Value;
use sha2::{Digest, Sha256};

const ANNOTATIONS: [&str; 11] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$comment",
    "$schema",
    "$id",
    "$defs",
];

/// Whether a keyword only comments on a schema.
pub(crate) fn is_annotation(keyword: &str) -> bool {
    ANNOTATIONS.contains(&keyword) || keyword.starts_with("x-")
}

/// The hash of a contract whose events are these.
pub(crate) fn hash<'a>(root: &'a Value, events: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let digest = Sha256::digest(canonical(root, events));
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text that is hashed.
pub(crate) fn canonical<'a>(root: &'a Value, events: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let mut events: Vec<_> = events.collect();
    events.sort_by_key(|&(name, _)| name);
    let mut text = Text { root, seen: Vec::new(), out: String::new() };
    text.members(events.into_iter(), |text, payload| text.schema(payload));
    text.out
}

struct Text<'a> {
    root: &'a Value,
    seen: Vec<&'a str>,
    out: String,
}

impl<'a> Text<'a> {
    fn schema(&mut self, schema: &'a Value) {
        let Some(object) = schema.as_object() else { return self.plain(schema) };
        let mut members: Vec<_> =
            object.iter().filter(|(key, _)| !is_annotation(key)).map(|(key, value)| (key.as_str(), value)).collect();
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
                ("anyOf" | "allOf" | "prefixItems", Value::Array(arms)) => self.list(arms.iter(), Self::schema),
                ("items" | "additionalProperties" | "unevaluatedProperties" | "not" | "propertyNames", value) => {
                    self.schema(value)
                }
                (_, value) => self.plain(value),
            }
        }
        self.out.push('}');
    }

    fn reference(&mut self, target: &'a str) {
        if let Some(n) = self.seen.iter().position(|seen| *seen == target) {
            self.out += &n.to_string();
        } else if let Some(schema) = refs::resolve(self.root, target) {
            self.out += &format!("[{},", self.seen.len());
            self.seen.push(target);
            self.schema(schema);
            self.out.push(']');
        }
    }

    fn one_of(&mut self, arms: &'a [Value]) {
        let mut names = Vec::new();
        let rest: Vec<_> = arms.iter().filter(|arm| !names_only(arm, &mut names)).collect();
        self.out.push('[');
        if !names.is_empty() {
            names.sort_unstable();
            self.out += r#"{"enum":"#;
            self.list(names.iter(), |text, name| text.string(name));
            self.out += r#","type":"string"}"#;
        }
        for (i, arm) in rest.into_iter().enumerate() {
            self.comma(i + usize::from(!names.is_empty()));
            self.schema(arm);
        }
        self.out.push(']');
    }

    fn set(&mut self, values: &[Value]) {
        let mut texts: Vec<_> = values
            .iter()
            .map(|value| {
                let mut text = Text { root: self.root, seen: Vec::new(), out: String::new() };
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

/// Whether an arm is nothing but names of unit variants; these are added.
fn names_only<'a>(arm: &'a Value, names: &mut Vec<&'a str>) -> bool {
    let Some(object) = arm.as_object() else { return false };
    let only = object.keys().all(|key| is_annotation(key) || matches!(key.as_str(), "type" | "enum" | "const"));
    let values = match (object.get("enum"), object.get("const")) {
        (Some(Value::Array(values)), None) => values.iter().map(Value::as_str).collect::<Option<Vec<_>>>(),
        (None, Some(Value::String(value))) => Some(vec![value.as_str()]),
        _ => None,
    };
    match values.filter(|_| only && arm["type"] == "string") {
        Some(values) => {
            names.extend(values);
            true
        }
        None => false,
    }
}
