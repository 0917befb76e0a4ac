//! The contract whose decoding is measured: an enum as an app would write it, and events of it by chance that is always
//! the same.
//!
//! Knows nothing of what is done with them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::stream::Chance;

/// What a market tells its pages.
#[derive(Debug, Serialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub(super) enum Market {
    /// A price, 119 bytes on average.
    Tick(Tick),
    /// An order with its six lines, just under a kilobyte.
    Order(Order),
    /// The state of 200 services, 20 KB.
    Snapshot(Snapshot),
    /// A quote of which most members may be missing.
    Quote(Quote),
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tick {
    symbol: String,
    exchange: Exchange,
    bid: f64,
    ask: f64,
    volume: u32,
    sequence: u32,
    #[schemars(range(max = 9007199254740991_u64))]
    at: u64,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Exchange {
    Xnas,
    Xnys,
    Xlon,
    Xetr,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    id: String,
    customer: Customer,
    status: Status,
    currency: Currency,
    items: Vec<Line>,
    total: f64,
    note: Option<String>,
    created_at: String,
    #[schemars(range(max = 9007199254740991_u64))]
    at: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Customer {
    id: String,
    name: String,
    email: String,
    vip: bool,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Pending,
    Paid,
    Shipped,
    Cancelled,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Currency {
    Usd,
    Eur,
    Gbp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    sku: String,
    name: String,
    quantity: u32,
    price: f64,
    discount: Option<f64>,
    tags: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Snapshot {
    region: String,
    sequence: u32,
    #[schemars(range(max = 9007199254740991_u64))]
    at: u64,
    totals: Totals,
    items: Vec<Service>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Totals {
    ok: u32,
    warn: u32,
    error: u32,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Service {
    id: String,
    name: String,
    health: Health,
    cpu: f64,
    memory: f64,
    requests: f64,
    up: bool,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    Warn,
    Error,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Quote {
    symbol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange: Option<Exchange>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bid_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    levels: Vec<Level>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Level {
    price: f64,
    size: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<u32>,
}

/// What is hard in a set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hard {
    /// A name beyond Latin-1, which makes the whole text two bytes a character.
    pub(super) foreign: bool,
    /// All 17 digits of a double.
    pub(super) digits: bool,
}

pub(super) fn tick(chance: &mut Chance, n: u64) -> Market {
    let exchanges = [Exchange::Xnas, Exchange::Xnys, Exchange::Xlon, Exchange::Xetr];
    Market::Tick(Tick {
        symbol: one(chance, &["ACME", "GLOBX", "INIT", "UMBR", "HOOLI", "STRK", "WAYN"]).into(),
        exchange: one(chance, &exchanges),
        bid: parts(chance, 5_000, 45_000, 100.0),
        ask: parts(chance, 5_000, 45_000, 100.0),
        volume: 100 + chance.below(900_000) as u32,
        sequence: 1_000_000 + n as u32,
        at: NOW + n * 37,
    })
}

pub(super) fn order(chance: &mut Chance, n: u64, hard: Hard) -> Market {
    let tags = ["new", "sale", "bulk", "fragile", "eu-only", "gift"];
    let goods =
        ["Wireless Mouse", "USB-C Dock Pro", "Mechanical Keyboard", "27in Monitor", "Laptop Stand", "Webcam 4K"];
    let line = |chance: &mut Chance| Line {
        sku: format!("SKU-{}", 10_000 + chance.below(89_999)),
        name: one(chance, &goods).into(),
        quantity: 1 + chance.below(5) as u32,
        price: parts(chance, 500, 30_000, 100.0),
        discount: (chance.below(2) == 0).then(|| parts(chance, 0, 30, 100.0)),
        tags: vec![one(chance, &tags).into(), one(chance, &tags).into()],
    };
    Market::Order(Order {
        id: format!("ord_{:x}", chance.below(1 << 40)),
        customer: Customer {
            id: format!("cus_{:x}", chance.below(1 << 30)),
            name: if hard.foreign { "Zoë Müller-Łukasz" } else { "Zoe Mueller-Lukas" }.into(),
            email: format!("zoe.mueller{n}@example.com"),
            vip: chance.below(3) == 0,
        },
        status: one(chance, &[Status::Pending, Status::Paid, Status::Shipped, Status::Cancelled]),
        currency: one(chance, &[Currency::Usd, Currency::Eur, Currency::Gbp]),
        items: (0..6).map(|_| line(chance)).collect(),
        total: parts(chance, 0, 200_000, 100.0),
        note: (chance.below(2) == 0).then(|| "Leave at the front desk please".into()),
        created_at: format!("2026-11-21T0{}:23:29.123Z", n % 10),
        at: NOW + n * 977,
    })
}

pub(super) fn snapshot(chance: &mut Chance, n: u64, hard: Hard) -> Market {
    let share = |chance: &mut Chance| if hard.digits { double(chance) } else { parts(chance, 0, 10_000, 10_000.0) };
    let names = ["checkout-api", "search", "billing-worker", "auth", "cart-api", "img-resizer"];
    let health = [Health::Ok, Health::Ok, Health::Ok, Health::Warn, Health::Error];
    let service = |(chance, k): (&mut Chance, u64)| Service {
        id: format!("svc-{k:04}"),
        name: one(chance, &names).into(),
        health: one(chance, &health),
        cpu: share(chance),
        memory: share(chance),
        requests: if hard.digits { 3000.0 * double(chance) } else { parts(chance, 0, 30_000, 10.0) },
        up: chance.below(30) > 0,
    };
    Market::Snapshot(Snapshot {
        region: one(chance, &["eu-west-1", "us-east-1"]).into(),
        sequence: 5000 + n as u32,
        at: NOW + n * 5000,
        totals: Totals { ok: 180, warn: 15, error: 5 },
        items: (0..200).map(|k| service((chance, k))).collect(),
    })
}

pub(super) fn quote(chance: &mut Chance, n: u64) -> Market {
    let exchange = one(chance, &[Exchange::Xnas, Exchange::Xlon]);
    let level = |chance: &mut Chance| Level {
        price: parts(chance, 5_000, 45_000, 100.0),
        size: 1 + chance.below(5_000) as u32,
        orders: (chance.below(2) == 0).then(|| 1 + chance.below(20) as u32),
    };
    Market::Quote(Quote {
        symbol: format!("SYM{}", n % 40),
        exchange: (chance.below(2) == 0).then_some(exchange),
        bid: (chance.below(4) > 0).then(|| parts(chance, 5_000, 45_000, 100.0)),
        ask: (chance.below(4) > 0).then(|| parts(chance, 5_000, 45_000, 100.0)),
        bid_size: (chance.below(2) == 0).then(|| chance.below(5_000) as u32),
        ask_size: (chance.below(2) == 0).then(|| chance.below(5_000) as u32),
        note: (chance.below(5) == 0).then(|| "halted until the auction".into()),
        levels: (0..chance.below(6)).map(|_| level(chance)).collect(),
    })
}

/// Some moment, in milliseconds of Unix time.
const NOW: u64 = 1_795_000_000_000;

fn one<T: Copy>(chance: &mut Chance, of: &[T]) -> T {
    of[chance.below(of.len() as u64) as usize]
}

/// A number with as few decimals as its parts have.
fn parts(chance: &mut Chance, least: u64, most: u64, of: f64) -> f64 {
    (least + chance.below(most - least)) as f64 / of
}

/// A double of which every bit counts, between 0 and 1.
fn double(chance: &mut Chance) -> f64 {
    chance.below(1 << 53) as f64 / (1u64 << 53) as f64
}
