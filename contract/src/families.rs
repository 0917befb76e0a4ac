//! Names of types that Rust calls alike, most often one generic type with several arguments: after what tells them apart.
//!
//! Looks at schemas side by side; where they differ, there stands the argument.

use crate::{keywords::is_annotation, refs, text};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Deepest argument that becomes part of a name.
const DEEP: usize = 8;

/// Names to be given.
pub(crate) struct Names<'a> {
    schema: &'a Value,
    groups: &'a HashMap<String, Vec<String>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(schema: &'a Value, groups: &'a HashMap<String, Vec<String>>) -> Self {
        Self { schema, groups }
    }

    /// `PageOrder` of a page of orders. Not yet unique.
    pub(crate) fn of(&self, member: &str) -> String {
        self.name(member, DEEP)
    }

    fn name(&self, def: &str, deep: usize) -> String {
        let group = self.groups.iter().find(|(_, members)| members.iter().any(|member| member == def));
        let Some((base, members)) = group.filter(|_| deep > 0) else { return text::identifier(def) };
        let schemas: Vec<_> = members.iter().map(|member| &self.schema["$defs"][member.as_str()]).collect();
        let mut columns = Vec::new();
        self.differences(&schemas, members, &mut columns);
        let me = members.iter().position(|member| member == def).unwrap_or(0);
        let mut labels: Vec<Vec<Option<String>>> = Vec::new();
        for column in columns {
            let column = column.into_iter().map(|schema| self.label(schema, deep - 1)).collect();
            if !labels.contains(&column) {
                labels.push(column);
            }
        }
        let own: Option<Vec<String>> = labels.iter().map(|column| column[me].clone()).collect();
        own.map_or_else(|| base.clone(), |own| format!("{base}{}", own.concat()))
    }

    /// The outermost places at which schemas differ, in the order of their members' names.
    fn differences(&self, schemas: &[&'a Value], members: &[String], columns: &mut Vec<Vec<&'a Value>>) {
        let own = |(schema, member): (&&Value, &String)| target(schema).as_ref() == Some(member);
        if schemas.windows(2).all(|two| two[0] == two[1]) || schemas.iter().zip(members).all(own) {
            return;
        }
        let inner: Option<Vec<_>> = schemas.iter().map(|schema| parts(schema)).collect();
        match inner {
            Some(inner) if inner.windows(2).all(|two| two[0].0 == two[1].0) => {
                for i in 0..inner[0].1.len() {
                    let column: Vec<_> = inner.iter().map(|(_, parts)| parts[i]).collect();
                    self.differences(&column, members, columns);
                }
            }
            _ => columns.push(schemas.to_vec()),
        }
    }

    /// What an argument is called in a name.
    fn label(&self, schema: &Value, deep: usize) -> Option<String> {
        if deep == 0 {
            return None;
        }
        if let Some(name) = target(schema) {
            return Some(text::pascal(&self.name(&name, deep)));
        }
        let object = match schema {
            Value::Bool(true) => return Some("Any".into()),
            schema => schema.as_object()?,
        };
        if object.keys().all(|key| is_annotation(key)) {
            return Some("Any".into());
        }
        if let Some([one, Value::Object(null)]) = object.get("anyOf").and_then(Value::as_array).map(Vec::as_slice)
            && null.get("type") == Some(&"null".into())
        {
            return Some(format!("Optional{}", self.label(one, deep - 1)?));
        }
        let format = || object.get("format").and_then(Value::as_str).map(text::pascal);
        match object.get("type")? {
            Value::String(kind) => match kind.as_str() {
                "array" => Some(format!("{}List", self.label(object.get("items")?, deep - 1)?)),
                "object" => Some(format!("{}Map", self.label(object.get("additionalProperties")?, deep - 1)?)),
                kind => Some(format().unwrap_or_else(|| text::pascal(kind))),
            },
            Value::Array(kinds) => {
                let kind = kinds.iter().find(|kind| *kind != "null")?.as_str()?;
                Some(format!("Optional{}", format().unwrap_or_else(|| text::pascal(kind))))
            }
            _ => None,
        }
    }
}

/// The definition a schema is a mere reference to.
fn target(schema: &Value) -> Option<String> {
    let object = schema.as_object()?;
    let only = object.keys().all(|key| key == "$ref" || is_annotation(key));
    refs::definition(object.get("$ref")?.as_str()?).filter(|_| only)
}

/// What a schema says itself, and the schemas inside it in the order of their names.
fn parts(schema: &Value) -> Option<(BTreeSet<String>, Vec<&Value>)> {
    let object = schema.as_object()?;
    let mut shell = BTreeSet::new();
    let mut inside = Vec::new();
    let mut keys: Vec<_> = object.keys().filter(|key| !is_annotation(key)).collect();
    keys.sort_unstable();
    for key in keys {
        match (key.as_str(), &object[key]) {
            ("properties", Value::Object(properties)) => {
                let mut names: Vec<_> = properties.keys().collect();
                names.sort_unstable();
                shell.insert(format!("properties {names:?}"));
                inside.extend(names.into_iter().map(|name| &properties[name]));
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(arms)) => {
                shell.insert(format!("{key} {}", arms.len()));
                inside.extend(arms);
            }
            ("items" | "additionalProperties", Value::Object(_)) => {
                shell.insert(key.clone());
                inside.push(&object[key]);
            }
            (key, value) => {
                shell.insert(format!("{key} {value}"));
            }
        }
    }
    Some((shell, inside))
}
