//! The few functions that all validators of a module share, each written only if one of them calls it.

use crate::text::Scope;

/// What a module's code is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    TypeScript,
    JavaScript,
}

/// Which helpers are used so far.
#[derive(Debug)]
pub(crate) struct Helpers {
    language: Language,
    used: Vec<&'static str>,
}

/// What TypeScript wants said and JavaScript does not know.
#[derive(Clone, Copy)]
pub(crate) struct Annotations {
    pub(crate) unknown: &'static str,
    pub(crate) verdict: &'static str,
    pub(crate) as_string: &'static str,
    pub(crate) as_number: &'static str,
}

const NAMES: [&str; 9] = ["isObject", "isInt", "isText", "deep", "no", "at", "bad", "own", "standard"];

impl Helpers {
    /// None used yet; their names are taken from the scope.
    pub(crate) fn new(language: Language, scope: &mut Scope) -> Self {
        for name in NAMES {
            scope.take(name);
        }
        Self { language, used: Vec::new() }
    }

    /// The name of a helper, which is now used.
    pub(crate) fn name(&mut self, name: &'static str) -> &'static str {
        debug_assert!(NAMES.contains(&name), "{name}");
        if !self.used.contains(&name) {
            self.used.push(name);
            match name {
                "no" => ["at", "bad", "own"].map(|name| self.name(name)).len(),
                "deep" => self.name("bad").len(),
                _ => 0,
            };
        }
        name
    }

    pub(crate) fn types(&self) -> Annotations {
        match self.language {
            Language::TypeScript => Annotations {
                unknown: ": unknown",
                verdict: ": Invalid | null",
                as_string: " as string",
                as_number: " as number",
            },
            Language::JavaScript => Annotations { unknown: "", verdict: "", as_string: "", as_number: "" },
        }
    }

    /// The text of those in use.
    pub(crate) fn text(&self) -> String {
        let used = NAMES.iter().filter(|name| self.used.contains(name));
        used.map(|name| self.written(source(name).trim_start()) + "\n").collect()
    }

    fn written(&self, source: &str) -> String {
        let mut out = String::new();
        for (i, part) in source.split(['«', '»']).enumerate() {
            // Every second part is an annotation.
            if i % 2 == 0 || self.language == Language::TypeScript {
                out += part;
            }
        }
        out
    }
}

/// A helper's text; what only TypeScript reads stands between `«` and `»`.
fn source(name: &str) -> &'static str {
    match name {
        "isObject" => {
            r#"
function isObject(v«: unknown»)«: v is { readonly [key: string]: unknown }» {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}
"#
        }
        "isInt" => {
            r#"
function isInt(v«: unknown», min«: number», max«: number»)«: boolean» {
  return Number.isInteger(v) && (v« as number») >= min && (v« as number») <= max;
}
"#
        }
        "isText" => {
            r#"
/** Counts characters, not UTF-16 units, and only when that could matter. */
function isText(v«: unknown», min«: number», max«: number»)«: boolean» {
  if (typeof v !== "string" || v.length < min || v.length > 2 * max) return false;
  if (v.length >= 2 * min && v.length <= max) return true;
  const n = Array.from(v).length;
  return n >= min && n <= max;
}
"#
        }
        "deep" => {
            r#"
/** A value nested deeper than the stack is not valid, and no crash. */
function deep(check«: (v: unknown) => Invalid | null», v«: unknown»)«: Invalid | null» {
  try {
    return check(v);
  } catch {
    return bad(v, "fewer levels of nesting");
  }
}
"#
        }
        "no" => {
            r#"
function no(v«: { readonly [key: string]: unknown }», key«: string», expected«: string»)«: Invalid» {
  return at(bad(own(v, key), expected), key);
}
"#
        }
        "at" => {
            r#"
function at(e«: Invalid», key«: string | number»)«: Invalid» {
  const name = String(key).replace(/~/g, "~0").replace(/\//g, "~1");
  return { path: "/" + name + e.path, expected: e.expected, found: e.found };
}
"#
        }
        "bad" => {
            r#"
function bad(v«: unknown», expected«: string»)«: Invalid» {
  const found =
    v === undefined ? "nothing"
    : Array.isArray(v) ? "an array of " + v.length + " items"
    : typeof v === "string" ? JSON.stringify(v.length > 40 ? v.slice(0, 40) + "…" : v)
    : typeof v === "object" && v !== null ? "an object"
    : String(v);
  return { path: "", expected, found };
}
"#
        }
        "standard" => {
            r#"
function standard«<T>»(check«: (v: unknown) => Invalid | null», schema«: string», $defs = "")«: StandardSchema<T>» {
  const jsonSchema = ({ target }«: { readonly target: string }»)«: { [key: string]: unknown }» => {
    if (target !== "draft-2020-12" || !schema) throw new globalThis.Error(schema ? "no JSON Schema of " + target + ": ask for draft-2020-12" : "no JSON Schema of its own: its type refers to the enum");
    return $defs ? { ...JSON.parse(schema), $defs: JSON.parse($defs) } : JSON.parse(schema);
  };
  return {
    "~standard": {
      version: 1,
      vendor: "eventwire",
      validate(v) {
        const e = check(v);
        if (!e) return { value: v« as T» };
        let to«: unknown» = v;
        const path = e.path.split("/").slice(1).map((part) => {
          const key = part.replace(/~1/g, "/").replace(/~0/g, "~");
          const step = Array.isArray(to) ? Number(key) : key;
          to = Object.getOwnPropertyDescriptor(Object(to), key)?.value;
          return step;
        });
        return { issues: [{ message: "expected " + e.expected + ", found " + e.found, path }] };
      },
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}
"#
        }
        _ => {
            r#"
function own(v«: { readonly [key: string]: unknown }», key«: string»)«: unknown» {
  return Object.prototype.hasOwnProperty.call(v, key) ? v[key] : undefined;
}
"#
        }
    }
}
