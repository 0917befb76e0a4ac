//! The harness hub as a process of its own: started, killed, started again on the same port and store.
//!
//! Every wait is bounded, and a process left behind is killed with its handle.

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

/// How long a start or an end may take on any machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running harness hub. Dropping it kills it.
#[derive(Debug)]
pub struct HarnessProcess {
    program: PathBuf,
    args: Vec<String>,
    child: Child,
    port: u16,
}

impl HarnessProcess {
    /// Starts `program` (in an integration test `env!("CARGO_BIN_EXE_harness")`) with `args`, but for `--listen`, and
    /// waits until it listens.
    ///
    /// # Panics
    /// When it does not, with what it said.
    pub async fn start(program: impl AsRef<Path>, args: &[&str]) -> Self {
        let (program, args) = (program.as_ref().to_owned(), args.iter().map(ToString::to_string).collect::<Vec<_>>());
        let (child, port) = spawn(&program, &args, 0).await;
        Self { program, args, child, port }
    }

    /// Its address, the same after every restart.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub async fn kill(&mut self) {
        let killed = timeout(PATIENCE, self.child.kill()).await;
        killed.expect("a killed process ends").expect("it can be killed");
    }

    /// Asks it to drain, with SIGTERM, and waits until it is gone.
    pub async fn terminate(&mut self) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(sent.expect("kill runs").success(), "process {pid} is there");
        timeout(PATIENCE, self.child.wait()).await.expect("a drain ends").expect("it can be waited for");
    }

    /// Starts it again, on the same port and with the same options.
    pub async fn start_again(&mut self) {
        (self.child, self.port) = spawn(&self.program, &self.args, self.port).await;
    }

    /// As [`Self::start_again`], but for the value of one option it was started with.
    ///
    /// # Panics
    /// When it was started without this option.
    pub async fn start_again_with(&mut self, option: &str, value: &str) {
        let at = self.args.iter().position(|arg| arg == option);
        let at = at.unwrap_or_else(|| panic!("{:?} hold no {option}", self.args));
        value.clone_into(&mut self.args[at + 1]);
        self.start_again().await;
    }

    /// Whether it was neither killed nor asked to end since it was started.
    pub fn is_running(&self) -> bool {
        self.child.id().is_some()
    }

    /// The bytes of memory it has, where the system says so.
    pub fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1_024)
    }

    /// What `GET /stats` says.
    pub async fn stats(&self) -> Value {
        let response = reqwest::get(format!("{}/stats", self.url())).await.expect("the harness answers");
        response.json().await.expect("stats are JSON")
    }
}

async fn spawn(program: &Path, args: &[String], port: u16) -> (Child, u16) {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let mut child = Command::new(program)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(args)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", program.display()));
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("it was piped"));
        timeout(PATIENCE, out.read_line(&mut line)).await.expect("the harness gets ready").expect("its output is text");
        let found = line.trim().strip_prefix("listening http://127.0.0.1:").and_then(|port| port.parse().ok());
        if let Some(port) = found {
            return (child, port);
        }
        // While nobody listened there, the system may have given its port to the end of somebody's connection.
        let again = port != 0 && Instant::now() < give_up;
        assert!(again, "the harness with {args:?} did not get ready, it said {line:?}");
        sleep(Duration::from_millis(50)).await;
    }
}
