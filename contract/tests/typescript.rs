//! The generated module as TypeScript: its types, what tsc says to it, and what of it a page ships.

mod support;

use eventwire_contract::Contract;
use expect_test::{Expect, expect, expect_file};
use schemars::JsonSchema;
use serde_json::{Value, json};
use support::{
    node::{compiled, verdicts},
    shop::Shop,
};

/// The types of a module.
fn check<E: JsonSchema>(expected: Expect) {
    let text = Contract::of::<E>().unwrap().typescript();
    let (_, types) = text.split_once("from \"eventwire\";\n\n").unwrap();
    let (types, _) = types.split_once("export const ").unwrap();
    expected.assert_eq(types);
}

mod types {
    #![allow(dead_code, non_snake_case, clippy::enum_variant_names)]
    use schemars::JsonSchema;
    use std::collections::{BTreeMap, HashMap};

    #[derive(JsonSchema)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Options {
        Fields {
            plain: Option<u8>,
            #[serde(skip_serializing_if = "Option::is_none")]
            skipped: Option<u8>,
            #[serde(default)]
            defaulted: u8,
            #[serde(skip)]
            never: u8,
        },
        Whole(Option<String>),
    }

    #[derive(JsonSchema)]
    pub(super) enum Maps {
        Strings(BTreeMap<String, Option<u8>>),
        Signed(HashMap<i8, bool>),
        Any(BTreeMap<String, serde_json::Value>),
        With {
            id: u8,
            maybe: MaybeSkipped,
            #[serde(flatten)]
            rest: BTreeMap<String, String>,
        },
        Open {
            id: u8,
            /// Of any type.
            #[serde(flatten)]
            rest: BTreeMap<String, serde_json::Value>,
        },
        Beside {
            #[serde(flatten)]
            kind: Kind,
            #[serde(flatten)]
            rest: BTreeMap<String, serde_json::Value>,
        },
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Kind {
        Some { id: u8 },
        None,
    }

    #[derive(JsonSchema)]
    pub(super) struct MaybeSkipped {
        #[serde(skip_serializing_if = "Option::is_none")]
        it: Option<u8>,
        #[serde(flatten)]
        rest: BTreeMap<String, bool>,
    }

    #[derive(JsonSchema)]
    pub(super) enum Read {
        #[serde(skip_serializing)]
        Gone,
        Held(Held),
        Loose(Loose),
    }

    #[derive(JsonSchema)]
    pub(super) enum Held {
        #[serde(skip_serializing)]
        Old,
        New(u8),
    }

    #[derive(JsonSchema)]
    pub(super) enum Loose {
        #[serde(skip_serializing)]
        Old,
        New(u8),
        #[serde(untagged)]
        Other(String),
    }

    #[derive(JsonSchema)]
    pub(super) enum Generic {
        Bytes(Page<u8>),
        Texts(Page<String>),
    }

    #[derive(JsonSchema)]
    pub(super) struct Page<T> {
        items: Vec<T>,
        next: Option<Box<Page<T>>>,
    }

    /// Types that are called like what the module needs itself.
    #[derive(JsonSchema)]
    pub(super) enum Array {
        Object(Object),
        Contract(Contract),
        ArrayEvents(ArrayEvents),
        BadCheck { bad: Invalid },
        Array(Box<Array>),
        Class(Class),
    }
    #[derive(JsonSchema)]
    pub(super) struct Object {
        at: u8,
    }
    #[derive(JsonSchema)]
    pub(super) struct Contract {
        isObject: u8,
    }
    #[derive(JsonSchema)]
    #[schemars(rename = "Array2Events")]
    pub(super) struct ArrayEvents {
        no: u8,
    }
    #[derive(JsonSchema)]
    pub(super) struct Invalid {
        path: String,
    }
    #[derive(JsonSchema)]
    #[schemars(rename = "class")]
    pub(super) struct Class {
        new: u8,
    }
}

#[test]
fn an_option_is_null_or_missing_as_serde_writes_it() {
    check::<types::Options>(expect![[r#"
        export interface Fields {
          plain: number | null;
          skipped?: number | null;
          defaulted: number;
        }

        /** What each event of `Options` carries. */
        export type OptionsEvents = {
          fields: Fields;
          whole: string | null;
        };

    "#]]);
}

#[test]
fn a_map_is_an_index_signature() {
    check::<types::Maps>(expect![[r#"
        export type MaybeSkipped = { it?: number | null; [key: string]: number | null | boolean | undefined };

        export type With = {
          id: number;
          maybe: MaybeSkipped;
          [key: string]: number | MaybeSkipped | string;
        };

        export interface Open {
          id: number;
          [key: string]: unknown;
        }

        /** What each event of `Maps` carries. */
        export type MapsEvents = {
          Strings: { [key: string]: number | null };
          Signed: { [key: string]: boolean };
          Any: { [key: string]: unknown };
          With: With;
          Open: Open;
          Beside: ({ kind: "Some"; id: number } | { kind: "None" }) & { [key: string]: unknown };
        };

    "#]]);
}

#[test]
fn variants_that_are_only_read_are_no_part_of_a_type() {
    check::<types::Read>(expect![[r#"
        export type Held = { New: number };

        export type Loose = { New: number } | string;

        /** What each event of `Read` carries. */
        export type ReadEvents = {
          Held: Held;
          Loose: Loose;
        };

    "#]]);
}

#[test]
fn a_generic_type_is_called_after_its_argument_where_there_are_several() {
    check::<types::Generic>(expect![[r#"
        export interface PageUint8 {
          items: number[];
          next: PageUint8 | null;
        }

        export interface PageString {
          items: string[];
          next: PageString | null;
        }

        /** What each event of `Generic` carries. */
        export type GenericEvents = {
          Bytes: PageUint8;
          Texts: PageString;
        };

    "#]]);
}

#[test]
fn a_type_keeps_clear_of_the_names_that_the_module_needs() {
    check::<types::Array>(expect![[r#"
        export interface Object2 {
          at: number;
        }

        export interface Contract2 {
          isObject: number;
        }

        export interface Array2Events2 {
          no: number;
        }

        export interface Invalid2 {
          path: string;
        }

        /** Types that are called like what the module needs itself. */
        export type Array2 = { Object: Object2 } | { Contract: Contract2 } | { ArrayEvents: Array2Events2 } | { BadCheck: { bad: Invalid2 } } | { Array: Array2 } | { Class: class2 };

        export interface class2 {
          new: number;
        }

        export interface BadCheck {
          bad: Invalid2;
        }

        /** What each event of `Array2` carries. */
        export type Array2Events = {
          Object: Object2;
          Contract: Contract2;
          ArrayEvents: Array2Events2;
          BadCheck: BadCheck;
          Array: Array2;
          Class: class2;
        };

        /** Types that are called like what the module needs itself. */
    "#]]);
}

#[test]
fn the_module_of_the_fixture_is_up_to_date() {
    expect_file!["fixtures/shop.events.ts"].assert_eq(&Contract::of::<Shop>().unwrap().typescript());
}

#[test]
fn the_same_schema_gives_the_same_text() {
    assert_eq!(Contract::of::<Shop>().unwrap().typescript(), Contract::of::<Shop>().unwrap().typescript());
}

/// Text that tries to leave the place it is put in.
const ESCAPES: [&str; 10] = [
    "*/ globalThis.broken = 1; /*",
    "\"; globalThis.broken = 1; //",
    "'; globalThis.broken = 1; //",
    "`${globalThis.broken = 1}`",
    "\\\"; globalThis.broken = 1; //",
    "a\nglobalThis.broken = 1;\n//",
    "a\u{2028}globalThis.broken = 1;\u{2029}//",
    "]: 1 }; globalThis.broken = 1; ({ [\"",
    "</script><script>globalThis.broken = 1</script>",
    "\u{202e}\u{feff}\u{0}\r*\u{200b}/globalThis.broken = 1;",
];

/// A contract in which every name, value and comment is such a text.
fn hostile() -> Contract {
    let mut arms = Vec::new();
    let mut defs = serde_json::Map::new();
    let mut fields = serde_json::Map::new();
    for (i, text) in ESCAPES.into_iter().enumerate() {
        fields
            .insert(text.into(), json!({ "description": text, "type": "string", "enum": [text, format!("{text}2")] }));
        fields.insert(format!("{text}?"), json!({ "type": "string", "pattern": "^[^`]+$", "description": text }));
        defs.insert(text.replace(['/', '~'], "_"), json!({ "description": text, "oneOf": [
            { "type": "object", "properties": { text: { "type": "string", "const": text }, "x": true }, "required": [text, "x"] },
            { "type": "object", "properties": { text: { "type": "string", "const": format!("{text}!") } }, "required": [text] },
        ] }));
        let target = format!("#/$defs/{}", text.replace(['/', '~'], "_").replace('%', "%25"));
        let name = format!("e{i}");
        let payload = json!({ "type": "object", "properties": { text: { "$ref": target } }, "required": [text], "additionalProperties": { "oneOf": [
            { "type": "string", "enum": [text] },
            { "type": "object", "properties": { text: true }, "required": [text], "additionalProperties": false },
        ] } });
        arms.push(json!({ "description": text, "type": "object", "properties": { name.clone(): payload }, "required": [name], "additionalProperties": false }));
    }
    // What may stand in an event's name, and still means something to JavaScript.
    let fields = json!({ "type": "object", "properties": fields, "required": ["__proto__"] });
    for name in ["__proto__", "constructor", "a\"];b", "*/", "${x}", "default", "1st", "'"] {
        arms.push(json!({ "type": "object", "properties": { name: fields.clone() }, "required": [name], "additionalProperties": false }));
    }
    let schema = json!({ "title": ESCAPES.concat(), "description": ESCAPES.concat(), "oneOf": arms, "$defs": defs });
    Contract::compile(&schema).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
}

#[test]
fn hostile_text_stays_text() {
    let contract = hostile();
    let escape = ESCAPES[0];
    let good = json!({ escape: { escape: escape, "x": 1 }, "more": escape, "other": { escape: 0 } });
    let bad = json!({ escape: { escape: "else" } });
    let missing = json!({ "b": 1 });
    let proto = r#"{"__proto__":1}"#;
    let cases = [
        ("e0", good.to_string()),
        ("e0", bad.to_string()),
        ("__proto__", missing.to_string()),
        ("__proto__", proto.into()),
        ("constructor", proto.into()),
    ];
    // That loading it changed nothing, `verdicts` asserts.
    let verdicts = verdicts(&contract, &cases.map(|(event, text)| (event.to_owned(), text)));
    assert_eq!(verdicts[0], Value::Null);
    assert_eq!(verdicts[1]["path"], format!("/{0}/{0}", escape.replace('/', "~1")));
    assert_eq!(verdicts[2]["path"], "/__proto__");
    assert_eq!(verdicts[3..], [Value::Null, Value::Null]);
}

#[test]
fn modules_compile_strictly_fit_the_package_and_leave_nothing_behind_unused() {
    let modules = [
        ("shop", Contract::of::<Shop>().unwrap()),
        ("options", Contract::of::<types::Options>().unwrap()),
        ("maps", Contract::of::<types::Maps>().unwrap()),
        ("generic", Contract::of::<types::Generic>().unwrap()),
        ("array", Contract::of::<types::Array>().unwrap()),
        ("hostile", hostile()),
    ];
    let mut files = Vec::new();
    for (name, contract) in &modules {
        files.push((format!("{name}.events.ts"), contract.typescript()));
        files.push((format!("{name}.js"), contract.javascript()));
    }
    // The types are what the handlers see.
    files.push(("use.ts".into(), r#"
import type { Contract } from "eventwire";
import { Shop, type ShopEvents } from "./shop.events.ts";
import { Array2 } from "./array.events.ts";
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const price: Equal<ShopEvents["priceChanged"], { sku: string; cents: number; oldCents: number | null; note?: string | null }> = true;
export const lists: Equal<ShopEvents["lists"]["pair"], [string, boolean]> = true;
export const maybe: Equal<ShopEvents["maybeStatus"], ShopEvents["orderMoved"] | null> = true;
export const level: Equal<ShopEvents["level"], "not-paid" | "paid" | "on-its-way"> = true;
export const names: readonly (keyof ShopEvents)[] = Shop.names;
export const widened: Contract<ShopEvents> = Shop;
export const other: string = Array2.name;
// @ts-expect-error a field that is not there
export const gone = (event: ShopEvents["priceChanged"]): unknown => event.price;
// @ts-expect-error a null not looked for
export const careless = (event: ShopEvents["priceChanged"]): number => event.oldCents + 1;
"#.into()));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let answer = compiled(&files);
    assert_eq!(answer["errors"], "");
    for (name, _) in &modules {
        let (ts, js) = (&answer["code"][format!("{name}.events.ts")], &answer["code"][format!("{name}.js")]);
        assert_eq!(ts["plain"], js["plain"], "{name}: TypeScript and JavaScript say the same");
        assert_eq!(ts["bare"], "", "{name}: importing it for nothing brings nothing");
        assert_eq!(ts["unused"], "var none=0;export{none};", "{name}: what is not used of it is dropped");
    }
}
