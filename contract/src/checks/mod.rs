//! Validators of a model, as plain code: one function per type that has parts, straight through, errors out of line.
//!
//! A check answers `null` or what is wrong first. It writes functions only; [`module`](crate::module) writes the rest.

use crate::{
    condition::Condition,
    expected::expected,
    helpers::Helpers,
    model::{Field, Model, Node, Shape},
    text::{self, Scope},
    types::literal,
};
use std::collections::{HashMap, VecDeque};

mod leaf;
mod parts;
mod union;

/// Stands for the variable that holds an inner error, until it is known whether a function needs one. No foreign text
/// contains it: [`text::string`] escapes it.
const E: char = '\u{1}';
/// Stands for a member's value, until it is known whether it is looked at twice and a variable is worth it.
const X: char = '\u{2}';

/// Writes validators; functions with the same body are one.
pub(crate) struct Checks<'a> {
    model: &'a Model,
    scope: Scope,
    /// Of each definition, once it is asked for.
    defs: Vec<Option<String>>,
    /// Definitions that were asked for and are not written yet, each with what it was asked for: not written where they are
    /// met, since a chain of types may be longer than a stack is deep.
    asked: VecDeque<(usize, String)>,
    bodies: HashMap<String, String>,
    /// In the order of asking, and the name of each.
    patterns: Vec<(String, String)>,
    known: HashMap<String, String>,
    functions: Vec<(String, String)>,
    pub(crate) helpers: Helpers,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(model: &'a Model, scope: Scope, helpers: Helpers) -> Self {
        Self {
            model,
            scope,
            defs: vec![None; model.defs.len()],
            asked: VecDeque::new(),
            bodies: HashMap::new(),
            patterns: Vec::new(),
            known: HashMap::new(),
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
    pub(crate) fn finish(mut self) -> (String, Helpers) {
        while let Some((def, hint)) = self.asked.pop_front() {
            let body = self.body(&self.model.defs[def].node.shape, &hint);
            let name = self.defs[def].clone().unwrap_or_default();
            self.functions.push((name, body));
        }
        let t = self.helpers.types();
        let mut out = String::new();
        for (source, name) in &self.patterns {
            out += &format!("const {name} = /* @__PURE__ */ new RegExp({}, \"u\");\n\n", text::string(source));
        }
        for (name, body) in &self.functions {
            let mut declared = Vec::new();
            if body.contains(E) {
                declared.push(format!("e{}", t.verdict));
            }
            if body.contains(X) {
                declared.push(format!("x{}", t.unknown));
            }
            let declared =
                if declared.is_empty() { String::new() } else { format!("  let {};\n", declared.join(", ")) };
            let body = body.replace(E, "e").replace(X, "x");
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
            self.asked.push_back((*def, hint.to_owned()));
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
            Shape::Union(arms) => match arms.tag() {
                Some(tag) => self.tagged(&tag.member, arms, hint),
                None => self.union(arms, shape, hint),
            },
            // The others are leaves.
            _ => "  return null;\n".into(),
        }
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
        let key = text::string(&field.name);
        let shape = &field.node.shape;
        let hint = format!("{hint}_{}", field.name);
        let x = &X.to_string();
        let (wrong, verdict) = match self.leaf(shape, x) {
            Some(Condition::Always) if !field.required => return String::new(),
            Some(condition) => {
                let wrong = match condition {
                    Condition::Always => format!("{x} === undefined"),
                    condition if field.required => condition.negated(),
                    condition => present(condition, x),
                };
                (wrong, format!("{}(v, {key}, {})", self.helpers.name("no"), expected(self.model, shape)))
            }
            None => {
                let (null, shape) = self.nullable(shape, x);
                let guard = match (field.required, null.is_empty()) {
                    (true, _) => null,
                    (false, true) => format!("{x} !== undefined && "),
                    (false, false) => format!("{x} != null && "),
                };
                let check = self.function(shape, &hint);
                (format!("{guard}({E} = {check}({x}))"), format!("{}({E}, {key})", self.helpers.name("at")))
            }
        };
        let member = self.member("v", &field.name);
        format!("  if ({}) return {verdict};\n", once(&wrong, &member))
    }

    /// Reads a member. What every object inherits must be asked for as its own.
    fn member(&mut self, object: &str, name: &str) -> String {
        if INHERITED.contains(&name) {
            format!("{}({object}, {})", self.helpers.name("own"), text::string(name))
        } else {
            format!("{object}[{}]", text::string(name))
        }
    }

    fn bad(&mut self, x: &str, shape: &Shape) -> String {
        format!("{}({x}, {})", self.helpers.name("bad"), expected(self.model, shape))
    }
}

/// That a member which may be missing is there and wrong. `null` and `undefined` are one test where both are fine: of
/// objects with many optional members no two are alike, and most of what their check costs is finding what is not there.
fn present(condition: Condition, x: &str) -> String {
    let null = Condition::Is(x.to_owned(), "null".into());
    match condition {
        Condition::Either(mut arms) if arms.contains(&null) => {
            arms.retain(|arm| *arm != null);
            let other =
                if arms.is_empty() { String::new() } else { format!(" && {}", Condition::either(arms).negated()) };
            format!("{x} != null{other}")
        }
        condition if condition == null => format!("{x} != null"),
        condition => format!("{x} !== undefined && {}", condition.negated()),
    }
}

/// The same test with its member read once: an engine finds it anew each time in objects that are not all alike.
fn once(test: &str, member: &str) -> String {
    match test.matches(X).count() {
        1 => test.replace(X, member),
        // What stands first is evaluated first.
        _ => test.replacen(X, &format!("({X} = {member})"), 1),
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
