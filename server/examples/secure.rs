//! A stream behind an app's own login: who asks is the app's extractor's to say, what they may read the handler's, and
//! which pages may read it CORS's. Eventwire brings none of it and is in the way of none of it.
//!
//! ```text
//! cargo run -p eventwire-server --example secure
//! curl -i 127.0.0.1:3000/events                                                     401
//! curl -iN -H 'cookie: session=ada' '127.0.0.1:3000/events?topics=orders.globex'    403
//! curl -iN -H 'cookie: session=ada' '127.0.0.1:3000/events?topics=orders.acme,prices.*'
//! curl -X POST -H 'cookie: session=ada' 127.0.0.1:3000/orders/7                     an event for ada's tenant only
//! curl -X POST -H 'cookie: session=ada' 127.0.0.1:3000/logout                       ends ada's streams with `bye auth`
//! ```

use axum::{
    Router,
    extract::{FromRequestParts, Path, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    routing::{get, post},
};
use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use tower_http::{cors::CorsLayer, timeout::TimeoutLayer, trace::TraceLayer};

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Shop {
    OrderMoved { order: u32, state: String },
    PriceChanged { sku: String, cents: u32 },
}

/// The app's own session: what its cookie names.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) expires: SystemTime,
}

/// By cookie. A real app has a database here.
pub(crate) type Sessions = Arc<Mutex<HashMap<String, User>>>;

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) hub: Hub<Shop>,
    pub(crate) sessions: Sessions,
}

/// 401 here, before anything is read of the stream's request. The browser sends the cookie by itself, the rest of the
/// app uses the same extractor, and no token stands in a URL.
impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let session = cookies
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("session="))
            .ok_or_else(|| Problem::unauthorized().detail("There is no session cookie. Log in first."))?;
        let user = app.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(session).cloned();
        user.filter(|user| user.expires > SystemTime::now())
            .ok_or_else(|| Problem::unauthorized().detail("The session is over. Log in again."))
    }
}

/// What a user may read is decided anew for every request: a page that reconnects after its rights were narrowed is
/// replayed only what it may read now.
async fn events(user: User, State(app): State<App>, want: Subscribe) -> Result<EventStream, Problem> {
    let access = Access::to([format!("orders.{}", user.tenant), "prices.*".to_owned()]);
    app.hub.stream(want, access.principal(user.id).until(user.expires))
}

async fn ship(user: User, Path(order): Path<u32>, State(app): State<App>) -> Result<String, Problem> {
    let event = Shop::OrderMoved { order, state: "shipped".into() };
    let position = app.hub.publish(format!("orders.{}", user.tenant), &event).await.map_err(|error| {
        eprintln!("publishing failed: {error}"); // for the operator; the caller learns only that it did
        Problem::unavailable(Duration::from_secs(1))
    })?;
    Ok(position.to_string())
}

async fn logout(user: User, State(app): State<App>) {
    app.sessions.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, other| other.id != user.id);
    app.hub.revoke(user.id);
}

pub(crate) fn app(state: App) -> Router {
    // Named origins only: with credentials, a wildcard would let every page read everyone's stream.
    let cors = CorsLayer::new()
        .allow_origin([HeaderValue::from_static("https://shop.example")])
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CACHE_CONTROL, HeaderName::from_static("last-event-id")]);
    Router::new()
        .route("/events", get(events))
        .route("/orders/{order}", post(ship))
        .route("/logout", post(logout))
        .with_state(state)
        .layer(cors)
        // Times the answer's head, not the stream that follows it.
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(10)))
        .layer(TraceLayer::new_for_http())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let hub = Hub::<Shop>::builder().latest("prices.*").build().await?;
    hub.publish("prices.acme-1", &Shop::PriceChanged { sku: "acme-1".into(), cents: 1299 }).await?;
    let expires = SystemTime::now() + Duration::from_secs(3600);
    let user = |id: &str, tenant: &str| (id.to_owned(), User { id: id.into(), tenant: tenant.into(), expires });
    let sessions = Arc::new(Mutex::new(HashMap::from([user("ada", "acme"), user("grace", "globex")])));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening http://{}", listener.local_addr()?);
    Ok(eventwire_server::serve(listener, app(App { hub, sessions })).drain(Duration::from_secs(20)).await?)
}
