//! Starts the demo's server and starts it again when it ends: after seven seconds if it died, at once if it was asked to.

use serde::Serialize;
use std::{
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
};

/// How long a server that died stays dead: long enough to be seen. What happens meanwhile is what the left loses.
const DEAD: Duration = Duration::from_secs(7);

/// What the supervisor may be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ask {
    /// SIGKILL: no goodbye, no flush.
    Kill,
    /// A deploy: drain, end, start anew.
    Deploy,
}

/// How the server does, for the page.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// `starting`, `running`, `draining` or `dead`.
    pub(crate) state: &'static str,
    /// Since when, in milliseconds of Unix time.
    pub(crate) since: f64,
    /// How often it was started.
    pub(crate) starts: u32,
}

/// A handle on the supervisor. A clone is another handle on the same server.
#[derive(Clone)]
pub(crate) struct Supervisor {
    asks: mpsc::Sender<Ask>,
    health: Arc<Mutex<Health>>,
}

/// How the server is started.
pub(crate) struct Plan {
    /// The server's port on loopback.
    pub(crate) port: u16,
    /// The port of the publisher's own doors, which the page is told.
    pub(crate) control: u16,
    /// Where it keeps its events and its access log.
    pub(crate) data: PathBuf,
    /// Where the built page is.
    pub(crate) page: PathBuf,
    /// What the publisher shows to be let in.
    pub(crate) secret: String,
}

impl Supervisor {
    /// A supervisor, and what runs it.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Ask>) {
        // Two buttons; whoever presses faster than the server dies is not heard twice.
        let (asks, asked) = mpsc::channel(1);
        let health = Health { state: "starting", since: eventwire_demo::now(), starts: 0 };
        (Self { asks, health: Arc::new(Mutex::new(health)) }, asked)
    }

    /// Asks for something; false if the last wish is still being carried out.
    pub(crate) fn ask(&self, ask: Ask) -> bool {
        self.health().state == "running" && self.asks.try_send(ask).is_ok()
    }

    /// How the server does.
    pub(crate) fn health(&self) -> Health {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs the server until it cannot be started at all.
    pub(crate) async fn run(self, plan: Plan, mut asked: mpsc::Receiver<Ask>) -> io::Result<()> {
        loop {
            self.now("starting");
            let mut child = start(&plan)?;
            // Out of the child: to wait for it would close its standard input, which is how it is asked to end.
            let mut door = child.stdin.take();
            let ready = ready(&mut child).await;
            if !ready && self.health().starts == 0 {
                let status = child.wait().await?;
                return Err(io::Error::other(format!(
                    "the server did not start ({status}); its own words stand above"
                )));
            }
            if ready {
                self.health.lock().unwrap_or_else(PoisonError::into_inner).starts += 1;
                self.now("running");
            }
            let mut asked_to = false;
            let status: ExitStatus = loop {
                tokio::select! {
                    status = child.wait() => break status?,
                    Some(ask) = asked.recv() => match ask {
                        Ask::Kill => child.start_kill()?,
                        Ask::Deploy => {
                            asked_to = true;
                            self.now("draining");
                            // The server drains and ends when its standard input closes.
                            door = None;
                        }
                    },
                }
            };
            if !asked_to || !status.success() {
                self.now("dead");
                tokio::time::sleep(DEAD).await;
            }
            drop(door);
            while asked.try_recv().is_ok() {}
        }
    }

    fn now(&self, state: &'static str) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        (health.state, health.since) = (state, eventwire_demo::now());
    }
}

fn start(plan: &Plan) -> io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg("serve")
        .arg("--port")
        .arg(plan.port.to_string())
        .arg("--control")
        .arg(plan.control.to_string())
        .arg("--data")
        .arg(&plan.data)
        .arg("--page")
        .arg(&plan.page)
        .env("EVENTWIRE_DEMO_SECRET", &plan.secret)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// Whether the server said `listening`; what else it says is passed on.
async fn ready(child: &mut Child) -> bool {
    let Some(out) = child.stdout.take() else { return false };
    let mut lines = BufReader::new(out).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.starts_with("listening") {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return true;
        }
        eprintln!("server: {line}");
    }
    false
}
