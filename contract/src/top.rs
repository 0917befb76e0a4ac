//! The enum itself: which events there are, and the schema of each one's bare payload.
//!
//! Reads the shape serde calls externally tagged, the only one whose variant can travel as the event's name. What is
//! inside a payload is not its business.

use crate::{
    keywords::external,
    refusal::{At, Refusal},
};
use eventwire::{EventName, InvalidEventName, limits};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::LazyLock};

/// One variant.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) name: EventName,
    pub(crate) payload: &'a Value,
    pub(crate) doc: Option<&'a str>,
    pub(crate) deprecated: bool,
    /// Where the payload's schema stands.
    pub(crate) at: At,
}

/// The payload of a variant without fields.
static UNIT: LazyLock<Value> = LazyLock::new(|| json!({ "type": "null" }));

const TAG: &str = "the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default)";

const RENAME: &str = "rename the variant with #[serde(rename = \"…\")]";

/// The enum's name and events, in the schema's order. Faults go to `refusals`; what is sound is returned all the same.
pub(crate) fn read<'a>(schema: &'a Value, refusals: &mut Vec<Refusal>) -> (String, Vec<Event<'a>>) {
    let name = schema.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
    let at = At::root(if name.is_empty() { "schema" } else { &name });
    if name.is_empty() {
        refusals.push(at.refuse(
            "no title",
            "the title is the enum's name, and the contract is called after it",
            "add \"title\"",
        ));
    }
    let mut events = Vec::new();
    match shape(schema) {
        Ok(arms) => arms.iter().for_each(|(key, arm)| {
            variants(arm, &key.iter().fold(at.clone(), |at, key| at.key(key)), &mut events, refusals)
        }),
        Err(other) => refusals.push(at.refuse(other.what, other.why, other.next)),
    }
    if events.is_empty() && refusals.is_empty() {
        refusals.push(at.refuse("an enum without variants", "there is nothing it could publish", "add a variant"));
    }
    if events.len() > limits::NAMES {
        refusals.push(at.refuse(
            format!("{} variants", events.len()),
            format!("every hello names them all, and {} is the most it carries", limits::NAMES),
            "use a second hub with its own enum",
        ));
    }
    let mut known = HashSet::new();
    for event in &events {
        if !known.insert(event.name.as_str()) {
            refusals.push(event.at.refuse(
                format!("a second event named {:?}", event.name.as_str()),
                "a page could not tell the two apart",
                RENAME,
            ));
        }
    }
    (name, events)
}

type Arms<'a> = Vec<(Vec<String>, &'a Value)>;

/// What a schema is when it is no externally tagged enum.
struct Other {
    what: String,
    why: &'static str,
    next: &'static str,
}

/// The arms of an externally tagged enum with their keys.
fn shape(schema: &Value) -> Result<Arms<'_>, Other> {
    let has = |key| schema.get(key).is_some();
    let other = |what: &str, why, next| Err(Other { what: what.to_owned(), why, next });
    if let Some(arms) = schema.get("oneOf").and_then(Value::as_array) {
        if let Some(tag) = tag(arms) {
            let next =
                "remove #[serde(tag = \"…\")] (and content) from this enum; enums inside payloads may keep theirs";
            return other(&format!("an enum tagged by {tag:?}"), TAG, next);
        }
        if has("properties") || has("$ref") || has("type") {
            return other(
                "an enum flattened into a struct",
                TAG,
                "make the enum itself the event type, and the struct a payload",
            );
        }
        return Ok(arms.iter().enumerate().map(|(i, arm)| (vec!["oneOf".into(), i.to_string()], arm)).collect());
    }
    if has("enum") || has("const") {
        return Ok(vec![(Vec::new(), schema)]);
    }
    if has("anyOf") {
        let next = "remove #[serde(untagged)] from the enum and its variants, or take the enum out of the Option";
        return other("an untagged enum or an Option", TAG, next);
    }
    if has("not") {
        return other("an enum without variants", "there is nothing it could publish", "add a variant");
    }
    other(
        "not an enum",
        "a contract lists the variants of one",
        "derive JsonSchema on an enum whose variants are the events",
    )
}

/// The property by which every arm says its name, if there is one.
fn tag(arms: &[Value]) -> Option<&str> {
    let says = |arm: &Value, key: &str| arm.get("properties").and_then(|all| all.get(key)?.get("const")).is_some();
    // An arm of an externally tagged enum is closed around its one member, which may be a constant, too.
    let external = arms.iter().any(|arm| external(arm).is_some());
    let first = arms.iter().find_map(|arm| arm.get("properties")?.as_object()).filter(|_| !external)?;
    first.keys().find(|key| arms.iter().all(|arm| says(arm, key))).map(String::as_str)
}

fn variants<'a>(arm: &'a Value, at: &At, events: &mut Vec<Event<'a>>, refusals: &mut Vec<Refusal>) {
    let doc = arm.get("description").and_then(Value::as_str);
    let deprecated = arm.get("deprecated") == Some(&Value::Bool(true));
    let mut add = |raw: &str, payload: &'a Value, at: At, refusals: &mut Vec<Refusal>| match EventName::parse(raw) {
        Ok(name) => events.push(Event { name, payload, doc, deprecated, at }),
        Err(error) => {
            let why = match error {
                InvalidEventName::Reserved(_) => {
                    "`open`, `error` and `message` are the browser's own events, `eventwire.…` are ours".to_owned()
                }
                error => error.to_string(),
            };
            refusals.push(at.refuse(format!("the event name {raw:?}"), why, RENAME));
        }
    };
    if let Some(names) =
        arm.get("enum").and_then(Value::as_array).cloned().or_else(|| arm.get("const").map(|c| vec![c.clone()]))
    {
        for name in names {
            match name.as_str() {
                Some(name) => add(name, &UNIT, at.clone().variant(name), refusals),
                None => refusals.push(at.refuse(name.to_string(), TAG, "use an enum whose variants have names")),
            }
        }
        return;
    }
    match external(arm) {
        Some((name, payload)) => {
            let at = at.key("properties").key(name).variant(name);
            let fields = payload.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
            if fields > 1 {
                refusals.push(at.refuse(
                    format!("a variant with {fields} unnamed fields"),
                    "a page would know them by number only",
                    "name them (`Variant { first: …, second: … }`), or wrap the tuple in a struct of its own",
                ));
            } else {
                add(name, payload, at, refusals);
            }
        }
        None => refusals.push(at.refuse(
            "a variant without a name of its own",
            TAG,
            "remove #[serde(untagged)] or #[serde(flatten)] from it",
        )),
    }
}
