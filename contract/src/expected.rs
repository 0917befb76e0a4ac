//! What a validator says it expected, in words.

use crate::{
    model::{Model, Record, Shape},
    text,
};
use std::fmt::Display;

/// Most alternatives named before the rest is only counted.
const NAMED: usize = 10;

/// Most types looked at for one sentence: alternatives of alternatives would multiply.
const LOOKED_AT: usize = 200;
/// Deepest alternative named.
const DEEP: usize = 16;
/// Members named of an object that is one of several.
const TOLD: usize = 2;

/// The words as a string literal.
pub(crate) fn expected(model: &Model, shape: &Shape) -> String {
    text::string(&in_words(model, shape))
}

/// The words alone.
pub(crate) fn in_words(model: &Model, shape: &Shape) -> String {
    words(model, shape, DEEP, &mut LOOKED_AT.clone())
}

fn words(model: &Model, shape: &Shape, deep: usize, left: &mut usize) -> String {
    if deep == 0 || *left == 0 {
        return "another value".into();
    }
    *left -= 1;
    match model.resolve(shape) {
        Shape::Any => "a value".into(),
        Shape::Null => "null".into(),
        Shape::Bool => "a boolean".into(),
        Shape::Text(text) => {
            let length = span(text.min.as_ref(), text.max.as_ref())
                .map_or(String::new(), |span| format!(" of {}", counted(&span, "character")));
            let like = text.pattern.as_ref().map_or(String::new(), |source| format!(" like /{source}/"));
            format!("a string{length}{like}")
        }
        Shape::Number(range) => {
            let mut limits = Vec::new();
            for (word, bound) in [
                ("from", range.min),
                ("above", range.above),
                ("to", range.max),
                ("below", range.below),
                ("but not", range.not),
            ] {
                limits.extend(bound.map(|bound| format!(" {word} {bound}")));
            }
            format!("a number{}", limits.concat())
        }
        Shape::Integer(range) => {
            let span = span(range.min.as_ref(), range.max.as_ref());
            let not = range.not.map_or(String::new(), |not| format!(" but not {not}"));
            format!("an integer{}{not}", span.map_or(String::new(), |span| format!(" from {span}")))
        }
        Shape::Literal(values) => either(values.iter().map(|(_, value)| value.to_string()), values.len()),
        Shape::List(list) => items(span(list.min.as_ref(), list.max.as_ref()), list.unique),
        Shape::Tuple(nodes) => items(Some(nodes.len().to_string()), false),
        Shape::Record(record) => {
            let members = span(record.min.as_ref(), record.max.as_ref());
            members.map_or("an object".into(), |members| format!("an object of {}", counted(&members, "member")))
        }
        Shape::External(names, members) => {
            let count = names.len() + members.len();
            let names = names.iter().map(|(_, value)| value.to_string());
            let members = members.iter().map(|member| format!("{{{}: …}}", quoted(&member.name)));
            either(names.chain(members), count)
        }
        Shape::All(parts) => parts.first().map_or("a value".into(), |part| words(model, &part.shape, deep - 1, left)),
        Shape::Union(arms) => {
            let records = arms.iter().filter(|arm| matches!(model.resolve(&arm.shape), Shape::Record(_))).count();
            let alike = records > 1 && arms.tag().is_none();
            let mut all: Vec<String> = Vec::new();
            for arm in arms.iter() {
                let arm = match model.resolve(&arm.shape) {
                    // What was found may be an object, too: it is told what it lacks.
                    Shape::Record(record) if alike && *left > 0 && record.fields.iter().any(|field| field.required) => {
                        *left -= 1;
                        with_members(record)
                    }
                    _ => words(model, &arm.shape, deep - 1, left),
                };
                if !all.contains(&arm) {
                    all.push(arm);
                }
            }
            let count = all.len();
            either(all.into_iter(), count)
        }
        Shape::Ref(_) => unreachable!("resolved"),
    }
}

/// `a, b or c`, of so many. Those that are not named are not asked for.
pub(crate) fn either(all: impl Iterator<Item = String>, count: usize) -> String {
    let mut words: Vec<_> = all.take(NAMED).collect();
    if count > NAMED {
        words.push(format!("one of {} more", count - NAMED));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".into(),
    }
}

/// An object by the first members that it has to have.
fn with_members(record: &Record) -> String {
    let mut names: Vec<_> =
        record.fields.iter().filter(|field| field.required).take(TOLD + 1).map(|field| quoted(&field.name)).collect();
    if names.len() > TOLD {
        names[TOLD] = "more".into();
    }
    match names.split_last() {
        Some((last, [])) => format!("an object with {last}"),
        Some((last, rest)) => format!("an object with {} and {last}", rest.join(", ")),
        None => "an object".into(),
    }
}

fn items(count: Option<String>, unique: bool) -> String {
    let item = if unique { "different item" } else { "item" };
    match count {
        Some(count) => format!("an array of {}", counted(&count, item)),
        None if unique => "an array of different items".into(),
        None => "an array".into(),
    }
}

fn counted(count: &str, thing: &str) -> String {
    format!("{count} {thing}{}", if count == "1" { "" } else { "s" })
}

fn span<T: Display + PartialEq>(min: Option<&T>, max: Option<&T>) -> Option<String> {
    match (min, max) {
        (Some(min), Some(max)) if min == max => Some(min.to_string()),
        (Some(min), Some(max)) => Some(format!("{min} to {max}")),
        (Some(min), None) => Some(format!("{min} or more")),
        (None, Some(max)) => Some(format!("at most {max}")),
        (None, None) => None,
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}
