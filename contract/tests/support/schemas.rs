//! Schemas of any kind, pairs of them that have something to do with each other, and values of theirs.

#![allow(dead_code, unreachable_pub)]

use eventwire_contract::Contract;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::{Map, Value, json};

const NAMES: [&str; 4] = ["a", "b", "c", "12"];
const WORDS: [&str; 4] = ["", "a", "bb", "ccc"];

fn length() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(0..4_u64)
}

fn leaf() -> impl Strategy<Value = Value> {
    let bound = || proptest::option::of(-2..4_i64);
    let pattern = proptest::option::weighted(0.2, select(vec!["^[ab]*$", "^a"]));
    prop_oneof![
        Just(json!({ "type": "null" })),
        Just(json!({ "type": "boolean" })),
        Just(json!(true)),
        (length(), length(), pattern).prop_map(|(min, max, pattern)| with(
            "string",
            &[("minLength", json!(min)), ("maxLength", json!(max)), ("pattern", json!(pattern))]
        )),
        (bound(), bound(), any::<bool>()).prop_map(|(a, b, zero)| {
            let (min, max) = (a.min(b.or(a)), a.max(b));
            let not = if zero { Value::Null } else { json!({ "const": 0 }) };
            with("integer", &[("minimum", json!(min)), ("maximum", json!(max)), ("not", not)])
        }),
        (bound(), bound(), any::<bool>()).prop_map(|(a, b, open)| {
            let keys = if open { ["exclusiveMinimum", "exclusiveMaximum"] } else { ["minimum", "maximum"] };
            with("number", &[(keys[0], json!(a)), (keys[1], json!(b))])
        }),
        subsequence(WORDS.to_vec(), 1..=4).prop_map(|words| json!({ "type": "string", "enum": words })),
        subsequence(vec![json!(1), json!(2.0), json!("a"), json!(null), json!(true), json!(false)], 1..=6)
            .prop_map(|values| json!({ "enum": values })),
        select(vec!["#/$defs/D0", "#/$defs/D1"]).prop_map(|name| json!({ "$ref": name })),
    ]
}

fn schema() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        let inner = inner.boxed();
        let members = (subsequence(NAMES.to_vec(), 0..=4), vec((inner.clone(), any::<bool>()), 4));
        let record = members.prop_map(|(names, nodes)| object(names.into_iter().zip(nodes))).boxed();
        prop_oneof![
            3 => record.clone(),
            1 => record.clone().prop_map(|mut record| { record["additionalProperties"] = true.into(); record }),
            1 => (record.clone(), inner.clone()).prop_map(|(mut record, rest)| { record["additionalProperties"] = rest; record }),
            1 => (record, select(vec!["#/$defs/D0", "#/$defs/D1"])).prop_map(|(mut record, other)| { record["allOf"] = json!([{ "$ref": other }]); record }),
            1 => (inner.clone(), length(), length()).prop_map(|(rest, min, max)| {
                let max = max.map(|max| max.max(min.unwrap_or(0)));
                with("object", &[("additionalProperties", rest), ("minProperties", json!(min)), ("maxProperties", json!(max))])
            }),
            1 => (inner.clone(), any::<bool>()).prop_map(|(rest, signed)| {
                json!({ "type": "object", "patternProperties": { if signed { r"^-?\d+$" } else { r"^\d+$" }: rest }, "additionalProperties": false })
            }),
            1 => (inner.clone(), 0..3_u64, proptest::option::of(0..3_u64), any::<bool>()).prop_map(|(items, min, more, unique)| {
                with("array", &[("items", items), ("minItems", json!(min)), ("maxItems", json!(more.map(|more| min + more))), ("uniqueItems", json!(unique))])
            }),
            1 => vec(inner.clone(), 1..4).prop_map(|items| json!({ "type": "array", "minItems": items.len(), "maxItems": items.len(), "prefixItems": items })),
            2 => inner.clone().prop_map(|one| json!({ "anyOf": [one, { "type": "null" }] })),
            1 => vec(inner.clone(), 1..4).prop_map(|arms| json!({ "anyOf": arms })),
            1 => (subsequence(NAMES.to_vec(), 1..3), vec(inner.clone(), 2..4)).prop_map(|(names, mut nodes)| {
                nodes.iter_mut().zip(names).for_each(|(node, name)| *node = external(name, node.take()));
                json!({ "anyOf": nodes })
            }),
            1 => (subsequence(WORDS.to_vec(), 0..3), subsequence(NAMES.to_vec(), 1..4), vec(inner.clone(), 4)).prop_map(|(words, names, nodes)| {
                let mut arms: Vec<_> = words.iter().map(|word| json!({ "type": "string", "const": word })).collect();
                arms.extend(names.into_iter().zip(nodes).map(|(name, node)| external(name, node)));
                json!({ "oneOf": arms })
            }),
            1 => (subsequence(NAMES.to_vec(), 1..4), vec((inner, any::<bool>()), 4), any::<bool>()).prop_map(|(names, nodes, other)| {
                let tag = if other { "t" } else { "u" };
                let arm = |(name, node)| {
                    let mut arm = object([("x", node)].into_iter());
                    arm["properties"][tag] = json!({ "type": "string", "const": name });
                    arm["required"].as_array_mut().unwrap().push(json!(tag));
                    arm
                };
                json!({ "oneOf": names.into_iter().zip(nodes).map(arm).collect::<Vec<_>>() })
            }),
        ]
    })
}

fn with(kind: &str, keywords: &[(&str, Value)]) -> Value {
    let mut schema = json!({ "type": kind });
    for (key, value) in keywords.iter().filter(|(_, value)| !value.is_null()) {
        schema[*key] = value.clone();
    }
    schema
}

fn object<'a>(members: impl Iterator<Item = (&'a str, (Value, bool))>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, (node, always)) in members {
        properties.insert(name.into(), node);
        required.extend(always.then_some(name));
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

fn external(name: &str, node: Value) -> Value {
    json!({ "type": "object", "properties": { name: node }, "required": [name], "additionalProperties": false })
}

/// A definition is an object, so that no type is only itself; flattened, its members are none of the others.
fn definition() -> impl Strategy<Value = Value> {
    vec((schema(), prop::bool::weighted(0.3)), 2).prop_map(|nodes| object(["y", "z"].into_iter().zip(nodes)))
}

/// The schema of one event's payload.
#[derive(Clone, Debug)]
pub struct Document {
    pub payload: Value,
    pub defs: Value,
}

impl Document {
    pub fn contract(&self) -> Option<Contract> {
        let arm = external("e", json!({ "anyOf": [self.payload, { "type": "null" }] }));
        Contract::compile(&json!({ "title": "E", "oneOf": [arm], "$defs": self.defs })).ok()
    }

    pub fn text(&self) -> String {
        json!([self.payload, self.defs]).to_string()
    }

    pub fn judge(&self) -> jsonschema::Validator {
        let schema = opened(&json!({ "anyOf": [self.payload, { "type": "null" }], "$defs": self.defs }));
        // A page takes what fits two arms, as the crate's own page says.
        let mut schema: Value = serde_json::from_str(&schema.to_string().replace("\"oneOf\"", "\"anyOf\"")).unwrap();
        whole_numbers(&mut schema);
        jsonschema::draft202012::new(&schema).unwrap()
    }

    /// Of what a server sends: no members that the schema does not name, unless it says that there are more.
    pub fn sent(&self) -> jsonschema::Validator {
        let mut defs = Map::new();
        for (name, def) in self.defs.as_object().unwrap() {
            defs.insert(format!("{name}+"), closed(def, false));
            defs.insert(name.clone(), closed(def, true));
        }
        jsonschema::draft202012::new(
            &json!({ "anyOf": [closed(&self.payload, true), { "type": "null" }], "$defs": defs }),
        )
        .unwrap()
    }
}

/// An exception: a page ignores members that it does not know. An alternative that is an object of one member stays closed.
fn opened(schema: &Value) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    let closed = |arm: &Value| arm["additionalProperties"] == false && arm["patternProperties"].is_null();
    let keys = |arm: &Value, known: &[&str]| arm.as_object().unwrap().keys().all(|key| known.contains(&key.as_str()));
    let variant = |arm: &Value| {
        let one = arm["required"]
            .as_array()
            .is_some_and(|all| all.len() == 1 && !arm["properties"][all[0].as_str().unwrap()].is_null());
        one && closed(arm)
            && arm["properties"].as_object().unwrap().len() == 1
            && keys(arm, &["type", "properties", "required", "additionalProperties"])
    };
    let within = |value: &Value| match value {
        Value::Array(all) => all.iter().map(opened).collect(),
        value => opened(value),
    };
    let mut out: Map<_, _> = object.iter().map(|(key, value)| (key.clone(), within(value))).collect();
    for key in ["oneOf", "anyOf"] {
        let arms = object.get(key).and_then(Value::as_array).into_iter().flatten();
        for (i, _) in arms.enumerate().filter(|(_, arm)| variant(arm)) {
            out[key][i]["additionalProperties"] = false.into();
        }
    }
    if closed(schema) {
        out.remove("additionalProperties");
    }
    out.into()
}

/// An exception: pages refuse integers that JavaScript would round.
fn whole_numbers(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("type") == Some(&json!("integer")) {
                let most = (1_i64 << 53) - 1;
                object.entry("minimum").or_insert(json!(-most));
                object.entry("maximum").or_insert(json!(most));
            }
            object.values_mut().for_each(whole_numbers);
        }
        Value::Array(values) => values.iter_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// `outer`: not flattened into another, which has members of its own.
fn closed(schema: &Value, outer: bool) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    let mut out = Map::new();
    for (key, value) in object {
        let value = match (key.as_str(), value) {
            ("properties" | "patternProperties", Value::Object(all)) => {
                all.iter().map(|(name, one)| (name.clone(), closed(one, true))).collect::<Map<_, _>>().into()
            }
            ("prefixItems" | "anyOf" | "oneOf", Value::Array(all)) => all.iter().map(|one| closed(one, true)).collect(),
            ("items" | "additionalProperties", one) => closed(one, true),
            ("allOf", all) => json!([{ "$ref": format!("{}+", all[0]["$ref"].as_str().unwrap()) }]),
            (_, value) => value.clone(),
        };
        out.insert(key.clone(), value);
    }
    if outer && out.get("type") == Some(&json!("object")) && !out.contains_key("additionalProperties") {
        out.insert("unevaluatedProperties".into(), false.into());
    }
    out.into()
}

pub fn document() -> impl Strategy<Value = Document> {
    (schema(), definition(), definition())
        .prop_map(|(payload, d0, d1)| Document { payload, defs: json!({ "D0": d0, "D1": d1 }) })
}

/// Two documents that have something to do with each other: a few nodes of one are other ones in the other.
pub fn pair() -> impl Strategy<Value = (Document, Document)> {
    (document(), vec((any::<u16>(), 0..10_u8, schema()), 0..4), any::<bool>()).prop_map(|(one, edits, turn)| {
        let mut other = one.clone();
        for (at, how, instead) in edits {
            let nodes = nodes(&mut other.payload, &mut other.defs);
            let count = nodes.len();
            let node = nodes.into_iter().nth(usize::from(at) % count).unwrap();
            edit(node, how, instead);
        }
        if turn { (other, one) } else { (one, other) }
    })
}

fn edit(node: &mut Value, how: u8, instead: Value) {
    match (how, node.as_object_mut()) {
        (0, Some(object)) => drop(object.get_mut("required").and_then(|all| all.as_array_mut()?.pop())),
        (1, Some(object)) => {
            drop(object.get_mut("enum").and_then(|all| all.as_array_mut().filter(|all| all.len() > 1)?.pop()))
        }
        (2, Some(object)) => {
            if let Some(all) = object.get_mut("properties").and_then(Value::as_object_mut) {
                all.insert("n".into(), instead);
            }
        }
        (3, Some(object)) => {
            for key in ["minimum", "minLength", "pattern", "minItems", "maxProperties", "not", "uniqueItems"] {
                object.remove(key);
            }
        }
        (4, _) => *node = json!({ "anyOf": [node.clone(), { "type": "null" }] }),
        (5, Some(object)) => {
            for key in ["anyOf", "oneOf"] {
                drop(object.get_mut(key).and_then(|all| all.as_array_mut().filter(|all| all.len() > 1)?.pop()));
            }
        }
        (6, Some(object)) => {
            if object.get("type") == Some(&json!("number")) {
                object.insert("type".into(), json!("integer"));
            }
        }
        (7, Some(object)) => {
            if let Some(all) = object.get("properties").and_then(Value::as_object) {
                let all: Vec<_> = all.keys().cloned().collect();
                object.insert("required".into(), json!(all));
            }
        }
        (8, Some(object)) => {
            for key in ["minItems", "minLength", "minProperties"] {
                if let Some(least) = object.get_mut(key) {
                    *least = json!(least.as_u64().unwrap_or(0) + 1);
                }
            }
        }
        _ => *node = instead,
    }
}

/// Every schema inside.
fn nodes<'a>(payload: &'a mut Value, defs: &'a mut Value) -> Vec<&'a mut Value> {
    // A node and what is below it cannot both be lent; which one is, alternates by where it stands.
    fn visit<'a>(node: &'a mut Value, depth: usize, out: &mut Vec<&'a mut Value>) {
        let inner = |key: &str| {
            matches!(key, "properties" | "items" | "prefixItems" | "anyOf" | "oneOf" | "additionalProperties")
        };
        let deeper = node.as_object().is_some_and(|object| object.keys().any(|key| inner(key)));
        if depth == 0 || !deeper {
            out.push(node);
            return;
        }
        for (key, value) in node.as_object_mut().unwrap() {
            match (key.as_str(), value) {
                ("properties", Value::Object(all)) => all.iter_mut().for_each(|(_, one)| visit(one, depth - 1, out)),
                ("prefixItems" | "anyOf" | "oneOf", Value::Array(all)) => {
                    all.iter_mut().for_each(|one| visit(one, depth - 1, out))
                }
                ("items" | "additionalProperties", one) if one.is_object() => visit(one, depth - 1, out),
                _ => {}
            }
        }
    }
    let mut out = Vec::new();
    visit(payload, 1, &mut out);
    for (depth, (_, def)) in defs.as_object_mut().unwrap().iter_mut().enumerate() {
        visit(def, depth, &mut out);
    }
    out
}

/// Values of a schema, some of them: whether they are, the judge says.
pub struct Values<'a> {
    pub defs: &'a Value,
    pub seed: u64,
}

impl Values<'_> {
    fn chance(&mut self, n: usize) -> usize {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.seed >> 33) as usize) % n.max(1)
    }

    fn one<'v, T>(&mut self, all: &'v [T]) -> &'v T {
        let n = self.chance(all.len());
        &all[n]
    }

    pub fn of(&mut self, schema: &Value, depth: u8) -> Value {
        if depth == 0 {
            return Value::Null;
        }
        if let Some(name) = schema["$ref"].as_str() {
            let target = self.defs[name.trim_start_matches("#/$defs/")].clone();
            return self.of(&target, depth - 1);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(arms) = schema[key].as_array() {
                let arm = self.one(arms).clone();
                return self.of(&arm, depth);
            }
        }
        if let Some(values) = schema["enum"].as_array() {
            return self.one(values).clone();
        }
        if !schema["const"].is_null() {
            return schema["const"].clone();
        }
        match schema["type"].as_str() {
            Some("boolean") => json!(self.chance(2) == 0),
            Some("string") => json!(*self.one(&["", "a", "b", "ab", "bb", "ccc", "aaaa", "é"])),
            Some("integer") => json!(self.chance(9) as i64 - 4),
            Some("number") => json!((self.chance(19) as f64 - 9.0) / 2.0),
            Some("array") => {
                let few = match schema["prefixItems"].as_array() {
                    Some(items) => items.clone(),
                    None => vec![
                        schema["items"].clone();
                        schema["minItems"].as_u64().unwrap_or(0) as usize + self.chance(3)
                    ],
                };
                few.iter().map(|item| self.of(item, depth - 1)).collect()
            }
            Some("object") => {
                let mut object = Map::new();
                for part in schema["allOf"].as_array().into_iter().flatten() {
                    object.extend(self.of(part, depth - 1).as_object().cloned().unwrap_or_default());
                }
                for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                    let required = schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
                    if required || self.chance(2) == 0 {
                        object.insert(name.clone(), self.of(member, depth - 1));
                    }
                }
                let patterns = schema["patternProperties"].as_object().and_then(|all| all.values().next());
                let rest = patterns.unwrap_or(&schema["additionalProperties"]);
                if rest == true || rest.is_object() {
                    let names: &[&str] =
                        if patterns.is_some() { &["12", "7", "-3"] } else { &["a", "b", "n", "y", "z", "12", "q"] };
                    for _ in 0..self.chance(3) {
                        let name = *self.one(names);
                        if schema["properties"].get(name).is_none() {
                            object.insert(name.into(), self.of(rest, depth - 1));
                        }
                    }
                }
                object.into()
            }
            Some("null") => Value::Null,
            _ => self.one(&[json!(0), json!("a"), json!(null), json!([]), json!({ "a": 1 }), json!(true)]).clone(),
        }
    }
}
