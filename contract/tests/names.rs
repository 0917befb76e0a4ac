//! Which events an enum has, what their hash is, and which enums are refused.

use eventwire_contract::Contract;
use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::Serialize;

#[allow(dead_code)]
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Shop {
    PriceChanged { sku: String, cents: u32 },
    OrderMoved(Status),
    Closed,
}

#[allow(dead_code)]
#[derive(Serialize, JsonSchema)]
struct Status {
    order: String,
    done: bool,
}

#[test]
fn a_contract_knows_its_enum_and_events() {
    let contract = Contract::of::<Shop>().unwrap();
    assert_eq!(contract.name(), "Shop");
    let names: Vec<_> = contract.names().iter().map(|name| name.as_str()).collect();
    assert_eq!(names, ["closed", "priceChanged", "orderMoved"]);
    expect!["15823be57cc41f10"].assert_eq(contract.hash());
}

fn check<E: JsonSchema>(expected: Expect) {
    let refusals = Contract::of::<E>().unwrap_err();
    expected.assert_eq(&refusals.iter().map(|refusal| format!("{refusal}\n")).collect::<String>());
}

mod top {
    #![allow(dead_code)]
    use super::Status;
    use schemars::JsonSchema;
    use serde::Serialize;

    #[derive(Serialize, JsonSchema)]
    #[serde(tag = "kind")]
    pub(super) enum Internal {
        A { x: u8 },
        B(Status),
        C,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(tag = "kind", content = "body")]
    pub(super) enum Adjacent {
        A { x: u8 },
        C,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(untagged)]
    pub(super) enum Untagged {
        A { x: u8 },
        B(Status),
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) enum OneUntagged {
        A {
            x: u8,
        },
        #[serde(untagged)]
        Other(String),
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) struct Flattened {
        id: u8,
        #[serde(flatten)]
        event: super::Shop,
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) struct OnlyFlattened {
        #[serde(flatten)]
        event: super::Shop,
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) enum Never {}

    #[derive(Serialize, JsonSchema)]
    pub(super) enum Tuple {
        Moved(u8, String),
        Fine(()),
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub(super) enum Reserved {
        Error,
        Message {
            x: u8,
        },
        #[serde(rename = "eventwire.hello")]
        Hello,
        #[serde(rename = "two words")]
        Two,
        #[serde(rename = "line\nbreak")]
        Line(u8),
    }

    #[derive(Serialize, JsonSchema)]
    pub(super) enum Doubled {
        #[schemars(rename = "same")]
        A { x: u8 },
        #[schemars(rename = "same")]
        B,
    }
}

#[test]
fn a_tagged_enum_is_refused() {
    check::<top::Internal>(expect![[r#"
        Internal: an enum tagged by "kind": the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(tag = "…")] (and content) from this enum; enums inside payloads may keep theirs (schema: #)
    "#]]);
    check::<top::Adjacent>(expect![[r#"
        Adjacent: an enum tagged by "kind": the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(tag = "…")] (and content) from this enum; enums inside payloads may keep theirs (schema: #)
    "#]]);
}

#[test]
fn an_untagged_enum_is_refused() {
    check::<top::Untagged>(expect![[r#"
        Untagged: an untagged enum or an Option: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(untagged)] from the enum and its variants, or take the enum out of the Option (schema: #)
    "#]]);
    check::<top::OneUntagged>(expect![[r#"
        OneUntagged: an untagged enum or an Option: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(untagged)] from the enum and its variants, or take the enum out of the Option (schema: #)
    "#]]);
    check::<Option<Shop>>(expect![[r#"
        Nullable_Shop: an untagged enum or an Option: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); remove #[serde(untagged)] from the enum and its variants, or take the enum out of the Option (schema: #)
    "#]]);
}

#[test]
fn a_flattened_enum_is_refused() {
    check::<top::Flattened>(expect![[r#"
        Flattened: an enum flattened into a struct: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); make the enum itself the event type, and the struct a payload (schema: #)
    "#]]);
    check::<top::OnlyFlattened>(expect![[r#"
        OnlyFlattened: an enum flattened into a struct: the variant travels as the event's name and the payload travels bare, so the enum must be externally tagged (serde's default); make the enum itself the event type, and the struct a payload (schema: #)
    "#]]);
}

#[test]
fn what_is_no_enum_is_refused() {
    check::<Status>(expect![[r#"
        Status: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
    "#]]);
    check::<String>(expect![[r#"
        string: not an enum: a contract lists the variants of one; derive JsonSchema on an enum whose variants are the events (schema: #)
    "#]]);
    check::<top::Never>(expect![[r#"
        Never: an enum without variants: there is nothing it could publish; add a variant (schema: #)
    "#]]);
}

#[test]
fn a_variant_with_unnamed_fields_is_refused() {
    check::<top::Tuple>(expect![[r#"
        Tuple::Moved: a variant with 2 unnamed fields: a page would know them by number only; name them (`Variant { first: …, second: … }`), or wrap the tuple in a struct of its own (schema: #/oneOf/0/properties/Moved)
    "#]]);
}

#[test]
fn a_name_that_cannot_be_an_event_is_refused() {
    check::<top::Reserved>(expect![[r#"
        Reserved::error: the event name "error": `open`, `error` and `message` are the browser's own events, `eventwire.…` are ours; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/0)
        Reserved::eventwire.hello: the event name "eventwire.hello": `open`, `error` and `message` are the browser's own events, `eventwire.…` are ours; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/0)
        Reserved::two words: the event name "two words": ' ' is not allowed in an event name; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/0)
        Reserved::message: the event name "message": `open`, `error` and `message` are the browser's own events, `eventwire.…` are ours; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/1/properties/message)
        Reserved::line\nbreak: the event name "line\nbreak": '\n' is not allowed in an event name; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/2/properties/line\nbreak)
    "#]]);
    check::<top::Doubled>(expect![[r#"
        Doubled::same: a second event named "same": a page could not tell the two apart; rename the variant with #[serde(rename = "…")] (schema: #/oneOf/1/properties/same)
    "#]]);
}
