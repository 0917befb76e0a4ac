//! One table of codes: why a stream or a request ended, and what to do about it.

use std::fmt;

/// Why something was refused or ended; the word on the wire is [`Code::as_str`].
///
/// A code stands in `eventwire.bye` as `reason`, in `application/problem+json` as `code`, and in what a client reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    // said by `bye`
    /// The server is going away; another one, or the next one, goes on.
    Drain,
    /// The server moves its streams about on purpose.
    Rotate,
    /// The reader's writes were blocked too long.
    Slow,
    /// The store behind the hub does not answer.
    Unavailable,
    /// A fault of the server's, counted there.
    Internal,
    /// What the stream was granted has expired or was withdrawn; asking again decides.
    Auth,
    /// Too many streams.
    Limit,
    // said by a refusal
    /// 400: the request's topics, patterns or position cannot be read.
    BadRequest,
    /// 401: who asks is not known.
    Unauthorized,
    /// 403: none of what was asked is granted.
    Forbidden,
    /// 404: nothing is served here.
    NotFound,
    /// 405: a stream is read with GET.
    MethodNotAllowed,
    /// 406: the reader does not accept `text/event-stream`.
    NotAcceptable,
    /// 413: a payload over 1 MiB.
    TooLarge,
    /// 429: come back later.
    TooManyRequests,
    // made by the client
    /// Any other 4xx: the server does not take the request as it is.
    Refused,
    /// 200, but not `text/event-stream`, or another 2xx.
    NotAStream,
    /// 204: the server says that there is nothing more.
    NoContent,
    /// The page closed the stream itself.
    Closed,
}

/// What a client does after a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Come back where you were, spread over the fleet.
    Resume,
    /// Come back, slower every time.
    BackOff,
    /// Come back once; the answer decides.
    Once,
    /// Do not come back: the page is told why.
    Never,
}

impl Code {
    /// Every code, in the order of the table.
    pub const ALL: [Self; 19] = [
        Self::Drain,
        Self::Rotate,
        Self::Slow,
        Self::Unavailable,
        Self::Internal,
        Self::Auth,
        Self::Limit,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::TooLarge,
        Self::TooManyRequests,
        Self::Refused,
        Self::NotAStream,
        Self::NoContent,
        Self::Closed,
    ];

    /// The word on the wire.
    #[inline(never)] // one table of words, not one in each caller
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Rotate => "rotate",
            Self::Slow => "slow",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
            Self::Auth => "auth",
            Self::Limit => "limit",
            Self::BadRequest => "bad-request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::NotAcceptable => "not-acceptable",
            Self::TooLarge => "too-large",
            Self::TooManyRequests => "too-many-requests",
            Self::Refused => "refused",
            Self::NotAStream => "not-a-stream",
            Self::NoContent => "no-content",
            Self::Closed => "closed",
        }
    }

    /// The code of a word on the wire.
    pub fn parse(raw: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == raw)
    }

    /// Whether `bye` says it; the others stand in refusals or are made by the client.
    pub const fn is_bye(self) -> bool {
        matches!(
            self,
            Self::Drain | Self::Rotate | Self::Slow | Self::Unavailable | Self::Internal | Self::Auth | Self::Limit
        )
    }

    /// The code that a `bye` gives as its reason; one that is not known, or that no `bye` gives, means to come back.
    pub fn of_bye(raw: &str) -> Self {
        Self::parse(raw).filter(|code| code.is_bye()).unwrap_or(Self::Internal)
    }

    /// What to do next. No `_` arm: a new code has to answer.
    pub const fn retry(self) -> Retry {
        match self {
            Self::Drain | Self::Rotate | Self::Slow | Self::Unavailable | Self::Internal => Retry::Resume,
            Self::Auth => Retry::Once,
            Self::Limit | Self::TooManyRequests => Retry::BackOff,
            Self::BadRequest
            | Self::Unauthorized
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::TooLarge
            | Self::Refused
            | Self::NotAStream
            | Self::NoContent
            | Self::Closed => Retry::Never,
        }
    }

    /// The code of an HTTP status that is not a stream. Success and 4xx end a client, but for 408, 425 and 429, which are
    /// about the moment and not about the request; all else comes back.
    pub const fn of_status(status: u16) -> Self {
        match status {
            204 => Self::NoContent,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            406 => Self::NotAcceptable,
            408 | 425 => Self::Unavailable,
            413 => Self::TooLarge,
            429 => Self::TooManyRequests,
            200..=299 => Self::NotAStream,
            402..=499 => Self::Refused,
            _ => Self::Unavailable,
        }
    }
}

/// The word on the wire.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
