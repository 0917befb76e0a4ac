//! `examples/secure.rs`, asked by strangers and by people of two tenants. Rows A4, A7, A10, A11, A14 and A24.

#[path = "../../../server/examples/secure.rs"]
#[allow(dead_code, reason = "its `main` is not run here")]
mod example;

use super::{
    client::{ask, get},
    server::{Server, Under},
};
use eventwire_server::Hub;
use example::{App, Shop, User, app};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

const ADA: (&str, &[u8]) = ("Cookie", b"session=ada");

async fn shop() -> (App, Server) {
    let hub = Hub::<Shop>::builder().build().await.expect("a hub");
    let expires = SystemTime::now() + Duration::from_secs(3600);
    let user =
        |id: &str, tenant: &str, expires| (id.to_owned(), User { id: id.into(), tenant: tenant.into(), expires });
    let users =
        [user("ada", "acme", expires), user("grace", "globex", expires), user("old", "acme", SystemTime::UNIX_EPOCH)];
    let state = App { hub, sessions: Arc::new(Mutex::new(HashMap::from(users))) };
    let server = Server::start(Under::Ours, app(state.clone())).await;
    (state, server)
}

async fn moved(shop: &App, tenant: &str, order: u32) -> String {
    let event = Shop::OrderMoved { order, state: "shipped".into() };
    shop.hub.publish(format!("orders.{tenant}"), &event).await.expect("accepted").to_string()
}

#[tokio::test]
async fn a4_a7_without_a_session_that_holds_it_is_401_whatever_stands_in_the_url() {
    let (shop, server) = shop().await;
    for (target, headers) in [
        ("/events", &[] as &[(&str, &[u8])]),
        ("/events?access_token=ada", &[]),
        ("/events?session=ada", &[]),
        ("/events", &[("Cookie", b"session=nobody")]),
        ("/events", &[("Cookie", b"session=old")]),
    ] {
        let reply = get(server.at, target, headers).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{target} {headers:?}");
        assert_eq!(reply.json().await["code"], "unauthorized");
    }
    assert_eq!(shop.hub.stats().readers, 0);
}

#[tokio::test]
async fn another_tenants_topics_are_403() {
    let (_, server) = shop().await;
    assert_eq!(get(server.at, "/events?topics=orders.globex", &[ADA]).await.status, 403);
    assert_eq!(get(server.at, "/events?topics=**", &[ADA]).await.status, 403);
    assert_eq!(get(server.at, "/events?topics=orders.acme", &[ADA]).await.status, 200);
}

#[tokio::test]
async fn a24_narrower_access_on_resume_replays_no_event_it_does_not_grant() {
    let (shop, server) = shop().await;
    let seen = moved(&shop, "acme", 1).await;
    moved(&shop, "acme", 2).await;
    moved(&shop, "globex", 3).await;
    // Ada changes sides while her page is away.
    shop.sessions.lock().unwrap().get_mut("ada").expect("ada").tenant = "globex".into();
    let mut stream = get(server.at, "/events", &[ADA, ("Last-Event-ID", seen.as_bytes())]).await;
    let story = stream.story_until("cursor \"live\"").await;
    assert!(story.contains("\"order\":3") && !story.contains("\"order\":2"), "{story}");
    assert!(story.starts_with("hello [\"orders.globex\",\"prices.*\"]"), "{story}");
}

#[tokio::test]
async fn logging_out_ends_the_users_streams_and_no_others() {
    let (shop, server) = shop().await;
    let mut ada = get(server.at, "/events", &[ADA]).await;
    let mut grace = get(server.at, "/events", &[("Cookie", b"session=grace")]).await;
    ada.story_until("cursor \"live\"").await;
    grace.story_until("cursor \"live\"").await;
    assert_eq!(ask(server.at, "POST", "/logout", &[ADA, ("content-length", b"0")]).await.status, 200);
    assert_eq!(ada.expect("eventwire.bye").await.data["reason"], "auth");
    assert_eq!(get(server.at, "/events", &[ADA]).await.status, 401);
    moved(&shop, "globex", 4).await;
    assert_eq!(grace.expect("orderMoved").await.data["order"], 4);
}

#[tokio::test]
async fn a11_a14_only_listed_origins_may_read_with_credentials() {
    let (_, server) = shop().await;
    let allowed = get(server.at, "/events", &[ADA, ("Origin", b"https://shop.example")]).await;
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://shop.example"));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    for foreign in ["https://evil.example", "null", "https://shop.example.evil.example", "https://shop.example:8443"] {
        let reply = get(server.at, "/events", &[ADA, ("Origin", foreign.as_bytes())]).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{foreign}");
    }
    let preflight: &[(&str, &[u8])] = &[
        ("Origin", b"https://shop.example"),
        ("Access-Control-Request-Method", b"GET"),
        ("Access-Control-Request-Headers", b"last-event-id"),
    ];
    let reply = ask(server.at, "OPTIONS", "/events", preflight).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://shop.example"));
    assert!(reply.header("access-control-allow-headers").is_some_and(|names| names.contains("last-event-id")));
}
