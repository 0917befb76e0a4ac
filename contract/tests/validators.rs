//! Generated validators in Node, held against serde and against the `jsonschema` crate.

mod support;

use eventwire_contract::Contract;
use expect_test::expect;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};
use support::{
    node::verdicts,
    oracle::Oracle,
    shop::Shop,
    values::{self},
};

/// Values per property. All go through one Node.
const VALUES: usize = 3_000;
/// Changed payloads per value.
const CHANGES: usize = 5;

/// An event as it travels.
fn event(value: &Shop) -> (String, Value) {
    match serde_json::to_value(value).unwrap() {
        Value::String(name) => (name, Value::Null),
        Value::Object(object) => object.into_iter().next().unwrap(),
        other => panic!("not externally tagged: {other}"),
    }
}

fn events(runner: &mut TestRunner) -> Vec<(String, Value)> {
    let any = values::shop();
    (0..VALUES).map(|_| event(&any.new_tree(runner).unwrap().current())).collect()
}

fn texts(events: &[(String, Value)]) -> Vec<(String, String)> {
    events.iter().map(|(name, payload)| (name.clone(), payload.to_string())).collect()
}

#[test]
fn every_value_of_the_enum_is_valid_to_the_schema_and_to_the_validator() {
    let contract = Contract::of::<Shop>().unwrap();
    let oracle = Oracle::new(&contract);
    let events = events(&mut TestRunner::deterministic());
    for (event, verdict) in events.iter().zip(verdicts(&contract, &texts(&events))) {
        assert!(oracle.accepts(event), "the schema refuses {event:?}");
        assert_eq!(verdict, Value::Null, "the validator refuses {event:?}");
    }
}

#[test]
fn a_member_is_read_once_however_much_is_asked_of_it() {
    let module = Contract::of::<Shop>().unwrap().javascript();
    let (mut kept, mut again) = (0, Vec::new());
    for line in module.lines().filter(|line| line.starts_with("  if (")) {
        for member in line.match_indices("v[\"").map(|(at, _)| &line[at..=at + line[at..].find(']').unwrap()]) {
            kept += usize::from(line.contains(&format!("(x = {member})")));
            again.extend((line.matches(member).count() > 1).then_some(line));
        }
    }
    assert!(again.is_empty(), "{again:#?}");
    assert!(kept > 0, "no member is looked at more than once");
}

#[test]
fn changed_payloads_get_the_same_verdict_from_the_schema_and_from_the_validator() {
    let contract = Contract::of::<Shop>().unwrap();
    let oracle = Oracle::new(&contract);
    let mut runner = TestRunner::deterministic();
    let mut changed = Vec::new();
    for (name, payload) in events(&mut runner) {
        for _ in 0..CHANGES {
            let mut payload = payload.clone();
            change(&mut payload, &mut runner);
            changed.push((name.clone(), payload));
        }
    }
    let (mut valid, mut invalid) = (0, 0);
    for (event, verdict) in changed.iter().zip(verdicts(&contract, &texts(&changed))) {
        assert_eq!(verdict.is_null(), oracle.accepts(event), "{event:?}: the validator says {verdict}");
        if verdict.is_null() {
            valid += 1;
            continue;
        }
        invalid += 1;
        let path = verdict["path"].as_str().unwrap_or_else(|| panic!("{event:?}: {verdict}"));
        let (parent, _) = path.rsplit_once('/').unwrap_or(("", ""));
        assert!(event.1.pointer(parent).is_some(), "{event:?}: nothing at {path}");
        let found = event.1.pointer(path).map_or("nothing", kind);
        // Of a member with a wrong name, the name is what was found.
        let named = verdict["expected"] == "an integer as key";
        assert!(named || said(&verdict["found"], found), "{event:?}: {verdict}, and there is {found}");
    }
    assert!(valid > 1_000 && invalid > 5_000, "changes of both kinds: {valid} valid, {invalid} invalid");
}

/// Whether the validator's words for what it found are about a value of this kind.
fn said(found: &Value, kind: &str) -> bool {
    let found = found.as_str().unwrap();
    match kind {
        "a string" => found.starts_with('"'),
        "a number" => found.parse::<f64>().is_ok(),
        "a boolean" => matches!(found, "true" | "false"),
        "an array" => found.starts_with("an array of "),
        kind => found == kind,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// One change somewhere inside.
fn change(payload: &mut Value, runner: &mut TestRunner) {
    let mut pick = |n: usize| (0..n).new_tree(runner).unwrap().current();
    let mut at = payload;
    // Stays at a value more seldom the more there is inside.
    loop {
        let inside = match at {
            Value::Array(values) => values.len(),
            Value::Object(members) => members.len(),
            _ => 0,
        };
        if inside == 0 || pick(3) == 0 {
            break;
        }
        let i = pick(inside);
        at = match at {
            Value::Array(values) => &mut values[i],
            Value::Object(members) => members.values_mut().nth(i).unwrap(),
            _ => unreachable!("it has something inside"),
        };
    }
    let words = ["Yes", "paid", "circle", "point", "Rest", "Walk", "", "x", "XY-1", "xXY-1", "__proto__", "12", "-1"];
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        1.5,
        127.0,
        128.0,
        255.0,
        256.0,
        65536.0,
        4294967295.0,
        4294967296.0,
        -2147483649.0,
        9007199254740991.0,
        9007199254740992.0,
        1e300,
    ];
    match (pick(3), &mut *at) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let key = members.keys().nth(pick(members.len())).unwrap().clone();
            let old = members.shift_remove(&key).unwrap();
            if pick(2) == 0 {
                members.insert(words[pick(words.len())].to_owned(), old);
            }
        }
        (1, Value::Object(members)) => {
            members.insert(
                ["__proto__", "constructor", "kind", "t", "c", "words", "length", "7", "Text"][pick(9)].to_owned(),
                json!(pick(3)),
            );
        }
        (0, Value::Array(values)) => {
            values.pop();
        }
        (1, Value::Array(values)) => {
            let new = values.first().cloned().unwrap_or(Value::Null);
            values.push(new);
        }
        _ => {
            *at = match pick(7) {
                0 => Value::Null,
                1 => json!(pick(2) == 0),
                2 => json!(numbers[pick(numbers.len())]),
                3 => json!(words[pick(words.len())]),
                4 => json!([]),
                5 => Value::Object(Map::new()),
                _ => json!(pick(300)),
            };
        }
    }
}

#[test]
fn an_invalid_payload_is_said_with_its_place_and_what_was_expected() {
    let contract = Contract::of::<Shop>().unwrap();
    let cases = [
        ("priceChanged", r#"{"sku":"a","cents":-1,"oldCents":null}"#),
        ("priceChanged", r#"{"cents":1,"oldCents":null}"#),
        ("priceChanged", r#"{"sku":"a","cents":1.5,"oldCents":null}"#),
        ("priceChanged", r#"{"sku":"a","cents":1,"oldCents":null,"note":7}"#),
        ("priceChanged", "[]"),
        ("priceChanged", r#""a very long text in a place where an object is due, cut""#),
        ("opened", "{}"),
        ("orderMoved", r#"{"order":"a","level":"lost","late":null}"#),
        ("stock", r#"{"a/b~c":"paid","":"none"}"#),
        ("stock", r#"{"a/b~c":null}"#),
        ("lists", r#"{"bytes":[1,2],"pair":["",true],"tags":[],"some":[],"ids":{},"nested":[]}"#),
        ("lists", r#"{"bytes":[1,2,3],"pair":["",true],"tags":["a","a"],"some":[],"ids":{},"nested":[]}"#),
        ("tree", r#"{"value":1,"kids":[{"value":1,"kids":[{"value":"x","kids":[]}]}]}"#),
        ("shape", r#"{"kind":"line"}"#),
        ("shape", r#"{"kind":"polygon","corners":[[1,2],[1]]}"#),
        ("step", r#"{"t":"Jump","c":[1,256]}"#),
        ("answer", r#"{"Text":1}"#),
        ("answer", r#"{"Text":"a","Pair":[1,true]}"#),
        ("answer", r#"{"Guess":{"words":[1]}}"#),
        ("texts", r#"{"letter":"ab","short":"ab","code":"XX-1"}"#),
        ("texts", r#"{"letter":"😀","short":"ab","code":"xx-1"}"#),
        ("numbers", "1e999"),
        ("odd", r#"{"__proto__":1,"length":1,"a-b \"c\"\n</script>":true,"constructor":false}"#),
        ("odd", r#"{"length":1}"#),
        ("truth", "0"),
    ];
    let cases = cases.map(|(event, text)| (event.to_owned(), text.to_owned()));
    let lines: String = cases
        .iter()
        .zip(verdicts(&contract, &cases))
        .map(|((event, _), verdict)| {
            let said = |key: &str| verdict[key].as_str().unwrap_or("?").to_owned();
            format!("{event}{}: expected {}, found {}\n", said("path"), said("expected"), said("found"))
        })
        .collect();
    expect![[r#"
        priceChanged/cents: expected an integer from 0 to 4294967295, found -1
        priceChanged/sku: expected a string, found nothing
        priceChanged/cents: expected an integer from 0 to 4294967295, found 1.5
        priceChanged/note: expected a string or null, found 7
        priceChanged: expected an object, found an array of 0 items
        priceChanged: expected an object, found "a very long text in a place where an obj…"
        opened: expected null, found an object
        orderMoved/level: expected "not-paid", "paid" or "on-its-way", found "lost"
        stock/: expected "not-paid", "paid" or "on-its-way", found "none"
        stock/a~1b~0c: expected "not-paid", "paid" or "on-its-way", found null
        lists/bytes: expected an array of 3 items, found an array of 2 items
        lists/tags: expected an array of different items, found an array of 2 items
        tree/kids/0/kids/0/value: expected an integer from -128 to 127, found "x"
        shape/kind: expected "circle", "polygon" or "point", found "line"
        shape/corners/1: expected an array of 2 items, found an array of 1 items
        step/c/1: expected an integer from 0 to 255, found 256
        answer/Text: expected a string, found 1
        answer: expected "Yes", "No", {"Text": …}, {"Pair": …}, {"Deep": …}, {"Many": …} or {"Guess": …}, found an object
        answer/Guess: expected an integer from -2147483648 to 2147483647, an array, an object with "number" and "words", an object with "words" or null, found an object
        texts/letter: expected a string of 1 character, found "ab"
        texts/code: expected a string like /^[A-Z]{2}-\d+$/, found "xx-1"
        numbers: expected an object, found Infinity
        odd/constructor: expected a string or null, found false
        odd/__proto__: expected an integer from 0 to 255 or null, found nothing
        truth: expected a boolean, found 0
    "#]].assert_eq(&lines);
}

#[test]
fn unknown_members_are_ignored() {
    let contract = Contract::of::<Shop>().unwrap();
    let text = r#"{"sku":"a","cents":1,"oldCents":null,"new":{"deep":[]},"__proto__":{"sku":1},"toString":2}"#;
    assert_eq!(verdicts(&contract, &[("priceChanged".into(), text.into())]), [Value::Null]);
}

#[test]
fn what_objects_inherit_is_no_member() {
    let contract = Contract::of::<Shop>().unwrap();
    // `constructor` is there on every object, and is no string; `__proto__` is required, and not there.
    let present = r#"{"length":1,"a-b \"c\"\n</script>":true,"__proto__":null}"#;
    let missing = r#"{"length":1,"a-b \"c\"\n</script>":true}"#;
    let verdicts = verdicts(&contract, &[("odd".into(), present.into()), ("odd".into(), missing.into())]);
    assert_eq!(verdicts[0], Value::Null);
    assert_eq!(verdicts[1]["path"], "/__proto__");
    assert_eq!(verdicts[1]["found"], "nothing");
}

#[test]
fn the_deepest_payload_is_checked_to_its_end_and_a_deeper_one_never_throws() {
    let contract = Contract::of::<Shop>().unwrap();
    let nested =
        |depth: usize, leaf: &str| format!("{}{leaf}{}", r#"{"value":0,"kids":["#.repeat(depth), "]}".repeat(depth));
    let deepest = eventwire::limits::DEPTH / 2 - 1;
    let cases = [nested(deepest, ""), nested(deepest, "7"), nested(100_000, "")].map(|text| ("tree".to_owned(), text));
    let verdicts = verdicts(&contract, &cases);
    assert_eq!(verdicts[0], Value::Null);
    assert_eq!(verdicts[1]["path"], "/kids/0".repeat(deepest));
    assert_eq!(verdicts[2]["expected"], "fewer levels of nesting");
}

#[test]
fn a_tag_that_is_said_twice_is_checked_twice() {
    let arm = |name: &str, longest: u8| {
        json!({ "allOf": [
            { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string", "const": name } } },
            { "type": "object", "properties": { "kind": { "type": "string", "maxLength": longest } } },
        ] })
    };
    let payload = json!({ "oneOf": [arm("a", 0), arm("b", 1)] });
    let event =
        json!({ "type": "object", "required": ["e"], "additionalProperties": false, "properties": { "e": payload } });
    let contract = Contract::compile(&json!({ "title": "Shop", "oneOf": [event] })).unwrap();
    let told =
        verdicts(&contract, &[r#"{"kind":"a"}"#, r#"{"kind":"b"}"#].map(|text| ("e".to_owned(), text.to_owned())));
    assert_eq!((&told[0]["path"], &told[1]), (&json!("/kind"), &Value::Null));
}

#[test]
fn one_bound_alone_is_a_bound_and_null_beside_two_types_hides_neither() {
    let sized = |key: &str| json!({ "type": "object", "additionalProperties": { "type": "string" }, key: 1 });
    let either = json!({ "anyOf": [
        { "type": "object", "required": ["a"], "properties": { "a": { "type": "boolean" } } },
        { "type": "array", "items": { "type": "string" } },
        { "type": "null" },
    ] });
    let members = json!({ "least": sized("minProperties"), "most": sized("maxProperties"), "either": either, "all": { "type": "array", "items": either } });
    let payload = json!({ "type": "object", "properties": members });
    let event =
        json!({ "type": "object", "required": ["e"], "additionalProperties": false, "properties": { "e": payload } });
    let contract = Contract::compile(&json!({ "title": "Shop", "oneOf": [event] })).unwrap();
    let cases = [
        (r#"{"least":{"a":""}}"#, None),
        (r#"{"least":{}}"#, Some("/least")),
        (r#"{"most":{}}"#, None),
        (r#"{"most":{"a":"","b":""}}"#, Some("/most")),
        (r#"{"either":["a"],"all":[null,["a"],{"a":true}]}"#, None),
        (r#"{"either":null,"all":[]}"#, None),
        (r#"{"either":{"a":true}}"#, None),
        (r#"{"either":{"a":1}}"#, Some("/either/a")),
        (r#"{"all":[[],[1]]}"#, Some("/all/1/0")),
    ];
    let told = verdicts(&contract, &cases.map(|(text, _)| ("e".to_owned(), text.to_owned())));
    for ((text, expected), verdict) in cases.iter().zip(told) {
        assert_eq!(verdict["path"].as_str(), *expected, "{text}: {verdict}");
    }
}
