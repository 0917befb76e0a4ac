//! A socket that keeps time: the first bytes must come, and a blocked write must move again.
//!
//! Knows nothing of HTTP but how its second version begins, since hyper waits for that without a clock.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// How HTTP/2 begins. Until a connection has shown whether it does, hyper-util has no timeout on it.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Closes (by an error) a connection that says nothing, and one whose peer stopped reading.
pub(super) struct Timed<T> {
    io: T,
    opening: Option<Box<Opening>>,
    /// Runs while a write is blocked; an idle stream holds no timer.
    blocked: Option<Pin<Box<Sleep>>>,
    patience: Duration,
}

struct Opening {
    deadline: Pin<Box<Sleep>>,
    /// How many bytes of the preface have been seen.
    seen: usize,
}

impl<T> Timed<T> {
    /// `opening`: how long the first words may take. `patience`: how long a write may be blocked.
    pub(super) fn new(io: T, opening: Duration, patience: Duration) -> Self {
        let opening = Opening { deadline: Box::pin(sleep(opening)), seen: 0 };
        Self { io, opening: Some(Box::new(opening)), blocked: None, patience }
    }

    /// Judges a write: one that moved clears the clock, one that did not starts it.
    fn judge<R>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        match outcome {
            Poll::Ready(outcome) => {
                self.blocked = None;
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                let patience = self.patience;
                let clock = self.blocked.get_or_insert_with(|| Box::pin(sleep(patience)));
                ready!(clock.as_mut().poll(cx));
                tracing::debug!(target: "eventwire::serve::blocked", patience = ?patience);
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer has stopped reading")))
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Timed<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let outcome = Pin::new(&mut this.io).poll_read(cx, buf);
        let Some(opening) = &mut this.opening else {
            return outcome;
        };
        match outcome {
            Poll::Ready(outcome) => {
                let came = &buf.filled()[before..];
                let rest = &PREFACE[opening.seen..];
                let upto = came.len().min(rest.len());
                opening.seen += upto;
                // Decided: from here on hyper's own clocks run.
                if upto == 0 || came[..upto] != rest[..upto] || opening.seen == PREFACE.len() {
                    this.opening = None;
                }
                Poll::Ready(outcome)
            }
            Poll::Pending => {
                ready!(opening.deadline.as_mut().poll(cx));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer said nothing")))
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Timed<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write(cx, buf);
        self.judge(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.judge(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
