//! The schema of a Rust enum, in which the name of a type does not depend on which type is used first.
//!
//! schemars calls the second type of a name `Page2`, which is the second by order of use: types that share a name are
//! called after what tells them apart instead. Whether types share a name, or one is called `Page2` by its author,
//! schemars does not say; asked again with all names taken, it shows it.

use crate::{families, hash, keywords::is_annotation, order::Order, refs};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Map, Value};
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
};

/// The schema of what is serialised.
pub(crate) fn schema<E: JsonSchema>() -> Value {
    let mut schema = generated::<E>(&[]);
    let names: Vec<String> = defs(&schema).map(|defs| defs.keys().cloned().collect()).unwrap_or_default();
    let known: HashSet<&str> = names.iter().map(String::as_str).collect();
    if !names.iter().any(|name| bases(name).skip(1).any(|base| known.contains(base))) {
        return schema;
    }
    let again = generated::<E>(&names);
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    for (name, other) in pairs(&schema, &again) {
        groups.entry(base(&name, &other).to_owned()).or_default().push(name);
    }
    groups.retain(|_, members| members.len() > 1);
    let renamed = new_names(&schema, &groups);
    rename(&mut schema, &renamed);
    if let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        *defs = std::mem::take(defs)
            .into_iter()
            .map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema))
            .collect();
    }
    schema
}

fn generated<E: JsonSchema>(taken: &[String]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    for name in taken {
        TAKEN.set(name.clone());
        generator.subschema_for::<Taken>();
    }
    let mut schema = generator.into_root_schema_for::<E>().to_value();
    remove_nameless(&mut schema);
    schema
}

/// Removes alternatives without a value: schemars lists the names of unit variants, though none of them is ever written.
fn remove_nameless(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut().filter(|(key, _)| !is_annotation(key) || *key == "$defs") {
                if let ("oneOf" | "anyOf", Value::Array(arms)) = (key.as_str(), &mut *value) {
                    arms.retain(|arm| arm["enum"].as_array().is_none_or(|names| !names.is_empty()));
                }
                remove_nameless(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(remove_nameless),
        _ => {}
    }
}

thread_local! {
    /// What [`Taken`] is called just now.
    static TAKEN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A type that takes a name away from others.
struct Taken;

impl JsonSchema for Taken {
    fn schema_name() -> Cow<'static, str> {
        TAKEN.with_borrow(Clone::clone).into()
    }

    fn schema_id() -> Cow<'static, str> {
        TAKEN.with_borrow(|name| format!("eventwire_contract::Taken of {name}")).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

fn defs(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("$defs")?.as_object()
}

/// What a definition is called in either of two schemas that differ in nothing else.
fn pairs(first: &Value, second: &Value) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut known = HashSet::new();
    let mut open = vec![(first, second)];
    while let Some((a, b)) = open.pop() {
        match (a, b) {
            (Value::Object(a), Value::Object(b)) => {
                let target = |object: &Map<String, Value>| refs::definition(object.get("$ref")?.as_str()?);
                if let (Some(name), Some(other)) = (target(a), target(b))
                    && known.insert(name.clone())
                {
                    open.extend(
                        defs(first)
                            .and_then(|defs| defs.get(&name))
                            .zip(defs(second).and_then(|defs| defs.get(&other))),
                    );
                    found.push((name, other));
                }
                open.extend(a.iter().filter(|(key, _)| *key != "$defs").filter_map(|(key, a)| Some((a, b.get(key)?))));
            }
            (Value::Array(a), Value::Array(b)) => open.extend(a.iter().zip(b)),
            _ => {}
        }
    }
    found
}

/// A name, and what it may be numbered from.
fn bases(name: &str) -> impl Iterator<Item = &str> {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    (0..=digits).map(move |n| &name[..name.len() - n]).filter(|base| !base.is_empty())
}

/// What schemars began with, of a type that it called `name` and, with all names taken, `other`.
fn base<'a>(name: &'a str, other: &str) -> &'a str {
    let numbers = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    bases(name).find(|base| other.strip_prefix(base).is_some_and(numbers)).unwrap_or(name)
}

fn new_names(schema: &Value, groups: &HashMap<String, Vec<String>>) -> HashMap<String, String> {
    let all: HashSet<&String> = defs(schema).into_iter().flat_map(Map::keys).collect();
    let members: HashSet<&String> = groups.values().flatten().collect();
    let named = families::Names::new(schema, groups);
    let mut wanted: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for member in &members {
        wanted.entry(named.of(member)).or_default().push(member);
    }
    let order = Order::of(schema);
    let alone =
        |name: &String, owners: &[&String]| owners.len() == 1 && (!all.contains(name) || members.contains(name));
    let mut renamed: HashMap<String, String> = HashMap::new();
    for (name, owners) in wanted.iter().filter(|(name, owners)| alone(name, owners)) {
        renamed.insert(owners[0].clone(), name.clone());
    }
    let mut taken: HashSet<String> = all.iter().copied().chain(renamed.values()).cloned().collect();
    // The next number of each name that was wanted twice.
    let mut next: HashMap<String, usize> = HashMap::new();
    for (_, owners) in wanted.iter().filter(|(name, owners)| !alone(name, owners)) {
        // Nothing to be called after: after all they say, then.
        let print = |member: &String| hash::print(schema, &order, &schema["$defs"][member.as_str()]);
        let mut owners: Vec<_> = owners.iter().map(|member| (print(member), *member)).collect();
        owners.sort_unstable();
        for (print, member) in owners {
            let base = named.base(member).unwrap_or(member);
            let wanted = format!("{base}_{}", &print[..6]);
            let mut name = wanted.clone();
            while !taken.insert(name.clone()) {
                let n = next.entry(wanted.clone()).or_insert(2);
                name = format!("{wanted}_{n}");
                *n += 1;
            }
            renamed.insert(member.clone(), name);
        }
    }
    renamed
}

fn rename(value: &mut Value, renamed: &HashMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(target) if key == "$ref" => {
                        if let Some(name) = refs::definition(target).and_then(|name| renamed.get(&name)) {
                            *target = refs::target(name);
                        }
                    }
                    value if !is_annotation(key) || key == "$defs" => rename(value, renamed),
                    _ => {}
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, renamed)),
        _ => {}
    }
}
