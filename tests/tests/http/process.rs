//! Row N12 on a real process: what signals do.

use super::client::{End, eventually, get, until};
use std::{net::SocketAddr, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The harness, draining over this many seconds.
async fn harness(drain: &str) -> (Child, SocketAddr) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_harness"))
        .args(["--drain", drain])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the harness");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let line = eventually("where it listens", lines.next_line()).await.expect("text").expect("a line");
    let at = line.strip_prefix("listening http://").and_then(|at| at.parse().ok());
    (child, at.unwrap_or_else(|| panic!("no address in {line:?}")))
}

async fn terminate(child: &Child) {
    let pid = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill").success());
}

#[tokio::test]
async fn n12_sigterm_says_bye_to_every_stream_and_the_process_exits() {
    let (mut child, at) = harness("1").await;
    let mut streams = [get(at, "/events", &[]).await, get(at, "/events?topics=a", &[]).await];
    for stream in &mut streams {
        stream.story_until("cursor \"live\"").await;
    }
    terminate(&child).await;
    for stream in &mut streams {
        assert_eq!(stream.expect("eventwire.bye").await.data["reason"], "drain");
        assert_eq!(stream.end().await, End::Clean);
    }
    let status = eventually("its exit", child.wait()).await.expect("a status");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn n12_the_second_sigterm_exits_at_once() {
    let (mut child, at) = harness("600").await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = get(at, "/events", &[]).await;
        stream.story_until("cursor \"live\"").await;
        streams.push(stream);
    }
    terminate(&child).await;
    until("nobody new is let in", || std::net::TcpStream::connect(at).is_err()).await;
    terminate(&child).await;
    let status = eventually("its exit", child.wait()).await.expect("a status");
    assert_eq!(status.code(), Some(128 + 15));
}
