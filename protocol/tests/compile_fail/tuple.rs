//! Parts of a payload need names.
#[derive(eventwire::Events)]
enum Shop {
    PriceChanged(String, u32),
    Nothing(),
    Unsaid(#[serde(skip)] String),
}

fn main() {}
