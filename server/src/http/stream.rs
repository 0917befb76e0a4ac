//! From a request and what the app grants to a stream: the one way into a hub over HTTP.
//!
//! Decides nothing about events; the session does.

use super::{Access, EventStream, Problem, Subscribe};
use crate::{hub::Core, serve::Drains};
use std::{pin::Pin, sync::Arc, time::Duration};

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
