//! Conditions of values that have no parts to point at.

use super::Checks;
use crate::{
    condition::Condition,
    helpers::Annotations,
    model::{Note, Range, SAFE, Shape, Text},
    types::literal,
};
use serde_json::Value;

impl Checks<'_> {
    /// The condition under which `x` is fine, for what has no parts to point at.
    pub(super) fn leaf(&mut self, shape: &Shape, x: &str) -> Option<Condition> {
        let is = |left: String, right: &str| Condition::Is(left, right.to_owned());
        let one_of = |values: &[(Note, Value)]| {
            Condition::either(values.iter().map(|(_, value)| is(x.to_owned(), &literal(value))).collect())
        };
        let model = self.model;
        if matches!(shape, Shape::Ref(def) if model.facts.small[*def].is_none()) {
            return None;
        }
        Some(match model.resolve(shape) {
            Shape::Any => Condition::Always,
            Shape::Null => is(x.to_owned(), "null"),
            Shape::Bool => is(format!("typeof {x}"), "\"boolean\""),
            Shape::Text(text) => self.text(text, x),
            Shape::Number(range) => number(range, x, self.helpers.types()),
            Shape::Integer(range) => self.integer(range, x),
            Shape::Literal(values) => one_of(values),
            Shape::External(values, members) if members.is_empty() => one_of(values),
            Shape::Record(record) if record.open() => {
                Condition::Test(format!("{}({x})", self.helpers.name("isObject")))
            }
            Shape::List(list) if list.free() && matches!(list.items.shape, Shape::Any) => {
                Condition::Test(format!("Array.isArray({x})"))
            }
            // What takes anything has nothing to point at, whatever its other alternatives are.
            Shape::Union(_) if model.facts.weight(shape) == Some(0) => Condition::Always,
            Shape::Union(arms) => {
                Condition::either(arms.iter().map(|arm| self.leaf(&arm.shape, x)).collect::<Option<_>>()?)
            }
            Shape::All(parts) => {
                let parts = self.model.constraining(parts);
                Condition::both(parts.iter().map(|part| self.leaf(&part.shape, x)).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    fn text(&mut self, text: &Text, x: &str) -> Condition {
        let mut parts = vec![match (text.min.unwrap_or(0), text.max) {
            (0, None) => Condition::Is(format!("typeof {x}"), "\"string\"".into()),
            (min, max) => {
                let max = max.map_or("Infinity".into(), |max| max.to_string());
                Condition::Test(format!("{}({x}, {min}, {max})", self.helpers.name("isText")))
            }
        }];
        if let Some(source) = &text.pattern {
            let name = self.pattern(source);
            parts.push(Condition::Test(format!("{name}.test({x}{})", self.helpers.types().as_string)));
        }
        Condition::both(parts)
    }

    /// The name of the constant that holds a pattern.
    fn pattern(&mut self, source: &str) -> String {
        if let Some(name) = self.known.get(source) {
            return name.clone();
        }
        let name = self.scope.take("pattern");
        self.known.insert(source.to_owned(), name.clone());
        self.patterns.push((source.to_owned(), name.clone()));
        name
    }

    fn integer(&mut self, range: &Range<i64>, x: &str) -> Condition {
        let mut parts = vec![match (range.min.unwrap_or(-SAFE), range.max.unwrap_or(SAFE)) {
            (min, max) if (min, max) == (-SAFE, SAFE) => Condition::Test(format!("Number.isSafeInteger({x})")),
            (min, max) => Condition::Test(format!("{}({x}, {min}, {max})", self.helpers.name("isInt"))),
        }];
        parts.extend(range.not.map(|not| Condition::Raw(format!("{x} !== {not}"))));
        Condition::both(parts)
    }
}

fn number(range: &Range<f64>, x: &str, t: Annotations) -> Condition {
    let mut parts = vec![Condition::Test(format!("Number.isFinite({x})"))];
    for (bound, sign) in [(range.min, ">="), (range.max, "<="), (range.above, ">"), (range.below, "<")] {
        parts.extend(bound.map(|bound| Condition::Raw(format!("({x}{}) {sign} {bound}", t.as_number))));
    }
    parts.extend(range.not.map(|not| Condition::Raw(format!("{x} !== {not}"))));
    Condition::both(parts)
}
