//! Whether a page that was built with one contract takes every value that a server with another sends.
//!
//! "Yes" is a proof; "no" also means that it could not be proved. What a server sends has the members that its schema
//! names and no others, unless the schema says that there are more; a page ignores members it does not know.

use super::limits::{self, Size};
use crate::{
    model::{Field, List, Model, Node, Record, Shape},
    named::{Arms, word},
};
use serde_json::Value;
use std::collections::HashMap;

/// Types that are looked at before the answer is "could not be proved": contracts as people write them need
/// some hundreds, and a schema made to exhaust the search ends here.
const STEPS: u32 = 300_000;
/// Constraints on one value that are looked at together, for the same reason.
const TOGETHER: usize = 32;
/// Deepest type in a type, for the same reason: a chain of types may be longer than a stack is deep.
pub(super) const DEEP: usize = 160;

/// Asks about two contracts; remembers what it found.
#[derive(Debug)]
pub(super) struct Fits<'a> {
    page: &'a Model,
    server: &'a Model,
    known: HashMap<Key, Known>,
    /// The "yes" of this question, which may be taken back.
    fresh: Vec<Key>,
    /// An answer rested on one that has turned out to be "no".
    stale: bool,
    left: u32,
    depth: usize,
}

type Key = (usize, Vec<(bool, usize)>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    /// Being looked at: a value is finite, so that inside itself a type may be taken to fit.
    Open {
        used: bool,
    },
    Yes,
    No,
}

/// One of the things that hold for a value the server sends.
#[derive(Clone, Copy, Debug)]
enum Part<'a> {
    Shape(&'a Shape),
    /// An object with this member and no other.
    Only(&'a Field),
}

impl<'a> Fits<'a> {
    pub(super) fn new(page: &'a Model, server: &'a Model) -> Self {
        Self { page, server, known: HashMap::new(), fresh: Vec::new(), stale: false, left: STEPS, depth: 0 }
    }

    /// Whether the page takes whatever is of the server's type.
    pub(super) fn fits(&mut self, page: &'a Shape, server: &'a Shape) -> bool {
        loop {
            self.stale = false;
            self.fresh.clear();
            let fits = self.all(page, &[Part::Shape(server)]);
            if !self.stale {
                return fits;
            }
            // A "no" never rests on an assumption; it takes away one that a "yes" may have rested on. Each round adds one.
            for key in self.fresh.drain(..) {
                self.known.remove(&key);
            }
        }
    }

    /// Whether nothing more can be proved.
    pub(super) fn spent(&self) -> bool {
        self.left == 0
    }

    fn all(&mut self, page: &'a Shape, server: &[Part<'a>]) -> bool {
        let page = self.page.resolve(page);
        if matches!(page, Shape::Any) {
            return true;
        }
        let mut parts = Vec::new();
        server.iter().for_each(|part| self.flatten(*part, DEEP, &mut parts));
        if parts.len() > TOGETHER || self.depth == DEEP {
            return false;
        }
        parts.sort_by_key(Part::key);
        parts.dedup_by_key(|part| part.key());
        let key = (std::ptr::from_ref(page).addr(), parts.iter().map(Part::key).collect::<Vec<_>>());
        match self.known.get_mut(&key) {
            Some(Known::Yes) => return true,
            Some(Known::No) => return false,
            Some(Known::Open { used }) => {
                *used = true;
                return true;
            }
            None => {}
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return false;
        }
        self.known.insert(key.clone(), Known::Open { used: false });
        self.depth += 1;
        let fits = self.decide(page, &parts);
        self.depth -= 1;
        if fits {
            self.fresh.push(key.clone());
        }
        let known = if fits { Known::Yes } else { Known::No };
        if self.known.insert(key, known) == Some(Known::Open { used: true }) && !fits {
            self.stale = true;
        }
        fits
    }

    /// Names looked up, and what holds together taken apart; what says nothing is left out.
    fn flatten(&mut self, part: Part<'a>, deep: usize, into: &mut Vec<Part<'a>>) {
        self.left = self.left.saturating_sub(1);
        match part {
            Part::Shape(shape) => match self.server.resolve(shape) {
                Shape::Any => {}
                Shape::All(parts) if deep > 0 && self.left > 0 => {
                    parts.iter().for_each(|part| self.flatten(Part::Shape(&part.shape), deep - 1, into));
                }
                shape => into.push(Part::Shape(shape)),
            },
            only => into.push(only),
        }
    }

    fn decide(&mut self, page: &'a Shape, server: &[Part<'a>]) -> bool {
        if let Shape::All(parts) = page {
            return parts.iter().all(|part| self.all(&part.shape, server));
        }
        // One alternative of the server's after the other.
        for (i, part) in server.iter().enumerate() {
            let instead = |other: Part<'a>| {
                let mut parts = server.to_vec();
                parts[i] = other;
                parts
            };
            match part {
                Part::Shape(Shape::Literal(values)) => {
                    return values.iter().all(|(_, value)| self.accepts(page, value, DEEP));
                }
                Part::Shape(Shape::Union(arms)) => {
                    return arms.iter().all(|arm| self.all(page, &instead(Part::Shape(&arm.shape))));
                }
                Part::Shape(Shape::External(names, members)) => {
                    return names.iter().all(|(_, name)| self.accepts(page, name, DEEP))
                        && members.iter().all(|member| self.all(page, &instead(Part::Only(member))));
                }
                _ => {}
            }
        }
        match page {
            Shape::Union(arms) => match said(arms, server) {
                Some(name) => arms.named(name).is_some_and(|arm| self.all(&arm.shape, server)),
                None => arms.iter().any(|arm| self.all(&arm.shape, server)),
            },
            Shape::Record(record) => self.record(record, server),
            Shape::External(_, members) => server.iter().any(|part| match part {
                Part::Only(only) => members
                    .named(&only.name)
                    .is_some_and(|member| self.all(&member.node.shape, &named(server, &only.name))),
                Part::Shape(_) => false,
            }),
            page => server.iter().any(|part| matches!(part, Part::Shape(shape) if self.plain(page, shape))),
        }
    }

    /// What is neither an object nor made of others.
    fn plain(&mut self, page: &'a Shape, server: &'a Shape) -> bool {
        match (page, server) {
            (Shape::Null, Shape::Null) | (Shape::Bool, Shape::Bool) => true,
            (Shape::Text(page), Shape::Text(server)) => limits::text(page, server),
            (Shape::Number(page), Shape::Number(server)) => limits::number(page, server),
            (Shape::Number(page), Shape::Integer(server)) => limits::number(page, &limits::as_number(server)),
            (Shape::Integer(page), Shape::Integer(server)) => limits::integer(page, server),
            (Shape::List(page), Shape::List(server)) => {
                limits::list(page, server)
                    && (server.max == Some(0) || self.all(&page.items.shape, &[Part::Shape(&server.items.shape)]))
            }
            (Shape::List(page), Shape::Tuple(nodes)) => self.list_of(page, nodes),
            (Shape::Tuple(page), Shape::Tuple(server)) => {
                page.len() == server.len()
                    && page
                        .iter()
                        .zip(server)
                        .all(|(page, server)| self.all(&page.shape, &[Part::Shape(&server.shape)]))
            }
            (Shape::Tuple(page), Shape::List(List { items, min, max, .. })) => {
                let length = Some(page.len() as u64);
                *min == length
                    && *max == length
                    && page.iter().all(|page| self.all(&page.shape, &[Part::Shape(&items.shape)]))
            }
            (page @ Shape::Literal(_), server) => {
                few(server).is_some_and(|values| values.iter().all(|value| self.accepts(page, value, DEEP)))
            }
            _ => false,
        }
    }

    fn list_of(&mut self, page: &'a List, nodes: &'a [Node]) -> bool {
        let length = nodes.len() as u64;
        page.min.is_none_or(|min| min <= length)
            && page.max.is_none_or(|max| length <= max)
            && (!page.unique || length < 2)
            && nodes.iter().all(|node| self.all(&page.items.shape, &[Part::Shape(&node.shape)]))
    }

    /// Whether a value that is no object and no list is of a type, as far as that can be told.
    fn accepts(&mut self, page: &'a Shape, value: &Value, deep: usize) -> bool {
        self.left = self.left.saturating_sub(1);
        if deep == 0 || self.left == 0 {
            return false;
        }
        match self.page.resolve(page) {
            Shape::Any => true,
            Shape::Null => value.is_null(),
            Shape::Bool => value.is_boolean(),
            Shape::Text(text) => value.as_str().is_some_and(|value| limits::has(text, value)),
            Shape::Number(range) => value.as_f64().is_some_and(|n| limits::number(range, &limits::just(n))),
            Shape::Integer(range) => {
                let whole = value.as_i64().or_else(|| value.as_f64().filter(|n| n.fract() == 0.0).map(|n| n as i64));
                whole.is_some_and(|n| limits::integer(range, &limits::just(n)))
            }
            Shape::Literal(values) | Shape::External(values, _) => values.has(value),
            Shape::All(parts) => parts.iter().all(|part| self.accepts(&part.shape, value, deep - 1)),
            Shape::Union(arms) => arms.iter().any(|arm| self.accepts(&arm.shape, value, deep - 1)),
            Shape::List(_) | Shape::Tuple(_) | Shape::Record(_) | Shape::Ref(_) => false,
        }
    }

    fn record(&mut self, page: &'a Record, server: &[Part<'a>]) -> bool {
        if !server.iter().any(|part| matches!(part, Part::Only(_) | Part::Shape(Shape::Record(_)))) {
            return false;
        }
        if (page.min.is_some() || page.max.is_some()) && !size(server).within(page.min, page.max) {
            return false;
        }
        for field in page.fields.iter() {
            let same = named(server, &field.name);
            if same.is_empty() {
                let other = others(server, Some(&field.name));
                if field.required || other.is_some_and(|other| !self.all(&field.node.shape, &other)) {
                    return false;
                }
            } else if (field.required && !requires(server, &field.name)) || !self.all(&field.node.shape, &same) {
                return false;
            }
        }
        let Some(rest) = page.rest.as_deref() else { return true };
        let known = |name: &str| page.fields.named(name).is_some();
        let new: Vec<_> = names(server).into_iter().filter(|name| !known(name)).collect();
        new.into_iter()
            .all(|name| limits::key(page.keys.as_deref(), name) && self.all(&rest.shape, &named(server, name)))
            && others(server, None).is_none_or(|other| {
                keys(server).is_some_and(|keys| limits::keys(page.keys.as_deref(), keys))
                    && self.all(&rest.shape, &other)
            })
    }
}

impl Part<'_> {
    /// Two parts are the same if they stand at the same place.
    fn key(&self) -> (bool, usize) {
        match self {
            Self::Shape(shape) => (false, std::ptr::from_ref(*shape).addr()),
            Self::Only(field) => (true, std::ptr::from_ref(*field).addr()),
        }
    }
}

fn fields<'a, 'p>(server: &'p [Part<'a>]) -> impl Iterator<Item = &'a Field> + 'p {
    server.iter().flat_map(|part| match part {
        Part::Shape(Shape::Record(record)) => &*record.fields,
        Part::Shape(_) => &[],
        Part::Only(field) => std::slice::from_ref(*field),
    })
}

fn records<'a, 'p>(server: &'p [Part<'a>]) -> impl Iterator<Item = &'a Record> + 'p {
    server.iter().filter_map(|part| match part {
        Part::Shape(Shape::Record(record)) => Some(record),
        _ => None,
    })
}

/// What the server says of one member.
fn members<'a, 'p>(server: &'p [Part<'a>], name: &'p str) -> impl Iterator<Item = &'a Field> + 'p {
    server.iter().filter_map(move |part| match *part {
        Part::Shape(Shape::Record(record)) => record.fields.named(name),
        Part::Shape(_) => None,
        Part::Only(field) => (field.name == name).then_some(field),
    })
}

/// What holds for a member that the server names.
fn named<'a>(server: &[Part<'a>], name: &str) -> Vec<Part<'a>> {
    members(server, name).map(|field| Part::Shape(&field.node.shape)).collect()
}

fn requires(server: &[Part<'_>], name: &str) -> bool {
    members(server, name).any(|field| field.required)
}

fn names<'a>(server: &[Part<'a>]) -> Vec<&'a str> {
    let mut names: Vec<_> = fields(server).map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What holds for members that the server does not name: of this one, or of any. `None` if there are none.
fn others<'a>(server: &[Part<'a>], name: Option<&str>) -> Option<Vec<Part<'a>>> {
    let closed = server.iter().any(|part| matches!(part, Part::Only(_)));
    let open = !closed && records(server).any(|record| record.more || record.rest.is_some());
    let possible = name.is_none_or(|name| records(server).all(|record| limits::key(record.keys.as_deref(), name)));
    let rest = |record: &'a Record| record.rest.as_deref().map(|rest| Part::Shape(&rest.shape));
    (open && possible).then(|| records(server).filter_map(rest).collect())
}

/// The rule of the keys of maps, if there is one.
fn keys<'a>(server: &[Part<'a>]) -> Option<Option<&'a str>> {
    Some(records(server).find_map(|record| record.keys.as_deref()))
}

/// How many members an object of the server's has.
fn size(server: &[Part<'_>]) -> Size {
    let names = names(server);
    let required = names.iter().filter(|name| requires(server, name)).count() as u64;
    let most = others(server, None).is_none().then_some(names.len() as u64);
    let least = records(server).filter_map(|record| record.min).fold(required, u64::max);
    let most = records(server).filter_map(|record| record.max).chain(most).min();
    Size { least, most }
}

/// All values of a type that has but a few.
fn few(shape: &Shape) -> Option<Vec<Value>> {
    match shape {
        Shape::Null => Some(vec![Value::Null]),
        Shape::Bool => Some(vec![true.into(), false.into()]),
        Shape::Integer(range) => {
            let (min, max) = (range.min?, range.max?);
            (max.checked_sub(min)? < 256)
                .then(|| (min..=max).filter(|n| range.not != Some(*n)).map(Into::into).collect())
        }
        _ => None,
    }
}

/// The name by which all that the server sends here says which alternative it is: no other one lets that name pass.
fn said<'a>(arms: &Arms, server: &[Part<'a>]) -> Option<&'a str> {
    members(server, &arms.tag()?.member).find_map(|field| word(&field.node.shape))
}
