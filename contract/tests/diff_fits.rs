//! Which types fit into which, bound by bound: what a page of before takes of a server's new type, and what it does not.
//!
//! `diff_sound` looks for a "yes" that is wrong; here each "yes" is asked for, too.

use eventwire_contract::{Contract, check};
use serde_json::{Value, json};

/// The largest integer that JavaScript tells from its neighbours.
const SAFE: i64 = (1 << 53) - 1;

fn contract(payload: &Value) -> Contract {
    let arm =
        json!({ "type": "object", "required": ["e"], "additionalProperties": false, "properties": { "e": payload } });
    // Named types for whoever flattens them.
    let defs = json!({
        "A": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } },
        "B": { "type": "object", "required": ["b"], "properties": { "b": { "type": "string" } } },
        "Text": { "type": "string" },
    });
    let schema = json!({ "title": "Shop", "oneOf": [arm], "$defs": defs });
    Contract::compile(&schema).unwrap_or_else(|refusals| panic!("{payload}: {refusals:#?}"))
}

/// A page's type, and types of a server's that fit into it and that do not.
fn check_all(page: &Value, fit: &[Value], do_not: &[Value]) {
    for (servers, fits) in [(fit, true), (do_not, false)] {
        for server in servers {
            // As an item, as a member, and where nothing but the verdict counts: in alternatives that nothing tells apart.
            let items = |it: &Value| json!({ "type": "array", "items": it });
            let member = |it: &Value| json!({ "type": "object", "required": ["m"], "properties": { "m": it } });
            let either =
                |it: &Value| json!({ "anyOf": [it, { "type": "array", "maxItems": 0, "items": { "type": "null" } }] });
            for within in [&items, &member, &either] as [&dyn Fn(&Value) -> Value; 3] {
                let changes = check(&contract(&within(page)), &contract(&within(server)));
                let breaks = changes.iter().any(|change| change.breaks);
                assert_eq!(!breaks, fits, "{page} and then {server}: {changes:#?}");
            }
        }
    }
}

/// A type with keywords.
fn of(kind: &str, mut keywords: Value) -> Value {
    keywords["type"] = kind.into();
    keywords
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn map(values: Value) -> Value {
    json!({ "type": "object", "additionalProperties": values })
}

/// A map whose keys are integers.
fn numbered(signed: bool, values: Value) -> Value {
    let keys = if signed { r"^-?\d+$" } else { r"^\d+$" };
    json!({ "type": "object", "patternProperties": { keys: values }, "additionalProperties": false })
}

fn external(name: &str, payload: Value) -> Value {
    json!({ "type": "object", "required": [name], "additionalProperties": false, "properties": { name: payload } })
}

fn tuple(items: &[Value]) -> Value {
    json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() })
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn boolean() -> Value {
    json!({ "type": "boolean" })
}

#[test]
fn texts_fit_by_their_length_and_their_pattern() {
    let text = |keywords: Value| of("string", keywords);
    let (least, most) = (text(json!({ "minLength": 2 })), text(json!({ "maxLength": 2 })));
    check_all(&least, &[text(json!({ "minLength": 3 }))], &[text(json!({ "minLength": 1 })), string(), most.clone()]);
    check_all(&most, &[text(json!({ "maxLength": 1 }))], &[text(json!({ "maxLength": 3 })), string(), least]);
    // Characters, not bytes.
    check_all(&most, &[json!({ "enum": ["éé", ""] })], &[json!({ "enum": ["a", "abc"] })]);
    check_all(&text(json!({ "minLength": 2 })), &[json!({ "enum": ["ab", "abc"] })], &[json!({ "enum": ["é"] })]);
    let pattern = text(json!({ "pattern": "^a" }));
    let longer = text(json!({ "pattern": "^a", "minLength": 1 }));
    check_all(&string(), &[pattern.clone(), longer.clone()], &[]);
    // Nobody reads patterns here.
    check_all(&pattern, &[longer], &[string(), text(json!({ "pattern": "^ab" })), json!({ "enum": ["ab"] })]);
}

#[test]
fn integers_fit_by_their_range() {
    let integer = |keywords: Value| of("integer", keywords);
    let between = |min: i64, max: i64| integer(json!({ "minimum": min, "maximum": max }));
    check_all(
        &between(0, 10),
        &[between(1, 10), between(0, 9), json!({ "enum": [0, 10, 5.0] })],
        &[
            between(-1, 10),
            between(0, 11),
            integer(json!({})),
            json!({ "enum": [11] }),
            json!({ "enum": [-1] }),
            json!({ "enum": [0.5] }),
        ],
    );
    // Unbounded means: as far as JavaScript counts.
    check_all(&between(-SAFE, SAFE), &[between(0, 1)], &[json!({ "type": "number" })]);
    check_all(&between(1 - SAFE, SAFE), &[], &[integer(json!({}))]);
    check_all(&between(-SAFE, SAFE - 1), &[], &[integer(json!({}))]);
    let not = |n: i64, min: i64, max: i64| integer(json!({ "not": { "const": n }, "minimum": min, "maximum": max }));
    check_all(
        &not(0, -9, 9),
        &[not(0, -8, 9), between(1, 9), between(-9, -1), json!({ "enum": [1, -1] })],
        &[between(-9, 9), between(0, 9), between(-9, 0), not(1, -9, 9), json!({ "enum": [0] })],
    );
    check_all(&json!({ "type": "number" }), &[integer(json!({})), not(0, 0, 9)], &[string()]);
}

#[test]
fn a_format_is_a_range_whether_or_not_the_schema_states_it() {
    for (format, min, max) in [
        ("int8", -128_i64, 127_i64),
        ("int16", -32_768, 32_767),
        ("int32", -2_147_483_648, 2_147_483_647),
        ("uint8", 0, 255),
        ("uint16", 0, 65_535),
        ("uint32", 0, 4_294_967_295),
    ] {
        let between = |min: i64, max: i64| of("integer", json!({ "minimum": min, "maximum": max }));
        let named = of("integer", json!({ "format": format }));
        check_all(&between(min, max), std::slice::from_ref(&named), &[]);
        check_all(&between(min + 1, max), &[], std::slice::from_ref(&named));
        check_all(&between(min, max - 1), &[], std::slice::from_ref(&named));
        check_all(&named, &[between(min, max)], &[between(min - 1, max), between(min, max + 1)]);
    }
    // Bounds that are no integers mean the next one within.
    let halves = of("integer", json!({ "minimum": -1.5, "maximum": 1.5 }));
    let open = of("integer", json!({ "exclusiveMinimum": -1.5, "exclusiveMaximum": 1.5 }));
    let whole = of("integer", json!({ "exclusiveMinimum": -2, "exclusiveMaximum": 2.0 }));
    let one = of("integer", json!({ "minimum": -1, "maximum": 1 }));
    for page in [&halves, &open, &whole, &one] {
        let more = |min: i64, max: i64| of("integer", json!({ "minimum": min, "maximum": max }));
        check_all(page, &[halves.clone(), open.clone(), whole.clone(), one.clone()], &[more(-2, 1), more(-1, 2)]);
    }
}

#[test]
fn numbers_fit_by_their_range_open_or_not() {
    let number = |keywords: Value| of("number", keywords);
    for (min, above, max, below, up) in [
        ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", 1.0),
        ("maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", -1.0),
    ] {
        let one = |key: &str, n: f64| number(json!({ key: up * n }));
        let integer = |n: i64| of("integer", json!({ min: up as i64 * n }));
        check_all(
            &one(min, 0.0),
            &[one(min, 0.5), one(above, 0.0), one(above, 0.5), integer(0), json!({ "enum": [0, up * 1.5] })],
            &[
                one(min, -0.5),
                one(above, -0.5),
                one(max, 9.0),
                one(below, 9.0),
                number(json!({})),
                integer(-1),
                json!({ "enum": [-up] }),
            ],
        );
        check_all(
            &one(above, 0.0),
            &[one(min, 0.5), one(above, 0.5), integer(1), json!({ "enum": [up * 0.5] })],
            &[
                one(min, 0.0),
                one(above, -0.5),
                one(max, 9.0),
                one(below, 9.0),
                number(json!({})),
                integer(0),
                json!({ "enum": [0] }),
            ],
        );
        let not = |n: f64| number(json!({ "not": { "const": n } }));
        check_all(
            &not(0.0),
            &[one(above, 0.0), one(min, 0.5), integer(1), json!({ "enum": [up] })],
            &[one(min, 0.0), one(above, -0.5), not(1.0), number(json!({})), integer(0), json!({ "enum": [0.0] })],
        );
        // Bounds that are neither 0 nor 1.
        check_all(
            &one(above, 4.0),
            &[one(min, 5.0), one(above, 4.0)],
            &[one(min, 3.0), one(min, 4.0), one(above, 3.0)],
        );
        check_all(&one(min, 4.0), &[one(min, 4.0), one(above, 4.0)], &[one(min, 3.0), one(above, 3.0)]);
        let also = number(json!({ "not": { "const": 0 }, min: up * -9.0 }));
        check_all(&not(0.0), &[also, of("integer", json!({ "not": { "const": 0 } }))], &[]);
    }
    let safe = number(json!({ "minimum": -SAFE, "maximum": SAFE }));
    check_all(&safe, &[json!({ "type": "integer" })], &[json!({ "type": "number" })]);
    check_all(&number(json!({ "minimum": 1 - SAFE })), &[], &[json!({ "type": "integer" })]);
    check_all(&number(json!({ "maximum": SAFE - 1 })), &[], &[json!({ "type": "integer" })]);
}

#[test]
fn what_has_but_a_few_values_fits_where_they_are_listed() {
    let upto = |min: i64, max: i64| of("integer", json!({ "minimum": min, "maximum": max }));
    check_all(
        &json!({ "enum": [true, false, 1] }),
        &[boolean(), json!({ "enum": [1.0] })],
        &[json!({ "enum": [2] }), upto(1, 2)],
    );
    check_all(
        &json!({ "enum": [0] }),
        &[json!({ "enum": [-0.0] }), json!({ "enum": [0.0] })],
        &[json!({ "enum": [null] })],
    );
    check_all(&json!({ "enum": [-0.0] }), &[json!({ "enum": [0] })], &[]);
    check_all(&json!({ "enum": [true] }), &[], &[boolean()]);
    check_all(&json!({ "enum": [null, "a"] }), &[json!({ "type": "null" })], &[boolean(), string()]);
    check_all(
        &json!({ "enum": [0, 1, 2, 3] }),
        &[upto(0, 3), upto(1, 2)],
        &[upto(0, 4), upto(-1, 3), json!({ "type": "integer" })],
    );
    let without = of("integer", json!({ "minimum": 0, "maximum": 2, "not": { "const": 1 } }));
    check_all(&json!({ "enum": [0, 2] }), &[without], &[upto(0, 2)]);
    let all: Vec<_> = (0..300).collect();
    check_all(&json!({ "enum": all }), &[upto(0, 255), upto(1, 256)], &[upto(0, 300)]);
    check_all(&json!({ "type": "null" }), &[json!({ "enum": [null] })], &[json!({ "enum": [null, 1] })]);
    check_all(&boolean(), &[json!({ "enum": [false] })], &[json!({ "enum": [false, "false"] })]);
    check_all(&string(), &[json!({ "enum": ["a", "b"] })], &[json!({ "enum": ["a", 1] })]);
    check_all(&json!({ "type": "number" }), &[json!({ "enum": [1, 2.5] })], &[json!({ "enum": [1, "1"] })]);
    check_all(&json!(true), &[json!({ "enum": [1, "a", null] }), string(), object(json!({}), &[])], &[]);
    check_all(&of("array", json!({ "items": true })), &[], &[json!({ "enum": [1] })]);
    check_all(&object(json!({}), &[]), &[], &[json!({ "enum": ["a"] }), tuple(&[boolean()])]);
}

#[test]
fn lists_fit_by_their_items_their_length_and_their_being_sets() {
    let list = |mut keywords: Value| {
        keywords["items"] = string();
        of("array", keywords)
    };
    let any = list(json!({}));
    check_all(
        &list(json!({ "minItems": 2 })),
        &[list(json!({ "minItems": 3 }))],
        &[list(json!({ "minItems": 1 })), any.clone()],
    );
    check_all(
        &list(json!({ "maxItems": 2 })),
        &[list(json!({ "maxItems": 1 }))],
        &[list(json!({ "maxItems": 3 })), any.clone()],
    );
    let set = list(json!({ "uniqueItems": true }));
    check_all(&any, std::slice::from_ref(&set), &[of("array", json!({ "items": boolean() }))]);
    check_all(
        &set,
        &[list(json!({ "maxItems": 1 })), list(json!({ "uniqueItems": true, "maxItems": 9 }))],
        &[list(json!({ "maxItems": 2 })), any.clone()],
    );
    // Of an empty list the items do not count.
    check_all(
        &any,
        &[of("array", json!({ "items": boolean(), "maxItems": 0 }))],
        &[of("array", json!({ "items": boolean(), "maxItems": 1 }))],
    );

    let pair = |a: Value, b: Value| tuple(&[a, b]);
    let one = json!({ "enum": ["a"] });
    check_all(&any, &[pair(string(), one.clone())], &[pair(string(), boolean())]);
    check_all(&set, &[tuple(&[string()])], &[pair(string(), string())]);
    check_all(
        &list(json!({ "minItems": 2, "maxItems": 2, "uniqueItems": false })),
        &[pair(one.clone(), string())],
        &[tuple(&[string()]), tuple(&[string(), string(), string()])],
    );
    check_all(&list(json!({ "minItems": 1 })), &[tuple(&[string()]), pair(string(), string())], &[tuple(&[boolean()])]);
    check_all(&list(json!({ "maxItems": 1 })), &[tuple(&[string()])], &[pair(string(), string())]);
    let two = |min: u64, max: u64| list(json!({ "minItems": min, "maxItems": max }));
    check_all(
        &pair(string(), json!({ "anyOf": [string(), boolean()] })),
        &[pair(one, boolean()), two(2, 2), pair(string(), string())],
        &[
            pair(boolean(), string()),
            pair(string(), json!({ "type": "null" })),
            tuple(&[string()]),
            two(1, 2),
            two(2, 3),
            any,
        ],
    );
    check_all(&pair(string(), boolean()), &[], &[two(2, 2), pair(boolean(), string())]);
}

#[test]
fn objects_fit_by_their_members() {
    let a = |kind: Value, required: &[&str]| object(json!({ "a": kind }), required);
    let open = |mut object: Value| {
        object["additionalProperties"] = true.into();
        object
    };
    let empty = object(json!({}), &[]);
    check_all(
        &empty,
        &[a(string(), &[]), map(string()), external("b", string())],
        &[string(), json!({ "type": "null" })],
    );
    check_all(
        &a(string(), &["a"]),
        &[
            a(json!({ "enum": ["x"] }), &["a"]),
            object(json!({ "a": string(), "b": boolean() }), &["a"]),
            external("a", string()),
        ],
        &[
            a(string(), &[]),
            a(boolean(), &["a"]),
            empty.clone(),
            map(string()),
            external("b", string()),
            external("a", boolean()),
        ],
    );
    // What may be missing is checked when it is there, whoever names it.
    check_all(
        &a(string(), &[]),
        &[a(string(), &["a"]), empty.clone(), map(string()), numbered(false, boolean()), external("b", boolean())],
        &[a(boolean(), &[]), map(boolean()), open(empty.clone()), external("a", boolean())],
    );
    check_all(&a(json!(true), &[]), &[open(empty.clone()), map(boolean()), a(boolean(), &[])], &[]);
    check_all(
        &object(json!({ "12": string() }), &[]),
        &[numbered(false, string())],
        &[numbered(false, boolean()), numbered(true, boolean())],
    );
    check_all(&object(json!({ "-12": string() }), &[]), &[numbered(false, boolean())], &[numbered(true, boolean())]);
}

#[test]
fn maps_fit_by_their_keys_their_values_and_their_size() {
    let named = |name: &str, kind: Value| object(json!({ name: kind }), &[name]);
    check_all(
        &map(string()),
        &[
            map(json!({ "enum": ["x"] })),
            named("a", string()),
            numbered(true, string()),
            external("a", string()),
            object(json!({}), &[]),
        ],
        &[
            map(boolean()),
            named("a", boolean()),
            json!({ "type": "object", "additionalProperties": true }),
            numbered(false, boolean()),
            external("a", boolean()),
        ],
    );
    let mut beside = named("a", string());
    beside["additionalProperties"] = boolean();
    let mut other = named("a", boolean());
    other["additionalProperties"] = boolean();
    // A member that the page names is none of the map's; one that only the server names is.
    check_all(
        &beside,
        &[object(json!({ "a": string(), "b": boolean() }), &["a"])],
        &[other, named("a", boolean()), object(json!({ "a": string(), "b": string() }), &["a"])],
    );
    check_all(
        &numbered(false, string()),
        &[numbered(false, json!({ "enum": ["x"] })), named("12", string())],
        &[
            numbered(true, string()),
            map(string()),
            named("-1", string()),
            named("a", string()),
            named("", string()),
            named("1a", string()),
            named("12", boolean()),
        ],
    );
    check_all(
        &numbered(true, string()),
        &[numbered(false, string()), named("-1", string()), named("1", string())],
        &[map(string()), named("-", string()), named("--1", string()), named("1-", string())],
    );
    let sized = |min: Option<u64>, max: Option<u64>| {
        let mut sized = map(string());
        for (key, count) in [("minProperties", min), ("maxProperties", max)] {
            if let Some(count) = count {
                sized[key] = count.into();
            }
        }
        sized
    };
    let two = |required: &[&str]| object(json!({ "a": string(), "b": string() }), required);
    check_all(
        &sized(Some(2), None),
        &[sized(Some(3), None), two(&["a", "b"])],
        &[sized(Some(1), None), sized(None, Some(2)), map(string()), two(&["a"]), two(&[]), external("a", string())],
    );
    check_all(
        &sized(None, Some(1)),
        &[sized(Some(1), Some(1)), named("a", string()), external("a", string())],
        &[sized(None, Some(2)), map(string()), two(&["a"]), sized(Some(1), None)],
    );
}

#[test]
fn flattened_types_fit_by_all_their_parts() {
    let both = |own: Value, others: &[&str]| {
        let mut both = own;
        both["allOf"] = others.iter().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
        both
    };
    let c = || object(json!({ "c": boolean() }), &["c"]);
    let all = object(json!({ "a": string(), "b": string(), "c": boolean() }), &["a", "b", "c"]);
    let less = object(json!({ "a": string(), "c": boolean() }), &["a", "c"]);
    check_all(
        &both(c(), &["A", "B"]),
        std::slice::from_ref(&all),
        &[less.clone(), both(c(), &["A"]), object(json!({ "a": string() }), &["a"])],
    );
    check_all(&all, &[both(c(), &["B", "A"])], &[both(c(), &["A"]), both(object(json!({}), &[]), &["A", "B"])]);
    check_all(&less, &[both(c(), &["A"]), both(c(), &["A", "B"])], &[both(c(), &["B"])]);
    // How many members there are, is counted over all parts.
    let sized = |key: &str, count: u64| json!({ "type": "object", key: count });
    check_all(&sized("minProperties", 2), &[both(c(), &["A"])], &[c(), json!({ "$ref": "#/$defs/A" })]);
    check_all(&sized("maxProperties", 2), &[both(c(), &["A"])], &[both(c(), &["A", "B"])]);
    // As many as are looked at together.
    let of_many = |count: usize| {
        let parts: Vec<_> = (0..count).map(|i| object(json!({ format!("p{i}"): string() }), &[])).collect();
        json!({ "allOf": parts })
    };
    check_all(&object(json!({ "p31": string() }), &[]), &[of_many(32)], &[]);
    check_all(&object(json!({ "p31": boolean() }), &[]), &[], &[of_many(32)]);
    // A value of its own holds to all parts.
    let parts = json!({ "allOf": [{ "$ref": "#/$defs/Text" }, { "type": "string", "maxLength": 2 }] });
    check_all(&parts, &[json!({ "enum": ["a", "bb"] })], &[json!({ "enum": ["ccc"] }), json!({ "enum": [1] })]);
}

#[test]
fn alternatives_fit_one_by_one() {
    let any = |arms: &[Value]| json!({ "anyOf": arms });
    let null = || json!({ "type": "null" });
    check_all(
        &any(&[string(), boolean(), null()]),
        &[
            any(&[boolean(), string()]),
            string(),
            json!({ "enum": ["a", true, null] }),
            any(&[json!({ "enum": ["x"] }), null()]),
        ],
        &[any(&[string(), json!({ "type": "number" })]), json!({ "enum": ["a", 1] }), json!(true)],
    );
    let names = |names: &[&str]| json!({ "type": "string", "enum": names });
    let variants = |words: &[&str], members: &[(&str, Value)]| {
        let mut arms: Vec<_> = members.iter().map(|(name, payload)| external(name, payload.clone())).collect();
        if !words.is_empty() {
            arms.push(names(words));
        }
        json!({ "oneOf": arms })
    };
    check_all(
        &variants(&["a", "b"], &[("c", string()), ("d", boolean())]),
        &[
            variants(&["a"], &[("c", string()), ("d", boolean())]),
            variants(&["a", "b"], &[("c", json!({ "enum": ["x"] }))]),
            variants(&[], &[("d", boolean()), ("c", string())]),
            names(&["b"]),
        ],
        &[
            variants(&["a", "b", "z"], &[("c", string())]),
            variants(&["a"], &[("c", boolean())]),
            variants(&["a"], &[("c", string()), ("z", boolean())]),
            names(&["a", "c"]),
            object(json!({ "c": string() }), &["c"]),
            string(),
        ],
    );
    // A variant is an object with one member, wherever such an object is taken.
    let either = any(&[names(&["a"]), object(json!({ "c": string() }), &[]), null()]);
    check_all(
        &either,
        &[variants(&["a"], &[("c", string()), ("x", boolean())])],
        &[variants(&["a"], &[("c", boolean())]), variants(&["b"], &[("c", string())])],
    );
}

#[test]
fn alternatives_with_a_tag_fit_by_its_name() {
    let arm = |tag: &str, name: &str, kind: Value| {
        object(json!({ tag: { "type": "string", "const": name }, "x": kind }), &[tag, "x"])
    };
    let either = |arms: &[Value]| json!({ "oneOf": arms });
    let page = either(&[arm("kind", "a", string()), arm("kind", "b", boolean())]);
    let mut optional = arm("kind", "a", string());
    optional["required"] = json!(["x"]);
    let mut two = arm("kind", "a", string());
    two["properties"]["kind"] = json!({ "type": "string", "enum": ["a", "b"] });
    check_all(
        &page,
        &[
            either(&[arm("kind", "b", json!({ "enum": [true] })), arm("kind", "a", string())]),
            arm("kind", "a", string()),
        ],
        &[
            either(&[arm("kind", "a", boolean()), arm("kind", "b", boolean())]),
            arm("kind", "b", string()),
            arm("kind", "c", string()),
            arm("type", "a", string()),
            optional,
            two.clone(),
            object(json!({ "x": string() }), &["x"]),
        ],
    );
    // One that says either of two names says none.
    let either_of_two = either(&[two, arm("kind", "c", boolean())]);
    check_all(
        &either_of_two,
        &[arm("kind", "a", string()), arm("kind", "b", string()), arm("kind", "c", boolean())],
        &[arm("kind", "b", boolean()), arm("kind", "c", string()), arm("kind", "d", string())],
    );
    check_all(
        &either(&[arm("kind", "a", string()), null_or(boolean())]),
        &[arm("kind", "a", string()), boolean()],
        &[arm("kind", "b", string())],
    );
}

fn null_or(other: Value) -> Value {
    json!({ "anyOf": [other, { "type": "null" }] })
}
