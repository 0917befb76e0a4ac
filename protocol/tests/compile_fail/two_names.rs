//! One name goes over the wire.
#[derive(eventwire::Events)]
#[serde(rename_all(serialize = "camelCase"))]
enum Shop {
    PriceChanged,
}

#[derive(eventwire::Events)]
enum Other {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    PriceChanged,
}

fn main() {}
