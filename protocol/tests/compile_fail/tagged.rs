//! The name stands in the `event:` line.
#[derive(serde::Serialize, eventwire::Events)]
#[serde(tag = "type", content = "data")]
enum Shop {
    Closed,
}

fn main() {}
