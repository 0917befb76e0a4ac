//! What follows from a model as a whole: which types hold themselves, and of which of JSON's kinds each one is.
//!
//! Follows names without calling itself: a chain of types may be longer than a stack is deep.

use crate::model::{Kinds, Model, Node, Shape, children};

/// More comparisons than these, and a named type is checked by a function of its own wherever it is used.
const INLINE: usize = 8;

/// One entry per definition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// The definition that a chain of mere names ends in.
    pub(crate) ends: Vec<usize>,
    pub(crate) kinds: Vec<Kinds>,
    /// By how many comparisons it is checked, if by a few and without looking inside.
    pub(crate) small: Vec<Option<usize>>,
    /// Whether a value may hold one of the same type, or of another that does.
    pub(crate) recursive: Vec<bool>,
}

impl Facts {
    /// Of a model whose facts are not known yet, or a type that is met again at the same value, without a member or an
    /// item between: a check of it would never end.
    pub(crate) fn of(model: &Model) -> Result<Self, usize> {
        let shapes = || model.defs.iter().map(|def| &def.node.shape);
        let at_once: Vec<_> = shapes().map(|shape| targets(shape, false)).collect();
        let inside: Vec<_> = shapes().map(|shape| targets(shape, true)).collect();
        let (order, endless) = ends_first(&at_once);
        if let Some(mut def) = endless.iter().position(|endless| *endless) {
            // From a type that leads to a circle, into it: as many steps as there are types.
            for _ in 0..model.defs.len() {
                def = at_once[def].iter().copied().find(|&next| endless[next]).unwrap_or(def);
            }
            return Err(def);
        }
        let none = vec![Kinds::default(); model.defs.len()];
        let mut facts = Self {
            ends: (0..none.len()).collect(),
            kinds: none,
            small: vec![None; inside.len()],
            recursive: ends_first(&inside).1,
        };
        for def in order {
            let shape = &model.defs[def].node.shape;
            if let Shape::Ref(target) = shape {
                facts.ends[def] = facts.ends[*target];
            }
            facts.kinds[def] = facts.kinds_of(shape);
            facts.small[def] = facts.weight(shape).filter(|&weight| weight <= INLINE);
        }
        Ok(facts)
    }

    pub(crate) fn kinds_of(&self, shape: &Shape) -> Kinds {
        match shape {
            Shape::Any => Kinds::ANY,
            Shape::Null | Shape::Bool | Shape::Text(_) | Shape::Number(_) | Shape::Integer(_) | Shape::Literal(_) => {
                Kinds::SCALAR
            }
            Shape::List(_) | Shape::Tuple(_) => Kinds::LIST,
            Shape::Record(_) => Kinds::OBJECT,
            Shape::External(names, members) => {
                let names = if names.is_empty() { Kinds::default() } else { Kinds::SCALAR };
                names.or(if members.is_empty() { Kinds::default() } else { Kinds::OBJECT })
            }
            Shape::All(parts) => parts.iter().fold(Kinds::ANY, |kinds, part| kinds.and(self.kinds_of(&part.shape))),
            Shape::Union(arms) => arms.iter().fold(Kinds::default(), |kinds, arm| kinds.or(self.kinds_of(&arm.shape))),
            Shape::Ref(def) => self.kinds[*def],
        }
    }

    /// How many comparisons check a value, if nothing inside it needs a look. None of what takes anything.
    pub(crate) fn weight(&self, shape: &Shape) -> Option<usize> {
        match shape {
            Shape::Any => Some(0),
            Shape::Null | Shape::Bool | Shape::Text(_) | Shape::Number(_) | Shape::Integer(_) => Some(1),
            Shape::Literal(values) => Some(values.len()),
            Shape::External(names, members) => members.is_empty().then_some(names.len()),
            Shape::Record(record) => record.open().then_some(1),
            Shape::List(list) => (list.free() && matches!(list.items.shape, Shape::Any)).then_some(1),
            Shape::All(parts) => self.weights(parts),
            Shape::Union(arms) if arms.iter().any(|arm| self.weight(&arm.shape) == Some(0)) => Some(0),
            Shape::Union(arms) => self.weights(arms),
            Shape::Ref(def) => self.small[*def],
            Shape::Tuple(_) => None,
        }
    }

    fn weights(&self, nodes: &[Node]) -> Option<usize> {
        nodes.iter().map(|node| self.weight(&node.shape)).sum()
    }
}

/// The definitions a value must satisfy itself, or with `inside` those it may hold at any depth.
fn targets(shape: &Shape, inside: bool) -> Vec<usize> {
    let mut found = Vec::new();
    let mut open = vec![shape];
    while let Some(shape) = open.pop() {
        match shape {
            Shape::Ref(def) => found.push(*def),
            Shape::All(nodes) => open.extend(nodes.iter().map(|node| &node.shape)),
            Shape::Union(arms) => open.extend(arms.iter().map(|arm| &arm.shape)),
            shape if inside => open.extend(children(shape).into_iter().map(|node| &node.shape)),
            _ => {}
        }
    }
    found
}

/// Each node after all that it leads to; and which ones lead to a circle.
fn ends_first(edges: &[Vec<usize>]) -> (Vec<usize>, Vec<bool>) {
    let mut sources = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        targets.iter().for_each(|&to| sources[to].push(from));
    }
    let mut left: Vec<_> = edges.iter().map(Vec::len).collect();
    let mut order: Vec<_> = (0..edges.len()).filter(|&node| left[node] == 0).collect();
    let mut done = 0;
    while let Some(&node) = order.get(done) {
        done += 1;
        for &source in &sources[node] {
            left[source] -= 1;
            if left[source] == 0 {
                order.push(source);
            }
        }
    }
    (order, left.into_iter().map(|left| left > 0).collect())
}
