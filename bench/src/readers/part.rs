//! The other processes of a part, as the one that directs them sees them: a line is asked, a line is answered.

use serde_json::Value;
use std::{
    error::Error,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A process of ours. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    say: ChildStdin,
    hear: BufReader<ChildStdout>,
}

impl Process {
    pub(super) fn start(role: &str) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["readers", "--role", role])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (say, hear) = pipes.ok_or("a process without pipes")?;
        Ok(Self { child, say, hear: BufReader::new(hear) })
    }

    /// The answer to a command. Every command ends: whoever carries it out has a bound on it.
    pub(super) fn ask(&mut self, command: &str) -> Result<Value, Box<dyn Error>> {
        self.tell(command)?;
        self.answer()
    }

    /// Says a command; the answer is fetched later.
    pub(super) fn tell(&mut self, command: &str) -> Result<(), Box<dyn Error>> {
        writeln!(self.say, "{command}")?;
        Ok(self.say.flush()?)
    }

    pub(super) fn answer(&mut self) -> Result<Value, Box<dyn Error>> {
        let mut line = String::new();
        if self.hear.read_line(&mut line)? == 0 {
            return Err("a process of the bench ended early; what it said stands above".into());
        }
        let answer: Value = serde_json::from_str(&line)?;
        match answer["error"].as_str() {
            Some(error) => Err(error.into()),
            None => Ok(answer),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server, and where it listens.
pub(super) struct Server {
    pub(super) process: Process,
    pub(super) at: String,
}

impl Server {
    /// `drain`: over how many seconds.
    pub(super) fn start(drain: u64) -> Result<Self, Box<dyn Error>> {
        let mut process = Process::start("server")?;
        let at = process.ask(&format!("listen {drain}"))?["at"].as_str().ok_or("no address")?.to_owned();
        Ok(Self { process, at })
    }

    pub(super) fn stats(&mut self) -> Result<Value, Box<dyn Error>> {
        self.process.ask("stats")
    }

    /// Waits until it has this many readers.
    pub(super) fn has_readers(&mut self, expected: u64) -> Result<Value, Box<dyn Error>> {
        let give_up = Instant::now() + Duration::from_secs(120);
        loop {
            let stats = self.stats()?;
            if number(&stats, "readers") == expected {
                return Ok(stats);
            }
            if Instant::now() > give_up {
                return Err(format!("{} readers instead of {expected}", stats["readers"]).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(super) fn number(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or(u64::MAX)
}

/// What must be so.
pub(super) fn expect(what: &str, found: u64, expected: u64) -> Result<(), Box<dyn Error>> {
    if found == expected { Ok(()) } else { Err(format!("{what}: {found} instead of {expected}").into()) }
}

/// Every healthy reader got each event once and in order, and no gap.
pub(super) fn unharmed(got: &Value, readers: u64, events: u64) -> Result<(), Box<dyn Error>> {
    expect("events lost", number(got, "lost"), 0)?;
    expect("events twice or out of order", number(got, "again"), 0)?;
    expect("gaps", number(got, "gaps"), 0)?;
    expect("events delivered", number(got, "got"), readers * events)
}

pub(super) fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}
