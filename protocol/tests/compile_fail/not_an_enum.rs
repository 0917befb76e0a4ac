//! Events are variants.
#[derive(eventwire::Events)]
struct Shop {
    cents: u32,
}

fn main() {}
