//! What the app grants a reader, and what follows from it for what the reader asks.
//!
//! Pure: two lists of patterns in, three out.

use super::Problem;
use crate::hub::Join;
use eventwire::{InvalidTopic, Pattern, Request};
use std::time::{Duration, Instant, SystemTime};

/// What a reader may see, who it is, and until when: a value the app's handler makes anew for every request.
///
/// ```
/// use eventwire_server::Access;
/// use std::time::{Duration, SystemTime};
/// let access = Access::to(["orders.7", "prices.*"]).principal("user-7").until(SystemTime::now() + Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
pub struct Access {
    granted: Vec<Pattern>,
    /// A pattern of the app's that cannot be read. It grants nothing; the stream is refused rather than wrong.
    refused: Option<(Box<str>, InvalidTopic)>,
    principal: Option<Box<str>>,
    until: Option<tokio::time::Instant>,
}

impl Access {
    /// To these topics and patterns. One that cannot be read refuses every stream with 500 and says so in the log:
    /// better than a stream that quietly lacks a topic.
    pub fn to<P>(patterns: impl IntoIterator<Item = P>) -> Self
    where
        P: AsRef<str>,
    {
        let (mut granted, mut refused) = (Vec::new(), None);
        for raw in patterns {
            match Pattern::parse(raw.as_ref()) {
                Ok(pattern) => granted.push(pattern),
                Err(why) => refused = Some((raw.as_ref().into(), why)),
            }
        }
        Self { granted, refused, principal: None, until: None }
    }

    /// To everything.
    pub fn all() -> Self {
        Self { granted: vec![Pattern::all()], refused: None, principal: None, until: None }
    }

    /// Who the stream belongs to: whom `Hub::revoke` ends. The app's own id; never sent to anyone.
    pub fn principal(mut self, id: impl Into<String>) -> Self {
        self.principal = Some(id.into().into_boxed_str());
        self
    }

    /// When access ends: the stream says `bye auth`, the reader comes back once, and the handler decides anew.
    pub fn until(mut self, expiry: impl Into<Expiry>) -> Self {
        self.until = Some(expiry.into().0);
        self
    }

    /// What is in force. Asked patterns are granted whole or not at all; none granted is a refusal.
    pub(super) fn grant(self, asked: Request) -> Result<Join, Problem> {
        let Self { granted: mut held, refused, principal, until } = self;
        if let Some((pattern, why)) = refused {
            tracing::error!(target: "eventwire::http::access", %pattern, %why, "Access::to was given what is no pattern");
            return Err(Problem::internal());
        }
        let Request { topics, new, start } = asked;
        let mut denied = Vec::new();
        let (granted, new) = if topics.is_empty() && new.is_empty() {
            held.sort_unstable();
            held.dedup();
            (held, Vec::new())
        } else {
            let mut allow = |asked: Vec<Pattern>| -> Vec<Pattern> {
                let (yes, no) = asked.into_iter().partition(|one| held.iter().any(|held| held.covers(one)));
                denied.extend::<Vec<Pattern>>(no);
                yes
            };
            (allow(topics), allow(new))
        };
        if granted.is_empty() && new.is_empty() {
            return Err(Problem::forbidden());
        }
        Ok(Join { granted, new, denied, start, principal, until })
    }
}

/// A moment at which access ends, by either of the clocks an app may hold it in.
#[derive(Clone, Copy, Debug)]
pub struct Expiry(tokio::time::Instant);

impl From<Instant> for Expiry {
    fn from(at: Instant) -> Self {
        Self(at.into())
    }
}

impl From<tokio::time::Instant> for Expiry {
    fn from(at: tokio::time::Instant) -> Self {
        Self(at)
    }
}

/// A token's `exp`. One in the past is over at once.
impl From<SystemTime> for Expiry {
    fn from(at: SystemTime) -> Self {
        let left = at.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        // Beyond what a clock can say is never.
        let now = tokio::time::Instant::now();
        Self(now.checked_add(left).unwrap_or_else(|| now + Duration::from_secs(u32::MAX.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(granted: &[&str], topics: &[&str], new: &[&str], expected: Result<(&str, &str, &str), u16>) {
        let read = |list: &[&str]| list.iter().map(|one| Pattern::parse(one).unwrap()).collect::<Vec<_>>();
        let said = |list: &[Pattern]| list.iter().map(Pattern::as_str).collect::<Vec<_>>().join(",");
        let asked = Request { topics: read(topics), new: read(new), ..Request::default() };
        let outcome = Access::to(granted).grant(asked);
        let outcome =
            outcome.as_ref().map(|g| (said(&g.granted), said(&g.new), said(&g.denied))).map_err(Problem::status);
        let expected = expected.map(|(g, n, d)| (g.to_owned(), n.to_owned(), d.to_owned()));
        assert_eq!(outcome, expected, "granted {granted:?}, asked {topics:?} new {new:?}");
    }

    #[test]
    fn what_is_asked_is_granted_whole_or_not_at_all() {
        check(&["a", "b"], &[], &[], Ok(("a,b", "", "")));
        check(&["b", "a", "b"], &[], &[], Ok(("a,b", "", "")));
        check(&["prices.*"], &["prices.acme"], &[], Ok(("prices.acme", "", "")));
        check(&["prices.*"], &["prices.**"], &[], Err(403));
        check(&["prices.*"], &["prices.acme", "orders.7"], &[], Ok(("prices.acme", "", "orders.7")));
        check(&["prices.*"], &["orders.7"], &["prices.a"], Ok(("", "prices.a", "orders.7")));
        check(&["prices.*"], &["prices.a"], &["orders.7"], Ok(("prices.a", "", "orders.7")));
        check(&["**"], &["a"], &["b"], Ok(("a", "b", "")));
        check(&["orders.7"], &["orders.8"], &[], Err(403));
        check(&[], &[], &[], Err(403));
    }

    #[test]
    fn a_grant_that_is_no_pattern_refuses_instead_of_granting_less() {
        check(&["a", "b..c"], &["a"], &[], Err(500));
    }
}
