//! TypeScript types of a model.
//!
//! Types only; nothing here ends up in what a browser loads.

use crate::{
    model::{Field, Kinds, List, Model, Node, Note, Record, Shape},
    text,
};
use serde_json::Value;
use std::collections::HashSet;

/// Longest fixed list written out as a tuple.
const TUPLE: u64 = 64;
/// Longest text that is written more than once: types inside types would multiply.
const AGAIN: usize = 2_000;
/// Longest object type kept on one line.
const LINE: usize = 80;

/// Writes types; knows the name of each definition.
pub(crate) struct Types<'a> {
    pub(crate) model: &'a Model,
    pub(crate) names: &'a [String],
}

/// How tightly a type's text holds together.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Bond {
    Union,
    Both,
    Tight,
}

impl Types<'_> {
    /// A named, exported type.
    pub(crate) fn declare(&self, name: &str, node: &Node) -> String {
        let doc = doc(&node.note, "");
        match &node.shape {
            Shape::Record(record) if record.rest.is_none() && !record.fields.is_empty() => {
                format!("{doc}export interface {name} {}\n", Self::members(record, self.signatures(record, "  "), ""))
            }
            shape => {
                let text = self.shape(shape, "").0;
                let space = if text.starts_with('\n') { "" } else { " " };
                format!("{doc}export type {name} ={space}{text};\n")
            }
        }
    }

    /// A type where it is used.
    pub(crate) fn node(&self, node: &Node, indent: &str) -> String {
        self.shape(&node.shape, indent).0
    }

    fn shape(&self, shape: &Shape, indent: &str) -> (String, Bond) {
        let tight = |text: &str| (text.to_owned(), Bond::Tight);
        match shape {
            Shape::Any => tight("unknown"),
            Shape::Null => tight("null"),
            Shape::Bool => tight("boolean"),
            Shape::Text(_) => tight("string"),
            Shape::Number(_) | Shape::Integer(_) => tight("number"),
            Shape::Literal(values) => {
                self.union(values.iter().map(|(note, value)| (note, literal(value))).collect(), indent)
            }
            Shape::List(list) => self.list(list, indent),
            Shape::Tuple(nodes) => {
                (format!("[{}]", join(nodes.iter().map(|node| self.node(node, indent)), ", ")), Bond::Tight)
            }
            Shape::Record(record) => (self.record(record, indent), Bond::Tight),
            Shape::External(names, members) => {
                let names = names.iter().map(|(note, value)| (note, literal(value)));
                let members = members.iter().map(|member| {
                    (
                        &member.node.note,
                        format!("{{ {}: {} }}", text::member(&member.name), self.node(&member.node, indent)),
                    )
                });
                self.union(names.chain(members).collect(), indent)
            }
            Shape::Ref(def) => tight(&self.names[*def]),
            Shape::All(parts) => self.all(parts, indent),
            Shape::Union(arms) => {
                self.union(arms.iter().map(|arm| (&arm.note, self.node(arm, indent))).collect(), indent)
            }
        }
    }

    fn union(&self, arms: Vec<(&Note, String)>, indent: &str) -> (String, Bond) {
        if arms.iter().any(|(_, arm)| arm == "unknown") {
            return ("unknown".into(), Bond::Tight);
        }
        let mut texts = HashSet::new();
        let seen: Vec<_> = arms.into_iter().filter(|(_, arm)| texts.insert(arm.clone())).collect();
        if seen.iter().any(|(note, _)| note.doc.is_some() || note.deprecated) && seen.len() > 1 {
            let inner = format!("{indent}  ");
            let arms = seen.iter().map(|(note, arm)| format!("\n{}{inner}| {arm}", doc(note, &inner)));
            return (arms.collect(), Bond::Union);
        }
        let bond = if seen.len() > 1 { Bond::Union } else { Bond::Tight };
        (join(seen.into_iter().map(|(_, arm)| arm), " | "), bond)
    }

    fn all(&self, parts: &[Node], indent: &str) -> (String, Bond) {
        // What constrains nothing may still say that there are members of any name.
        let more = |part: &&Node| matches!(&part.shape, Shape::Record(record) if record.more);
        let all = parts;
        let mut parts = self.model.constraining(all);
        if !parts.iter().any(more) {
            parts.extend(all.iter().find(more));
        }
        let texts = parts.iter().map(|part| {
            let (text, bond) = self.shape(&part.shape, indent);
            if bond == Bond::Union && parts.len() > 1 { format!("({text})") } else { text }
        });
        (join(texts, " & "), if parts.len() > 1 { Bond::Both } else { Bond::Union })
    }

    fn list(&self, list: &List, indent: &str) -> (String, Bond) {
        let (text, bond) = self.shape(&list.items.shape, indent);
        match (list.min, list.max) {
            (Some(min), Some(max)) if min == max && max <= TUPLE && text.len() * (max as usize) <= AGAIN => {
                (format!("[{}]", join((0..max).map(|_| text.clone()), ", ")), Bond::Tight)
            }
            (_, Some(0)) => ("[]".into(), Bond::Tight),
            _ if bond == Bond::Tight => (format!("{text}[]"), Bond::Tight),
            _ => (format!("({text})[]"), Bond::Tight),
        }
    }

    fn record(&self, record: &Record, indent: &str) -> String {
        let plain = |field: &Field| field.node.note.doc.is_none() && !field.node.note.deprecated;
        // Written once, at the depth it has on lines of its own: what fits on one line has no depth.
        let lines = self.signatures(record, &format!("{indent}  "));
        if record.fields.iter().all(plain) {
            let line = format!("{{ {} }}", lines.join("; "));
            if line.len() <= LINE && !line.contains('\n') {
                return line;
            }
        }
        Self::members(record, lines, indent)
    }

    fn members(record: &Record, lines: Vec<String>, indent: &str) -> String {
        let inner = format!("{indent}  ");
        let notes =
            record.fields.iter().map(|field| doc(&field.node.note, &inner)).chain(std::iter::repeat(String::new()));
        let lines = notes.zip(lines).map(|(doc, line)| format!("{doc}{inner}{line};\n"));
        format!("{{\n{}{indent}}}", lines.collect::<String>())
    }

    fn signatures(&self, record: &Record, indent: &str) -> Vec<String> {
        let types: Vec<_> = record.fields.iter().map(|field| self.node(&field.node, indent)).collect();
        let mut lines: Vec<_> = record
            .fields
            .iter()
            .zip(&types)
            .map(|(field, text)| {
                format!("{}{}: {text}", text::member(&field.name), if field.required { "" } else { "?" })
            })
            .collect();
        let none = Note::default();
        if let Some(rest) = &record.rest {
            // A named member must fit the index signature, too.
            let mut kinds: Vec<_> = types.into_iter().map(|text| (&none, text)).collect();
            kinds.push((&none, self.node(rest, indent)));
            if record.fields.iter().any(|field| !field.required) {
                kinds.push((&none, "undefined".into()));
            }
            // Whoever reads any member of so large an object has to look what it is.
            let long = kinds.iter().map(|(_, text)| text.len()).sum::<usize>() > AGAIN;
            let all = if long { "unknown".into() } else { self.union(kinds, indent).0 };
            lines.push(format!("[key: string]: {all}"));
        } else if record.fields.is_empty() || record.more {
            lines.push("[key: string]: unknown".into());
        }
        lines
    }
}

impl Model {
    /// The parts of an intersection that say anything.
    pub(crate) fn constraining<'a>(&self, parts: &'a [Node]) -> Vec<&'a Node> {
        let open = |part: &Node| matches!(&part.shape, Shape::Record(record) if record.open());
        let object = |part: &&Node| self.kinds(&part.shape) == Kinds::OBJECT;
        let rest: Vec<_> = parts.iter().filter(|part| !open(part)).collect();
        if rest.iter().any(object) { rest } else { parts.iter().collect() }
    }
}

fn join(texts: impl Iterator<Item = String>, between: &str) -> String {
    texts.collect::<Vec<_>>().join(between)
}

/// A literal, the same in a type and in code.
pub(crate) fn literal(value: &Value) -> String {
    match value {
        Value::String(value) => text::string(value),
        value => value.to_string(),
    }
}

/// A comment for editors, with its line's end; nothing if there is nothing to say.
pub(crate) fn doc(note: &Note, indent: &str) -> String {
    let mut lines = note.doc.as_deref().map_or(Vec::new(), text::comment);
    if note.deprecated {
        lines.push("@deprecated".into());
    }
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let lines: String = lines
                .iter()
                .map(|line| format!("{indent} *{}{line}\n", if line.is_empty() { "" } else { " " }))
                .collect();
            format!("{indent}/**\n{lines}{indent} */\n")
        }
    }
}
