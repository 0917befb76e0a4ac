//! Validators of objects, lists and tuples.

use super::Checks;
use crate::{
    model::{Kinds, List, Node, Record, Shape},
    text,
};

impl Checks<'_> {
    /// Statements that return if `v` is no such object. `tag` was looked at already, and so was that `v` is an object.
    pub(super) fn record(&mut self, record: &Record, shape: &Shape, hint: &str, tag: Option<&str>) -> String {
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

    pub(super) fn list(&mut self, list: &List, shape: &Shape, hint: &str) -> String {
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

    pub(super) fn tuple(&mut self, nodes: &[Node], shape: &Shape, hint: &str) -> String {
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

    pub(super) fn all(&mut self, parts: &[Node], hint: &str, mut tag: Option<&str>) -> String {
        let parts = self.model.constraining(parts);
        let mut out = String::new();
        let last = parts.len().saturating_sub(1);
        for (i, part) in parts.into_iter().enumerate() {
            if let Shape::Record(record) = &part.shape {
                // The first of them said the tag; what others say of the same member is theirs.
                out += &self.record(record, &part.shape, hint, tag.take());
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
