//! Names that browsers and eventwire use, that are doubled, or that no line holds.
#[derive(eventwire::Events)]
#[serde(rename_all = "lowercase")]
enum Shop {
    Open,
    Error,
    #[serde(rename = "eventwire.hello")]
    Hello,
    #[serde(rename = "a\nb")]
    Break,
    #[serde(rename = "")]
    Empty,
    Price,
    #[serde(rename = "price")]
    Cost,
}

fn main() {}
