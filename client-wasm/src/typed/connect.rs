//! What a front end decides before it connects. Few knobs, each documented by its effect.

use super::{EventStream, Fault, Outdated, inbox::Inbox};
use eventwire::{Events, Pattern, Position, Start};
use eventwire_client_core::{Background, Config, Contract, State, Topics};
use serde::de::DeserializeOwned;
use std::{future::Future, marker::PhantomData, num::NonZeroUsize, pin::Pin, rc::Rc};

/// Items that a stream may hold before the front end takes them, unless it says otherwise.
const QUEUE: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

pub(super) type Headers = Box<dyn Fn(Option<u16>) -> Pin<Box<dyn Future<Output = Vec<(String, String)>>>>>;
pub(super) type OnState = Rc<dyn Fn(&State)>;
/// The hash of the front end's own contract, and whom to tell of another.
pub(super) type OnOutdated = (Box<str>, Rc<dyn Fn(&Outdated)>);

/// A stream of `E` that is being put together; [`open`](Connect::open) begins it.
///
/// ```
/// use eventwire_client::{Item, connect};
/// use futures_util::StreamExt;
///
/// #[derive(serde::Serialize, serde::Deserialize, eventwire::Events)]
/// enum Shop {
///     Price { cents: u32 },
/// }
///
/// async fn follow(from: eventwire::Position) {
///     let mut stream = connect::<Shop>("/events").topics(["prices.acme", "orders.*"]).from(from).open();
///     while let Some(item) = stream.next().await {
///         match item {
///             Item::Event(event) => println!("{}: {}", event.topic, match event.data { Shop::Price { cents } => cents }),
///             Item::Gap(gap) => println!("fetch {:?} anew", gap.topics),
///             Item::Fault(fault) => eprintln!("{fault}"),
///         }
///     }
/// }
/// ```
pub fn connect<E: Events + DeserializeOwned + 'static>(url: impl Into<String>) -> Connect<E> {
    Connect {
        url: url.into(),
        config: Config::default(),
        faults: Vec::new(),
        queue: QUEUE,
        with_credentials: false,
        headers: None,
        on_state: None,
        on_outdated: None,
        events: PhantomData,
    }
}

/// What [`connect`] returns.
#[must_use = "nothing is dialled before `open`"]
pub struct Connect<E> {
    pub(super) url: String,
    config: Config,
    /// What is wrong already, to be told first.
    faults: Vec<Fault>,
    queue: NonZeroUsize,
    pub(super) with_credentials: bool,
    pub(super) headers: Option<Headers>,
    on_state: Option<OnState>,
    on_outdated: Option<OnOutdated>,
    events: PhantomData<fn() -> E>,
}

impl<E: Events + DeserializeOwned + 'static> Connect<E> {
    /// Topics and patterns to ask for. Without this: all that the server grants. With an empty list: none until
    /// [one is added](EventStream::topics). One that is no topic is not asked for, and told as [`Fault::Topic`].
    pub fn topics<T: AsRef<str>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        let mut patterns = Vec::new();
        for topic in topics {
            let topic = topic.as_ref();
            match Pattern::parse(topic) {
                Ok(pattern) => patterns.push(pattern),
                Err(reason) => self.faults.push(Fault::Topic { topic: topic.into(), reason }),
            }
        }
        self.config.topics = Topics::Named(patterns);
        self
    }

    /// Starts behind this position, which the front end's own data is of. Without it: now.
    pub fn from(mut self, position: Position) -> Self {
        self.config.start = Start::After { position, native: false };
        self
    }

    /// Starts with all that is kept.
    pub fn from_earliest(mut self) -> Self {
        self.config.start = Start::Earliest;
        self
    }

    /// What a hidden page does with its stream. Without this it keeps it for a minute, then dials nothing until it is seen.
    pub fn background(mut self, background: Background) -> Self {
        self.config.background = background;
        self
    }

    /// Items that may wait to be taken, 1,000 if not said. At this many nothing is dropped: reading stops, and goes on from
    /// the position once they are taken.
    pub fn queue(mut self, items: NonZeroUsize) -> Self {
        self.queue = items;
        self
    }

    /// Sends cookies to another origin too.
    pub fn with_credentials(mut self) -> Self {
        self.with_credentials = true;
        self
    }

    /// Headers of the request, as for a bearer token: the stream is then read by `fetch` instead of `EventSource`. They are
    /// asked for before each attempt, and once more, with the status, when they were refused with 401 or 403; refused again,
    /// the stream closes.
    pub fn headers<F>(mut self, headers: impl Fn(Option<u16>) -> F + 'static) -> Self
    where
        F: Future<Output = Vec<(String, String)>> + 'static,
    {
        self.headers = Some(Box::new(move |refused| Box::pin(headers(refused))));
        self
    }

    /// Is called whenever the stream's state changes, until the stream is dropped.
    pub fn on_state(mut self, call: impl Fn(&State) + 'static) -> Self {
        self.on_state = Some(Rc::new(call));
        self
    }

    /// Is called once if the server has another contract than the one of this hash: deployed anew, it may say what this
    /// front end does not know. Its hash is `hub.contract().hash()` in the server that a front end is built or rendered with.
    ///
    /// ```
    /// # #[derive(serde::Serialize, serde::Deserialize, eventwire::Events)]
    /// # enum Shop { Closed }
    /// # fn reload() {}
    /// // As the server put it into the page: <meta name="contract" content="b7b1…">.
    /// # fn follow(contract: &str) {
    /// let stream = eventwire_client::connect::<Shop>("/events").on_outdated(contract, |outdated| {
    ///     if !outdated.added.is_empty() || !outdated.removed.is_empty() {
    ///         reload();
    ///     }
    /// });
    /// # }
    /// ```
    pub fn on_outdated(mut self, hash: impl Into<Box<str>>, call: impl Fn(&Outdated) + 'static) -> Self {
        let hash = hash.into();
        // Whatever the name, the enum decides what it can read: it may have aliases.
        self.config.contract = Some(Contract { names: None, hash: hash.clone() });
        self.on_outdated = Some((hash, Rc::new(call)));
        self
    }

    /// Opens the stream. Dialling starts when the browser's current task is over; what is dropped before that dials nothing.
    /// Outside a browser, as while a page is rendered on a server, the stream stays idle and pending.
    pub fn open(mut self) -> EventStream<E> {
        if let Some(fragment) = self.url.find('#') {
            self.url.truncate(fragment);
        }
        let start = match self.config.start {
            Start::After { position, .. } => Some(position),
            _ => None,
        };
        let config = std::mem::take(&mut self.config);
        let inbox = Rc::new(Inbox::new(self.queue, start, self.on_state.take()));
        inbox.warn(self.on_outdated.take());
        let faults = std::mem::take(&mut self.faults);
        let stream = EventStream::open(self, config, inbox.clone());
        for fault in faults {
            inbox.fault(fault);
        }
        stream
    }
}

impl<E> std::fmt::Debug for Connect<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the URL's query, which may be the app's own business.
        f.debug_struct("Connect").field("url", &self.url.split('?').next()).field("config", &self.config).finish()
    }
}
