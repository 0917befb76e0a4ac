//! Alternatives: by their names where each has one, else as a list to be tried.

use super::Reader;
use crate::{
    keywords::{external, externals, sole, values},
    model::{Field, Node, Note, Shape},
    named::Words,
    refusal::At,
};
use serde_json::Value;

impl Reader<'_> {
    pub(super) fn union(&mut self, arms: &[Value], key: &str, at: &At) -> Shape {
        let at_arm = |i: usize| at.key(key).key(i);
        if key == "oneOf" && externals(arms) {
            let mut names = Vec::new();
            let mut members = Vec::new();
            for (i, arm) in arms.iter().enumerate() {
                match external(arm) {
                    Some((name, schema)) => {
                        let mut member = self.variant(name, schema, &at_arm(i));
                        let note = Note::of(arm);
                        if note.doc.is_some() || note.deprecated {
                            member.node.note = note;
                        }
                        members.push(member);
                    }
                    None => names.extend(values(arm).into_iter().map(|value| (Note::of(arm), value.clone()))),
                }
            }
            let names = names.into();
            return if members.is_empty() { Shape::Literal(names) } else { Shape::External(names, members.into()) };
        }
        let mut nodes = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            let node = match sole(arm) {
                Some((name, schema)) => {
                    let member = self.variant(name, schema, &at_arm(i));
                    Node { note: Note::of(arm), shape: Shape::External(Words::default(), vec![member].into()) }
                }
                None => self.node(arm, &at_arm(i)),
            };
            match node.shape {
                // One list of alternatives, however it was nested.
                Shape::Union(inner) if node.note.doc.is_none() => nodes.extend(inner.into_nodes()),
                _ => nodes.push(node),
            }
        }
        Shape::Union(nodes.into())
    }

    /// The one member of an externally tagged variant.
    fn variant(&mut self, name: &str, schema: &Value, at: &At) -> Field {
        let node = self.node(schema, &at.key("properties").key(name).variant(name));
        Field { name: name.to_owned(), required: true, node }
    }
}
