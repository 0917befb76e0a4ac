//! A bad network between readers and a server: a TCP proxy whose connections have faults, each as its number decides.
//!
//! What the server says is late, cut, reset, trickles, stops for ever, or never comes; what the client asks passes as it
//! is. Knows no HTTP.

use socket2::SockRef;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
    time::sleep,
};

/// What is wrong with one connection, in the direction of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each piece comes so much later.
    Delay(Duration),
    /// After so many bytes it ends as if the server had closed it.
    Cut(u64),
    /// After so many bytes it is reset.
    Reset(u64),
    /// One byte at a time, so far apart.
    Trickle(Duration),
    /// After so many bytes nothing comes any more, and nobody says so.
    HalfOpen(u64),
    /// It is accepted, and that is all.
    BlackHole,
}

/// A running proxy. Dropping it ends it and all its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    accepted: Arc<AtomicU64>,
    cut: broadcast::Sender<()>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port of this machine. The `n`th connection, from 0, has the fault that `plan` gives it.
    pub async fn start(upstream: SocketAddr, plan: impl Fn(u64) -> Fault + Send + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let accepted = Arc::new(AtomicU64::new(0));
        let (cut, _) = broadcast::channel(1);
        let (count, ends) = (accepted.clone(), cut.clone());
        let task = tokio::spawn(async move {
            // Connections end with the set, and the set with this task.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let fault = plan(count.fetch_add(1, Ordering::Relaxed));
                let mut end = ends.subscribe();
                connections.spawn(async move {
                    tokio::select! {
                        // Either side may be gone: that is what is tried here.
                        _ = carry(client, upstream, fault) => {}
                        _ = end.recv() => {}
                    }
                });
            }
        });
        Ok(Self { address, accepted, cut, task })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections there were.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Ends every connection there is.
    pub fn cut_all(&self) {
        // Nobody to be told is as good.
        let _ = self.cut.send(());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, upstream: SocketAddr, fault: Fault) -> std::io::Result<()> {
    if fault == Fault::BlackHole {
        std::future::pending::<()>().await;
    }
    let server = TcpStream::connect(upstream).await?;
    // Thousands of connections to one port: none may linger.
    reset_on_close(&server)?;
    if let Fault::Reset(_) = fault {
        reset_on_close(&client)?;
    }
    let (mut from_client, mut to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let asked = async {
        copy(&mut from_client, &mut to_server).await?;
        // The client is done asking; it still reads.
        std::future::pending::<std::io::Result<()>>().await
    };
    tokio::select! {
        asked = asked => asked,
        said = say(from_server, &mut to_client, fault) => said,
    }
}

async fn say(
    mut from: tokio::net::tcp::OwnedReadHalf,
    to: &mut tokio::net::tcp::OwnedWriteHalf,
    fault: Fault,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 16 << 10];
    let mut left = match fault {
        Fault::Cut(after) | Fault::Reset(after) | Fault::HalfOpen(after) => after,
        _ => u64::MAX,
    };
    loop {
        if left == 0 {
            match fault {
                Fault::HalfOpen(_) => std::future::pending::<()>().await,
                _ => return Ok(()),
            }
        }
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let n = from.read(&mut bytes[..room]).await?;
        if n == 0 {
            return Ok(());
        }
        left = left.saturating_sub(n as u64);
        match fault {
            Fault::Trickle(apart) => {
                for byte in bytes[..n].chunks(1) {
                    to.write_all(byte).await?;
                    sleep(apart).await;
                }
            }
            Fault::Delay(late) => {
                sleep(late).await;
                to.write_all(&bytes[..n]).await?;
            }
            _ => to.write_all(&bytes[..n]).await?,
        }
    }
}

fn reset_on_close(stream: &TcpStream) -> std::io::Result<()> {
    SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
