//! What a page decides before it connects. Policy lives here, mechanism in the machine.

use eventwire::{Pattern, Start};
use std::time::Duration;

/// How a [`Client`](crate::Client) behaves. The default reads everything granted, from now on, and keeps the stream of a
/// hidden page for a minute.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Which topics to ask for.
    pub topics: Topics,
    /// Where to start. After a position nothing is new: the page holds the state up to there.
    pub start: Start,
    /// The contract this page was built with; without one every name is handed over.
    pub contract: Option<Contract>,
    /// What a hidden page does with its stream.
    pub background: Background,
    /// How long silence is believed, whatever `hello` says of its heartbeat: for servers that say none.
    pub stall: Option<Duration>,
}

/// Which topics to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Topics {
    /// All that the app grants. Adding and deleting changes nothing: all are already there.
    #[default]
    Granted,
    /// These, counted per mention. With none of them left nothing is dialled until one is added.
    Named(Vec<Pattern>),
}

/// What the page's own bundle knows of the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Names it can decode, joined by commas, which none of them holds; an event of another name is a fault, told once per
    /// name. `None`: every name is handed over.
    pub names: Option<Box<str>>,
    /// Its hash; another one in `hello` tells the page once that it is outdated. Empty: it is not known, and nothing is.
    pub hash: Box<str>,
}

impl Contract {
    pub(crate) fn knows(&self, name: &str) -> bool {
        let is = |known: &[u8]| known == name.as_bytes();
        self.names.as_ref().is_none_or(|names| names.as_bytes().split(|byte| *byte == b',').any(is))
    }
}

/// What a hidden page does with its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Keeps it, and dials when it is lost.
    Keep,
    /// Keeps it this long, then closes it and dials nothing until the page is seen again.
    Grace(Duration),
    /// Closes it at once.
    Immediate,
}

impl Background {
    /// The default grace.
    pub const GRACE: Duration = Duration::from_secs(60);
}

impl Default for Background {
    fn default() -> Self {
        Self::Grace(Self::GRACE)
    }
}
