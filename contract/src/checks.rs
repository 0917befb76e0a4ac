//! Validators of a model, as plain code: one function per type that has parts, straight through, errors out of line.
//!
//! A check answers `null` or what is wrong first. It writes functions only; [`module`](crate::module) writes the rest.

use crate::{
    condition::Condition,
    expected::{either, expected},
    helpers::{Annotations, Helpers},
    model::{Field, Kinds, List, Model, Node, Note, Range, Record, SAFE, Shape, Text},
    text::{self, Scope},
    types::literal,
};
use serde_json::Value;
use std::collections::HashMap;

/// Stands for the variable that holds an inner error, until it is known whether a function needs one. No foreign text
/// contains it: [`text::string`] escapes it.
const E: char = '\u{1}';

/// Writes validators; functions with the same body are one.
pub(crate) struct Checks<'a> {
    model: &'a Model,
    scope: Scope,
    /// Of each definition, once it is asked for.
    defs: Vec<Option<String>>,
    bodies: HashMap<String, String>,
    patterns: Vec<(String, String)>,
    functions: Vec<(String, String)>,
    pub(crate) helpers: Helpers,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(model: &'a Model, scope: Scope, helpers: Helpers) -> Self {
        Self {
            model,
            scope,
            defs: vec![None; model.defs.len()],
            bodies: HashMap::new(),
            patterns: Vec::new(),
            functions: Vec::new(),
            helpers,
        }
    }

    /// An expression: the validator of one event's payload.
    pub(crate) fn payload(&mut self, node: &Node, hint: &str) -> String {
        if matches!(self.leaf(&node.shape, "v"), Some(Condition::Always)) {
            return "() => null".into();
        }
        let check = self.function(&node.shape, hint);
        if self.model.recursive(&node.shape) {
            let t = self.helpers.types();
            return format!("(v{}) => {}({check}, v)", t.unknown, self.helpers.name("deep"));
        }
        check
    }

    /// All that was asked for, as the module's text.
    pub(crate) fn finish(self) -> (String, Helpers) {
        let t = self.helpers.types();
        let mut out = String::new();
        for (source, name) in &self.patterns {
            out += &format!("const {name} = /* @__PURE__ */ new RegExp({}, \"u\");\n\n", text::string(source));
        }
        for (name, body) in &self.functions {
            let declared = if body.contains(E) { format!("  let e{};\n", t.verdict) } else { String::new() };
            let body = body.replace(E, "e");
            out += &format!("function {name}(v{}){} {{\n{declared}{body}}}\n\n", t.unknown, t.verdict);
        }
        (out, self.helpers)
    }

    /// The name of the function that checks a value of this shape.
    fn function(&mut self, shape: &Shape, hint: &str) -> String {
        if let Shape::Ref(def) = shape {
            if let Some(name) = &self.defs[*def] {
                return name.clone();
            }
            let model = self.model;
            let name = self.scope.take(&format!("check{}", text::pascal(&model.defs[*def].name)));
            self.defs[*def] = Some(name.clone());
            let body = self.body(&model.defs[*def].node.shape, hint);
            self.functions.push((name.clone(), body));
            return name;
        }
        let body = self.body(shape, hint);
        if let Some(name) = self.bodies.get(&body) {
            return name.clone();
        }
        let name = self.scope.take(&format!("check{}", text::pascal(hint)));
        self.bodies.insert(body.clone(), name.clone());
        self.functions.push((name.clone(), body));
        name
    }

    fn body(&mut self, shape: &Shape, hint: &str) -> String {
        if let Some(condition) = self.leaf(shape, "v") {
            return format!("  return {condition} ? null : {};\n", self.bad("v", shape));
        }
        match shape {
            Shape::Ref(_) => format!("  return {}(v);\n", self.function(shape, hint)),
            Shape::List(list) => self.list(list, shape, hint),
            Shape::Tuple(nodes) => self.tuple(nodes, shape, hint),
            Shape::Record(record) => format!("{}  return null;\n", self.record(record, shape, hint, None)),
            Shape::External(names, members) => {
                self.external(names.iter().map(|(_, name)| literal(name)).collect(), members, shape, hint)
            }
            Shape::All(parts) => self.all(parts, hint, None),
            Shape::Union(arms) => match tag(arms) {
                Some(tag) => self.tagged(&tag, arms, hint),
                None => self.union(arms, shape, hint),
            },
            // The others are leaves.
            _ => "  return null;\n".into(),
        }
    }

    /// The condition under which `x` is fine, for what has no parts to point at.
    fn leaf(&mut self, shape: &Shape, x: &str) -> Option<Condition> {
        let is = |left: String, right: &str| Condition::Is(left, right.to_owned());
        let one_of = |values: &[(Note, Value)]| {
            Condition::either(values.iter().map(|(_, value)| is(x.to_owned(), &literal(value))).collect())
        };
        Some(match self.model.resolve(shape) {
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
            Shape::List(List { items, min: None, max: None, unique: false })
                if matches!(self.model.resolve(&items.shape), Shape::Any) =>
            {
                Condition::Test(format!("Array.isArray({x})"))
            }
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
            let name = match self.patterns.iter().find(|(known, _)| known == source) {
                Some((_, name)) => name.clone(),
                None => {
                    let name = self.scope.take("pattern");
                    self.patterns.push((source.clone(), name.clone()));
                    name
                }
            };
            parts.push(Condition::Test(format!("{name}.test({x}{})", self.helpers.types().as_string)));
        }
        Condition::both(parts)
    }

    fn integer(&mut self, range: &Range<i64>, x: &str) -> Condition {
        let mut parts = vec![match (range.min.unwrap_or(-SAFE), range.max.unwrap_or(SAFE)) {
            (min, max) if (min, max) == (-SAFE, SAFE) => Condition::Test(format!("Number.isSafeInteger({x})")),
            (min, max) => Condition::Test(format!("{}({x}, {min}, {max})", self.helpers.name("isInt"))),
        }];
        parts.extend(range.not.map(|not| Condition::Raw(format!("{x} !== {not}"))));
        Condition::both(parts)
    }

    /// The statement that checks one value inside another; `fail` wraps the error with where it is.
    fn inner(&mut self, shape: &Shape, x: &str, key: &str, hint: &str) -> String {
        match self.leaf(shape, x) {
            Some(Condition::Always) => String::new(),
            Some(condition) => format!(
                "if ({}) return {}({}, {key});\n",
                condition.negated(),
                self.helpers.name("at"),
                self.bad(x, shape)
            ),
            None => {
                let (guard, shape) = self.nullable(shape, x);
                format!(
                    "if ({guard}(\u{1} = {}({x}))) return {}(\u{1}, {key});\n",
                    self.function(shape, hint),
                    self.helpers.name("at")
                )
            }
        }
    }

    /// A type or `null`: the test for `null` stays at the place of use.
    fn nullable<'b>(&mut self, shape: &'b Shape, x: &str) -> (String, &'b Shape) {
        match shape {
            Shape::Union(arms) if arms.len() == 2 && arms.iter().any(|arm| matches!(arm.shape, Shape::Null)) => {
                let other = arms.iter().find(|arm| !matches!(arm.shape, Shape::Null));
                (format!("{x} !== null && "), other.map_or(shape, |arm| &arm.shape))
            }
            _ => (String::new(), shape),
        }
    }

    fn field(&mut self, field: &Field, hint: &str) -> String {
        let x = self.member("v", &field.name);
        let key = text::string(&field.name);
        let shape = &field.node.shape;
        let hint = format!("{hint}_{}", field.name);
        let present = format!("{x} !== undefined");
        match self.leaf(shape, &x) {
            Some(Condition::Always) if !field.required => String::new(),
            Some(condition) => {
                let wrong = match condition {
                    Condition::Always => format!("{x} === undefined"),
                    condition if field.required => condition.negated(),
                    condition => format!("{present} && {}", condition.negated()),
                };
                format!(
                    "  if ({wrong}) return {}(v, {key}, {});\n",
                    self.helpers.name("no"),
                    expected(self.model, shape)
                )
            }
            None => {
                let guard = if field.required { String::new() } else { format!("{present} && ") };
                let (null, shape) = self.nullable(shape, &x);
                format!(
                    "  if ({guard}{null}(\u{1} = {}({x}))) return {}(\u{1}, {key});\n",
                    self.function(shape, &hint),
                    self.helpers.name("at")
                )
            }
        }
    }

    /// Reads a member. What every object inherits must be asked for as its own.
    fn member(&mut self, object: &str, name: &str) -> String {
        if INHERITED.contains(&name) {
            format!("{}({object}, {})", self.helpers.name("own"), text::string(name))
        } else {
            format!("{object}[{}]", text::string(name))
        }
    }

    /// Statements that return if `v` is no such object. `tag` was looked at already, and so was that `v` is an object.
    fn record(&mut self, record: &Record, shape: &Shape, hint: &str, tag: Option<&str>) -> String {
        let mut out = String::new();
        if tag.is_none() {
            out += &format!("  if (!{}(v)) return {};\n", self.helpers.name("isObject"), self.bad("v", shape));
        }
        if record.min.is_some() || record.max.is_some() {
            let n = between("Object.keys(v).length", record.min, record.max);
            out += &format!("  if (!({n})) return {};\n", self.bad("v", shape));
        }
        for field in record.fields.iter().filter(|field| Some(field.name.as_str()) != tag) {
            out += &self.field(field, hint);
        }
        if let Some(rest) = &record.rest {
            let mut body = String::new();
            if !record.fields.is_empty() {
                let known = record
                    .fields
                    .iter()
                    .map(|field| format!("k === {}", text::string(&field.name)))
                    .collect::<Vec<_>>();
                body += &format!("    if ({}) continue;\n", known.join(" || "));
            }
            if let Some(keys) = &record.keys {
                let digits = if keys.contains('-') { "/^-?[0-9]+$/" } else { "/^[0-9]+$/" };
                body += &format!(
                    "    if (!{digits}.test(k)) return {}({}(k, \"an integer as key\"), k);\n",
                    self.helpers.name("at"),
                    self.helpers.name("bad")
                );
            }
            let inner = self.inner(&rest.shape, "v[k]", "k", &format!("{hint}_value"));
            if !inner.is_empty() {
                body += &format!("    {inner}");
            }
            if !body.is_empty() {
                out += &format!("  for (const k in v) {{\n{body}  }}\n");
            }
        }
        out
    }

    fn list(&mut self, list: &List, shape: &Shape, hint: &str) -> String {
        let mut wrong = "!Array.isArray(v)".to_owned();
        if list.min.is_some() || list.max.is_some() {
            wrong += &format!(" || !({})", between("v.length", list.min, list.max));
        }
        if list.unique && self.model.kinds(&list.items.shape) == Kinds::SCALAR {
            wrong += " || new Set(v).size !== v.length";
        }
        let mut out = format!("  if ({wrong}) return {};\n", self.bad("v", shape));
        let inner = self.inner(&list.items.shape, "x", "i", &format!("{hint}_item"));
        if !inner.is_empty() {
            let t = self.helpers.types();
            out += &format!(
                "  for (let i = 0; i < v.length; i++) {{\n    const x{} = v[i];\n    {inner}  }}\n",
                t.unknown
            );
        }
        out + "  return null;\n"
    }

    fn tuple(&mut self, nodes: &[Node], shape: &Shape, hint: &str) -> String {
        let mut out =
            format!("  if (!Array.isArray(v) || v.length !== {}) return {};\n", nodes.len(), self.bad("v", shape));
        for (i, node) in nodes.iter().enumerate() {
            let inner = self.inner(&node.shape, &format!("v[{i}]"), &i.to_string(), &format!("{hint}_{i}"));
            if !inner.is_empty() {
                out += &format!("  {inner}");
            }
        }
        out + "  return null;\n"
    }

    fn external(&mut self, names: Vec<String>, members: &[Field], shape: &Shape, hint: &str) -> String {
        let mut out = String::new();
        if !names.is_empty() {
            let names: Vec<_> = names.iter().map(|name| format!("v === {name}")).collect();
            out += &format!("  if ({}) return null;\n", names.join(" || "));
        }
        let bad = self.bad("v", shape);
        out += &format!("  if (!{}(v)) return {bad};\n", self.helpers.name("isObject"));
        out += "  const k = Object.keys(v);\n";
        // Any string may be a name, so what is not one says that there is no single member.
        out += "  switch (k.length === 1 ? k[0] : undefined) {\n";
        for member in members {
            let key = text::string(&member.name);
            let inner = self.inner(&member.node.shape, &format!("v[{key}]"), &key, &format!("{hint}_{}", member.name));
            let inner = if inner.is_empty() { String::new() } else { format!("      {inner}") };
            out += &format!("    case {key}:\n{inner}      return null;\n");
        }
        out + &format!("  }}\n  return {bad};\n")
    }

    fn all(&mut self, parts: &[Node], hint: &str, tag: Option<&str>) -> String {
        let parts = self.model.constraining(parts);
        let mut out = String::new();
        let last = parts.len().saturating_sub(1);
        for (i, part) in parts.into_iter().enumerate() {
            if let Shape::Record(record) = &part.shape {
                out += &self.record(record, &part.shape, hint, tag);
                out += if i == last { "  return null;\n" } else { "" };
            } else {
                let check = self.function(&part.shape, &format!("{hint}_{i}"));
                out += &if i == last {
                    format!("  return {check}(v);\n")
                } else {
                    format!("  if ((\u{1} = {check}(v))) return \u{1};\n")
                };
            }
        }
        out
    }

    fn tagged(&mut self, tag: &str, arms: &[Node], hint: &str) -> String {
        let mut names = Vec::new();
        let mut cases = String::new();
        for arm in arms {
            let Some((name, _)) = tag_of(&arm.shape, tag) else { continue };
            let hint = format!("{hint}_{name}");
            let body = match &arm.shape {
                Shape::Record(record) => {
                    format!("{}  return null;\n", self.record(record, &arm.shape, &hint, Some(tag)))
                }
                Shape::All(parts) => self.all(parts, &hint, Some(tag)),
                _ => continue,
            };
            let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
            cases += &format!("    case {}:\n{body}", text::string(name));
            names.push(text::string(name));
        }
        let x = self.member("v", tag);
        let object = self.helpers.name("isObject");
        format!(
            "  if (!{object}(v)) return {}(v, \"an object\");\n  switch ({x}) {{\n{cases}    default:\n      return {}(v, {}, {});\n  }}\n",
            self.helpers.name("bad"),
            self.helpers.name("no"),
            text::string(tag),
            text::string(&either(names)),
        )
    }

    fn union(&mut self, arms: &[Node], shape: &Shape, hint: &str) -> String {
        let bad = self.bad("v", shape);
        let mut plain = Vec::new();
        let mut parts = Vec::new();
        for (i, arm) in arms.iter().enumerate() {
            match self.leaf(&arm.shape, "v") {
                Some(condition) => plain.push(condition),
                None => parts.push((self.function(&arm.shape, &format!("{hint}_{i}")), self.model.kinds(&arm.shape))),
            }
        }
        let mut out = if plain.is_empty() {
            String::new()
        } else {
            format!("  if ({}) return null;\n", Condition::either(plain))
        };
        let alone = |kind: Kinds| parts.iter().filter(|(_, kinds)| kinds.has(kind)).count() < 2;
        let pure = parts.iter().all(|(_, kinds)| *kinds == Kinds::LIST || *kinds == Kinds::OBJECT);
        if pure && alone(Kinds::LIST) && alone(Kinds::OBJECT) {
            // JSON's kind alone says which arm is meant, so that the error can point inside it.
            for (check, kinds) in &parts {
                let test = if *kinds == Kinds::LIST {
                    "Array.isArray(v)".to_owned()
                } else {
                    format!("{}(v)", self.helpers.name("isObject"))
                };
                out += &format!("  if ({test}) return {check}(v);\n");
            }
        } else {
            let tries: Vec<_> = parts.iter().map(|(check, _)| format!("!{check}(v)")).collect();
            out += &format!("  if ({}) return null;\n", tries.join(" || "));
        }
        out + &format!("  return {bad};\n")
    }

    fn bad(&mut self, x: &str, shape: &Shape) -> String {
        format!("{}({x}, {})", self.helpers.name("bad"), expected(self.model, shape))
    }
}

/// What every object inherits.
const INHERITED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// The member by which each arm says its name, and no two the same one.
fn tag(arms: &[Node]) -> Option<String> {
    let first = arms.iter().find_map(|arm| record_of(&arm.shape))?;
    let tells = |name: &str| {
        let names: Vec<_> =
            arms.iter().map(|arm| tag_of(&arm.shape, name).map(|(name, _)| name)).collect::<Option<_>>()?;
        names.iter().enumerate().all(|(i, name)| !names[..i].contains(name)).then_some(())
    };
    first.fields.iter().find(|field| tells(&field.name).is_some()).map(|field| field.name.clone())
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

fn tag_of<'a>(shape: &'a Shape, tag: &str) -> Option<(&'a str, &'a Record)> {
    let record = record_of(shape)?;
    let field = record.fields.iter().find(|field| field.name == tag && field.required)?;
    match &field.node.shape {
        Shape::Literal(values) if values.len() == 1 => Some((values[0].1.as_str()?, record)),
        _ => None,
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

fn between(x: &str, min: Option<u64>, max: Option<u64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) if min == max => format!("{x} === {min}"),
        (min, max) => {
            let min = min.map(|min| format!("{x} >= {min}"));
            let max = max.map(|max| format!("{x} <= {max}"));
            [min, max].into_iter().flatten().collect::<Vec<_>>().join(" && ")
        }
    }
}
