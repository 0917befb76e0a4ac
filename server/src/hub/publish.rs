//! What publishing takes and what can go wrong with it.

use super::keys::KEY;
use crate::store::StoreError;
use eventwire::{EncodeError, InvalidTopic, Topic};
use std::fmt;

/// What can name a topic: text, or a [`Topic`] already read.
pub trait IntoTopic: sealed::Sealed {
    /// Reads it; a bad one is an error that shows it.
    fn into_topic(self) -> Result<Topic, PublishError>;
}

/// Why an event was not published, or may not have been.
///
/// All but [`PublishError::Indeterminate`] are definite: no reader will ever see the event.
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// No topic, as it was given.
    Topic(Box<str>, InvalidTopic),
    /// No key: empty, or over 256 bytes.
    Key(usize),
    /// The event cannot be written as JSON; nothing of it was sent.
    Encode(EncodeError),
    /// The store did not take it. It will not appear.
    Refused(StoreError),
    /// The store did not say. It may appear or not; published again with the same key it appears once.
    Indeterminate(StoreError),
}

impl PublishError {
    /// Whether the event may still appear.
    pub fn is_indeterminate(&self) -> bool {
        matches!(self, Self::Indeterminate(_))
    }

    pub(crate) fn check_key(key: &str) -> Result<(), Self> {
        if key.is_empty() || key.len() > KEY { Err(Self::Key(key.len())) } else { Ok(()) }
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(raw, why) => write!(f, "{raw:?} is no topic: {why}"),
            Self::Key(0) => f.write_str("a key may not be empty; publish without one, or give one per event"),
            Self::Key(bytes) => {
                write!(f, "a key has at most {KEY} bytes, this one has {bytes}; use a shorter one, or its hash")
            }
            Self::Encode(error) => write!(f, "the event cannot be sent: {error}"),
            Self::Refused(error) => write!(f, "the store did not take the event: {error}"),
            Self::Indeterminate(error) => write!(
                f,
                "whether the event was stored is not known: {error}; publish it again with a key, and it appears once"
            ),
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Topic(_, error) => Some(error),
            Self::Encode(error) => Some(error),
            Self::Refused(error) | Self::Indeterminate(error) => Some(error),
            Self::Key(_) => None,
        }
    }
}

impl From<EncodeError> for PublishError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl IntoTopic for &str {
    fn into_topic(self) -> Result<Topic, PublishError> {
        // What was given is shown, but no more of it than could have been right.
        Topic::parse(self).map_err(|why| PublishError::Topic(self.chars().take(100).collect::<String>().into(), why))
    }
}

impl IntoTopic for String {
    fn into_topic(self) -> Result<Topic, PublishError> {
        self.as_str().into_topic()
    }
}

impl IntoTopic for &String {
    fn into_topic(self) -> Result<Topic, PublishError> {
        self.as_str().into_topic()
    }
}

impl IntoTopic for Topic {
    fn into_topic(self) -> Result<Topic, PublishError> {
        Ok(self)
    }
}

impl IntoTopic for &Topic {
    fn into_topic(self) -> Result<Topic, PublishError> {
        Ok(self.clone())
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for &String {}
    impl Sealed for eventwire::Topic {}
    impl Sealed for &eventwire::Topic {}
}
