//! `renamed VERSION… [--types FILE] [--disk FOLDER]`: a hub over one version of the demo's enum, which writes its
//! TypeScript, streams to everyone, publishes what it is posted. Several versions are nodes on one store, each under its
//! own name.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::post,
};
use eventwire_server::{Builder, Hub, store::Disk};
use shared::Shared;
use std::path::PathBuf;

mod shared;

type Failure = Box<dyn std::error::Error>;

/// Where a hub keeps its events.
enum Store {
    Memory,
    Disk(PathBuf),
    Shared(Shared),
}

macro_rules! versions {
    ($($version:ident)*) => {
        $(
            #[allow(dead_code, reason = "the demo uses more of it")]
            mod $version;
        )*

        async fn node(version: &str, store: &Store, types: Option<&PathBuf>) -> Result<Router, Failure> {
            match version {
                $(stringify!($version) => {
                    let mut builder = Hub::<$version::Demo>::builder();
                    if let Some(types) = types {
                        builder = builder.types(types);
                    }
                    let hub = kept(builder, store)?.build().await?;
                    let events = hub.public_route();
                    Ok(Router::new().route("/publish/{topic}", post(publish)).with_state(hub).route("/events", events))
                })*
                other => Err(format!("no version {other}").into()),
            }
        }
    };
}

versions! { before renamed alias added removed widened }

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (mut versions, mut types, mut disk) = (Vec::new(), None, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--types" => types = args.next().map(PathBuf::from),
            "--disk" => disk = args.next().map(PathBuf::from),
            _ => versions.push(arg),
        }
    }
    let store = match (disk, versions.len()) {
        (Some(folder), _) => Store::Disk(folder),
        (None, 1) => Store::Memory,
        (None, _) => Store::Shared(Shared::new()),
    };
    let mut app = Router::new();
    for version in &versions {
        let node = node(version, &store, types.as_ref()).await?;
        app = if versions.len() == 1 { node } else { app.nest(&format!("/{version}"), node) };
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn kept<E>(builder: Builder<E>, store: &Store) -> Result<Builder<E>, Failure>
where
    E: eventwire::Events + serde::Serialize + schemars::JsonSchema,
{
    Ok(match store {
        Store::Memory => builder,
        Store::Disk(folder) => builder.store(Disk::open(folder)?),
        Store::Shared(shared) => builder.store(shared.clone()),
    })
}

async fn publish<E>(
    State(hub): State<Hub<E>>,
    Path(topic): Path<String>,
    Json(event): Json<E>,
) -> Result<(), (StatusCode, String)>
where
    E: eventwire::Events + serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static,
{
    let published = hub.publish(topic.as_str(), &event).await;
    published.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(())
}
