//! The door: accepts sockets, tunes them, and rests when the process has no file descriptor left.
//!
//! Knows nothing of HTTP.

use super::{Peer, socket};
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};

/// How long the door rests after an error that the next call would meet again.
pub(super) const REST: Duration = Duration::from_millis(200);

/// Where connections come from. It never ends and never fails: what goes wrong is waited out.
pub(super) trait Accept: Send {
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn accept(&self) -> impl Future<Output = (Self::Io, Peer)> + Send;
}

/// What the door needs of a listener; a test has one that fails.
pub(super) trait Listen: Send + Sync {
    type Io: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    fn next(&self) -> impl Future<Output = io::Result<(Self::Io, Peer)>> + Send;
}

pub(super) struct Door<L>(L);

impl<L> Door<L> {
    pub(super) fn new(listener: L) -> Self {
        Self(listener)
    }
}

impl Listen for TcpListener {
    type Io = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        socket::tune(&stream);
        Ok((stream, peer))
    }
}

impl<L: Listen> Accept for Door<L> {
    type Io = L::Io;

    async fn accept(&self) -> (L::Io, Peer) {
        loop {
            match self.0.next().await {
                Ok(accepted) => return accepted,
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Mostly EMFILE: the waiting connection stays in the queue, so without a rest the loop would spin.
                    tracing::warn!(target: "eventwire::serve::accept_failed", %error);
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }
}

/// The peer left between the handshake and us; the next one may be fine.
fn is_the_peers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
