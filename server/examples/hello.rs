//! A stream in twenty lines. `cargo run -p eventwire-server --example hello`, then `curl -N 127.0.0.1:3000/events`.

use eventwire_server::Hub;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
enum Clock {
    Ticked { seconds: u32 },
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hub = Hub::<Clock>::builder().build().await?;
    let app = axum::Router::new().route("/events", hub.public_route());
    tokio::spawn(async move {
        for seconds in 0.. {
            hub.publish("clock", &Clock::Ticked { seconds }).await.expect("a hub in memory takes every event");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening http://{}", listener.local_addr()?);
    Ok(eventwire_server::serve(listener, app).drain(Duration::from_secs(5)).await?)
}
