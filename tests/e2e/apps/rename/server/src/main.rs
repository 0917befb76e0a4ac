//! A hub over the enum beside this file: writes its TypeScript, streams to everyone, publishes what it is posted.

use axum::{Json, Router, extract::{Path, State}, routing::post};
use eventwire_server::Hub;

mod events;
use events::Demo;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let types = std::env::args().nth(1).ok_or("say where the TypeScript goes")?;
    let hub = Hub::<Demo>::builder().types(types).build().await?;
    let events = hub.public_route();
    let app = Router::new().route("/publish/{topic}", post(publish)).with_state(hub).route("/events", events);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn publish(State(hub): State<Hub<Demo>>, Path(topic): Path<String>, Json(event): Json<Demo>) -> Result<(), String> {
    hub.publish(topic.as_str(), &event).await.map_err(|error| error.to_string())?;
    Ok(())
}
