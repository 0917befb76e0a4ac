//! What a contract cannot say is refused with its place; nothing is dropped.

use eventwire_contract::Contract;
use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde_json::{Value, json};

mod types {
    #![allow(dead_code)]
    use schemars::JsonSchema;
    use std::{collections::BTreeMap, time::Duration};

    #[derive(JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub(super) enum Wide {
        PriceChanged { cents: u64, delta: Option<i64> },
        Counted(Vec<Count>),
        Waited(BTreeMap<String, Duration>),
        Sized(usize),
        Bare(u128),
        HalfBounded(#[schemars(range(min = 0))] i64),
        TooFar(#[schemars(range(max = 9007199254740992_u64))] u64),
    }

    #[derive(JsonSchema)]
    pub(super) enum Flattened {
        Tagged(Tagged),
        Twice(Twice),
        Beside {
            name: String,
            #[serde(flatten)]
            counted: Counted,
        },
        Numbered(Numbered),
        Unit(Unit),
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Tagged {
        Counts(Counts),
        Nothing,
    }

    #[derive(JsonSchema)]
    pub(super) struct Counts {
        of: String,
        #[serde(flatten)]
        counts: BTreeMap<String, u8>,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "outer")]
    pub(super) enum Twice {
        Inner(Counted),
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Counted {
        Map(BTreeMap<String, u8>),
        Nothing,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Numbered {
        Map(Numbers),
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Unit {
        Holds(External),
    }

    /// Beside a tag serde writes `{"kind":"Holds","Nothing":null}`, and schemars says "Nothing".
    #[derive(JsonSchema)]
    pub(super) enum External {
        Nothing,
        Something(u8),
    }

    #[derive(JsonSchema)]
    pub(super) struct Numbers(BTreeMap<u8, String>);

    /// Maps whose type holds for what stands beside them, and maps that stand alone.
    #[derive(JsonSchema)]
    pub(super) enum Flat {
        Tagged(Labelled),
        Any(Open),
        Alone {
            #[serde(flatten)]
            only: Counted,
        },
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Labelled {
        Labels(Labels),
        Nothing,
    }

    #[derive(JsonSchema)]
    pub(super) struct Labels {
        of: u8,
        #[serde(flatten)]
        labels: BTreeMap<String, String>,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Open {
        Values(Values),
    }

    #[derive(JsonSchema)]
    pub(super) struct Values {
        #[serde(flatten)]
        values: BTreeMap<String, serde_json::Value>,
    }

    #[derive(JsonSchema)]
    pub(super) struct Count {
        of: isize,
    }

    #[derive(JsonSchema)]
    pub(super) enum Bounded {
        Unsigned(#[schemars(range(max = 9007199254740991_u64))] u64),
        Signed(#[schemars(range(min = -5, max = 5))] i64),
        Text(Cents),
    }

    /// Kept whole.
    #[derive(JsonSchema)]
    pub(super) struct Cents(String);
}

fn check<E: JsonSchema>(expected: Expect) {
    let refusals = Contract::of::<E>().unwrap_err();
    expected.assert_eq(&refusals.iter().map(|refusal| format!("{refusal}\n")).collect::<String>());
}

#[test]
fn an_integer_that_javascript_would_round_is_refused_with_the_two_ways_out() {
    check::<types::Wide>(expect![[r#"
        Wide::priceChanged.cents: an integer of 64 bits or more (format "uint64"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<u64>, or promise that it stays small with #[schemars(range(max = 9007199254740991))] (schema: #/oneOf/0/properties/priceChanged/properties/cents)
        Wide::priceChanged.delta: an integer of 64 bits or more (format "int64"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<i64>, or promise that it stays small with #[schemars(range(min = -9007199254740991, max = 9007199254740991))] (schema: #/oneOf/0/properties/priceChanged/properties/delta)
        Wide::sized: an integer of 64 bits or more (format "uint"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<usize>, or promise that it stays small with #[schemars(range(max = 9007199254740991))] (schema: #/oneOf/3/properties/sized)
        Wide::bare: an integer of 64 bits or more (format "uint128"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<u128>, or promise that it stays small with #[schemars(range(max = 9007199254740991))] (schema: #/oneOf/4/properties/bare)
        Wide::halfBounded: an integer of 64 bits or more (format "int64"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<i64>, or promise that it stays small with #[schemars(range(min = -9007199254740991, max = 9007199254740991))] (schema: #/oneOf/5/properties/halfBounded)
        Wide::tooFar: an integer of 64 bits or more (format "uint64"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<u64>, or promise that it stays small with #[schemars(range(max = 9007199254740991))] (schema: #/oneOf/6/properties/tooFar)
        Wide::counted[].of: an integer of 64 bits or more (format "int"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<isize>, or promise that it stays small with #[schemars(range(min = -9007199254740991, max = 9007199254740991))] (schema: #/$defs/Count/properties/of)
        Wide::waited[].secs: an integer of 64 bits or more (format "uint64"): JavaScript rounds integers beyond 2^53 - 1 without a word; send it as a string with #[serde(with = "eventwire::Digits")], inside other types as eventwire::Digits<u64>, or promise that it stays small with #[schemars(range(max = 9007199254740991))] (schema: #/$defs/Duration/properties/secs)
    "#]]);
}

#[test]
fn a_bounded_integer_and_a_string_may_cross() {
    assert_eq!(Contract::of::<types::Bounded>().unwrap().names().len(), 3);
}

#[test]
fn a_map_whose_type_would_have_to_hold_for_what_is_written_beside_it_is_refused() {
    check::<types::Flattened>(expect![[r#"
        Flattened::Beside: a map flattened beside the member "name" of another type: the map's type would have to hold for it, too; give the map a field of its own (schema: #/oneOf/2/properties/Beside)
        Flattened::Tagged: a map flattened beside the member "kind" of another type: the map's type would have to hold for it, too; give the map a field of its own (schema: #/$defs/Tagged/oneOf/0)
        Flattened::Twice: a map flattened beside the member "outer" of another type: the map's type would have to hold for it, too; give the map a field of its own (schema: #/$defs/Twice/oneOf/0)
        Flattened::Numbered: members named by a pattern: TypeScript has no type for them; use a map with string or integer keys, in a field of its own (schema: #/$defs/Numbered/oneOf/0/patternProperties)
        Flattened::Unit: the variant "Nothing" without a payload beside other members: serde writes it as a member, and its schema says a text; give the enum a field of its own, or the variant a payload (schema: #/$defs/Unit/oneOf/0)
    "#]]);
}

#[test]
fn a_map_may_stand_beside_members_of_its_type() {
    assert_eq!(Contract::of::<types::Flat>().unwrap().names().len(), 3);
}

/// A contract with one event whose payload has this schema.
fn of(payload: Value) -> Value {
    json!({
        "title": "Shop",
        "oneOf": [{ "type": "object", "properties": { "a": payload }, "required": ["a"], "additionalProperties": false }],
        "$defs": { "Fine": { "type": "string" }, "Loop": { "$ref": "#/$defs/Back" }, "Back": { "anyOf": [{ "type": "null" }, { "$ref": "#/$defs/Loop" }] } }
    })
}

/// Schemas of payloads, and whether they are one too much for the emitter.
fn refused(payload: Value) -> String {
    match Contract::compile(&of(payload.clone())) {
        Ok(_) => panic!("{payload} is not refused"),
        Err(refusals) => refusals.iter().map(|refusal| format!("#{}: {}\n", refusal.pointer, refusal.what)).collect(),
    }
}

#[test]
fn a_keyword_that_the_emitter_does_not_know_is_refused_where_it_stands() {
    let schemas = [
        json!({ "type": "object", "patternProperties": { "^x": true } }),
        json!({ "type": "object", "properties": { "k": {} }, "patternProperties": { r"^\d+$": true } }),
        json!({ "if": { "type": "string" }, "then": { "type": "string" } }),
        json!({ "not": { "type": "string" } }),
        json!({ "type": "string", "not": { "const": "a" } }),
        json!({ "type": "integer", "not": { "type": "string" } }),
        json!({ "$dynamicRef": "#x" }),
        json!({ "type": "object", "propertyNames": { "maxLength": 3 } }),
        json!({ "type": "object", "dependentRequired": { "a": ["b"] } }),
        json!({ "type": "array", "contains": { "type": "string" } }),
        json!({ "type": "number", "multipleOf": 3 }),
        json!({ "type": "object", "properties": { "b": { "type": "array", "items": { "unevaluatedItems": false } } } }),
        json!({ "type": "object", "unevaluatedProperties": { "type": "string" } }),
        json!({ "$ref": "#/$defs/Loop", "type": "object", "additionalProperties": { "type": "string" } }),
        json!({ "items": { "prefixItems": [true, true], "type": "array" }, "type": "array" }),
        json!({ "type": "array", "prefixItems": [true], "items": { "type": "string" }, "minItems": 1 }),
        json!({ "type": "string", "pattern": "(?i)a" }),
        json!({ "type": "string", "pattern": 7 }),
        json!({ "type": "string", "minLength": -1 }),
        json!({ "type": "strong" }),
        json!({ "type": 7 }),
        json!({ "minLength": 3 }),
        json!({ "$ref": "#/$defs/Fine", "minLength": 3 }),
        json!({ "enum": ["a", "b"], "const": "b", "maxLength": 3 }),
        json!({ "properties": { "a": true } }),
        json!({ "enum": [] }),
        json!({ "enum": [{ "a": 1 }] }),
        json!({ "type": "string", "enum": [1] }),
        json!({ "anyOf": [] }),
        json!({ "$ref": "https://example.com/a.json" }),
        json!({ "$ref": "#/$defs/Nobody" }),
        json!({ "$ref": "#/$defs/Loop" }),
        json!({ "type": "integer", "minimum": 5, "maximum": 4 }),
        json!(false),
        json!("string"),
    ];
    expect![[r##"
        #/oneOf/0/properties/a/patternProperties: members named by a pattern
        #/oneOf/0/properties/a/patternProperties: members named by a pattern
        #/oneOf/0/properties/a/if: the keyword "if"
        #/oneOf/0/properties/a/then: the keyword "then"
        #/oneOf/0/properties/a/not: "not" without a type
        #/oneOf/0/properties/a/not: the keyword "not"
        #/oneOf/0/properties/a/not: the keyword "not"
        #/oneOf/0/properties/a/$dynamicRef: the keyword "$dynamicRef"
        #/oneOf/0/properties/a/propertyNames: the keyword "propertyNames"
        #/oneOf/0/properties/a/dependentRequired: the keyword "dependentRequired"
        #/oneOf/0/properties/a/contains: the keyword "contains"
        #/oneOf/0/properties/a/multipleOf: the keyword "multipleOf"
        #/oneOf/0/properties/a/properties/b/items/unevaluatedItems: the keyword "unevaluatedItems"
        #/oneOf/0/properties/a/unevaluatedProperties: a map flattened beside an enum or a named type
        #/oneOf/0/properties/a/additionalProperties: a map flattened beside an enum or a named type
        #/$defs/Loop: the type "Loop" is defined as itself
        #/oneOf/0/properties/a/items: a tuple of varying length
        #/oneOf/0/properties/a: a tuple of varying length
        #/oneOf/0/properties/a/pattern: the pattern "(?i)a" with a group that begins with "(?"
        #/oneOf/0/properties/a/pattern: "pattern" of 7
        #/oneOf/0/properties/a/minLength: "minLength" of -1
        #/oneOf/0/properties/a/type: the type "strong"
        #/oneOf/0/properties/a/type: "type" of 7
        #/oneOf/0/properties/a/type: the type "?"
        #/oneOf/0/properties/a/minLength: "minLength" without a type
        #/oneOf/0/properties/a/minLength: "minLength" without a type
        #/oneOf/0/properties/a/enum: an enumeration
        #/oneOf/0/properties/a/maxLength: "maxLength" beside an enumeration
        #/oneOf/0/properties/a/properties: "properties" without a type
        #/oneOf/0/properties/a/enum: "enum" of []
        #/oneOf/0/properties/a/enum: an enumeration
        #/oneOf/0/properties/a/enum: an enumeration
        #/oneOf/0/properties/a/enum: an enumeration
        #/oneOf/0/properties/a/anyOf: "anyOf" of []
        #/oneOf/0/properties/a/$ref: a reference to "https://example.com/a.json"
        #/oneOf/0/properties/a/$ref: a reference to "#/$defs/Nobody"
        #/$defs/Loop: the type "Loop" is defined as itself
        #/oneOf/0/properties/a: an integer without values
        #/oneOf/0/properties/a: a type without values
        #/oneOf/0/properties/a: "string" where a schema is due
    "##]]
    .assert_eq(&schemas.map(refused).concat());
}

#[test]
fn a_schema_of_any_json_is_refused_or_compiled_and_never_panics() {
    let odd = [
        json!(null),
        json!(true),
        json!([]),
        json!({}),
        json!({ "title": 7 }),
        json!({ "title": "A" }),
        json!({ "title": "A", "oneOf": 7 }),
        json!({ "title": "A", "oneOf": [] }),
        json!({ "title": "A", "oneOf": [7] }),
        json!({ "title": "A", "enum": 7 }),
        json!({ "title": "A", "enum": [7] }),
        json!({ "title": "A", "const": {} }),
        json!({ "title": "A", "oneOf": [{ "type": "string", "enum": [7, "a"] }] }),
        of(json!({ "type": "object", "properties": 7 })),
        of(json!({ "type": "object", "required": 7 })),
        of(json!({ "type": "object", "required": [7] })),
        of(json!({ "type": "array", "items": 7 })),
        of(json!({ "type": ["string", 7] })),
        of(json!({ "type": "integer", "minimum": "a" })),
        of(json!({ "type": "array", "uniqueItems": 7 })),
        of(json!({ "$ref": 7 })),
        of(json!({ "$ref": "#%" })),
        of(json!({ "$ref": "#/%ff" })),
        of(json!({ "allOf": [7] })),
    ];
    let outcomes: String = odd
        .iter()
        .map(|schema| match Contract::compile(schema) {
            Ok(contract) => {
                format!("compiled {:?}\n", contract.names().iter().map(|name| name.as_str()).collect::<Vec<_>>())
            }
            Err(refusals) => refusals.iter().map(|refusal| format!("{refusal}\n")).collect(),
        })
        .collect();
    expect![[r##"
        schema: no title: the title is the enum's name, and the contract is called after it; add "title" (schema: #)
        schema: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        schema: no title: the title is the enum's name, and the contract is called after it; add "title" (schema: #)
        schema: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        schema: no title: the title is the enum's name, and the contract is called after it; add "title" (schema: #)
        schema: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        schema: no title: the title is the enum's name, and the contract is called after it; add "title" (schema: #)
        schema: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        schema: no title: the title is the enum's name, and the contract is called after it; add "title" (schema: #)
        schema: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        A: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        A: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
        A: an enum without variants: there is nothing it could publish; add a variant (schema: #)
        A: a variant without a name of its own: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(untagged)] or #[serde(flatten)] from it (schema: #/oneOf/0)
        A: a variant without a name of its own: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(untagged)] or #[serde(flatten)] from it (schema: #)
        A: 7: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); use an enum whose variants have names (schema: #)
        A: {}: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); use an enum whose variants have names (schema: #)
        A: 7: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); use an enum whose variants have names (schema: #/oneOf/0)
        Shop::a: "properties" of 7: that is no JSON Schema; write an object (schema: #/oneOf/0/properties/a/properties)
        Shop::a: "required" of 7: that is no JSON Schema; write a list of names (schema: #/oneOf/0/properties/a/required)
        Shop::a: "required" of [7]: that is no JSON Schema; write a list of names (schema: #/oneOf/0/properties/a/required)
        Shop::a[]: 7 where a schema is due: a schema is an object or a boolean; correct the schema (schema: #/oneOf/0/properties/a/items)
        Shop::a: "type" of ["string",7]: that is no JSON Schema; write a type or a list of types (schema: #/oneOf/0/properties/a/type)
        Shop::a: the type "?": it is none of JSON's; correct the schema (schema: #/oneOf/0/properties/a/type)
        Shop::a: "minimum" of "a": that is no JSON Schema; write a number (schema: #/oneOf/0/properties/a/minimum)
        Shop::a: "uniqueItems" of 7: that is no JSON Schema; write a boolean (schema: #/oneOf/0/properties/a/uniqueItems)
        Shop::a: "$ref" of 7: that is no JSON Schema; write a string (schema: #/oneOf/0/properties/a/$ref)
        Shop::a: a reference to "": a contract is one document, and there is nothing of that name in it; put the schema under "$defs" (schema: #/oneOf/0/properties/a/$ref)
        Shop::a: a reference to "#%": a contract is one document, and there is nothing of that name in it; put the schema under "$defs" (schema: #/oneOf/0/properties/a/$ref)
        Shop::a: a reference to "#/%ff": a contract is one document, and there is nothing of that name in it; put the schema under "$defs" (schema: #/oneOf/0/properties/a/$ref)
        Shop::a: 7 where a schema is due: a schema is an object or a boolean; correct the schema (schema: #/oneOf/0/properties/a/allOf/0)
    "##]].assert_eq(&outcomes);
}

/// Dropped as it was made, without the stack.
fn unnest(mut deep: Value) {
    let mut inner = deep["oneOf"][0]["properties"]["a"].take();
    while !inner.is_null() {
        inner = inner["items"].take();
    }
}

/// A payload of lists in lists.
fn nested(depth: usize) -> Value {
    let mut schema = of(Value::Null);
    schema["oneOf"][0]["properties"]["a"] = (0..depth).fold(json!({ "type": "string" }), |inner, _| {
        let mut list = json!({ "type": "array" });
        list["items"] = inner; // moved: `json!` would copy it, level by level
        list
    });
    schema
}

#[test]
fn a_schema_too_deep_or_too_large_is_refused_before_it_is_read() {
    assert!(Contract::compile(&nested(123)).is_ok());
    let refusals = Contract::compile(&nested(124)).unwrap_err();
    assert_eq!(refusals.len(), 1);
    expect!["schema: more than 128 levels of nesting: no reader of JSON has to follow; give the inner types names, under \"$defs\""]
        .assert_eq(refusals[0].to_string().split(" (schema: ").next().unwrap());
    assert!(refusals[0].pointer.starts_with("/oneOf/0/properties/a/items/items/"));
    let deepest = nested(200_000);
    assert_eq!(Contract::compile(&deepest).unwrap_err()[0].what, "more than 128 levels of nesting");
    unnest(deepest);
    let wide: serde_json::Map<_, _> = (0..300_000).map(|i| (format!("f{i}"), json!(true))).collect();
    let refusals = Contract::compile(&of(json!({ "type": "object", "properties": wide }))).unwrap_err();
    assert_eq!(refusals[0].what, "more than 262144 values");
}

#[test]
fn types_that_multiply_when_written_out_stay_small() {
    // 200 types, each twice one of the next: written out they are more than there are atoms.
    for arm in ["anyOf", "oneOf", "allOf"] {
        let twice = |i: usize| json!({ arm: [{ "$ref": format!("#/$defs/T{}", i + 1) }, { "$ref": format!("#/$defs/T{}", i + 1) }] });
        let mut defs: serde_json::Map<_, _> = (0..200).map(|i| (format!("T{i}"), twice(i))).collect();
        defs.insert("T200".into(), json!({ "type": "boolean" }));
        let mut schema = of(json!({ "$ref": "#/$defs/T0" }));
        schema["$defs"] = defs.into();
        let contract = Contract::compile(&schema).unwrap();
        assert!(contract.typescript().len() < 100_000, "{}", contract.typescript().len());
        assert!(contract.javascript().len() < 100_000, "{}", contract.javascript().len());
    }
}

#[test]
fn a_type_is_never_written_out_more_often_than_it_can_be_read() {
    // Each level stands 60 times in the one around it, or twice: as a member's type and in the type of all members.
    let fixed = |inner: Value| json!({ "type": "array", "items": inner, "minItems": 60, "maxItems": 60 });
    let map = |inner: Value| json!({ "type": "object", "properties": { "a": inner }, "required": ["a"], "additionalProperties": { "type": "string" } });
    for (what, depth, level) in [("fixed", 4, &fixed as &dyn Fn(Value) -> Value), ("map", 16, &map)] {
        let payload = (0..depth)
            .fold(json!({ "type": "object", "properties": { "x": { "type": "number" } } }), |inner, _| level(inner));
        let text = Contract::compile(&of(payload)).unwrap().typescript();
        assert!(text.len() < 60_000, "{what}: {} bytes", text.len());
    }
}

#[test]
fn a_chain_of_many_types_is_read_step_by_step_and_its_places_stay_short() {
    let chain = |n: usize, last: Value| {
        let next = |i: usize| json!({ "type": "object", "properties": { "x": { "$ref": format!("#/$defs/T{}", i + 1) } }, "required": ["x"] });
        let mut defs: serde_json::Map<_, _> = (0..n).map(|i| (format!("T{i}"), next(i))).collect();
        defs.insert(format!("T{n}"), last);
        let mut schema = of(json!({ "$ref": "#/$defs/T0" }));
        schema["$defs"] = defs.into();
        schema
    };
    // Where each type is met must not be spelled with all that leads there: the places of a chain would fill the memory.
    let refusals =
        Contract::compile(&chain(5_000, json!({ "type": "integer", "format": "uint64", "minimum": 0 }))).unwrap_err();
    let place = &refusals[0].place;
    assert!(place.len() < 400 && place.starts_with("Shop::a.….T"), "{} bytes: {place:.500}", place.len());
    assert_eq!(refusals[0].pointer, "/$defs/T5000");
    let schema = chain(500, json!({ "type": "boolean" }));
    let contract = Contract::compile(&schema).unwrap();
    let bound = schema.to_string().len() * 10;
    assert!(contract.typescript().len() < bound && contract.javascript().len() < bound);
    assert_eq!(eventwire_contract::check(&contract, &contract), []);
}

#[test]
fn a_long_name_is_not_repeated_wherever_it_is_used() {
    // The enum's own name, at each place that holds one, and a member's in the name of each function below it.
    let inner = json!({ "type": "object", "properties": { "b": { "type": "array", "items": { "type": "boolean" } } }, "required": ["b"] });
    let many: serde_json::Map<_, _> =
        (0..100).map(|i| (format!("m{i}"), if i % 2 == 0 { json!({ "$ref": "#" }) } else { inner.clone() })).collect();
    let mut schema =
        of(json!({ "type": "object", "properties": { "L".repeat(5_000): { "type": "object", "properties": many } } }));
    schema["title"] = "T".repeat(5_000).into();
    let contract = Contract::compile(&schema).unwrap();
    let bound = schema.to_string().len() * 6;
    for text in [contract.typescript(), contract.javascript()] {
        assert!(text.len() < bound, "{} bytes, {bound} at most", text.len());
    }
}
