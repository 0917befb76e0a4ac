//! Members, values and alternatives of which there may be thousands, each found by its name and not by a search.
//!
//! Read like slices, in their order; what they mean for a value is the business of others.

use crate::model::{Field, Node, Note, Record, Shape};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
};

/// Members, the first of each name found by it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    all: Vec<Field>,
    places: HashMap<String, usize>,
}

impl Fields {
    pub(crate) fn named(&self, name: &str) -> Option<&Field> {
        self.places.get(name).map(|&place| &self.all[place])
    }
}

impl From<Vec<Field>> for Fields {
    fn from(all: Vec<Field>) -> Self {
        let places = places(all.iter().map(|field| field.name.as_str()));
        Self { all, places }
    }
}

impl Deref for Fields {
    type Target = [Field];

    fn deref(&self) -> &[Field] {
        &self.all
    }
}

/// Values that are neither objects nor lists, most of them names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    all: Vec<(Note, Value)>,
    texts: HashSet<String>,
}

impl Words {
    pub(crate) fn has(&self, value: &Value) -> bool {
        self.texts.contains(&text(value))
    }
}

impl From<Vec<(Note, Value)>> for Words {
    fn from(all: Vec<(Note, Value)>) -> Self {
        let texts = all.iter().map(|(_, value)| text(value)).collect();
        Self { all, texts }
    }
}

impl Deref for Words {
    type Target = [(Note, Value)];

    fn deref(&self) -> &[(Note, Value)] {
        &self.all
    }
}

/// The same for values that are the same: JSON may say 1 as 1.0, and 0 as -0.0.
fn text(value: &Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |n| (n + 0.0).to_string())
}

/// Alternatives, and the member by which each says its name, if there is one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arms {
    all: Vec<Node>,
    tag: Option<Tag>,
}

/// The member by which alternatives say their names.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) member: String,
    places: HashMap<String, usize>,
}

impl Arms {
    pub(crate) fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    pub(crate) fn into_nodes(self) -> Vec<Node> {
        self.all
    }

    /// The alternative that says this name by their tag.
    pub(crate) fn named(&self, name: &str) -> Option<&Node> {
        self.tag.as_ref()?.places.get(name).map(|&place| &self.all[place])
    }
}

impl From<Vec<Node>> for Arms {
    fn from(all: Vec<Node>) -> Self {
        let tag = tag(&all);
        Self { all, tag }
    }
}

impl Deref for Arms {
    type Target = [Node];

    fn deref(&self) -> &[Node] {
        &self.all
    }
}

/// The first member of the first object by which each arm says its name, and no two the same one.
fn tag(arms: &[Node]) -> Option<Tag> {
    let first = arms.iter().find_map(|arm| record_of(&arm.shape))?;
    first.fields.iter().find_map(|field| {
        let says = |arm| tag_of(arm, &field.name).map(|(name, _)| name);
        let names: Vec<_> = arms.iter().map(|arm| says(&arm.shape)).collect::<Option<_>>()?;
        let places = places(names.into_iter());
        (places.len() == arms.len()).then(|| Tag { member: field.name.clone(), places })
    })
}

fn record_of(shape: &Shape) -> Option<&Record> {
    match shape {
        Shape::Record(record) => Some(record),
        Shape::All(parts) => parts.iter().find_map(|part| match &part.shape {
            Shape::Record(record) => Some(record),
            _ => None,
        }),
        _ => None,
    }
}

/// The name that an arm says by this member, and the object that says it.
pub(crate) fn tag_of<'a>(shape: &'a Shape, tag: &str) -> Option<(&'a str, &'a Record)> {
    let record = record_of(shape)?;
    let field = record.fields.named(tag).filter(|field| field.required)?;
    Some((word(&field.node.shape)?, record))
}

/// The one name that a value may be.
pub(crate) fn word(shape: &Shape) -> Option<&str> {
    match shape {
        Shape::Literal(values) if values.len() == 1 => values[0].1.as_str(),
        _ => None,
    }
}

fn places<'a>(names: impl Iterator<Item = &'a str>) -> HashMap<String, usize> {
    let mut places = HashMap::new();
    for (place, name) in names.enumerate() {
        places.entry(name.to_owned()).or_insert(place);
    }
    places
}
