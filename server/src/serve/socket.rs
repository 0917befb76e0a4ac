//! What an accepted socket is told. Failure of an option is logged and survived: a stream without it still works.

use socket2::SockRef;
use std::{io, time::Duration};
use tokio::net::TcpStream;

/// A peer that acknowledges nothing for this long is gone: the kernel alone would believe in it for a quarter of an hour.
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes the kernel may hold that are not on their way yet. Bounds what a reader that does not read costs, without
/// bounding what a fast one has in flight, as a small `SO_SNDBUF` would: on loopback a peer that never reads is sent
/// 193 KB before its socket blocks, instead of 4.3 MB.
const UNSENT: u32 = 64 << 10;

pub(super) fn tune(stream: &TcpStream) {
    // An event must not wait for the acknowledgement of the one before it.
    note("TCP_NODELAY", stream.set_nodelay(true));
    let socket = SockRef::from(stream);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        note("TCP_USER_TIMEOUT", socket.set_tcp_user_timeout(Some(USER_TIMEOUT)));
        note("TCP_NOTSENT_LOWAT", socket.set_tcp_notsent_lowat(UNSENT));
    }
    // Elsewhere the size of the send buffer is the only bound there is.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = USER_TIMEOUT;
        note("SO_SNDBUF", socket.set_send_buffer_size(UNSENT as usize));
    }
}

fn note(option: &'static str, outcome: io::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(target: "eventwire::serve::socket_option", option, %error);
    }
}
