//! What is said of each change: what it is, what it means to an open page, what to do instead.

use crate::{
    expected::{either, in_words},
    model::{Field, Model, Shape},
};
use serde_json::Value;

/// The text of one change.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) what: String,
    /// To a page, if it breaks.
    pub(super) harm: &'static str,
    /// To a page, if it does not.
    pub(super) safe: String,
    /// Instead of what breaks.
    pub(super) next: String,
}

const FAULT: &str = "open pages refuse such a value, and each event that carries it is a fault to them";
const TAKES: &str = "open pages take it";
const WIDER: &str =
    "leave this as it is until no page built with it is open, and send the new values in a new field or a new variant";

fn said(what: impl Into<String>, harm: &'static str, safe: impl Into<String>, next: impl Into<String>) -> Words {
    Words { what: what.into(), harm, safe: safe.into(), next: next.into() }
}

pub(super) fn name(new: &str) -> Words {
    said(format!("the enum is called {new} now"), "", "nothing of that travels; only imports of the module change", "")
}

pub(super) fn event_added() -> Words {
    said("a new event", "", "open pages report one fault for its name and go on", "")
}

/// `came`: what it may be called now.
pub(super) fn event_removed(name: &str, came: &[&str]) -> Words {
    let mut safe = "open pages go on, and never hear of it again".to_owned();
    if !came.is_empty() {
        let came = either(came.iter().map(|name| format!("{name:?}")), came.len());
        safe += &format!("; if it is called {came} now, keep its name on the wire with #[serde(rename = {name:?})]");
    }
    said("an event less", "", safe, "")
}

pub(super) fn renamed(old: &str, new: &str) -> Words {
    said(
        format!("gone, while {new:?} came with the same payload"),
        "open pages wait for the old name in vain, and the new one is a fault to them",
        "",
        format!(
            "keep its name on the wire with #[serde(rename = {old:?})]; if it is another event, keep the old variant until no page built with it is open"
        ),
    )
}

pub(super) fn unchecked() -> Words {
    said("nothing but formats, or how types are named and divided", "", "no page checks that", "")
}

pub(super) fn docs() -> Words {
    said("another doc comment", "", "nothing of that travels", "")
}

pub(super) fn deprecated(now: bool) -> Words {
    said(if now { "deprecated now" } else { "no longer deprecated" }, "", "nothing of that travels", "")
}

pub(super) fn field_added(model: &Model, field: &Field, map: bool) -> Words {
    let what = format!("a new field, {}", in_words(model, &field.node.shape));
    let next = "give it a place of its own beside the map, or the type that the map's members have";
    let safe = if map { "open pages take it for a member of the map" } else { "open pages ignore it" };
    said(what, "open pages take it for a member of the map, whose type is another", safe, next)
}

pub(super) fn field_removed(name: &str, instead: Option<&str>) -> Words {
    let next = match instead {
        Some(new) => format!(
            "{new:?} came with the same type: if it is the same field, keep its name on the wire with #[serde(rename = {name:?})]; else send both until no page built with the old one is open"
        ),
        None => "keep sending it until no page built with it is open".to_owned(),
    };
    let safe = "it could be missing before, and open pages are prepared for that";
    said("the field is gone", "open pages require it, and each event without it is a fault to them", safe, next)
}

/// A map whose keys were all known, and are not now, or the other way about.
pub(super) fn keys(listed: &[Field], opened: bool) -> Words {
    let names = either(listed.iter().map(|field| Value::from(field.name.as_str()).to_string()), listed.len());
    if !opened {
        return said(format!("no other key than {names} now"), "", TAKES, "");
    }
    let safe = "open pages check the keys they know and pass the others; if no more than a doc comment came to a name of the \
                enum that the keys are, write it with //, since with it schemars says nothing of keys";
    said(format!("any key now, before it was {names}"), "", safe, "")
}

pub(super) fn field_optional() -> Words {
    let harm = "open pages require it, and each event without it is a fault to them";
    said(
        "may be missing now",
        harm,
        TAKES,
        "keep sending it, if need be with a default, until no page built with it is open",
    )
}

pub(super) fn field_required() -> Words {
    said("is always there now", "", TAKES, "")
}

pub(super) fn variant_added(value: &str) -> Words {
    let next = "send it in a new event, which open pages report and pass, or only when no page built before is open";
    said(format!("may be {value} now"), FAULT, TAKES, next)
}

pub(super) fn variant_removed(value: &str) -> Words {
    said(format!("is never {value} now"), "", "open pages never see it again", "")
}

pub(super) fn null(added: bool) -> Words {
    if added {
        let next = "leave it as it is until no page built with it is open, and send what may be missing in a new field";
        said("may be null now", FAULT, TAKES, next)
    } else {
        said("is never null now", "", "open pages take what it is instead", "")
    }
}

pub(super) fn tag(old: &str, new: &str) -> Words {
    let what = format!("the variant stands in {new:?} now, no longer in {old:?}");
    said(
        what,
        "open pages look for it where it was, and each event is a fault to them",
        TAKES,
        format!("keep #[serde(tag = {old:?})]"),
    )
}

pub(super) fn shape(old: (&Model, &Shape), new: (&Model, &Shape), widened: bool) -> Words {
    let (was, is) = (in_words(old.0, old.1), in_words(new.0, new.1));
    let what = if was == is { format!("{was}, as before, but not the same") } else { format!("was {was}, is {is}") };
    let next = match widened {
        true => WIDER,
        false => {
            "send it in a new field or a new variant, and the old one as it was until no page built with it is open"
        }
    };
    said(what, if was == is { "it could not be shown that open pages take all of it" } else { FAULT }, TAKES, next)
}

/// The alternatives of an enum in a payload.
pub(super) fn one(value: String) -> String {
    either(std::iter::once(value), 1)
}
