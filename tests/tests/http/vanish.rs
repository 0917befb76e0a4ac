//! Row N3: a peer that is gone without a word, as when a phone leaves its network.
//!
//! The network has to fail for that. So the test runs again in a network of its own, where it may switch the loopback
//! device off.

use super::{
    client::get,
    server::{Server, Under, builder, public},
};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const INSIDE: &str = "EVENTWIRE_TEST_OWN_NETWORK";

#[test]
fn n3_a_peer_that_vanished_is_forgotten_though_the_kernel_takes_every_write() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(vanish());
    }
    let program = std::env::current_exe().expect("this program");
    let name = "vanish::n3_a_peer_that_vanished_is_forgotten_though_the_kernel_takes_every_write";
    let again = Command::new("unshare")
        .args(["--map-root-user", "--net"])
        .arg(program)
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .status()
        .expect("`unshare` of util-linux starts; without it this row cannot be tried");
    assert!(
        again.success(),
        "in a network of its own: {again}; `unshare --map-root-user --net true` tells if it is allowed"
    );
}

fn loopback(state: &str) {
    let set = Command::new("ip").args(["link", "set", "lo", state]).status().expect("`ip` of iproute2 starts");
    assert!(set.success(), "{set}");
}

async fn vanish() {
    loopback("up");
    let hub = builder().heartbeat(Duration::from_secs(1)).build().await.expect("a hub");
    let server = Server::start(Under::Ours, public(&hub)).await;
    let mut stream = get(server.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    loopback("down");
    // Thirty seconds and a heartbeat; the kernel by itself would go on for a quarter of an hour.
    let give_up = Instant::now() + Duration::from_secs(120);
    while hub.stats().readers > 0 {
        assert!(Instant::now() < give_up, "the reader is still believed in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(stream);
}
