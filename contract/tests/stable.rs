//! Names of types do not depend on which type is used first.

#![allow(dead_code)]

use eventwire_contract::Contract;
use expect_test::{Expect, expect};
use schemars::JsonSchema;

#[derive(JsonSchema)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}

#[derive(JsonSchema)]
struct Pair<A, B> {
    left: A,
    right: Option<B>,
    more: Vec<Pair<A, B>>,
}

/// Named by its author.
#[derive(JsonSchema)]
#[schemars(rename = "{T}Box")]
struct Named<T> {
    it: T,
}

#[derive(JsonSchema)]
struct Order {
    id: String,
}

#[derive(JsonSchema)]
struct Point {
    x: u8,
}

/// Called so by its author, not by schemars.
#[derive(JsonSchema)]
struct Point2 {
    x: u16,
}

mod shop {
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    pub(super) struct Status {
        open: bool,
    }

    #[derive(JsonSchema)]
    pub(super) struct Shelf {
        of: Status,
    }
}

mod stock {
    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    pub(super) struct Status {
        left: u32,
    }

    #[derive(JsonSchema)]
    pub(super) struct Shelf {
        of: Status,
    }
}

#[derive(JsonSchema)]
enum Forth {
    Bytes(Page<u8>),
    Orders(Page<Order>),
    Texts(Page<String>),
    Pages(Page<Page<u8>>),
    Maybe(Page<Option<Order>>),
    Both(Pair<u8, Order>),
    Twice(Pair<Order, Order>),
    A(Named<Order>),
    B(Named<Point>),
    Point(Point),
    Point2(Point2),
    Shop(shop::Status),
    Stock(stock::Status),
    ShopShelf(shop::Shelf),
    StockShelf(stock::Shelf),
}

#[derive(JsonSchema)]
#[schemars(rename = "Forth")]
enum Back {
    StockShelf(stock::Shelf),
    ShopShelf(shop::Shelf),
    Stock(stock::Status),
    Shop(shop::Status),
    Point2(Point2),
    Point(Point),
    B(Named<Point>),
    A(Named<Order>),
    Twice(Pair<Order, Order>),
    Both(Pair<u8, Order>),
    Maybe(Page<Option<Order>>),
    Pages(Page<Page<u8>>),
    Texts(Page<String>),
    Orders(Page<Order>),
    Bytes(Page<u8>),
}

fn check<E: JsonSchema>(expected: Expect) {
    let contract = Contract::of::<E>().unwrap();
    let text = contract.typescript();
    let (_, events) = text.split_once("ForthEvents = {\n").unwrap();
    let (events, _) = events.split_once("};").unwrap();
    let mut lines: Vec<_> = events.lines().map(|line| format!("{}\n", line.trim())).collect();
    lines.sort_unstable();
    expected.assert_eq(&lines.concat());
}

fn names() -> Expect {
    expect![[r#"
        A: OrderBox;
        B: PointBox;
        Both: PairUint8;
        Bytes: PageUint8;
        Maybe: PageOptionalOrder;
        Orders: PageOrder;
        Pages: PagePageUint8;
        Point2: Point2;
        Point: Point;
        Shop: Status_a7f43e;
        ShopShelf: Shelf_92977c;
        Stock: Status_65a3d1;
        StockShelf: Shelf_844e09;
        Texts: PageString;
        Twice: PairOrder;
    "#]]
}

#[test]
fn types_that_share_a_name_are_called_after_their_arguments_in_any_order_of_use() {
    check::<Forth>(names());
    check::<Back>(names());
}

#[test]
fn a_generic_type_used_once_keeps_its_name() {
    #[derive(JsonSchema)]
    #[schemars(rename = "Forth")]
    enum Once {
        Orders(Page<Order>),
        Again(Page<Order>),
    }
    check::<Once>(expect![[r#"
        Again: Page;
        Orders: Page;
    "#]]);
}

/// Types of one name that say the same.
macro_rules! same {
    ($($name:ident)*) => {
        $(mod $name {
            #[derive(schemars::JsonSchema)]
            pub(super) struct Same {
                at: u8,
            }
        })*
    };
}

same!(one two three four);

#[test]
fn an_argument_that_may_be_null_is_called_after_what_it_is_else() {
    #[derive(JsonSchema)]
    #[schemars(rename = "Forth")]
    enum Nullable {
        Texts(Page<Option<String>>),
        Bytes(Page<Option<u8>>),
        All(Page<String>),
    }
    check::<Nullable>(expect![[r#"
        All: PageString;
        Bytes: PageOptionalUint8;
        Texts: PageOptionalString;
    "#]]);
}

#[test]
fn types_that_share_a_name_and_say_the_same_are_counted() {
    #[derive(JsonSchema)]
    #[schemars(rename = "Forth")]
    enum Counted {
        One(one::Same),
        Two(two::Same),
        Three(three::Same),
        Four(four::Same),
    }
    check::<Counted>(expect![[r#"
        Four: Same_980b20_4;
        One: Same_980b20;
        Three: Same_980b20_3;
        Two: Same_980b20_2;
    "#]]);
}

#[test]
fn a_text_that_reads_like_a_reference_is_not_renamed_with_the_type() {
    #[derive(JsonSchema)]
    #[schemars(rename = "Forth")]
    enum Named {
        Shop(shop::Status),
        Stock(stock::Status),
        Odd(Odd),
    }
    #[derive(JsonSchema)]
    enum Odd {
        /// A constant in the schema.
        #[serde(rename = "#/$defs/Status2")]
        Text,
    }
    let text = Contract::of::<Named>().unwrap().typescript();
    assert!(text.contains(r##""#/$defs/Status2""##), "{text}");
}
