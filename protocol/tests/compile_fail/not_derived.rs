//! An enum whose names are not known.
#[derive(serde::Serialize)]
enum Shop {
    PriceChanged,
}

fn publish<E: eventwire::Events>(_: E) {}

fn call() {
    publish(Shop::PriceChanged);
}

fn main() {}
