//! The hub as an app holds it: typed publishing, and what operators ask.

use super::{
    Core, SessionInfo, Stats,
    builder::Builder,
    clock::Clock,
    feed::Feed,
    keys::Keys,
    publish::{IntoTopic, PublishError},
};
use eventwire::{EventName, Events, Payload, Position, Topic};
use eventwire_contract::Contract;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// One order of events, typed by the enum they are variants of. A handle: clones are the same hub, and when the last is
/// dropped every stream is told `bye`.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Debug, Clone, Serialize, Deserialize, schemars::JsonSchema, eventwire::Events)]
/// # #[serde(rename_all = "camelCase")]
/// # enum Shop { PriceChanged { sku: String, cents: u32 } }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use eventwire_server::Hub;
///
/// let hub = Hub::<Shop>::builder().latest("prices.*").build().await?;
/// let position = hub.publish("prices.acme", &Shop::PriceChanged { sku: "acme-1".into(), cents: 1299 }).await?;
/// assert_eq!(hub.position(), position);
/// # Ok(())
/// # }
/// ```
pub struct Hub<E> {
    inner: Arc<Inner>,
    _events: PhantomData<fn() -> E>,
}

pub(super) struct Inner {
    pub(super) core: Arc<Core>,
    pub(super) contract: Contract,
    pub(super) way: Way,
    /// Events that could not be written.
    pub(super) refused: AtomicU64,
}

/// Which function accepts.
pub(super) enum Way {
    /// Without a store the log gives the offset. The lock is held over look-up and publishing: two publishes of one key
    /// are one event.
    Memory { keys: Mutex<Keys>, clock: Clock },
    /// The loop that owns the store.
    Store(Feed),
}

impl<E: Events + Serialize + JsonSchema> Hub<E> {
    /// A hub with everything at its default: in memory, ten minutes or 64 MiB.
    pub fn builder() -> Builder<E> {
        Builder::new()
    }

    /// Publishes an event. With a store it resolves once the event is durable in the store's mode, and no reader sees
    /// it before.
    ///
    /// Never waits for a reader. A future dropped half-way loses nothing: the event is accepted, or was never sent.
    ///
    /// While a store is away publishes wait for it, ten seconds at most; then they are answered without it: what it was
    /// not handed yet is refused, of what it was handed nobody can say.
    ///
    /// # Errors
    /// A topic that is none, an event that cannot be written, a store that does not take it: see [`PublishError`].
    pub async fn publish(&self, topic: impl IntoTopic, event: &E) -> Result<Position, PublishError> {
        let (name, payload) = self.encode(event)?;
        self.inner.publish(topic.into_topic()?, name, payload, None).await
    }

    /// Publishes an event once per key: within 120 s and among the newest 100,000 keys, a second publish of the same
    /// key answers with the first one's position, and only one event appears. With a store this holds across processes,
    /// for as long as the event itself is kept.
    ///
    /// # Errors
    /// As [`Self::publish`]; and a key that is empty or over 256 bytes.
    pub async fn publish_keyed(
        &self,
        key: impl AsRef<str>,
        topic: impl IntoTopic,
        event: &E,
    ) -> Result<Position, PublishError> {
        let key = key.as_ref();
        PublishError::check_key(key)?;
        let (name, payload) = self.encode(event)?;
        self.inner.publish(topic.into_topic()?, name, payload, Some(key.into())).await
    }

    fn encode(&self, event: &E) -> Result<(EventName, Payload), PublishError> {
        event.encode().map_err(|error| {
            self.inner.refused.fetch_add(1, Relaxed);
            error.into()
        })
    }
}

impl<E> Hub<E> {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), _events: PhantomData }
    }

    /// The newest position: taken before a page's query and passed as its `from`, it closes the hole between reading
    /// and listening.
    pub fn position(&self) -> Position {
        self.inner.core.position()
    }

    /// Says `bye` to every reader, spread over the time; resolves when all are gone, or a second after the time is over.
    pub fn drain(&self, over: Duration) -> impl Future<Output = ()> + Send + 'static {
        self.inner.core.drain(over)
    }

    /// Ends every stream of a principal: its page comes back once, and the app's handler decides again.
    pub fn revoke(&self, principal: impl AsRef<str>) {
        self.inner.core.revoke(principal.as_ref());
    }

    /// What the hub holds and does now.
    pub fn stats(&self) -> Stats {
        Stats { refused: self.inner.refused.load(Relaxed), ..self.inner.core.stats() }
    }

    /// Every open stream.
    pub fn sessions(&self) -> Vec<SessionInfo> {
        self.inner.core.sessions()
    }

    /// What the events look like: names, schema, hash.
    pub fn contract(&self) -> &Contract {
        &self.inner.contract
    }

    /// The hub without its types, for `http`.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.inner.core
    }
}

impl Inner {
    async fn publish(
        &self,
        topic: Topic,
        name: EventName,
        payload: Payload,
        key: Option<Box<str>>,
    ) -> Result<Position, PublishError> {
        match (&self.way, key) {
            (Way::Memory { .. }, None) => Ok(self.core.publish(&topic, &name, &payload)),
            (Way::Memory { keys, clock }, Some(key)) => {
                let mut keys = keys.lock();
                let now = clock.now();
                if let Some(offset) = keys.find(&key, now) {
                    return Ok(Position { offset, ..self.core.position() });
                }
                let position = self.core.publish(&topic, &name, &payload);
                keys.insert(&key, position.offset, now);
                Ok(position)
            }
            (Way::Store(feed), key) => feed.publish(topic, name, payload, key).await,
        }
    }
}

impl<E> Clone for Hub<E> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), _events: PhantomData }
    }
}

impl<E> fmt::Debug for Hub<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("contract", &self.inner.contract.name())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
