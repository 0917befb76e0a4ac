//! A hub of the tests' own, behind a real socket: under `axum::serve` and under `eventwire_server::serve`.

use axum::Router;
use eventwire_server::{Builder, Hub};
use serde::{Deserialize, Serialize};
use std::{io, net::SocketAddr};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

#[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Test {
    /// Small.
    Tick { n: u32 },
    /// As large as one likes.
    Note { text: String },
}

/// Who accepts the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    Axum,
    Ours,
}

impl Under {
    pub(crate) const BOTH: [Self; 2] = [Self::Axum, Self::Ours];
}

/// A running server. Dropping it stops it where it stands.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<io::Result<()>>,
}

pub(crate) fn builder() -> Builder<Test> {
    Hub::builder()
}

pub(crate) async fn hub() -> Hub<Test> {
    builder().build().await.expect("a hub")
}

/// The hub's public route at `/events`, its contract at `/contract`.
pub(crate) fn public(hub: &Hub<Test>) -> Router {
    Router::new().route("/events", hub.public_route()).route("/contract", hub.contract_route())
}

pub(crate) async fn tick(hub: &Hub<Test>, topic: &str, n: u32) -> String {
    hub.publish(topic, &Test::Tick { n }).await.expect("accepted").to_string()
}

impl Server {
    pub(crate) async fn start(under: Under, app: Router) -> Self {
        Self::start_with_drain(under, app, std::time::Duration::from_secs(20)).await
    }

    pub(crate) async fn start_with_drain(under: Under, app: Router, over: std::time::Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        let running = match under {
            Under::Axum => {
                tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(stopped).await })
            }
            Under::Ours => tokio::spawn(async move {
                let serve = eventwire_server::serve(listener, app);
                serve.drain(over).until(stopped).await
            }),
        };
        Self { at, stop: Some(stop), running }
    }

    /// Asks the server to end in good order.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(mut self) {
        super::client::eventually("the server's end", &mut self.running).await.expect("no panic").expect("no error");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.abort();
    }
}
