//! What comes to stand in one object by way of other types, where schemars does not say what serde writes.
//!
//! serde writes a map's entries beside the members. schemars says so of what is flattened into one struct, but not where a
//! tag is put beside a named type, or a struct beside the arms of an enum: there the map's type would have to hold for the
//! members, too. And beside a tag the name of a variant is a member, not a text. Looks at no map in the object itself.

use crate::{
    keywords::{is_annotation, is_of, is_tag, is_true, list, typed, unit, values},
    refs,
};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Objects that are looked at for one contract, and one compared with another: more than any has that people wrote.
pub(crate) const STEPS: usize = 1 << 20;

type Object = Map<String, Value>;

/// Why what serde writes would be refused: what, why, what to do. `steps` are those left.
pub(crate) fn refused(
    root: &Value,
    object: &Object,
    steps: &mut usize,
) -> Option<(String, &'static str, &'static str)> {
    let parts: Vec<_> = parts(object).map(|part| schemas(root, part, steps)).collect();
    if object.contains_key("properties")
        && let Some(name) = parts.iter().flatten().find(|schema| unit(schema)).and_then(|schema| values(schema).pop())
    {
        let what = format!("the variant {name} without a payload beside other members");
        let next = "give the enum a field of its own, or the variant a payload";
        return Some((what, "serde writes it as a member, and its schema says a text", next));
    }
    // Whether there is a map at all: hardly ever.
    let own: Vec<_> = object.contains_key("properties").then_some(object).into_iter().collect();
    let parts: Vec<Vec<_>> =
        parts.iter().map(|part| part.iter().filter_map(|schema| schema.as_object()).collect()).collect();
    let maps = parts.iter().enumerate().flat_map(|(i, part)| part.iter().map(move |record| (i, *record)));
    for (i, map) in maps.filter(|(_, record)| rest(record).is_some() || record.contains_key("patternProperties")) {
        let others = parts.iter().enumerate().filter(|(j, _)| *j != i).flat_map(|(_, part)| part);
        for record in own.iter().chain(others) {
            for (name, member) in members(record) {
                *steps = steps.saturating_sub(1);
                if *steps == 0 || !(members(map).any(|(own, _)| own == name) || fits(member, map)) {
                    let what = format!("a map flattened beside the member {name:?} of another type");
                    let next = "give the map a field of its own";
                    return Some((what, "the map's type would have to hold for it, too", next));
                }
            }
        }
    }
    None
}

/// Why serde could not write what a variant holds beside its tag, or writes it otherwise: what, why, what to do.
pub(crate) fn beside_tag(root: &Value, object: &Object, pointer: &str) -> Option<(String, &'static str, &'static str)> {
    const FIELD: &str = "make it a field of the variant, `Variant { value: … }`";
    let (tag, name) = said(object)?;
    let owner = pointer.strip_prefix("/$defs/").and_then(|rest| rest.split('/').next());
    let owner = owner.map_or(String::new(), |owner| format!(" of {}", owner.replace("~1", "/").replace("~0", "~")));
    let what = |held: &str| format!("the variant {name}{owner} beside whose tag {tag:?} stands {held}");
    let null = |schema: &Value| schema["type"] == "null";
    let any = list(object, "anyOf").unwrap_or_default();
    if any.len() == 2 && any.iter().any(null) {
        let why = "serde does not write it there, and each publish of it would fail";
        return Some((what("an Option"), why, "take it out of the Option, or make it a field, `Variant { value: … }`"));
    }
    // The keywords of its type, which schemars replaced by that of the tag's object.
    let objects = ["properties", "patternProperties", "required", "minProperties", "maxProperties"];
    if object.keys().any(|key| key == "format" || typed(key) && !objects.contains(&key.as_str())) {
        let why = "serde does not write it there, and each publish of it would fail";
        return Some((what("a value that is no object"), why, FIELD));
    }
    let held = refs::resolve(root, object.get("$ref")?.as_str()?)?.as_object()?;
    let mut arms = ["oneOf", "anyOf"].into_iter().filter_map(|key| list(held, key)).flatten();
    arms.any(null).then(|| {
        (what("a type that may be null"), "serde writes no null there: it leaves it out, or refuses the event", FIELD)
    })
}

/// The tag of a variant that holds another type, and its name.
fn said(object: &Object) -> Option<(&str, &Value)> {
    let mut own = members(object);
    let (tag, member) = own.next().filter(|(_, member)| is_tag(member))?;
    let alone = own.next().is_none() && object.get("required")?.as_array()?.iter().eq([tag]);
    alone.then(|| (tag, &member["const"]))
}

/// What applies to the same object.
fn parts(object: &Object) -> impl Iterator<Item = Vec<&Value>> {
    let reference = object.get("$ref").map(|target| vec![target]);
    let unions = ["oneOf", "anyOf"].into_iter().filter_map(|key| list(object, key)).map(|arms| arms.iter().collect());
    let all = list(object, "allOf").unwrap_or_default().iter().map(|part| vec![part]);
    reference.into_iter().chain(unions).chain(all)
}

/// All that a part may stand for: objects with members or a map, and names of variants. A string is a reference.
fn schemas<'a>(root: &'a Value, part: Vec<&'a Value>, steps: &mut usize) -> Vec<&'a Value> {
    let (mut found, mut left, mut seen) = (Vec::new(), part, HashSet::new());
    while let Some(schema) = left.pop() {
        *steps = steps.saturating_sub(1);
        if *steps == 0 {
            break;
        }
        match schema {
            Value::String(target) if seen.insert(target) => left.extend(refs::resolve(root, target)),
            Value::Object(object) => {
                let named = ["properties", "patternProperties"].iter().any(|key| object.contains_key(*key));
                if named || rest(object).is_some() || unit(schema) {
                    found.push(schema);
                }
                left.extend(parts(object).flatten());
            }
            _ => {}
        }
    }
    found
}

fn rest(object: &Object) -> Option<&Value> {
    object.get("additionalProperties").filter(|rest| !rest.is_boolean() && !is_true(rest))
}

fn members(object: &Object) -> impl Iterator<Item = (&str, &Value)> {
    let all = object.get("properties").and_then(Value::as_object);
    all.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
}

/// Whether a member is surely of the map's type: one of JSON's kinds, and nothing more said of it.
fn fits(member: &Value, map: &Object) -> bool {
    let Some(rest) = rest(map).and_then(Value::as_object) else {
        return false;
    };
    let kinds = |schema: &Value| match schema.get("type") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let allowed = kinds(&Value::Object(rest.clone()));
    rest.keys().all(|key| key == "type" || is_annotation(key))
        && match values(member).as_slice() {
            [] => !kinds(member).is_empty() && kinds(member).iter().all(|kind| allowed.contains(kind)),
            all => all.iter().all(|value| allowed.iter().any(|kind| is_of(kind, value))),
        }
}
