//! From a schema to a [`Model`], or to the reasons why not.
//!
//! Every keyword is either understood, or an annotation, or refused: none is dropped. Two say nothing here on purpose,
//! `additionalProperties: false` and `unevaluatedProperties: false` of a struct: a page ignores members it does not know,
//! so that a server may add some.

mod union;

use crate::{
    facts::Facts,
    flattened,
    keywords::{self, count, is_annotation, is_of, is_true, list, typed},
    model::{Def, Event, Field, List, Model, Node, Note, Pending, Record, Shape, Text},
    numbers, pattern, refs,
    refusal::{At, Refusal},
    top,
};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Reads the payloads of all events.
pub(crate) fn model(root: &Value, events: &[top::Event<'_>], refusals: &mut Vec<Refusal>) -> Model {
    let mut reader = Reader { root, pending: Vec::new(), known: HashMap::new(), steps: flattened::STEPS, refusals };
    let events = events
        .iter()
        .map(|event| Event {
            name: event.name.as_str().to_owned(),
            note: Note { doc: event.doc.map(str::to_owned), deprecated: event.deprecated },
            payload: reader.node(event.payload, &event.at),
        })
        .collect();
    let mut defs = Vec::new();
    while let Some(Pending { pointer, at }) = reader.pending.get(defs.len()) {
        let (pointer, at) = (pointer.clone(), at.moved(pointer));
        let name = pointer.rsplit('/').next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
        let name = if pointer.is_empty() { at.place.split("::").next().unwrap_or_default().to_owned() } else { name };
        let node = root.pointer(&pointer).map_or(Node::bare(Shape::Any), |schema| reader.node(schema, &at));
        defs.push(Def { name, node });
    }
    let mut model = Model { events, defs, facts: Facts::default() };
    match Facts::of(&model) {
        Ok(facts) => model.facts = facts,
        Err(def) => {
            let Pending { pointer, at } = &reader.pending[def];
            refusals.push(at.moved(pointer).refuse(
                format!("the type {:?} is defined as itself", model.defs[def].name),
                "no value could ever be checked against it",
                "put a field, a list or a map between the type and its next self",
            ));
        }
    }
    model
}

struct Reader<'a> {
    root: &'a Value,
    /// Every name met, in order of meeting: the index is the definition's.
    pending: Vec<Pending>,
    known: HashMap<String, usize>,
    /// Left to look for maps among what is flattened.
    steps: usize,
    refusals: &'a mut Vec<Refusal>,
}

impl Reader<'_> {
    fn node(&mut self, schema: &Value, at: &At) -> Node {
        let shape = match schema {
            Value::Bool(true) => Shape::Any,
            Value::Object(object) => self.object(object, schema, at),
            Value::Bool(false) => {
                return self.refuse(
                    at,
                    "a type without values",
                    "no event could ever carry it",
                    "remove the field or variant",
                );
            }
            other => {
                return self.refuse(
                    at,
                    format!("{other} where a schema is due"),
                    "a schema is an object or a boolean",
                    "correct the schema",
                );
            }
        };
        Node { note: Note::of(schema), shape }
    }

    fn refuse(&mut self, at: &At, what: impl Into<String>, why: &str, next: &str) -> Node {
        self.refusals.push(at.refuse(what, why, next));
        Node::bare(Shape::Any)
    }

    fn object(&mut self, object: &Map<String, Value>, schema: &Value, at: &At) -> Shape {
        for (key, value) in object.iter().filter(|(key, _)| !is_annotation(key)) {
            match keywords::expected(key, value) {
                Some(Ok(())) => {}
                Some(Err(due)) => self.refusals.push(at.key(key).refuse(
                    format!("{key:?} of {value}"),
                    "that is no JSON Schema",
                    format!("write {due}"),
                )),
                None => {
                    let next = "describe the type without it, for example with #[schemars(with = \"…\")]";
                    let why = "neither a TypeScript type nor a check could say it";
                    self.refuse(&at.key(key), format!("the keyword {key:?}"), why, next);
                }
            }
        }
        let mut parts = Vec::new();
        if let Some(shape) = self.base(object, at) {
            parts.push(Node::bare(shape));
        }
        if let Some(target) = object.get("$ref") {
            parts.push(Node::bare(self.reference(target, at)));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(arms) = list(object, key) {
                let shape = self.union(arms, key, at);
                parts.push(Node::bare(shape));
            }
        }
        if let Some(all) = list(object, "allOf") {
            parts.extend(all.iter().enumerate().map(|(i, part)| self.node(part, &at.key("allOf").key(i))));
        }
        let named = object.contains_key("enum") || object.contains_key("const");
        if let Some(key) = object.keys().find(|key| typed(key) && (named || !object.contains_key("type"))) {
            let (what, why, next) = if named {
                ("beside an enumeration", "the values listed say all", "leave out what does not meet it")
            } else {
                ("without a type", "values of every other type would pass unchecked", "add \"type\"")
            };
            self.refuse(&at.key(key), format!("{key:?} {what}"), why, next);
        }
        if parts.len() > 1 && schema.get("additionalProperties").is_some_and(|rest| !rest.is_boolean()) {
            self.refuse(
                &at.key("additionalProperties"),
                "a map flattened beside an enum or a named type",
                "the map's type would have to hold for their members, too",
                "give the map a field of its own",
            );
        }
        let beside = flattened::beside_tag(self.root, object, &at.pointer);
        let flat = || (parts.len() > 1).then(|| flattened::refused(self.root, object, &mut self.steps)).flatten();
        if let Some((what, why, next)) = beside.or_else(flat) {
            self.refuse(at, what, why, next);
        }
        match parts.len() {
            0 => Shape::Any,
            1 => parts.remove(0).shape,
            _ => Shape::All(parts),
        }
    }

    fn reference(&mut self, target: &Value, at: &At) -> Shape {
        let at = at.key("$ref");
        let target = target.as_str().unwrap_or_default();
        let Some(pointer) = refs::pointer(target).filter(|pointer| self.root.pointer(pointer).is_some()) else {
            return self
                .refuse(
                    &at,
                    format!("a reference to {target:?}"),
                    "a contract is one document, and there is nothing of that name in it",
                    "put the schema under \"$defs\"",
                )
                .shape;
        };
        let Self { pending, known, .. } = self;
        Shape::Ref(*known.entry(pointer).or_insert_with_key(|pointer| {
            pending.push(Pending { pointer: pointer.clone(), at });
            pending.len() - 1
        }))
    }

    /// What `type`, `enum` and `const` say, with the keywords that belong to them.
    fn base(&mut self, object: &Map<String, Value>, at: &At) -> Option<Shape> {
        let types: Vec<&str> = match object.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().map(|one| one.as_str().unwrap_or("?")).collect(),
            Some(_) => vec!["?"],
            None => Vec::new(),
        };
        if let Some(values) = object.get("enum").or(object.get("const")) {
            let values = if object.contains_key("const") {
                vec![values.clone()]
            } else {
                values.as_array().cloned().unwrap_or_default()
            };
            let literal: Vec<_> = values
                .into_iter()
                .filter(|value| types.is_empty() || types.iter().any(|kind| is_of(kind, value)))
                .map(|value| (Note::default(), value))
                .collect();
            if literal.is_empty() || literal.iter().any(|(_, value)| value.is_object() || value.is_array()) {
                return Some(
                    self.refuse(
                        &at.key("enum"),
                        "an enumeration",
                        "its values must be strings, numbers, booleans or null, and of the type beside it",
                        "use an enum of unit variants",
                    )
                    .shape,
                );
            }
            if let Some((_, value)) = literal.iter().find(|(_, value)| numbers::rounded(value)) {
                let key = if object.contains_key("const") { "const" } else { "enum" };
                self.refuse(
                    &at.key(key),
                    format!("the integer {value} among the values listed"),
                    "JavaScript rounds integers beyond 2^53 - 1 without a word",
                    "send it as a string",
                );
            }
            return Some(Shape::Literal(literal.into()));
        }
        let mut shapes: Vec<_> = types.iter().map(|kind| self.kind(kind, object, at)).collect();
        match shapes.len() {
            0 => None,
            1 => shapes.pop(),
            _ => Some(Shape::Union(shapes.into_iter().map(Node::bare).collect::<Vec<_>>().into())),
        }
    }

    fn kind(&mut self, kind: &str, object: &Map<String, Value>, at: &At) -> Shape {
        if object.contains_key("not") && !matches!(kind, "integer" | "number" | "null") {
            self.refuse(
                &at.key("not"),
                "the keyword \"not\"",
                "TypeScript has no type for what something is not",
                "describe what it is",
            );
        }
        match kind {
            "null" => Shape::Null,
            "boolean" => Shape::Bool,
            "string" => Shape::Text(self.text(object, at)),
            "number" => Shape::Number(numbers::number(object, at, self.refusals)),
            "integer" => Shape::Integer(numbers::integer(object, at, self.refusals)),
            "array" => self.array(object, at),
            "object" => self.record(object, at),
            _ => {
                self.refuse(&at.key("type"), format!("the type {kind:?}"), "it is none of JSON's", "correct the schema")
                    .shape
            }
        }
    }

    fn text(&mut self, object: &Map<String, Value>, at: &At) -> Text {
        let source = object.get("pattern").map(|source| source.as_str().unwrap_or_default());
        if let Some(fault) = source.and_then(pattern::fault) {
            self.refuse(
                &at.key("pattern"),
                format!("the pattern {:?} with {fault}", source.unwrap_or_default()),
                "Rust and JavaScript do not read it alike",
                "use literals, classes, groups, alternatives and repetitions only",
            );
        }
        Text {
            min: object.get("minLength").and_then(count),
            max: object.get("maxLength").and_then(count),
            pattern: source.map(str::to_owned),
        }
    }

    fn array(&mut self, object: &Map<String, Value>, at: &At) -> Shape {
        let (min, max) = (object.get("minItems").and_then(count), object.get("maxItems").and_then(count));
        let unique = object.get("uniqueItems") == Some(&Value::Bool(true));
        if let Some(first) = list(object, "prefixItems") {
            let nodes: Vec<_> = first
                .iter()
                .enumerate()
                .map(|(i, item)| self.node(item, &at.key("prefixItems").key(i).member(&i.to_string())))
                .collect();
            let closed = object.get("items").is_none_or(|items| items == &Value::Bool(false));
            if !closed
                || min != Some(nodes.len() as u64)
                || max.is_some_and(|max| max != nodes.len() as u64)
                || (max.is_none() && object.get("items").is_none())
            {
                self.refuse(
                    at,
                    "a tuple of varying length",
                    "its type would depend on its length",
                    "use a list, or a tuple with \"minItems\" and \"maxItems\" of its length",
                );
            }
            return Shape::Tuple(nodes);
        }
        let items = match object.get("items") {
            Some(items) => self.node(items, &at.key("items").items()),
            None => Node::bare(Shape::Any),
        };
        Shape::List(List { items: Box::new(items), min, max, unique })
    }

    fn record(&mut self, object: &Map<String, Value>, at: &At) -> Shape {
        let required: Vec<&str> = object
            .get("required")
            .and_then(Value::as_array)
            .map_or(Vec::new(), |all| all.iter().filter_map(Value::as_str).collect());
        let mut left: HashSet<&str> = required.iter().copied().collect();
        let properties = object.get("properties").and_then(Value::as_object);
        let mut fields: Vec<_> = properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| Field {
                name: name.clone(),
                required: left.remove(name.as_str()),
                node: self.node(schema, &at.key("properties").key(name).member(name)),
            })
            .collect();
        for name in required {
            if left.remove(name) {
                fields.push(Field { name: name.to_owned(), required: true, node: Node::bare(Shape::Any) });
            }
        }
        let more =
            ["additionalProperties", "unevaluatedProperties"].iter().any(|key| object.get(*key).is_some_and(is_true));
        let rest = object.get("additionalProperties").filter(|rest| *rest != &Value::Bool(false) && !is_true(rest));
        let mut rest = rest.map(|rest| Box::new(self.node(rest, &at.key("additionalProperties").items())));
        let mut keys = None;
        if let Some(patterns) = object.get("patternProperties") {
            // How schemars says a map with integers as keys.
            match patterns.as_object().and_then(|all| {
                all.iter().next().filter(|(key, _)| {
                    all.len() == 1
                        && fields.is_empty()
                        && rest.is_none()
                        && matches!(key.as_str(), r"^\d+$" | r"^-?\d+$")
                })
            }) {
                Some((key, schema)) if object.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    rest = Some(Box::new(self.node(schema, &at.key("patternProperties").key(key).items())));
                    keys = Some(key.clone());
                }
                _ => {
                    self.refuse(
                        &at.key("patternProperties"),
                        "members named by a pattern",
                        "TypeScript has no type for them",
                        "use a map with string or integer keys, in a field of its own",
                    );
                }
            }
        }
        if object.get("unevaluatedProperties").is_some_and(|rest| !rest.is_boolean()) {
            self.refuse(
                &at.key("unevaluatedProperties"),
                "a map flattened beside an enum or a named type",
                "the map's type would have to hold for their members, too",
                "give the map a field of its own",
            );
        }
        Shape::Record(Record {
            fields: fields.into(),
            rest,
            more,
            keys,
            min: object.get("minProperties").and_then(count),
            max: object.get("maxProperties").and_then(count),
        })
    }
}
