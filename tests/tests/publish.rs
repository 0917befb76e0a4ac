//! Publishing over HTTP: what is refused, with which answer, and that nothing of it reaches a reader.
//!
//! Rows S1, S6 to S8 and A18 of the bad input the project answers for, as far as they are about publishing.

use eventwire::{Pattern, Start, limits};
use eventwire_client_core::{Config, Topics};
use eventwire_judge::Item;
use eventwire_tests::{process::HarnessProcess, reader::Reader};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

async fn harness() -> HarnessProcess {
    HarnessProcess::start(env!("CARGO_BIN_EXE_harness"), &[]).await
}

/// Status and code of the answer to a publish of these bytes.
async fn post(server: &HarnessProcess, path: &str, kind: Option<&str>, body: impl Into<Vec<u8>>) -> (u16, String) {
    let mut request = reqwest::Client::new().post(format!("{}/publish/{path}", server.url())).body(body.into());
    if let Some(kind) = kind {
        request = request.header(CONTENT_TYPE, kind);
    }
    let response = request.timeout(SOON).send().await.expect("the harness answers");
    let status = response.status().as_u16();
    let kind = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    let body: Value = response.json().await.expect("every answer is JSON");
    if status != 200 {
        assert_eq!(kind, "application/problem+json");
        assert_eq!(body["status"], status);
        assert!(!body["detail"].as_str().unwrap().is_empty());
    }
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

async fn json(server: &HarnessProcess, topic: &str, body: Value) -> (u16, String) {
    post(server, topic, Some("application/json"), body.to_string()).await
}

fn note(text: &str) -> Value {
    json!({ "event": "note", "data": { "text": text } })
}

/// The only thing a reader is shown, after all that was refused, is this one event.
async fn only_a_last_event_is_there(server: &HarnessProcess, topic: &str) {
    let config = Config { topics: Topics::Named(vec![Pattern::all()]), start: Start::Earliest, ..Config::default() };
    let mut reader = Reader::open(format!("{}/events", server.url()), config, 1);
    assert_eq!(json(server, topic, note("last")).await.0, 200);
    reader.until(SOON, |items| !items.is_empty()).await;
    let items = reader.items();
    assert!(
        matches!(&items[..], [Item::Event { at, content, .. }] if at.offset.0 == 1 && content.contains("last")),
        "{items:?}"
    );
}

#[tokio::test]
async fn s1_line_breaks_and_control_characters_in_a_name_key_or_topic_are_400_and_nothing_is_published() {
    let server = harness().await;
    let refused = (400, "bad-request".to_owned());
    for name in ["a\nevent: admin\ndata: x", "note\r", "note\r\n", "note\0", "", "nope"] {
        let body = json!({ "event": name, "data": { "text": "x" } });
        assert_eq!(json(&server, "a.b", body).await, refused, "{name:?}");
    }
    for key in ["a\nb", "a\rb", "\0", ""] {
        let body = json!({ "event": "note", "data": { "text": "x" }, "key": key });
        assert_eq!(json(&server, "a.b", body).await, refused, "{key:?}");
    }
    for topic in ["a%0d%0ab", "a%00", "a..b", "a.*", "a%20b", "a%FFb", &"x".repeat(71)] {
        assert_eq!(json(&server, topic, note("x")).await, refused, "{topic}");
    }
    only_a_last_event_is_there(&server, "a.b").await;
}

#[tokio::test]
async fn s7_a_reserved_name_is_400() {
    let server = harness().await;
    for name in ["error", "open", "message", "eventwire.gap", "eventwire.bye"] {
        let body = json!({ "event": name, "data": { "text": "x" } });
        assert_eq!(json(&server, "a.b", body).await, (400, "bad-request".into()), "{name}");
    }
    only_a_last_event_is_there(&server, "a.b").await;
}

#[tokio::test]
async fn s8_a_payload_of_the_largest_size_is_published_and_one_byte_more_is_413() {
    let server = harness().await;
    let room = limits::PAYLOAD - json!({ "text": "" }).to_string().len();
    assert_eq!(json(&server, "a.b", note(&"x".repeat(room + 1))).await, (413, "too-large".into()));
    assert_eq!(json(&server, "a.b", note(&"x".repeat(room))).await.0, 200);
}

#[tokio::test]
async fn a18_what_is_no_json_of_an_event_is_413_415_or_400_and_nothing_of_an_array_is_published() {
    let server = harness().await;
    let event = note("x").to_string();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let large = vec![b' '; 9 << 20];
    let refused: &[(Option<&str>, &[u8], u16, &str)] = &[
        (None, event.as_bytes(), 415, "unsupported-media-type"),
        (Some("text/plain"), event.as_bytes(), 415, "unsupported-media-type"),
        (Some("application/jsonx"), event.as_bytes(), 415, "unsupported-media-type"),
        (Some("application/json"), &large, 413, "too-large"),
        (Some("application/json"), b"{\"event\":\"note\",\"data\":{\"text\":\"\xff\"}}", 400, "bad-request"),
        (Some("application/json"), b"", 400, "bad-request"),
        (Some("application/json"), b"{}", 400, "bad-request"),
        (Some("application/json"), b"{\"event\":\"note\",\"data\":{\"text\":\"a\nb\"}}", 400, "bad-request"),
        (Some("application/json"), b"{\"event\":\"note\",\"data\":{\"text\":1}}", 400, "bad-request"),
        (Some("application/json"), b"{\"event\":\"note\",\"data\":{}}", 400, "bad-request"),
        (Some("application/json"), b"{\"event\":\"note\",\"data\":{\"text\":\"x\"},\"kay\":\"k\"}", 400, "bad-request"),
        (Some("application/json"), deep.as_bytes(), 400, "bad-request"),
    ];
    for (kind, body, status, code) in refused {
        let answer = post(&server, "a.b", *kind, *body).await;
        assert_eq!(
            answer,
            (*status, (*code).to_owned()),
            "{kind:?} {}",
            String::from_utf8_lossy(&body[..body.len().min(80)])
        );
    }
    // The second is wrong: the first is not published either.
    let half = json!([note("x"), { "event": "note", "data": null }]);
    assert_eq!(json(&server, "a.b", half).await, (400, "bad-request".into()));
    only_a_last_event_is_there(&server, "a.b").await;
    assert_eq!(post(&server, "a.b", Some("Application/JSON; charset=utf-8"), event).await.0, 200);
}

#[tokio::test]
async fn an_array_is_published_in_its_order_and_a_key_said_again_answers_with_the_first_position() {
    let server = harness().await;
    let tick = |n: u32| json!({ "event": "tick", "data": { "n": n, "pad": "" }, "key": format!("k{n}") });
    let all: Vec<Value> = (1..=500).map(tick).collect();
    let publish = async |body: &Value| {
        let sent =
            reqwest::Client::new().post(format!("{}/publish/a.b", server.url())).json(body).send().await.unwrap();
        let answer: Value = sent.json().await.unwrap();
        let offset = |at: &Value| at.as_str()?.split_once('-')?.1.parse::<u64>().ok();
        answer["positions"].as_array().unwrap().iter().map(|at| offset(at).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(publish(&Value::Array(all)).await, (1..=500).collect::<Vec<_>>());
    assert_eq!(publish(&json!([tick(7), tick(501), tick(7)])).await, [7, 501, 7]);
    assert_eq!(publish(&tick(8)).await, [8]);
}

#[tokio::test]
async fn pages_of_another_origin_may_listen() {
    let server = harness().await;
    let request = reqwest::Client::new().get(format!("{}/events?topics=a", server.url()));
    let response = request.header("origin", "http://127.0.0.1:1").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}
