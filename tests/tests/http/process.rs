//! Rows N12 and N16 on a real process, and the harness as a process for the other rows: what signals and limits do.

use super::client::{End, Event, eventually, get, until};
use std::{fs, net::SocketAddr, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running harness hub. Dropping it kills it.
pub(crate) struct Harness {
    child: Child,
    pub(crate) at: SocketAddr,
    http: reqwest::Client,
}

impl Harness {
    pub(crate) async fn start(args: &[&str]) -> Self {
        Self::limited("true", args).await
    }

    /// In a shell that has set a limit first.
    pub(crate) async fn limited(limit: &str, args: &[&str]) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("{limit} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_harness")])
            .args(args)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the harness");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = eventually("where it listens", lines.next_line()).await.expect("text").expect("a line");
        let at = line.strip_prefix("listening http://").and_then(|at| at.parse().ok());
        let at = at.unwrap_or_else(|| panic!("no address in {line:?}"));
        Self { child, at, http: reqwest::Client::new() }
    }

    async fn signal(&self, name: &str) {
        let pid = self.pid();
        assert!(Command::new("kill").args([name, &pid]).status().await.expect("kill").success());
    }

    fn pid(&self) -> String {
        self.child.id().expect("it runs").to_string()
    }

    async fn exit(&mut self) -> std::process::ExitStatus {
        eventually("its exit", self.child.wait()).await.expect("a status")
    }

    /// File descriptors it holds.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid())).map_or(0, Iterator::count)
    }

    /// Processor time it has used.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("its statistics");
        let after_name = stat.rsplit(')').next().expect("fields");
        let ticks: u64 = after_name.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>).sum();
        // Linux counts in hundredths for every program.
        Duration::from_millis(ticks * 10)
    }

    /// Whether all of its threads are stopped.
    fn stands_still(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).expect("its threads");
        threads.flatten().all(|thread| {
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|fields| fields.trim_start().starts_with('T'))
        })
    }

    /// A publisher whose connection stands already.
    pub(crate) async fn publisher(&self) -> Publisher {
        let publisher = Publisher { http: self.http.clone(), at: self.at };
        publisher.publish("warm", 0).await;
        publisher
    }

    pub(crate) async fn post(&self, path: &str) {
        let sent = self.http.post(format!("http://{}{path}", self.at)).send();
        assert!(eventually("an answer", sent).await.expect("an answer").status().is_success());
    }
}

#[derive(Clone)]
pub(crate) struct Publisher {
    http: reqwest::Client,
    at: SocketAddr,
}

impl Publisher {
    pub(crate) async fn publish(&self, topic: &str, n: u32) {
        self.padded(topic, n, 0).await;
    }

    async fn padded(&self, topic: &str, n: u32, bytes: usize) {
        let event = serde_json::json!({ "event": "tick", "data": { "n": n, "pad": "x".repeat(bytes) } });
        let send = || self.http.post(format!("http://{}/publish/{topic}", self.at)).json(&event).send();
        let answer = match eventually("an answer", send()).await {
            Ok(answer) => answer,
            // A connection on which nothing was asked for ten seconds is closed, also while the next request is on its way.
            Err(_) => eventually("an answer", send()).await.expect("an answer"),
        };
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("all of it");
    }
}

/// One tick with so much padding, over a connection of its own.
pub(crate) async fn publish(at: SocketAddr, topic: &str, n: u32, bytes: usize) {
    Publisher { http: reqwest::Client::new(), at }.padded(topic, n, bytes).await;
}

#[tokio::test]
async fn n12_sigterm_says_bye_to_every_stream_and_the_process_exits() {
    let mut harness = Harness::start(&["--drain", "8"]).await;
    let at = harness.at;
    let mut streams = [get(at, "/events", &[]).await, get(at, "/events?topics=a", &[]).await];
    for stream in &mut streams {
        stream.story_until("cursor \"live\"").await;
    }
    harness.signal("-TERM").await;
    for stream in &mut streams {
        assert_eq!(stream.expect("eventwire.bye").await.data["reason"], "drain");
        assert_eq!(stream.end().await, End::Clean);
    }
    let status = harness.exit().await;
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn n12_the_second_sigterm_exits_at_once() {
    let mut harness = Harness::start(&["--drain", "600"]).await;
    let at = harness.at;
    let mut streams = Vec::new();
    for _ in 0..8 {
        let mut stream = get(at, "/events", &[]).await;
        stream.story_until("cursor \"live\"").await;
        streams.push(stream);
    }
    harness.signal("-TERM").await;
    until("nobody new is let in", || std::net::TcpStream::connect(at).is_err()).await;
    harness.signal("-TERM").await;
    let status = harness.exit().await;
    assert_eq!(status.code(), Some(128 + 15));
}

#[tokio::test]
async fn n16_after_a_pause_of_the_process_nobody_gets_what_is_no_longer_granted_nor_a_burst_nor_anything_twice() {
    const BEAT: Duration = Duration::from_millis(200);
    let harness = Harness::start(&["--heartbeat", "200", "--drain", "1"]).await;
    let publisher = harness.publisher().await;
    // Who asked first is let in first: when the second is live, the first would be.
    let mut expiring = get(harness.at, "/events?for=3000", &[]).await;
    let mut stream = get(harness.at, "/events", &[]).await;
    stream.story_until("cursor \"live\"").await;
    let live = std::time::Instant::now();
    harness.signal("-STOP").await;
    // One thread takes the signal; on a busy machine the others run on until it has had its turn.
    until("every thread stands still", || harness.stands_still()).await;
    let before = live.elapsed();
    // Waits in the stopped process's socket until it goes on, long after the grant has ended.
    let published = tokio::spawn(async move { publisher.publish("a", 1).await });
    // The pause is the fault: twenty heartbeats long.
    tokio::time::sleep(BEAT * 20).await;
    harness.signal("-CONT").await;
    let went_on = std::time::Instant::now();
    published.await.expect("published");
    let (mut beats, mut ticks) = (0, 0);
    publish(harness.at, "a", 2, 0).await;
    loop {
        let event = stream.next().await.expect("the stream lives");
        match event.name.as_str() {
            "eventwire.cursor" => beats += 1,
            "tick" => {
                ticks += 1;
                assert_eq!(event.data["n"], ticks);
                if ticks == 2 {
                    break;
                }
            }
            other => panic!("{other}"),
        }
    }
    // Some came before the pause; after it there is one for all that were missed, and then one at a time.
    let since = 3 + (before + went_on.elapsed()).as_millis() / BEAT.as_millis();
    assert!(beats <= since + 10, "{beats} heartbeats where {since} were due");
    let mut said = Vec::new();
    while let Ok(event) = expiring.next().await {
        said.push(event);
    }
    let bye = said.pop().expect("a bye");
    assert_eq!((bye.name.as_str(), &bye.data["reason"]), ("eventwire.bye", &"auth".into()));
    let ours = |event: &Event| ["eventwire.hello", "eventwire.cursor"].contains(&event.name.as_str());
    assert!(said.iter().all(ours), "nothing after the grant's end: {said:?}");
}
