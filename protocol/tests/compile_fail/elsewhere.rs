//! Another type decides the names.
#[derive(eventwire::Events)]
#[serde(into = "String")]
enum Shop {
    PriceChanged,
}

fn main() {}
