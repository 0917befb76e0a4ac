//! What is said of the changes that people make to their enums, and that it ends whatever the schemas are.

mod support;

use eventwire_contract::{Change, ChangeKind, Contract, check};
use serde_json::{Map, Value, json};

fn event(name: &str, payload: &Value) -> Value {
    json!({ "type": "object", "required": [name], "additionalProperties": false, "properties": { name: payload } })
}

/// A contract of one event, `e`, with definitions.
fn contract(payload: &Value, defs: &Value) -> Contract {
    compiled(&json!({ "title": "Shop", "oneOf": [event("e", payload)], "$defs": defs }))
}

fn compiled(schema: &Value) -> Contract {
    Contract::compile(schema).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
}

/// Each change as `+place path kind`, with `-` before what does not break.
fn told(changes: &[Change]) -> Vec<String> {
    let one = |change: &Change| {
        let sign = if change.breaks { '!' } else { '.' };
        let place = change.place.strip_prefix("Shop::e").unwrap_or(&change.place);
        let path = if change.path.is_empty() { String::new() } else { format!(" {}", change.path) };
        format!("{sign} {}{place}{path}", change.kind.as_str().to_owned() + " ")
    };
    changes.iter().map(one).collect()
}

fn says(old: &Value, new: &Value, expected: &[&str]) {
    says_with((old, &json!({})), (new, &json!({})), expected);
}

fn says_with(old: (&Value, &Value), new: (&Value, &Value), expected: &[&str]) {
    let changes = check(&contract(old.0, old.1), &contract(new.0, new.1));
    assert_eq!(told(&changes), expected, "{changes:#?}");
    for change in &changes {
        assert_eq!(change.breaks, !change.next.is_empty(), "what breaks has a next step: {change}");
        assert!(!change.why.is_empty() && !change.what.is_empty(), "{change}");
    }
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn the_same_contract_has_no_changes() {
    let schema = object(&json!({ "a": { "type": "string" }, "b": { "type": ["integer", "null"] } }), &["a"]);
    says(&schema, &schema, &[]);
}

#[test]
fn every_type_that_serde_writes_fits_itself() {
    let shop = Contract::of::<support::shop::Shop>().unwrap();
    assert_eq!(check(&shop, &shop), []);
}

#[test]
fn a_field_that_is_gone_breaks_if_pages_require_it() {
    let two = json!({ "a": { "type": "string" }, "b": { "type": "boolean" } });
    let one = json!({ "a": { "type": "string" } });
    says(&object(&two, &["a", "b"]), &object(&one, &["a"]), &["! field-removed .b /b"]);
    says(&object(&two, &["a"]), &object(&one, &["a"]), &[". field-removed .b /b"]);
    says(&object(&one, &["a"]), &object(&two, &["a", "b"]), &[". field-added .b /b"]);
    says(&object(&one, &["a"]), &object(&one, &[]), &["! field-optional .a /a"]);
    says(&object(&one, &[]), &object(&one, &["a"]), &[". field-required .a /a"]);
}

#[test]
fn a_renamed_field_is_told_with_the_way_to_keep_its_name() {
    let with = |name: &str, format: &str| object(&json!({ name: { "type": "integer", "format": format } }), &[name]);
    let changes =
        |now: &str| check(&contract(&with("used", "uint16"), &json!({})), &contract(&with("taken", now), &json!({})));
    // What is narrower or wider is another field.
    for other in ["uint8", "uint32"] {
        assert!(!changes(other)[0].next.contains("taken"), "{}", changes(other)[0]);
    }
    let changes = changes("uint16");
    assert_eq!(told(&changes), ["! field-removed .used /used", ". field-added .taken /taken"]);
    assert!(
        changes[0].next.contains("\"taken\"") && changes[0].next.contains("#[serde(rename = \"used\")]"),
        "{}",
        changes[0]
    );
}

#[test]
fn what_widens_breaks_and_what_narrows_does_not() {
    let byte = json!({ "type": "integer", "format": "uint8" });
    let word = json!({ "type": "integer", "format": "uint16" });
    says(&byte, &word, &["! widened "]);
    says(&word, &byte, &[". narrowed "]);
    says(&byte, &json!({ "type": "string" }), &["! changed "]);
    says(&byte, &json!({ "type": "number" }), &["! widened "]);
    says(&json!({ "type": "number" }), &byte, &[". narrowed "]);
    says(&json!({ "type": "string" }), &json!({ "type": "string", "minLength": 1 }), &[". narrowed "]);
    says(&json!({ "type": "string", "pattern": "a" }), &json!({ "type": "string", "pattern": "b" }), &["! changed "]);
    says(&json!({ "type": "string", "maxLength": 3 }), &json!({ "enum": ["abc", "d"] }), &[". narrowed "]);
    says(&json!({ "type": "string", "maxLength": 2 }), &json!({ "enum": ["abc", "d"] }), &["! changed "]);
    says(&true.into(), &byte, &[". narrowed "]);
    says(&byte, &true.into(), &["! widened "]);
    let (two, three) = (json!({ "type": ["string", "boolean"] }), json!({ "type": ["string", "boolean", "null"] }));
    says(&two, &three, &["! null-added "]);
    says(&three, &two, &[". null-removed "]);
}

#[test]
fn lists_and_tuples_are_compared_by_what_is_in_them() {
    let list = |items: Value, more: Value| {
        let mut list = json!({ "type": "array", "items": items });
        list.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        list
    };
    let (bool, maybe) = (json!({ "type": "boolean" }), json!({ "type": ["boolean", "null"] }));
    says(&list(bool.clone(), json!({})), &list(maybe.clone(), json!({})), &["! null-added [] /*"]);
    says(&list(maybe.clone(), json!({})), &list(bool.clone(), json!({})), &[". null-removed [] /*"]);
    says(&list(bool.clone(), json!({ "maxItems": 2 })), &list(bool.clone(), json!({})), &["! widened "]);
    let pair = json!({ "type": "array", "prefixItems": [bool, maybe], "minItems": 2, "maxItems": 2 });
    let three = json!({ "type": "array", "prefixItems": [bool, bool, bool], "minItems": 3, "maxItems": 3 });
    let within = |schema: &Value| object(&json!({ "a": schema }), &["a"]);
    says(&within(&list(maybe.clone(), json!({}))), &within(&pair), &[". narrowed .a /a"]);
    says(&within(&pair), &within(&three), &["! changed .a /a"]);
    let exactly = within(&list(bool.clone(), json!({ "minItems": 3, "maxItems": 3 })));
    says(&within(&three), &exactly, &[". unchecked Shop"]);
    let and_bool =
        |first: &Value| json!({ "type": "array", "prefixItems": [first, bool], "minItems": 2, "maxItems": 2 });
    says(&within(&and_bool(&bool)), &within(&and_bool(&maybe)), &["! null-added .a.0 /a/0"]);
    // Its length is told beside its items.
    let upto = |items: &Value, max: u8| list(items.clone(), json!({ "maxItems": max }));
    says(&upto(&maybe, 2), &upto(&bool, 1), &[". null-removed [] /*", ". narrowed "]);
    says(&upto(&maybe, 1), &upto(&bool, 2), &[". null-removed [] /*", "! widened "]);
    says(&upto(&bool, 2), &upto(&maybe, 1), &["! null-added [] /*", ". narrowed "]);
}

#[test]
fn flattened_types_are_compared_part_by_part() {
    let part = |name: &str, kind: &str| object(&json!({ name: { "type": kind } }), &[name]);
    let flat = |parts: &[Value]| {
        let mut own = part("own", "boolean");
        own["allOf"] = parts.into();
        own
    };
    says(&flat(&[part("a", "string")]), &flat(&[part("a", "boolean")]), &["! changed .a /a"]);
    // Of more or fewer nobody knows which is which.
    let (one, two) = (flat(&[part("b", "string")]), flat(&[part("a", "string"), part("b", "string")]));
    says(&one, &two, &[". narrowed "]);
}

#[test]
fn enums_inside_payloads_say_which_variant_came_or_went() {
    let (two, three) =
        (json!({ "type": "string", "enum": ["a", "b"] }), json!({ "type": "string", "enum": ["a", "b", "c"] }));
    says(&two, &three, &["! variant-added "]);
    says(&three, &two, &[". variant-removed "]);
    let external = json!({ "oneOf": [{ "type": "string", "enum": ["a"] }, event("b", &json!({ "type": "boolean" }))] });
    says(&two, &external, &[". variant-removed ", "! variant-added "]);
    let wider =
        json!({ "oneOf": [{ "type": "string", "enum": ["a"] }, event("b", &json!({ "type": ["boolean", "null"] }))] });
    says(&external, &wider, &["! null-added ::b /b"]);
}

fn tagged(tag: &str, arms: &[(&str, Value)]) -> Value {
    let arm = |(name, properties): &(&str, Value)| {
        let mut properties = properties.clone();
        properties[tag] = json!({ "type": "string", "const": name });
        let required: Vec<_> = properties.as_object().unwrap().keys().cloned().collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    json!({ "oneOf": arms.iter().map(arm).collect::<Vec<_>>() })
}

#[test]
fn tagged_enums_are_compared_variant_by_variant() {
    let old = tagged("kind", &[("open", json!({ "at": { "type": "string" } })), ("shut", json!({}))]);
    let new = tagged("kind", &[("open", json!({ "at": { "type": "number" } })), ("ajar", json!({}))]);
    says(&old, &new, &["! changed ::open.at /at", ". variant-removed ", "! variant-added "]);
    let other = tagged("type", &[("open", json!({ "at": { "type": "string" } })), ("shut", json!({}))]);
    says(&old, &other, &["! tag-changed "]);
}

#[test]
fn events_come_and_go_and_a_renamed_one_breaks() {
    let payload = object(&json!({ "a": { "type": "string" } }), &["a"]);
    let shop = |arms: Value| compiled(&json!({ "title": "Shop", "oneOf": arms }));
    let one = || event("one", &payload);
    let (unit, number) = (json!({ "type": "string", "enum": ["unit"] }), event("two", &json!({ "type": "number" })));
    let added = check(&shop(json!([one()])), &shop(json!([one(), number])));
    assert_eq!(told(&added), [". event-added Shop::two"]);
    assert_eq!(added[0].why, "open pages report one fault for its name and go on");
    assert_eq!(told(&check(&shop(json!([one(), unit])), &shop(json!([one()])))), [". event-removed Shop::unit"]);
    let renamed = check(&shop(json!([one(), unit])), &shop(json!([unit, event("uno", &payload)])));
    assert_eq!(told(&renamed), ["! event-renamed Shop::one"]);
    assert!(renamed[0].next.contains("#[serde(rename = \"one\")]"), "{}", renamed[0]);
}

#[test]
fn of_events_that_carry_nothing_none_is_said_to_be_renamed() {
    let shop = |arms: Value| compiled(&json!({ "title": "Shop", "oneOf": arms }));
    let units = |names: &[&str]| shop(json!([{ "type": "string", "enum": names }]));
    let changes = check(&units(&["opened", "closed"]), &units(&["opened", "paused"]));
    assert_eq!(told(&changes), [". event-removed Shop::closed", ". event-added Shop::paused"]);
    assert_eq!(
        changes[0].to_string(),
        "safe    Shop::closed: an event less: open pages go on, and never hear of it again; \
         if it is called \"paused\" now, keep its name on the wire with #[serde(rename = \"closed\")]"
    );
    // Nor by what may be anything, or has no members; and not where nothing of the kind came.
    for payload in [json!(true), object(&json!({}), &[])] {
        let one = |name: &str| shop(json!([event("e", &json!(true)), event(name, &payload)]));
        assert_eq!(told(&check(&one("a"), &one("b"))), [". event-removed Shop::a", ". event-added Shop::b"]);
    }
    let changes = check(&units(&["opened", "closed"]), &units(&["opened"]));
    assert_eq!(changes[0].why, "open pages go on, and never hear of it again");
    let typed = shop(json!([{ "type": "string", "enum": ["opened"] }, event("b", &json!({ "type": "string" }))]));
    let changes = check(&units(&["opened", "closed"]), &typed);
    assert_eq!(changes[0].why, "open pages go on, and never hear of it again");
}

#[test]
fn a_map_is_harmed_by_a_member_that_is_not_of_its_type() {
    let map = |values: Value| json!({ "type": "object", "additionalProperties": values });
    says(&map(json!({ "type": "string" })), &map(json!({ "type": ["string", "null"] })), &["! null-added [] /*"]);
    let named = |kind: &str| json!({ "type": "object", "properties": { "id": { "type": kind } }, "required": ["id"] });
    says(&map(json!({ "type": "string" })), &named("string"), &[". field-added .id /id"]);
    says(&map(json!({ "type": "string" })), &named("boolean"), &["! field-added .id /id"]);
    let none = json!({});
    let changes = check(&contract(&map(json!({ "type": "string" })), &none), &contract(&named("string"), &none));
    assert_eq!(changes[0].why, "open pages take it for a member of the map");
    // A member that may be there and is checked, against members of any type.
    let open = json!({ "type": "object", "properties": {}, "additionalProperties": true });
    says(&object(&json!({ "a": { "type": "string" } }), &[]), &open, &[". field-removed .a /a", "! widened "]);
    says(&object(&json!({ "a": { "type": "string" } }), &[]), &object(&json!({}), &[]), &[". field-removed .a /a"]);
}

#[test]
fn keys_that_are_no_longer_listed_are_told_once() {
    macro_rules! shop {
        ($kind:ident: $(#[$said:meta])?) => {
            #[allow(dead_code)]
            mod $kind {
                #[derive(schemars::JsonSchema)]
                pub(super) enum Shop {
                    #[serde(rename = "e")]
                    Stock(std::collections::BTreeMap<Kind, u32>),
                }
                #[derive(schemars::JsonSchema)]
                pub(super) enum Kind {
                    $(#[$said])?
                    A,
                    B,
                }
            }
        };
    }
    shop!(plain:);
    shop!(documented: #[doc = "The first."]);
    let (plain, documented) = (Contract::of::<plain::Shop>().unwrap(), Contract::of::<documented::Shop>().unwrap());
    let changes = check(&plain, &documented);
    assert_eq!(told(&changes), [". widened "]);
    assert_eq!(changes[0].what, r#"any key now, before it was "A" or "B""#);
    assert!(changes[0].why.contains("write it with //"), "{}", changes[0]);
    let changes = check(&documented, &plain);
    assert_eq!(told(&changes), [". narrowed "]);
    assert_eq!(changes[0].what, r#"no other key than "A" or "B" now"#);

    // Where the values change, too, and where a key has to be there.
    let listed = |value: Value, required: &[&str]| object(&json!({ "a": value, "b": value }), required);
    let map = |value: Value| json!({ "type": "object", "additionalProperties": value });
    let (text, either) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    says(&listed(either.clone(), &[]), &map(text.clone()), &[". widened ", ". null-removed [] /*"]);
    says(&map(either.clone()), &listed(text.clone(), &[]), &[". narrowed ", ". null-removed [] /*"]);
    says(
        &listed(text.clone(), &[]),
        &map(either.clone()),
        &[". field-removed .a /a", ". field-removed .b /b", "! widened "],
    );
    says(&listed(text.clone(), &["a"]), &map(text), &["! field-removed .a /a", ". field-removed .b /b"]);
}

#[test]
fn a_named_type_is_told_once_with_all_its_places() {
    let payload = |line: &str| {
        let line = json!({ "$ref": format!("#/$defs/{line}") });
        object(&json!({ "first": line, "more": { "type": "array", "items": line } }), &["first", "more"])
    };
    let defs = |kind: &str| json!({ "Line": object(&json!({ "n": { "type": kind } }), &["n"]) });
    let changes = check(&contract(&payload("Line"), &defs("boolean")), &contract(&payload("Line"), &defs("string")));
    assert_eq!(told(&changes), ["! changed .first.n /first/n"]);
    assert_eq!(changes[0].also, ["Shop::e.more[]"]);
    assert_eq!(
        changes[0].to_string(),
        "breaks  Shop::e.first.n: was a boolean, is a string: open pages refuse such a value, and each event that carries \
         it is a fault to them; send it in a new field or a new variant, and the old one as it was until no page built with \
         it is open (also Shop::e.more[])"
    );
}

#[test]
fn what_holds_a_named_type_that_changed_says_nothing_of_its_own() {
    let line = || json!({ "$ref": "#/$defs/Line" });
    let pair = json!({ "type": "array", "prefixItems": [line(), { "type": "null" }], "minItems": 2, "maxItems": 2 });
    let boxed = object(&json!({ "in": line(), "more": { "type": "boolean" } }), &["in"]);
    let list = json!({ "type": "array", "items": line() });
    let payload = object(&json!({ "first": line(), "boxed": boxed, "list": list, "pair": pair }), &[]);
    let defs = |kind: &str| json!({ "Line": object(&json!({ "n": { "type": kind } }), &["n"]) });
    for (old, new, expected) in
        [("integer", "number", "! widened .first.n /first/n"), ("number", "integer", ". narrowed .first.n /first/n")]
    {
        let changes = check(&contract(&payload, &defs(old)), &contract(&payload, &defs(new)));
        assert_eq!(told(&changes), [expected]);
        assert_eq!(changes[0].also, ["Shop::e.boxed.in", "Shop::e.list[]", "Shop::e.pair.0"]);
    }
}

#[test]
fn types_that_hold_themselves_come_to_an_end() {
    let tree = |leaf: Value| {
        let node = object(
            &json!({ "leaf": leaf, "left": { "anyOf": [{ "$ref": "#/$defs/Tree" }, { "type": "null" }] }, "all": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } }),
            &["leaf", "left", "all"],
        );
        json!({ "Tree": node })
    };
    let root = json!({ "$ref": "#/$defs/Tree" });
    let (byte, word) =
        (tree(json!({ "type": "integer", "format": "uint8" })), tree(json!({ "type": "integer", "format": "uint16" })));
    says_with((&root, &byte), (&root, &byte), &[]);
    says_with((&root, &byte), (&root, &word), &["! widened .leaf /leaf"]);
    says_with((&root, &word), (&root, &byte), &[". narrowed .leaf /leaf"]);
    // One that holds itself by way of another is the same, as far as values go.
    let mut twice = byte.clone();
    twice["Twig"] = serde_json::from_str(&byte["Tree"].to_string().replace("Tree", "Twig")).unwrap();
    twice["Tree"] = serde_json::from_str(&byte["Tree"].to_string().replace("Tree", "Twig")).unwrap();
    says_with((&root, &byte), (&root, &twice), &[". unchecked Shop"]);
}

#[test]
fn an_answer_that_rested_on_a_wrong_guess_is_taken_back() {
    // A holds B, B holds A. While A is looked at, B is found to fit if A does; and A does not, by what comes after B.
    let defs = |last: &str| {
        json!({
            "A": object(&json!({ "b": { "anyOf": [{ "$ref": "#/$defs/B" }, { "type": "null" }] }, "last": { "type": last } }), &["b", "last"]),
            "B": object(&json!({ "a": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "null" }] } }), &["a"]),
        })
    };
    // In alternatives that nothing tells apart the answer alone counts: no place inside is named.
    let either = json!({ "anyOf": [{ "$ref": "#/$defs/B" }, { "type": "boolean" }] });
    let schema = |last: &str| {
        let arms = [event("a", &json!({ "$ref": "#/$defs/A" })), event("b", &either)];
        compiled(&json!({ "title": "Shop", "oneOf": arms, "$defs": defs(last) }))
    };
    let changes = check(&schema("boolean"), &schema("string"));
    assert_eq!(told(&changes), ["! changed Shop::a.last /last", "! changed Shop::b"]);
    // The same if nothing else is found not to fit: what comes after B is gone.
    let many = |name: &str| json!({ "type": "array", "items": { "$ref": format!("#/$defs/{name}") } });
    let schema = |properties: Value, required: &[&str]| {
        let defs = json!({ "A": object(&properties, required), "B": object(&json!({ "a": many("A") }), &["a"]) });
        let arms = [event("a", &json!({ "$ref": "#/$defs/A" })), event("b", &either)];
        compiled(&json!({ "title": "Shop", "oneOf": arms, "$defs": defs }))
    };
    let old = schema(json!({ "b": many("B"), "last": { "type": "boolean" } }), &["b", "last"]);
    let changes = check(&old, &schema(json!({ "b": many("B") }), &["b"]));
    assert_eq!(told(&changes), ["! field-removed Shop::a.last /last", "! widened Shop::b"]);
}

#[test]
fn schemas_made_to_exhaust_the_search_end_it() {
    // Each type holds two unions of all types: every subset of them is a question of its own.
    let n = 40;
    let any = |with: &str| json!({ "anyOf": (0..n).map(|i| json!({ "$ref": format!("#/$defs/{with}{i}") })).collect::<Vec<_>>() });
    let defs = |last: &str| {
        let def = |i: usize| {
            let leaf = if i + 1 == n { last } else { "boolean" };
            (format!("T{i}"), object(&json!({ "x": any("T"), "y": any("T"), format!("z{i}"): { "type": leaf } }), &[]))
        };
        Value::Object((0..n).map(def).collect())
    };
    // Whatever the verdict: it comes.
    assert!(!check(&contract(&any("T"), &defs("boolean")), &contract(&any("T"), &defs("string"))).is_empty());
    let same = contract(&any("T"), &defs("boolean"));
    assert!(!check(&same, &same).iter().any(|change| change.breaks));
}

#[test]
fn types_in_types_deeper_than_a_stack_are_compared_as_far_as_can_be() {
    let chain = |last: &str| {
        let mut defs = Map::new();
        for i in 0..1_000 {
            let next = json!({ "$ref": format!("#/$defs/T{}", i + 1) });
            // Alternatives of alternatives, and members of members.
            let def = if i % 2 == 0 {
                json!({ "anyOf": [next, next, { "type": "null" }] })
            } else {
                object(&json!({ "x": next }), &["x"])
            };
            defs.insert(format!("T{i}"), def);
        }
        defs.insert("T1000".into(), json!({ "type": last }));
        contract(&json!({ "$ref": "#/$defs/T0" }), &defs.into())
    };
    let (old, new) = (chain("boolean"), chain("string"));
    assert_eq!(check(&old, &old), []);
    assert!(check(&old, &new).iter().any(|change| change.breaks));
}

#[test]
fn comments_and_formats_break_nothing() {
    let doc = |doc: &str, deprecated: bool| {
        object(&json!({ "a": { "type": "string", "description": doc, "deprecated": deprecated } }), &["a"])
    };
    says(&doc("one", false), &doc("two", true), &[". deprecated .a /a", ". docs .a /a"]);
    says(&json!({ "type": "string" }), &json!({ "type": "string", "format": "uuid" }), &[". unchecked Shop"]);
    let kind = check(
        &contract(&json!({ "type": "null" }), &json!({})),
        &compiled(&json!({ "title": "Store", "oneOf": [event("e", &json!({ "type": "null" }))] })),
    );
    assert_eq!(kind.iter().map(|change| (change.kind, change.breaks)).collect::<Vec<_>>(), [(ChangeKind::Name, false)]);
}

#[test]
fn an_event_that_says_the_same_is_not_searched_however_large_it_is() {
    // Nothing tells them apart.
    let arm = |i: usize| object(&json!({ format!("k{i}"): { "type": "boolean" } }), &[&format!("k{i}")]);
    let any = json!({ "anyOf": (0..800).map(arm).collect::<Vec<_>>() });
    let large = object(&json!({ "any": any, "n": { "$ref": "#/$defs/N" } }), &["any", "n"]);
    let shop = |events: &[Value], doc: &str| {
        let number = json!({ "type": "integer", "format": "int32", "description": doc });
        compiled(&json!({ "title": "Shop", "oneOf": events, "$defs": { "N": number } }))
    };
    let old = shop(&[event("a", &large), event("b", &json!({ "type": "string" }))], "");
    // Each arm held against each would end where the search does, and what could not be proved breaks.
    let now = [event("a", &large), event("b", &json!({ "type": ["string", "null"] })), event("c", &json!({}))];
    let changes = check(&old, &shop(&now, "A number."));
    assert_eq!(told(&changes), [". docs Shop::a.n /n", "! null-added Shop::b", ". event-added Shop::c"]);
}
