//! Validators of alternatives: which one is meant is found without trying, wherever the value itself says it.

use super::Checks;
use crate::{
    condition::Condition,
    expected::either,
    model::{Field, Kinds, Node, Shape},
    named::tag_of,
    text,
};

impl Checks<'_> {
    pub(super) fn external(&mut self, names: Vec<String>, members: &[Field], shape: &Shape, hint: &str) -> String {
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

    pub(super) fn tagged(&mut self, tag: &str, arms: &[Node], hint: &str) -> String {
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
        let (x, count) = (self.member("v", tag), names.len());
        let object = self.helpers.name("isObject");
        format!(
            "  if (!{object}(v)) return {}(v, \"an object\");\n  switch ({x}) {{\n{cases}    default:\n      return {}(v, {}, {});\n  }}\n",
            self.helpers.name("bad"),
            self.helpers.name("no"),
            text::string(tag),
            text::string(&either(names.into_iter(), count)),
        )
    }

    pub(super) fn union(&mut self, arms: &[Node], shape: &Shape, hint: &str) -> String {
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
}
