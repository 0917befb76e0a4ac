//! A spelling that serde does not know.
#[derive(eventwire::Events)]
#[serde(rename_all = "camelcase")]
enum Shop {
    PriceChanged,
}

fn main() {}
