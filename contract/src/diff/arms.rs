//! The alternatives of a type, as two types are compared.
//!
//! Looks at one type, and at no name's meaning.

use crate::{
    model::Shape,
    named::{Fields, Words},
};
use std::sync::LazyLock;

/// Names, and objects of one member.
pub(super) fn alternatives(shape: &Shape) -> Option<(&Words, &Fields)> {
    static NONE: LazyLock<Fields> = LazyLock::new(Fields::default);
    match shape {
        Shape::Literal(names) => Some((names, &NONE)),
        Shape::External(names, members) => Some((names, members)),
        _ => None,
    }
}

/// The alternatives but `null`, and whether `null` is one.
pub(super) fn arms(shape: &Shape) -> (Vec<&Shape>, bool) {
    match shape {
        Shape::Union(arms) => {
            let some: Vec<_> = arms.iter().map(|arm| &arm.shape).filter(|arm| !matches!(arm, Shape::Null)).collect();
            let nullable = some.len() < arms.len();
            (some, nullable)
        }
        Shape::Null => (Vec::new(), true),
        shape => (vec![shape], false),
    }
}
