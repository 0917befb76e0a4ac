//! SIGTERM and Ctrl-C: the first asks for a drain, the second ends the process.
//!
//! Knows nothing of what a drain is.

use std::io;

/// Listens from its making. Dropping it before a signal came leaves signals to whoever else listens.
pub(super) struct Signals {
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// Whether the first one has come.
    came: bool,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())?, came: false })
    }

    #[cfg(not(unix))]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self { came: false })
    }

    /// Waits for the first signal; its name.
    pub(super) async fn first(&mut self) -> &'static str {
        let name = self.next().await.0;
        self.came = true;
        name
    }

    /// From now on the second signal ends the process. By then a drain is under way or over, and whoever signals again
    /// has lost patience with whatever the program does after it.
    pub(super) fn exit_on_the_next(mut self) {
        if !self.came {
            // The drain was asked for otherwise. The first signal then finds it under way; it must not cut it.
            tokio::spawn(async move {
                self.next().await;
                self.exit().await;
            });
        } else {
            tokio::spawn(self.exit());
        }
    }

    async fn exit(mut self) {
        let (name, code) = self.next().await;
        tracing::warn!(target: "eventwire::serve::exit", signal = name);
        std::process::exit(code);
    }

    #[cfg(unix)]
    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.term.recv() => ("SIGTERM", 128 + 15),
            _ = self.interrupt.recv() => ("SIGINT", 128 + 2),
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> (&'static str, i32) {
        match tokio::signal::ctrl_c().await {
            Ok(()) => ("Ctrl-C", 1),
            Err(_) => std::future::pending().await,
        }
    }
}
