//! How a hub is made: few knobs, safe defaults, every mistake an error that names it.

use super::{
    Core, CoreConfig,
    clock::Clock,
    facade::{Hub, Inner, Way},
    feed,
    keys::{KEYS, Keys},
    types,
};
use crate::store::{Store, StoreError};
use eventwire::{Epoch, EventName, Events, InvalidTopic, Offset, Pattern};
use eventwire_contract::{Contract, Refusal};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::HashSet, fmt, marker::PhantomData, path::PathBuf, sync::atomic::AtomicU64, time::Duration};

/// The least and the most a hub may be told to keep: below, no page could come back from a tunnel; above, memory.
const RETAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30 * 24 * 3600));
/// One event of the largest size has to fit.
const LEAST_BYTES: usize = 2 << 20;
/// Proxies cut streams that are silent for a minute; below, heartbeats are all there is.
const HEARTBEAT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(55));
const STALL: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(300));
/// Below, streams would do little but come and go.
const ROTATE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(7 * 24 * 3600));

/// Makes a [`Hub`]. Nothing happens before [`Builder::build`].
#[must_use = "a builder does nothing until `build` is called"]
pub struct Builder<E> {
    store: Option<Starter>,
    settings: Settings,
    latest: Vec<String>,
    types: Option<types::Target>,
    _events: PhantomData<fn() -> E>,
}

/// Starts the loop of a store whose type only [`Builder::store`] knew.
type Starter = Box<dyn FnOnce(CoreConfig) -> feed::Starting + Send>;

#[derive(Clone, Copy)]
struct Settings {
    retain: Duration,
    bytes: usize,
    heartbeat: Duration,
    stall: Duration,
    rotate: Option<Duration>,
    readers: usize,
    per_principal: usize,
}

/// Why a hub was not made.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// A setting out of its range: its name, what it was, what it may be.
    Setting {
        /// The builder's method.
        name: &'static str,
        /// What was given.
        given: String,
        /// What it may be.
        range: String,
    },
    /// A pattern given to `latest` that is none, as it was given.
    Latest(String, InvalidTopic),
    /// Places at which the enum cannot cross to a page.
    Contract(Vec<Refusal>),
    /// Names of events that serde writes and the enum's schema does not have, and those that only the schema has.
    Names(Vec<&'static str>, Vec<String>),
    /// The TypeScript contract could not be written: the file and the reason.
    Types(PathBuf, std::io::Error),
    /// The store could not be read.
    Store(StoreError),
    /// There is no tokio runtime here.
    NoRuntime,
}

impl<E: Events + Serialize + JsonSchema> Builder<E> {
    pub(super) fn new() -> Self {
        let settings = Settings {
            retain: Duration::from_secs(600),
            bytes: 64 << 20,
            heartbeat: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            rotate: None,
            readers: 100_000,
            per_principal: usize::MAX,
        };
        Self { store: None, settings, latest: Vec::new(), types: None, _events: PhantomData }
    }

    /// What gives events their order and keeps them beyond this process. Default: memory; a new process is a new epoch.
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Box::new(move |config| Box::pin(feed::start(store, config))));
        self
    }

    /// How long and how much is kept for readers that come back: every event, for this long or this many bytes.
    /// Default: ten minutes or 64 MiB.
    pub fn retain(mut self, time: Duration, bytes: usize) -> Self {
        self.settings.retain = time;
        self.settings.bytes = bytes;
        self
    }

    /// Of these topics only the newest event matters: it is kept whatever its age and shown to newcomers; readers that
    /// are behind skip what it replaced. May be called several times.
    pub fn latest(mut self, pattern: impl Into<String>) -> Self {
        self.latest.push(pattern.into());
        self
    }

    /// Where debug builds write the TypeScript contract whenever it has changed, relative to the manifest of the crate
    /// that calls this. Builds without debug assertions, and programs away from their sources, write nothing.
    #[track_caller]
    pub fn types(mut self, path: impl Into<PathBuf>) -> Self {
        self.types = Some(types::Target::new(path.into(), std::panic::Location::caller()));
        self
    }

    /// The longest silence on a stream: 100 ms to 55 s. Default 15 s, which every proxy lets live.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.settings.heartbeat = every;
        self
    }

    /// How long a reader may leave its writes blocked before it is let go, to come back like anyone: 100 ms to 300 s.
    /// Default 10 s.
    pub fn stall(mut self, after: Duration) -> Self {
        self.settings.stall = after;
        self
    }

    /// How old a stream may become: 1 s to 7 days. Somewhere in the last quarter of that age its reader is told
    /// `bye rotate` and resumes where it was, through whatever balances the load by then. Default: streams live as long as
    /// they can, since one server alone gains nothing by it. Behind a balancer an hour fills a new server within an hour.
    pub fn rotate(mut self, age: Duration) -> Self {
        self.settings.rotate = Some(age);
        self
    }

    /// How many streams there may be at once; one more gets `hello` and `bye limit`, and comes back later. Default
    /// 100,000. With [`stall`](Self::stall) this bounds what readers can cost: one that takes nothing holds at most two
    /// pieces, each at most 64 KiB or one event, and what a burst that all of them followed had in common.
    pub fn readers(mut self, most: usize) -> Self {
        self.settings.readers = most;
        self
    }

    /// How many streams one [`principal`](crate::Access::principal) may have at once, over all its pages and devices; one
    /// more gets `hello` and `bye limit`. Default: as many as the hub.
    pub fn readers_per_principal(mut self, most: usize) -> Self {
        self.settings.per_principal = most;
        self
    }

    /// Makes the hub. With a store: once everything that is kept has been read back, so that any reader can resume.
    ///
    /// # Errors
    /// See [`BuildError`]; each names the culprit.
    pub async fn build(self) -> Result<Hub<E>, BuildError> {
        self.settings.check()?;
        let latest = self.latest.into_iter().map(|raw| match Pattern::parse(&raw) {
            Ok(pattern) => Ok(pattern),
            Err(why) => Err(BuildError::Latest(raw, why)),
        });
        let latest = latest.collect::<Result<Vec<_>, _>>()?;
        let contract = Contract::of::<E>().map_err(BuildError::Contract)?;
        same_names::<E>(&contract)?;
        if let Some(target) = self.types {
            target.write(&contract)?;
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(BuildError::NoRuntime);
        }
        let config = CoreConfig {
            epoch: Epoch::from_random(fastrand::u64(..)),
            start: Offset::ZERO,
            retain: self.settings.retain,
            budget: self.settings.bytes,
            latest,
            names: contract.names().to_vec(),
            contract: contract.hash().into(),
            heartbeat: self.settings.heartbeat,
            stall: self.settings.stall,
            rotate: self.settings.rotate,
            readers: self.settings.readers,
            per_principal: self.settings.per_principal,
        };
        let (core, way) = match self.store {
            None => (Core::new(config), Way::Memory { keys: Mutex::new(Keys::new(KEYS)), clock: Clock::start() }),
            Some(start) => {
                let (core, feed) = start(config).await.map_err(BuildError::Store)?;
                (core, Way::Store(feed))
            }
        };
        Ok(Hub::new(Inner { core, contract, way, refused: AtomicU64::new(0) }))
    }
}

impl Settings {
    fn check(&self) -> Result<(), BuildError> {
        within("retain", self.retain, RETAIN)?;
        within("heartbeat", self.heartbeat, HEARTBEAT)?;
        within("stall", self.stall, STALL)?;
        self.rotate.map_or(Ok(()), |age| within("rotate", age, ROTATE))?;
        for (name, most) in [("readers", self.readers), ("readers_per_principal", self.per_principal)] {
            if most == 0 {
                return Err(BuildError::Setting { name, given: "0".into(), range: "at least 1".into() });
            }
        }
        if self.bytes < LEAST_BYTES {
            return Err(BuildError::Setting {
                name: "retain",
                given: format!("{} bytes", self.bytes),
                range: format!("at least {LEAST_BYTES} bytes: one event may have 1 MiB"),
            });
        }
        Ok(())
    }
}

/// Pages hear of the schema's names, and events go by those that serde writes.
fn same_names<E: Events>(contract: &Contract) -> Result<(), BuildError> {
    let said: HashSet<_> = contract.names().iter().map(EventName::as_str).collect();
    let written: Vec<_> = E::NAMES.iter().copied().filter(|name| !said.contains(name)).collect();
    let names = contract.names().iter().map(EventName::as_str);
    let only_said: Vec<_> = names.filter(|name| !E::NAMES.contains(name)).map(str::to_owned).collect();
    if written.is_empty() && only_said.is_empty() { Ok(()) } else { Err(BuildError::Names(written, only_said)) }
}

fn within(name: &'static str, given: Duration, (least, most): (Duration, Duration)) -> Result<(), BuildError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(BuildError::Setting { name, given: format!("{given:?}"), range: format!("{least:?} to {most:?}") })
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, given, range } => {
                write!(f, "the hub's `{name}` was given {given}, which is out of its range: {range}")
            }
            Self::Latest(raw, why) => write!(f, "the hub's `latest` was given {raw:?}, which is no pattern: {why}"),
            Self::Contract(refusals) => {
                f.write_str("the enum cannot cross to a page as it is")?;
                refusals.iter().try_for_each(|refusal| write!(f, "\n  {refusal}"))
            }
            Self::Names(written, said) => write!(
                f,
                "serde writes the events {written:?}, and the enum's schema has {said:?} instead; rename and skip variants with #[serde(…)], not with #[schemars(…)]"
            ),
            // It names the file.
            Self::Types(_, error) => write!(f, "{error}; the path is what `types` was given"),
            Self::Store(error) => write!(f, "the hub's store could not be read: {error}"),
            Self::NoRuntime => f.write_str("a hub runs on tokio; call `build` inside a tokio runtime"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Latest(_, error) => Some(error),
            Self::Types(_, error) => Some(error),
            Self::Store(error) => Some(error),
            Self::Setting { .. } | Self::Contract(_) | Self::Names(..) | Self::NoRuntime => None,
        }
    }
}

impl<E> fmt::Debug for Builder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("latest", &self.latest).finish_non_exhaustive()
    }
}
