//! The contract's route: a schema that programs fetch, told apart by its hash.

use super::{
    client::{ask, get},
    server::{Server, Under, hub, public},
};

#[tokio::test]
async fn the_contract_is_the_schema_and_its_tag_the_hash() {
    let hub = hub().await;
    let server = Server::start(Under::Ours, public(&hub)).await;
    let reply = get(server.at, "/contract", &[]).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/schema+json")));
    let tag = reply.header("etag").expect("a tag").to_owned();
    assert_eq!(tag, format!("W/\"{}\"", hub.contract().hash()));
    assert_eq!(&reply.json().await, hub.contract().schema());
    let held = get(server.at, "/contract", &[("If-None-Match", tag.as_bytes())]).await;
    assert_eq!(held.status, 304);
    let other = get(server.at, "/contract", &[("If-None-Match", b"W/\"0000000000000000\"")]).await;
    assert_eq!(other.status, 200);
    assert_eq!(ask(server.at, "POST", "/contract", &[("content-length", b"0")]).await.status, 405);
}
