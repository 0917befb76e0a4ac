//! Bad networks between a reader and a hub, each fault by itself: what a page is handed is the same.

use axum::Router;
use eventwire::{Pattern, Start};
use eventwire_client_core::Config;
use eventwire_judge::{History, Outcome, Published, check};
use eventwire_server::Hub;
use eventwire_tests::{
    events::Harness,
    proxy::{Fault, Proxy},
    reader::Reader,
};
use std::time::Duration;
use tokio::net::TcpListener;

/// After this the test has failed, not the network been slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first connections have faults, the next has none; the reader is handed everything, once and in order.
async fn through(faults: Vec<Fault>) {
    let hub = Hub::<Harness>::builder().build().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/events", hub.public_route());
    tokio::spawn(async move { eventwire_server::serve(listener, app).until(std::future::pending()).await });

    let met = faults.len() as u64;
    let proxy = Proxy::start(address, move |n| faults.get(n as usize).copied().unwrap_or(Fault::None)).await.unwrap();
    let config = Config { start: Start::Earliest, ..Config::default() };
    let mut reader = Reader::hurried(format!("{}/events", proxy.url()), config, 7, 100);
    let mut published = Vec::new();
    for n in 1..=20 {
        let event = Harness::Tick { n, pad: String::new() };
        let at = hub.publish("log.a", &event).await.unwrap();
        let content = format!("tick {{\"n\":{n},\"pad\":\"\"}}");
        published.push(Published {
            topic: "log.a".parse().unwrap(),
            content,
            outcome: Outcome::Accepted(at),
            retried: false,
        });
        if n == 10 {
            reader.until(PATIENCE, |items| items.len() == 10).await;
        }
    }
    reader.until(PATIENCE, |items| items.len() >= 20).await;
    let readings = vec![reader.earliest(vec![Pattern::all()])];
    assert_eq!(check(&History { published, readings, ..History::default() }), []);
    assert!(proxy.accepted() >= met, "{} of {met} faults were met", proxy.accepted());
}

#[tokio::test]
async fn a_slow_network_changes_nothing() {
    through(vec![Fault::Delay(Duration::from_millis(20))]).await;
}

#[tokio::test]
async fn bytes_that_come_one_by_one_change_nothing() {
    through(vec![Fault::Trickle(Duration::ZERO)]).await;
}

#[tokio::test]
async fn ends_and_resets_in_the_head_the_hello_and_an_event_change_nothing() {
    through(vec![Fault::Cut(0), Fault::Reset(40), Fault::Cut(700), Fault::Reset(1_100), Fault::Cut(1_400)]).await;
}

#[tokio::test]
async fn c15_a_connection_that_is_accepted_and_never_answers_is_given_up() {
    through(vec![Fault::BlackHole]).await;
}

#[tokio::test]
async fn a_half_open_connection_is_given_up() {
    through(vec![Fault::HalfOpen(60)]).await;
}
