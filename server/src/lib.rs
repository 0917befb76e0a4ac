//! Typed, ordered, complete event streams from an axum app over Server-Sent Events.
//!
//! What a page is sent is what a Rust enum describes. It arrives in order and complete, or the page is told what is
//! missing: through deploys, sleeping tabs and bad networks, over plain Server-Sent Events that `curl` can read.
//!
//! ```no_run
//! use eventwire_server::Hub;
//! use serde::{Deserialize, Serialize};
//! use std::time::Duration;
//!
//! #[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
//! #[serde(rename_all = "camelCase")]
//! enum Clock {
//!     Ticked { seconds: u32 },
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let hub = Hub::<Clock>::builder().build().await?;
//!     let app = axum::Router::new().route("/events", hub.public_route());
//!     tokio::spawn(async move {
//!         for seconds in 0.. {
//!             hub.publish("clock", &Clock::Ticked { seconds }).await.expect("a hub in memory takes every event");
//!             tokio::time::sleep(Duration::from_secs(1)).await;
//!         }
//!     });
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(eventwire_server::serve(listener, app).drain(Duration::from_secs(5)).await?)
//! }
//! ```
//!
//! # Who may read what
//!
//! [`Hub::public_route`] is for everyone. Behind a login the stream is an ordinary response of an ordinary handler: the
//! app's own extractors say who asks, [`Subscribe`] what they ask, [`Access`] what they may have. A refusal is a
//! [`Problem`]. CORS, checks of `Host`, tokens and rate limits are tower layers that exist; `examples/secure.rs` wires
//! some.
//!
//! ```
//! use axum::extract::State;
//! use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe};
//! # use std::time::SystemTime;
//! # struct User { id: String, expires: SystemTime }
//! # #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, eventwire::Events)]
//! # enum Shop { Sold { sku: String } }
//! # impl<S: Send + Sync> axum::extract::FromRequestParts<S> for User {
//! #     type Rejection = Problem;
//! #     async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Self, Problem> {
//! #         Err(Problem::unauthorized())
//! #     }
//! # }
//!
//! async fn events(user: User, State(hub): State<Hub<Shop>>, want: Subscribe) -> Result<EventStream, Problem> {
//!     let access = Access::to([format!("orders.{}", user.id), "prices.*".into()]);
//!     hub.stream(want, access.principal(user.id).until(user.expires))
//! }
//! # let _: axum::Router<Hub<Shop>> = axum::Router::new().route("/events", axum::routing::get(events));
//! ```
//!
//! # Serving
//!
//! [`serve()`] is a loop for any tower service that closes what is silent, stuck or dead and drains in good order. All
//! else works under plain `axum::serve` too, where the app calls [`Hub::drain`] itself before it stops: streams never
//! end by themselves, so a graceful shutdown without it waits for ever. A socket whose peer does not read is closed
//! only by [`serve()`]; elsewhere its reader is let go and the response ends at the server's next try.
//!
//! # Readers that cost too much
//!
//! A reader that takes nothing holds at most two pieces, and after [`Builder::stall`] is told `bye slow` in place of what it
//! did not take; it resumes like anyone. [`Builder::readers`] and [`Builder::readers_per_principal`] bound how many there
//! are, [`Builder::rotate`] moves them to a new server by and by. None of this costs another reader an event.
//! [`Stats`] counts those who were let go and turned away.
//!
//! # Layers
//!
//! Layers see a stream as a response whose body never ends: tower-http's `TimeoutLayer` times its head,
//! `ConcurrencyLimitLayer` counts it until the head is out. `CompressionLayer` leaves event streams alone by default, and
//! it is best left so: an event of 130 bytes shrinks to a tenth, but every stream then costs 150 to 850 KB of memory and
//! several times the processor time; and where secrets and text chosen by strangers share a stream, its length tells of
//! the secrets (BREACH). Forced on with a predicate of its own, it delivers each event at once.

mod http;
mod hub;
mod log;
pub mod serve;
mod session;
pub mod store;
mod sync;

pub use http::{Access, EventStream, Expiry, Problem, Subscribe, serve};
pub use hub::{BuildError, Builder, Hub, IntoTopic, PublishError, SessionInfo, Stats};
