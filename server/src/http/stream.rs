//! From a request and what the app grants to a stream: the one way into a hub over HTTP, and its ready-made routes.
//!
//! Decides nothing about events; the session does.

use super::{Access, EventStream, Problem, Subscribe, routes};
use crate::{
    hub::{Core, Hub},
    serve::Drains,
};
use axum::routing::MethodRouter;
use std::{pin::Pin, sync::Arc, time::Duration};

impl<E> Hub<E> {
    /// Answers a request with a stream of what it asks and `access` grants.
    ///
    /// Asked patterns are granted whole or not at all; without any, all that access grants is in force. What is not
    /// granted is named in `hello`, and a reader's page is told. What a resuming reader missed is replayed under the
    /// access it has now, not the one it had.
    ///
    /// ```
    /// # use axum::extract::State;
    /// # use eventwire_server::{Access, EventStream, Hub, Problem, Subscribe};
    /// # struct User { id: String }
    /// # impl<S: Send + Sync> axum::extract::FromRequestParts<S> for User {
    /// #     type Rejection = Problem;
    /// #     async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Self, Problem> {
    /// #         Err(Problem::unauthorized())
    /// #     }
    /// # }
    /// async fn events<E>(user: User, State(hub): State<Hub<E>>, want: Subscribe) -> Result<EventStream, Problem> {
    ///     hub.stream(want, Access::to([format!("orders.{}", user.id), "prices.*".into()]).principal(user.id))
    /// }
    /// ```
    ///
    /// # Errors
    /// 403 if nothing of what is asked is granted; the same for topics that exist and that do not.
    pub fn stream(&self, want: Subscribe, access: Access) -> Result<EventStream, Problem> {
        stream(self.core(), want, access)
    }

    /// Everything for everyone: a route that streams all topics to whoever asks. It takes no part in whatever login
    /// the app has.
    pub fn public_route<S>(&self) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        routes::public(self.core().clone())
    }

    /// The JSON Schema of the events, from which `npx eventwire types` writes TypeScript. Its `ETag` is the contract's
    /// hash.
    pub fn contract_route<S>(&self) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let contract = self.contract();
        routes::contract(contract.schema().to_string(), contract.hash())
    }
}

pub(super) fn stream(core: &Arc<Core>, want: Subscribe, access: Access) -> Result<EventStream, Problem> {
    let Subscribe { request, head_only, drain } = want;
    let join = access.grant(request)?;
    if head_only {
        return Ok(EventStream::head_only());
    }
    if let Some(drain) = drain {
        drain.tell(core);
    }
    Ok(EventStream::of(core.join(join)))
}

impl Drains for Core {
    fn drain(&self, over: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(Core::drain(self, over))
    }
}
