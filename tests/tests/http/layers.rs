//! Under other people's layers: trace, timeout, CORS, compression.

use super::{
    client::{Reply, eventually, get},
    server::{Server, Under, builder, hub, public, tick},
};
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode},
};
use std::time::Duration;
use tower::ServiceExt;
use tower_http::{
    compression::CompressionLayer,
    cors::CorsLayer,
    timeout::{RequestBodyTimeoutLayer, TimeoutLayer},
    trace::TraceLayer,
};

fn layered(app: Router) -> Router {
    let cors = CorsLayer::new()
        .allow_origin([HeaderValue::from_static("https://shop.example")])
        .allow_credentials(true)
        .allow_methods([Method::GET]);
    app.layer(cors)
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(200)))
        .layer(RequestBodyTimeoutLayer::new(Duration::from_millis(200)))
        .layer(TraceLayer::new_for_http())
}

#[tokio::test]
async fn in_process_a_router_with_layers_answers_with_a_body_that_streams() {
    let hub = hub().await;
    let request = Request::get("/events").header("origin", "https://shop.example").body(Body::empty()).unwrap();
    let response = layered(public(&hub)).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://shop.example");
    assert_eq!(response.headers()["vary"], "Origin");
    let mut body = response.into_body().into_data_stream();
    let first = futures_util::StreamExt::next(&mut body).await.expect("a piece").expect("no error");
    assert!(first.windows(22).any(|part| part == b"event: eventwire.hello"), "{first:?}");
    assert_eq!(hub.stats().readers, 1);
    drop(body);
    super::client::until("the reader is forgotten", || hub.stats().readers == 0).await;
}

#[tokio::test]
async fn a_timeout_layer_times_the_head_and_not_the_stream() {
    let hub = builder().heartbeat(Duration::from_millis(100)).build().await.expect("a hub");
    let server = Server::start(Under::Ours, layered(public(&hub))).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    for _ in 0..5 {
        assert_eq!(stream.expect("eventwire.cursor").await.data["kind"], "beat");
    }
}

#[tokio::test]
async fn a25_compression_leaves_streams_alone_unless_it_is_forced() {
    let hub = hub().await;
    let app = public(&hub).layer(CompressionLayer::new());
    let server = Server::start(Under::Ours, app).await;
    let mut stream: Reply = get(server.at, "/events", &[("Accept-Encoding", b"gzip, br, zstd")]).await;
    assert_eq!(stream.header("content-encoding"), None);
    stream.story_until("cursor \"live\"").await;
}

#[tokio::test]
async fn a25_forced_compression_delivers_each_event_at_once() {
    let hub = hub().await;
    let always = |_: StatusCode, _: axum::http::Version, _: &axum::http::HeaderMap, _: &axum::http::Extensions| true;
    let app = public(&hub).layer(CompressionLayer::new().compress_when(always));
    let server = Server::start(Under::Ours, app).await;
    let client = reqwest::Client::builder().gzip(true).build().expect("a client");
    let raw = get(server.at, "/events", &[("Accept-Encoding", b"gzip")]).await;
    assert_eq!(raw.header("content-encoding"), Some("gzip"));

    let mut response = client.get(format!("http://{}/events", server.at)).send().await.expect("a response");
    let mut seen = String::new();
    for n in 0..20 {
        // Nothing follows before this one has arrived: a codec that holds bytes back would never let it.
        let awaited = if n == 0 { "live".to_owned() } else { format!("data: {{\"n\":{n}}}") };
        eventually(&awaited, async {
            while !seen.contains(&awaited) {
                let chunk = response.chunk().await.expect("no error").expect("the stream lives");
                seen.push_str(std::str::from_utf8(&chunk).expect("text"));
            }
        })
        .await;
        tick(&hub, "a", n + 1).await;
    }
}
