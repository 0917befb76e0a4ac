//! Names of types that Rust calls alike, most often one generic type with several arguments: after what tells them apart.
//!
//! Looks at schemas side by side; where they differ, there stands the argument.

use crate::{keywords::is_annotation, refs, text};
use serde_json::Value;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

/// Deepest argument that becomes part of a name.
const DEEP: usize = 8;

/// Names to be given.
pub(crate) struct Names<'a> {
    schema: &'a Value,
    groups: &'a HashMap<String, Vec<String>>,
    /// Of each type that shares its name: that name, and which of its owners it is.
    places: HashMap<&'a str, (&'a str, usize)>,
    /// What was found of a group, as deep as was asked.
    known: RefCell<HashMap<(&'a str, usize), Labels>>,
}

/// What each argument of each member of a group is called, if it can be called anything.
type Labels = Rc<Vec<Vec<Option<String>>>>;

impl<'a> Names<'a> {
    pub(crate) fn new(schema: &'a Value, groups: &'a HashMap<String, Vec<String>>) -> Self {
        let places = groups.iter().flat_map(|(base, members)| {
            members.iter().enumerate().map(move |(place, member)| (member.as_str(), (base.as_str(), place)))
        });
        Self { schema, groups, places: places.collect(), known: RefCell::default() }
    }

    /// The name that a type shares with others.
    pub(crate) fn base(&self, member: &str) -> Option<&'a str> {
        self.places.get(member).map(|&(base, _)| base)
    }

    /// `PageOrder` of a page of orders. Not yet unique.
    pub(crate) fn of(&self, member: &str) -> String {
        self.name(member, DEEP)
    }

    fn name(&self, def: &str, deep: usize) -> String {
        let Some(&(base, me)) = self.places.get(def) else { return text::identifier(def) };
        let labels = self.labels(base, deep);
        let own: Option<Vec<&str>> = labels.iter().map(|column| column[me].as_deref()).collect();
        own.map_or_else(|| base.to_owned(), |own| format!("{base}{}", own.concat()))
    }

    /// All arguments of a group: looked for once, for there may be thousands of members.
    fn labels(&self, base: &'a str, deep: usize) -> Labels {
        if let Some(known) = self.known.borrow().get(&(base, deep)) {
            return known.clone();
        }
        #[cfg(test)]
        tests::SEARCHED.set(tests::SEARCHED.get() + 1);
        let members = &self.groups[base];
        let schemas: Vec<_> = members.iter().map(|member| &self.schema["$defs"][member.as_str()]).collect();
        let mut columns = Vec::new();
        self.differences(&schemas, members, &mut columns);
        let mut labels: Vec<Vec<Option<String>>> = Vec::new();
        for column in columns {
            let column = column.into_iter().map(|schema| self.label(schema, deep - 1)).collect();
            if !labels.contains(&column) {
                labels.push(column);
            }
        }
        let labels = Rc::new(labels);
        self.known.borrow_mut().insert((base, deep), labels.clone());
        labels
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

#[cfg(test)]
mod tests {
    use super::Names;
    use serde_json::{Map, Value, json};
    use std::{cell::Cell, collections::HashMap};

    thread_local! {
        /// How often the arguments of a group were looked for.
        pub(super) static SEARCHED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn what_tells_many_types_of_one_name_apart_is_looked_for_once() {
        let kinds = ["string", "boolean", "number", "null"];
        let list = |i: usize| {
            (0..i / 4).fold(json!({ "type": kinds[i % 4] }), |items, _| json!({ "type": "array", "items": items }))
        };
        let page =
            |i: usize| json!({ "type": "object", "properties": { "it": list(i), "of": { "$ref": "#/$defs/Other" } } });
        let defs: Map<String, Value> = (0..24).map(|i| (format!("Page{i}"), page(i))).collect();
        let members: Vec<_> = defs.keys().cloned().collect();
        let (schema, groups) = (json!({ "$defs": defs }), HashMap::from([("Page".to_owned(), members.clone())]));
        SEARCHED.set(0);
        let names = Names::new(&schema, &groups);
        let given: Vec<_> = members.iter().map(|member| names.of(member)).collect();
        assert_eq!((given[0].as_str(), given[9].as_str()), ("PageString", "PageBooleanListList"));
        assert_eq!(SEARCHED.get(), 1);
    }
}
