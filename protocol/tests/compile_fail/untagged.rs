//! Without a name there is no event.
#[derive(serde::Serialize, eventwire::Events)]
#[serde(untagged)]
enum Shop {
    Price { cents: u32 },
}

#[derive(serde::Serialize, eventwire::Events)]
enum Other {
    Price { cents: u32 },
    #[serde(untagged)]
    Rest(String),
}

fn main() {}
