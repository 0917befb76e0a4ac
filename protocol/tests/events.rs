//! Enums and payloads through serde, both ways: the same text `serde_json` would write, the variant beside it.
#![cfg(feature = "serde")]

use eventwire::{Code, DecodeError, EncodeError, Events, InvalidEventName, limits};
use serde::{Deserialize, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::{collections::BTreeMap, fmt::Debug};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Inner {
    Unit,
    New(i8),
    Pair(u8, Option<bool>),
    Named { deep: Vec<Inner> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Events)]
#[serde(rename_all = "camelCase")]
enum Shop {
    PriceChanged {
        sku: String,
        cents: u32,
        #[serde(rename = "old~price/€", skip_serializing_if = "Option::is_none")]
        old: Option<f64>,
    },
    OrderMoved(Inner),
    Closed,
    Empty {},
    #[serde(rename = "maße", alias = "masse")]
    Sizes(BTreeMap<u16, (f32, f64, char)>),
    Wide(i128),
    #[serde(skip)]
    #[allow(dead_code)]
    Internal(std::time::Duration),
    r#Type(()),
}

/// The name and payload are those of serde_json's externally tagged text, and come back.
fn check<E: Events + Serialize + DeserializeOwned + PartialEq + Debug>(event: E, name: &str, json: &str) {
    let (said, payload) = event.encode().expect("fits on the wire");
    assert_eq!((said.as_str(), payload.as_str()), (name, json));
    let tagged = serde_json::to_string(&event).expect("serde_json writes it");
    let expected = if json == "null" && tagged.starts_with('"') {
        serde_json::to_string(name).expect("a string")
    } else {
        format!("{{{}:{json}}}", serde_json::to_string(name).expect("a string"))
    };
    assert_eq!(tagged, expected);
    assert_eq!(E::decode(name, json).expect("can be read"), event);
    assert!(E::NAMES.contains(&name));
}

#[test]
fn a_payload_is_what_serde_json_writes_without_the_variant() {
    assert_eq!(Shop::NAMES, ["priceChanged", "orderMoved", "closed", "empty", "maße", "wide", "type"]);
    let sku = "a\"\\\n\r\u{0}\u{7f}\u{2028}\u{feff}é😀".to_owned();
    check(
        Shop::PriceChanged { sku, cents: 1299, old: Some(0.1) },
        "priceChanged",
        "{\"sku\":\"a\\\"\\\\\\n\\r\\u0000\u{7f}\u{2028}\u{feff}é😀\",\"cents\":1299,\"old~price/€\":0.1}",
    );
    check(Shop::PriceChanged { sku: String::new(), cents: 0, old: None }, "priceChanged", r#"{"sku":"","cents":0}"#);
    check(Shop::Closed, "closed", "null");
    check(Shop::Type(()), "type", "null");
    check(Shop::Empty {}, "empty", "{}");
    check(Shop::Wide(i128::MIN), "wide", "-170141183460469231731687303715884105728");
    check(
        Shop::Sizes([(7, (1.1, 1e300, 'x')), (8, (-0.0, 5e-324, '"'))].into()),
        "maße",
        r#"{"7":[1.1,1e+300,"x"],"8":[-0.0,5e-324,"\""]}"#,
    );
    check(Shop::OrderMoved(Inner::Unit), "orderMoved", r#""Unit""#);
    let deep = vec![Inner::New(-1), Inner::Pair(2, None), Inner::Unit, Inner::Named { deep: vec![] }];
    check(
        Shop::OrderMoved(Inner::Named { deep }),
        "orderMoved",
        r#"{"Named":{"deep":[{"New":-1},{"Pair":[2,null]},"Unit",{"Named":{"deep":[]}}]}}"#,
    );
}

macro_rules! every_case {
    ($($module:ident: $rule:literal),*) => {$(
        mod $module {
            #[derive(serde::Serialize, eventwire::Events)]
            #[serde(rename_all = $rule)]
            #[allow(non_camel_case_types)]
            pub(super) enum All { Price, PriceChanged, HTTPError2, A, Snake_Case, r#Gen }
            pub(super) fn names() -> (Vec<String>, Vec<String>) {
                let all = [All::Price, All::PriceChanged, All::HTTPError2, All::A, All::Snake_Case, All::Gen];
                let serde = all.iter().map(|event| serde_json::to_value(event).expect("a word"));
                let serde = serde.map(|word| word.as_str().expect("a word").to_owned()).collect();
                (serde, <All as eventwire::Events>::NAMES.iter().map(|name| (*name).to_owned()).collect())
            }
        }
    )*
        /// Names by serde and names by the derive, for every spelling.
        fn every_case() -> Vec<(&'static str, (Vec<String>, Vec<String>))> {
            vec![$(($rule, $module::names())),*]
        }
    };
}

every_case! {
    lower: "lowercase", upper: "UPPERCASE", pascal: "PascalCase", camel: "camelCase", snake: "snake_case",
    screaming_snake: "SCREAMING_SNAKE_CASE", kebab: "kebab-case", screaming_kebab: "SCREAMING-KEBAB-CASE"
}

#[test]
fn names_are_spelled_as_serde_spells_them_in_every_case() {
    for (rule, (serde, ours)) in every_case() {
        assert_eq!(ours, serde, "{rule}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Events)]
#[serde(
    bound(deserialize = "T: Deserialize<'de> + Default"),
    rename_all(serialize = "snake_case", deserialize = "snake_case")
)]
enum Generic<T: Clone, const N: usize>
where
    T: Debug,
{
    SomeValue(T),
    #[serde(rename(serialize = "many", deserialize = "many"))]
    Several {
        values: Vec<T>,
        #[serde(default, with = "serde_list")]
        list: Vec<u8>,
    },
}

mod serde_list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    pub(super) fn serialize<S: Serializer>(list: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        list.len().serialize(serializer)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Ok(vec![0; usize::deserialize(deserializer)?])
    }
}

#[test]
fn generic_enums_and_the_users_own_field_attributes_work() {
    assert_eq!(Generic::<u8, 3>::NAMES, ["some_value", "many"]);
    check(Generic::<u8, 3>::SomeValue(7), "some_value", "7");
    check(Generic::<_, 3>::Several { values: vec![1], list: vec![0; 4] }, "many", r#"{"values":[1],"list":4}"#);
}

#[test]
fn an_alias_is_read_and_unknown_fields_are_ignored() {
    assert_eq!(Shop::decode("masse", "{}").expect("an alias"), Shop::Sizes(BTreeMap::new()));
    let read = Shop::decode("priceChanged", r#"{"cents":1,"later":{"x":[1,2]},"sku":"a"}"#).expect("more than we know");
    assert_eq!(read, Shop::PriceChanged { sku: "a".into(), cents: 1, old: None });
}

#[test]
fn every_float_comes_back_as_it_was() {
    for value in [0.1 + 0.2, 1.0 / 3.0, f64::MAX, f64::MIN_POSITIVE, 2.225_073_858_507_201e-308, 123456789.12345678] {
        let event = Shop::PriceChanged { sku: String::new(), cents: 0, old: Some(value) };
        let (name, payload) = event.encode().expect("finite");
        assert_eq!(Shop::decode(name.as_str(), payload.as_str()).expect("readable"), event);
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let refused = |name: &str, json: &str| Shop::decode(name, json).expect_err("is refused");
    assert!(matches!(refused("fromTheFuture", "{}"), DecodeError::UnknownName(name) if &*name == "fromTheFuture"));
    assert!(matches!(refused("Internal", "{}"), DecodeError::UnknownName(_)));
    for (name, json) in [
        ("closed", "1"),
        ("closed", "{}"),
        ("closed", "null null"),
        ("priceChanged", "null"),
        ("priceChanged", r#"{"sku":"a"}"#),
        ("priceChanged", r#"{"sku":"a","cents":-1}"#),
        ("priceChanged", r#"{"sku":"a","cents":1} x"#),
        ("priceChanged", ""),
        ("orderMoved", "\"\\ud800\""),
    ] {
        let error = refused(name, json);
        assert!(matches!(error, DecodeError::Payload(_)), "{name} {json}: {error:?}");
        assert!(error.to_string().contains("one version"), "{error}");
    }
    let large = format!("\"{}\"", "x".repeat(limits::PAYLOAD));
    assert!(matches!(refused("orderMoved", &large), DecodeError::TooLarge(_)));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree(Vec<Tree>);

#[derive(Debug, PartialEq, Serialize, Deserialize, Events)]
enum Odd {
    Tree(Tree),
    Value(Value),
    Float(f32),
    Floats {
        by: BTreeMap<String, Vec<f64>>,
    },
    Deep(Deep),
    Text(String),
    Fails(Fails),
    Keys(Vec<(Vec<u8>, u8)>),
    #[serde(with = "tuple_keys")]
    BadKeys(Vec<u8>),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Deep {
    In { value: Vec<Fails> },
    Pair(f64, f64),
    New(f64),
}

/// Says no.
#[derive(Debug, PartialEq, Deserialize)]
struct Fails;

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("out of paper"))
    }
}

mod tuple_keys {
    use serde::{Deserialize, Deserializer, Serializer};
    pub(super) fn serialize<S: Serializer>(list: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(list.iter().map(|n| ((*n, *n), n)))
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Vec::deserialize(deserializer)
    }
}

fn tree(depth: usize) -> Tree {
    (1..depth).fold(Tree(vec![]), |inner, _| Tree(vec![inner]))
}

fn pointer(event: Odd) -> (&'static str, String) {
    match event.encode().expect_err("is refused") {
        EncodeError::NotFinite(pointer) => ("not finite", pointer),
        EncodeError::TooDeep(pointer) => ("too deep", pointer),
        EncodeError::Custom(reason, pointer) => {
            assert!(reason.contains("out of paper") || reason.contains("a map's key"), "{reason}");
            ("custom", pointer)
        }
        other => panic!("{other}"),
    }
}

#[test]
fn s6_s9_what_cannot_be_written_is_refused_with_a_pointer_to_it() {
    assert_eq!(pointer(Odd::Float(f32::NAN)), ("not finite", "".into()));
    let by = [("ok".into(), vec![1.0]), ("a/b~c".into(), vec![0.0, f64::NEG_INFINITY])].into();
    assert_eq!(pointer(Odd::Floats { by }), ("not finite", "/by/a~1b~0c/1".into()));
    assert_eq!(pointer(Odd::Deep(Deep::Pair(0.0, f64::NAN))), ("not finite", "/Pair/1".into()));
    assert_eq!(pointer(Odd::Deep(Deep::New(f64::NAN))), ("not finite", "/New".into()));
    assert_eq!(pointer(Odd::Deep(Deep::In { value: vec![Fails] })), ("custom", "/In/value/0".into()));
    assert_eq!(pointer(Odd::Fails(Fails)), ("custom", "".into()));
    assert_eq!(pointer(Odd::BadKeys(vec![1])), ("custom", "".into()));
    assert_eq!(pointer(Odd::Tree(tree(limits::DEPTH + 1))), ("too deep", "/0".repeat(limits::DEPTH)));
}

#[derive(Serialize, Events)]
#[serde(rename_all = "camelCase")]
enum Tagged {
    Moved { steps: Vec<Step> },
    Failed(Fails),
}

#[derive(Serialize)]
#[serde(tag = "kind")]
enum Step {
    Packed,
    Sent(Carrier),
}

type Carrier = Option<String>;

#[test]
fn what_serde_refuses_names_the_event_and_the_way_out() {
    assert!(Tagged::Moved { steps: vec![Step::Packed] }.encode().is_ok());
    assert_eq!(
        Tagged::Moved { steps: vec![Step::Packed, Step::Sent(None)] }.encode().unwrap_err().to_string(),
        "/steps/1 could not be written as JSON: cannot serialize tagged newtype variant Step::Sent containing an optional, \
         in the event \"moved\"; beside a tag serde writes the members of structs, maps and enums only: make the value a \
         field of that variant, `Variant { value: … }`"
    );
    assert_eq!(
        Tagged::Failed(Fails).encode().unwrap_err().to_string(),
        "the payload itself could not be written as JSON: out of paper, in the event \"failed\""
    );
}

#[test]
fn s9_the_deepest_payload_is_written_and_read_and_one_deeper_is_not() {
    check(Odd::Tree(tree(limits::DEPTH)), "Tree", &("[".repeat(limits::DEPTH) + &"]".repeat(limits::DEPTH)));
    let deeper = "[".repeat(limits::DEPTH + 1) + &"]".repeat(limits::DEPTH + 1);
    assert!(matches!(Odd::decode("Tree", &deeper), Err(DecodeError::TooDeep)));
    assert!(matches!(Odd::decode("Value", &"[".repeat(1_000_000)), Err(DecodeError::TooDeep)));
}

#[test]
fn s8_s9_a_payload_of_exactly_one_mebibyte_fits_and_one_byte_more_does_not() {
    let text = |length: usize| Odd::Text("x".repeat(length)).encode();
    let (_, payload) = text(limits::PAYLOAD - 2).expect("fits");
    assert_eq!(payload.as_str().len(), limits::PAYLOAD);
    for length in [limits::PAYLOAD - 1, 64 << 20] {
        let error = text(length).expect_err("is refused");
        assert!(matches!(error, EncodeError::TooLarge(bytes) if bytes > limits::PAYLOAD), "{error}");
        assert_eq!(error.code(), Code::TooLarge);
    }
    // Escapes make it longer than its characters.
    assert!(matches!(Odd::Text("\n".repeat(limits::PAYLOAD / 2)).encode(), Err(EncodeError::TooLarge(_))));
}

#[derive(Debug, Serialize, Events)]
enum Verbatim {
    Raw(Box<RawValue>),
    In { raw: Vec<Box<RawValue>> },
}

#[test]
fn json_that_is_json_already_is_checked_and_brought_on_one_line() {
    let raw = |json: &str| RawValue::from_string(json.into()).expect("JSON");
    let (_, payload) = Verbatim::Raw(raw("{\n \"n\": 1.50 }")).encode().expect("fits");
    assert_eq!(payload.as_str(), r#"{"n":1.50}"#);
    let (_, payload) = Verbatim::In { raw: vec![raw("[ 1 ]"), raw("null")] }.encode().expect("fits");
    assert_eq!(payload.as_str(), r#"{"raw":[[1],null]}"#);
    let error = Verbatim::In { raw: vec![raw("null"), raw("{\"a\":[1e999]}")] }.encode().expect_err("is refused");
    assert!(matches!(&error, EncodeError::NotFinite(pointer) if pointer == "/raw/1/a/0"), "{error:?}");
    let deep = "[".repeat(limits::DEPTH - 1) + &"]".repeat(limits::DEPTH - 1);
    assert!(matches!(Verbatim::In { raw: vec![raw(&deep)] }.encode(), Err(EncodeError::TooDeep(_))));
}

/// Names are what a hand-written impl says, so they are looked at once more.
struct ByHand(&'static str);

impl Events for ByHand {
    const NAMES: &'static [&'static str] = &[];
}

impl Serialize for ByHand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            "" => serializer.serialize_str("no variant"),
            name => serializer.serialize_unit_variant("ByHand", 0, name),
        }
    }
}

#[test]
fn s1_s7_a_name_that_breaks_a_line_or_is_reserved_is_never_written() {
    for name in ["a\nevent: admin\ndata: x", "a\r", "a\r\nb", "a\0"] {
        assert!(matches!(ByHand(name).encode(), Err(EncodeError::Name(InvalidEventName::Character(_)))), "{name:?}");
    }
    for name in ["open", "error", "message", "eventwire.hello", "eventwire.gap", "eventwire.bye"] {
        assert!(matches!(ByHand(name).encode(), Err(EncodeError::Name(InvalidEventName::Reserved(_)))), "{name}");
    }
    assert!(ByHand("hello").encode().is_ok());
    assert!(matches!(ByHand("").encode(), Err(EncodeError::NotAVariant)));
}

/// Encodes another event before it says anything itself.
struct Within;

impl Serialize for Within {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, payload) = Shop::Wide(7).encode().expect("fits on the wire");
        serializer.collect_str(&format_args!("{name} {payload}"))
    }
}

#[test]
fn an_event_that_encodes_another_on_its_way_is_written_whole_and_so_is_a_short_one_after_a_long_one() {
    #[derive(Serialize, Events)]
    enum Outer {
        Pair { before: String, within: Within, after: u8 },
    }
    for before in ["x".repeat(100_000), "y".into()] {
        let json = format!(r#"{{"before":"{before}","within":"wide 7","after":1}}"#);
        let (name, payload) = Outer::Pair { before, within: Within, after: 1 }.encode().expect("fits on the wire");
        assert_eq!((name.as_str(), payload.as_str()), ("Pair", &*json));
    }
}
