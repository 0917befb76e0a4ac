//! What a variant may hold beside its tag: what serde writes there. The rest is refused when the contract is made, as far as
//! the schema says it.

#![allow(dead_code, unreachable_pub)]

use eventwire::Digits;
use eventwire_contract::Contract;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize, JsonSchema)]
struct Carrier {
    name: String,
}

#[derive(Serialize, JsonSchema)]
enum Way {
    Air { hours: u8 },
    Sea { days: u8 },
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Maybe {
    Way(Way),
    Not,
}

type Alias = Option<Carrier>;

/// Each type in a variant beside a tag: what serde says of a value, and why the contract is refused.
macro_rules! beside {
    ($($name:ident($type:ty): $value:expr;)*) => {[$({
        mod $name {
            #[allow(clippy::wildcard_imports)]
            use super::*;
            #[derive(Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub enum Shop { Moved(Step), Steps(Vec<Step>) }
            #[derive(Serialize, JsonSchema)]
            #[serde(tag = "kind", rename_all = "camelCase")]
            pub enum Step { Packed, Sent($type) }
        }
        let written = serde_json::to_string(&$name::Shop::Moved($name::Step::Sent($value)));
        let refusals = Contract::of::<$name::Shop>().err().unwrap_or_default();
        (stringify!($type), written.is_ok(), refusals.iter().map(|refusal| refusal.what.clone()).collect::<Vec<_>>())
    }),*]};
}

#[test]
fn what_serde_does_not_write_beside_a_tag_is_refused_when_the_contract_is_made() {
    let carrier = || Carrier { name: "a".into() };
    let fine = beside! {
        a(Carrier): carrier();
        b(Box<Carrier>): Box::new(carrier());
        c(BTreeMap<String, String>): BTreeMap::new();
        d(Way): Way::Air { hours: 1 };
        e(()): ();
    };
    for (kind, written, refused) in fine {
        assert!(written && refused.is_empty(), "{kind}: {refused:?}");
    }
    let option = r#"the variant "sent" of Step beside whose tag "kind" stands an Option"#;
    let other = r#"the variant "sent" of Step beside whose tag "kind" stands a value that is no object"#;
    let refused = beside! {
        f(Option<Carrier>): None;
        g(Alias): Some(carrier());
        h(Option<Way>): Some(Way::Sea { days: 1 });
        i(u8): 1;
        j(Vec<Carrier>): vec![];
        k((u8, u8)): (1, 1);
        l([u8; 2]): [1, 1];
        m(Digits<u64>): Digits(1);
        n(BTreeSet<String>): BTreeSet::new();
        o(f64): 1.0;
        p(Option<u16>): None;
    };
    for ((kind, written, refused), what) in refused.into_iter().zip([option; 3].into_iter().chain([other; 8])) {
        assert_eq!((written, refused), (false, vec![what.to_owned()]), "{kind}");
    }
}

#[test]
fn nothing_is_not_written_as_the_schema_says_it_beside_a_tag() {
    let beside = beside! { a(Maybe): Maybe::Not; };
    let what = r#"the variant "sent" of Step beside whose tag "kind" stands a type that may be null"#;
    assert_eq!(beside, [("Maybe", true, vec![what.to_owned()])]);
}

#[test]
fn the_refusal_says_the_way_out() {
    #[derive(JsonSchema)]
    enum Shop {
        Moved { steps: Vec<Step> },
    }
    #[derive(JsonSchema)]
    #[serde(tag = "kind")]
    enum Step {
        Packed,
        Sent(Option<Carrier>),
    }
    let refusals = Contract::of::<Shop>().unwrap_err();
    assert_eq!(
        refusals[0].to_string(),
        "Shop::Moved.steps[]: the variant \"Sent\" of Step beside whose tag \"kind\" stands an Option: serde does not \
         write it there, and each publish of it would fail; take it out of the Option, or make it a field, \
         `Variant { value: … }` \
         (schema: #/$defs/Step/oneOf/1)"
    );
}
