//! A publisher that does not give up: numbered events under keys, tried again until each is accepted.

use eventwire::{Position, Topic};
use eventwire_judge::{Outcome, Published};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Publishes `tick` 1 to `count` on `topic`, `batch` at a time and in order, each until it is accepted, and answers with
/// what was published. `pace` is asked before each batch.
///
/// # Panics
/// When a batch is refused for what it is, or not accepted within `patience`; when positions do not rise within an epoch:
/// the judge cannot know that one publisher's order was not kept.
pub async fn publish_ticks(
    url: &str,
    topic: &Topic,
    count: u32,
    batch: usize,
    patience: Duration,
    mut pace: impl AsyncFnMut(u32),
) -> Vec<Published> {
    let http = reqwest::Client::new();
    let numbers: Vec<u32> = (1..=count).collect();
    let mut published: Vec<Published> = Vec::with_capacity(numbers.len());
    let mut last: Option<Position> = None;
    for numbers in numbers.chunks(batch) {
        pace(numbers[0]).await;
        let event = |n: &u32| json!({ "event": "tick", "data": { "n": n, "pad": "" }, "key": format!("{topic}:{n}") });
        let body = Value::Array(numbers.iter().map(event).collect());
        let (positions, retried) = accepted(&http, &format!("{url}/publish/{topic}"), &body, patience).await;
        assert_eq!(positions.len(), numbers.len());
        for at in &positions {
            let rises = last.is_none_or(|last| last.epoch != at.epoch || last.offset < at.offset);
            assert!(rises, "{topic}: {at} was accepted after {last:?}");
            last = Some(*at);
        }
        published.extend(numbers.iter().zip(positions).map(|(n, at)| Published {
            topic: topic.clone(),
            content: format!("tick {}", json!({ "n": n, "pad": "" })),
            outcome: Outcome::Accepted(at),
            retried,
        }));
    }
    published
}

async fn accepted(http: &reqwest::Client, url: &str, body: &Value, patience: Duration) -> (Vec<Position>, bool) {
    let give_up = Instant::now() + patience;
    let mut retried = false;
    loop {
        let sent = http.post(url).json(body).timeout(Duration::from_secs(10)).send().await;
        let refusal = match sent {
            Ok(response) if response.status() == 200 => match response.json::<Value>().await {
                Ok(answer) => return (positions(&answer), retried),
                Err(error) => error.to_string(),
            },
            Ok(response) => {
                let (status, text) = (response.status(), response.text().await.unwrap_or_default());
                assert!(!status.is_client_error(), "{url}: {status} {text}");
                text
            }
            Err(error) => error.to_string(),
        };
        // The server is dead, or just back: the keys make another try harmless.
        assert!(Instant::now() < give_up, "{url} did not accept within {patience:?}; the last answer: {refusal}");
        retried = true;
        sleep(Duration::from_millis(20)).await;
    }
}

fn positions(answer: &Value) -> Vec<Position> {
    let positions = answer["positions"].as_array().expect("an answer has positions");
    positions.iter().map(|at| at.as_str().and_then(|at| at.parse().ok()).expect("a position")).collect()
}
