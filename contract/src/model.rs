//! What a checked contract says: the schema as a tree of shapes that TypeScript can both type and check.
//!
//! Data only; [`read`](crate::read) makes it and the emitters read it.

use crate::{
    facts::Facts,
    named::{Arms, Fields, Words},
    refusal::At,
};
use serde_json::Value;

/// The largest integer up to which JavaScript tells every integer from its neighbours.
pub(crate) const SAFE: i64 = (1 << 53) - 1;

/// One contract.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) events: Vec<Event>,
    pub(crate) defs: Vec<Def>,
    pub(crate) facts: Facts,
}

/// One event and the type of its payload.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) note: Note,
    pub(crate) payload: Node,
}

/// A type with a name.
#[derive(Clone, Debug)]
pub(crate) struct Def {
    pub(crate) name: String,
    pub(crate) node: Node,
}

/// A type where it is used.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) note: Note,
    pub(crate) shape: Shape,
}

/// What only people read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub(crate) doc: Option<String>,
    pub(crate) deprecated: bool,
}

/// What a value may be.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Any,
    Null,
    Bool,
    Text(Text),
    Number(Range<f64>),
    Integer(Range<i64>),
    Literal(Words),
    List(List),
    Tuple(Vec<Node>),
    Record(Record),
    /// A name, or an object with exactly one of these members.
    External(Words, Fields),
    /// Index into [`Model::defs`].
    Ref(usize),
    All(Vec<Node>),
    Union(Arms),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) pattern: Option<String>,
}

/// Both ends inclusive unless open.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range<T> {
    pub(crate) min: Option<T>,
    pub(crate) max: Option<T>,
    pub(crate) above: Option<T>,
    pub(crate) below: Option<T>,
    pub(crate) not: Option<T>,
}

#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) items: Box<Node>,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
    pub(crate) unique: bool,
}

/// An object. Members it does not name are of type `rest`, or ignored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) fields: Fields,
    pub(crate) rest: Option<Box<Node>>,
    /// Whether the schema says that there may be members of any type that it does not name.
    pub(crate) more: bool,
    /// The regular expression of every key, of maps with integer keys.
    pub(crate) keys: Option<String>,
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) node: Node,
}

impl Note {
    pub(crate) fn of(schema: &Value) -> Self {
        Self {
            doc: schema.get("description").and_then(Value::as_str).map(str::to_owned),
            deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
        }
    }
}

impl Node {
    pub(crate) fn bare(shape: Shape) -> Self {
        Self { note: Note::default(), shape }
    }
}

impl Record {
    /// Whether any object will do.
    pub(crate) fn open(&self) -> bool {
        self.fields.is_empty() && self.rest.is_none() && self.min.is_none() && self.max.is_none()
    }
}

/// Which of JSON's kinds a value may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kinds {
    pub(crate) const SCALAR: Self = Self(1);
    pub(crate) const LIST: Self = Self(2);
    pub(crate) const OBJECT: Self = Self(4);
    pub(crate) const ANY: Self = Self(7);

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl List {
    /// Whether it may be of any length.
    pub(crate) fn free(&self) -> bool {
        self.min.is_none() && self.max.is_none() && !self.unique
    }
}

impl Model {
    /// The shape behind names.
    pub(crate) fn resolve<'a>(&'a self, shape: &'a Shape) -> &'a Shape {
        match shape {
            Shape::Ref(def) => &self.defs[self.facts.ends[*def]].node.shape,
            shape => shape,
        }
    }

    pub(crate) fn kinds(&self, shape: &Shape) -> Kinds {
        self.facts.kinds_of(shape)
    }

    /// Whether a value of this type may hold one of the same type, at any depth.
    pub(crate) fn recursive(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Ref(def) => self.facts.recursive[*def],
            shape => children(shape).into_iter().any(|child| self.recursive(&child.shape)),
        }
    }
}

/// The types right inside.
pub(crate) fn children(shape: &Shape) -> Vec<&Node> {
    match shape {
        Shape::List(list) => vec![&list.items],
        Shape::Tuple(nodes) | Shape::All(nodes) => nodes.iter().collect(),
        Shape::Union(arms) => arms.iter().collect(),
        Shape::Record(record) => record.fields.iter().map(|field| &field.node).chain(record.rest.as_deref()).collect(),
        Shape::External(_, members) => members.iter().map(|member| &member.node).collect(),
        _ => Vec::new(),
    }
}

/// A definition still to be read, and from where it was first met.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) pointer: String,
    pub(crate) at: At,
}
