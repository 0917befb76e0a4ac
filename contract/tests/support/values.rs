//! Any value of the fixture's enum.

use super::shop::*;
use proptest::{
    collection::{btree_map, btree_set, vec},
    option,
    prelude::*,
};
use std::num::{NonZeroI16, NonZeroU8};

pub fn shop() -> BoxedStrategy<Shop> {
    prop_oneof![
        (any::<String>(), any::<u32>(), any::<Option<i32>>(), any::<Option<String>>())
            .prop_map(|(sku, cents, old_cents, note)| Shop::PriceChanged { sku, cents, old_cents, note }),
        status().prop_map(Shop::OrderMoved),
        Just(Shop::Opened),
        Just(Shop::Closed),
        btree_map(any::<String>(), level(), 0..4).prop_map(Shop::Stock),
        numbers(),
        texts(),
        lists(),
        tree().prop_map(Shop::Tree),
        shape().prop_map(Shop::Shape),
        step().prop_map(Shop::Step),
        answer().prop_map(Shop::Answer),
        level().prop_map(Shop::Level),
        option::of(status()).prop_map(Shop::MaybeStatus),
        (any::<u8>(), corners(), shape()).prop_map(|(id, corners, shape)| Shop::Flat(Flat { id, corners, shape })),
        json().prop_map(Shop::Anything),
        any::<bool>().prop_map(Shop::Truth),
        Just(Shop::Nothing(())),
        any::<String>().prop_map(|sku| Shop::Newtype(Sku(sku))),
        vec(status(), 0..3).prop_map(Shop::Recent),
        Just(Shop::Empty {}),
        (any::<Option<u8>>(), any::<Option<String>>(), any::<bool>(), any::<u8>())
            .prop_map(|(proto, constructor, quoted, length)| Shop::Odd(Odd { proto, constructor, quoted, length })),
    ]
    .boxed()
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>().prop_filter("JSON has no others", |n| n.is_finite()), (-9..9_i8).prop_map(f64::from)]
}

fn numbers() -> impl Strategy<Value = Shop> {
    let exact = (
        any::<i8>(),
        any::<u16>(),
        any::<i32>(),
        any::<NonZeroU8>(),
        any::<NonZeroI16>(),
        0..=9_007_199_254_740_991_u64,
    );
    let floats = (finite(), 0.5..=1.5_f32, option::of(finite()));
    (exact, floats).prop_map(|((tiny, small, signed, never_zero, negative, bounded), (ratio, factor, maybe))| {
        Shop::Numbers { tiny, small, signed, never_zero, negative, bounded, ratio, factor, maybe }
    })
}

fn texts() -> impl Strategy<Value = Shop> {
    let short = vec(any::<char>(), 2..=5).prop_map(|chars| chars.into_iter().collect());
    let code = (proptest::char::range('A', 'Z'), proptest::char::range('A', 'Z'), any::<u32>());
    (any::<char>(), short, code).prop_map(|(letter, short, (a, b, n))| Shop::Texts {
        letter,
        short,
        code: format!("{a}{b}-{n}"),
    })
}

fn lists() -> impl Strategy<Value = Shop> {
    let scalars = (any::<[u8; 3]>(), any::<(String, bool)>(), btree_set(any::<String>(), 0..4));
    let deep = (
        vec(tree(), 1..3),
        btree_map(any::<u16>(), any::<String>(), 0..4),
        vec(option::of(vec(any::<u8>(), 0..3)), 0..3),
        option::of(status()),
    );
    (scalars, deep).prop_map(|((bytes, pair, tags), (some, ids, nested, last))| Shop::Lists {
        bytes,
        pair,
        tags,
        some,
        ids,
        nested,
        last,
    })
}

fn status() -> impl Strategy<Value = OrderStatus> {
    (any::<String>(), level(), any::<Option<bool>>()).prop_map(|(order, level, late)| OrderStatus {
        order: Sku(order),
        level,
        late,
    })
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![Just(Level::NotPaid), Just(Level::Paid), Just(Level::OnItsWay)]
}

fn tree() -> impl Strategy<Value = Tree> {
    any::<i8>().prop_map(|value| Tree { value, kids: Vec::new() }).prop_recursive(4, 12, 3, |inner| {
        (any::<i8>(), vec(inner, 0..3)).prop_map(|(value, kids)| Tree { value, kids })
    })
}

fn corners() -> impl Strategy<Value = Corners> {
    vec((finite(), finite()), 0..3).prop_map(|corners| Corners { corners })
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        finite().prop_map(|radius| Shape::Circle { radius }),
        corners().prop_map(Shape::Polygon),
        Just(Shape::Point)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u8>().prop_map(|meters| Step::Walk { meters }),
        level().prop_map(Step::Turn),
        any::<(u8, u8)>().prop_map(|(a, b)| Step::Jump(a, b)),
        Just(Step::Rest)
    ]
}

fn guess() -> impl Strategy<Value = Guess> {
    let words = || vec(any::<String>(), 0..3);
    prop_oneof![
        any::<i32>().prop_map(Guess::Number),
        words().prop_map(Guess::Words),
        (any::<i32>(), words()).prop_map(|(number, words)| Guess::Both { number, words }),
        words().prop_map(|words| Guess::Only { words }),
        Just(Guess::Nothing)
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let leaf = prop_oneof![
        Just(Answer::Yes),
        Just(Answer::No),
        any::<String>().prop_map(Answer::Text),
        any::<(u8, bool)>().prop_map(|(a, b)| Answer::Pair(a, b)),
        guess().prop_map(Answer::Guess),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            option::of(inner.clone()).prop_map(|next| Answer::Deep { next: next.map(Box::new) }),
            vec(inner, 0..3).prop_map(Answer::Many)
        ]
    })
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into)
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Into::into),
            vec((any::<String>(), inner), 0..3).prop_map(|members| members.into_iter().collect())
        ]
    })
}
