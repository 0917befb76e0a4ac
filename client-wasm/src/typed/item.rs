//! What a typed stream hands over.

use eventwire::{DecodeError, EventName, InvalidTopic, Position, Topic, WIRE_VERSION, limits};
use eventwire_client_core as core;
use std::fmt;

/// One thing that a stream hands over, in order.
#[derive(Debug)]
pub enum Item<E> {
    /// An event.
    Event(Event<E>),
    /// Events may be missing from here on: fetch the state of these topics anew.
    Gap(core::Gap),
    /// Something was wrong and survived: the stream goes on.
    Fault(Fault),
}

/// An event, and where it is.
#[derive(Clone, Debug)]
pub struct Event<E> {
    /// The value.
    pub data: E,
    /// What it was published to.
    pub topic: Topic,
    /// Where it is in its hub's order. To come back later, keep [`EventStream::position`](crate::EventStream::position).
    pub position: Position,
}

/// The server has another contract than this front end was built with: which, and whose events differ. Their payloads may,
/// too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The hash of this front end's contract.
    pub page: Box<str>,
    /// The hash of the server's.
    pub server: Box<str>,
    /// Names that the server has and no variant: their events will be faults.
    pub added: Vec<EventName>,
    /// Names of variants that the server no longer has: their events will not come.
    pub removed: Vec<&'static str>,
}

/// Something was wrong with one event or answer, and nothing stopped.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// An event whose payload is not what its variant holds, or whose name no variant has: that one is told once.
    Decode {
        /// Its name.
        event: Box<str>,
        /// What it was published to.
        topic: Topic,
        /// Where it is.
        position: Position,
        /// What is wrong.
        error: DecodeError,
    },
    /// What was to be asked for is no topic. It is not asked for.
    Topic {
        /// What was given.
        topic: Box<str>,
        /// What is wrong.
        reason: InvalidTopic,
    },
    /// What the server said cannot be read, or was not granted.
    Wire(core::Fault),
    /// A request could not be made, or read on: `headers` gave what HTTP does not know, or a line was too long.
    Request(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode { event, topic, error, .. } => write!(f, "{event} on {topic}: {error}"),
            Self::Topic { topic, reason } => write!(f, "{topic:?} is not asked for: {reason}"),
            Self::Wire(core::Fault::Id { event, id }) => write!(f, "{event}: its id {id:?} cannot be read"),
            Self::Wire(core::Fault::Frame { event, member }) => {
                write!(f, "{event}: its member {member} cannot be read")
            }
            Self::Wire(core::Fault::Unknown { event }) => write!(f, "{event}: no variant has this name"),
            Self::Wire(core::Fault::Early { event }) => write!(f, "{event}: came before the server said hello"),
            Self::Wire(core::Fault::Denied { pattern }) => write!(f, "{pattern}: the server does not grant it"),
            Self::Wire(core::Fault::TooMany { pattern }) => {
                let (topics, bytes) = (limits::PATTERNS, limits::PATTERN_BYTES >> 10);
                write!(
                    f,
                    "{pattern}: not asked for, a request has no room for more than {topics} topics or {bytes} KiB of them"
                )
            }
            Self::Wire(core::Fault::Version { version }) => write!(
                f,
                "the server speaks version {version} of the wire and this client version {WIRE_VERSION}: bring both to one release"
            ),
            Self::Request(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Decode { error, .. } => Some(error),
            Self::Topic { reason, .. } => Some(reason),
            Self::Wire(_) | Self::Request(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventwire::Pattern;

    fn check(fault: Fault, text: &str) {
        assert_eq!(fault.to_string(), text);
    }

    #[test]
    fn every_fault_names_the_culprit_and_the_reason() {
        let topic = Topic::parse("prices.acme").unwrap();
        let position = Position::parse("k3f9x2m1q0ab-7").unwrap();
        let error = DecodeError::TooDeep;
        let decode = Fault::Decode { event: "price".into(), topic, position, error };
        check(decode, "price on prices.acme: the payload is nested deeper than 128");
        let reason = Pattern::parse("prices..acme").unwrap_err();
        let topic = Fault::Topic { topic: "prices..acme".into(), reason };
        check(
            topic,
            "\"prices..acme\" is not asked for: a topic is segments joined by single dots; one of them is empty",
        );
        check(Fault::Request("headers failed".into()), "headers failed");
        let pattern = || Pattern::parse("orders.*").unwrap();
        let wire = |fault, text| check(Fault::Wire(fault), text);
        wire(core::Fault::Id { event: "price".into(), id: "7".into() }, "price: its id \"7\" cannot be read");
        wire(
            core::Fault::Frame { event: "eventwire.hello".into(), member: "head".into() },
            "eventwire.hello: its member head cannot be read",
        );
        wire(core::Fault::Unknown { event: "refund".into() }, "refund: no variant has this name");
        wire(core::Fault::Early { event: "price".into() }, "price: came before the server said hello");
        wire(core::Fault::Denied { pattern: pattern() }, "orders.*: the server does not grant it");
        wire(
            core::Fault::TooMany { pattern: pattern() },
            "orders.*: not asked for, a request has no room for more than 100 topics or 6 KiB of them",
        );
        wire(
            core::Fault::Version { version: 2 },
            "the server speaks version 2 of the wire and this client version 1: bring both to one release",
        );
    }

    #[test]
    fn a_fault_keeps_what_serde_said_as_its_source() {
        use std::error::Error;
        let topic = Topic::parse("a").unwrap();
        let position = Position::parse("k3f9x2m1q0ab-7").unwrap();
        let fault = Fault::Decode { event: "e".into(), topic, position, error: DecodeError::TooDeep };
        assert!(fault.source().is_some());
        assert!(Fault::Request(String::new()).source().is_none());
    }
}
