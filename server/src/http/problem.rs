//! A refusal as `application/problem+json` (RFC 9457): a code to branch on, words to read, and the next step.
//!
//! Texts are fixed. The only thing repeated from a request is the culprit it named, escaped and cut; nothing from the
//! inside of the server ever gets here.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use eventwire::{Code, InvalidRequest};
use http::{HeaderName, HeaderValue, StatusCode, header};
use std::{borrow::Cow, fmt, time::Duration};

/// What methods a stream answers to.
pub(super) const ALLOW: &str = "GET, HEAD, OPTIONS";

/// A refusal. A handler returns it as its error; [`Subscribe`](crate::Subscribe) and `Hub::stream` make it themselves.
///
/// ```
/// use eventwire_server::Problem;
/// fn who(cookie: Option<&str>) -> Result<&str, Problem> {
///     cookie.ok_or(Problem::unauthorized().detail("There is no session cookie. Log in at /login."))
/// }
/// assert_eq!(who(None).unwrap_err().status(), 401);
/// ```
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Code,
    detail: Cow<'static, str>,
    /// Who is not welcome is told how to be: on 401 and 403.
    challenge: Option<HeaderValue>,
    retry_after: Option<Duration>,
}

impl Problem {
    /// 400: the request cannot be read.
    pub fn bad_request() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            Code::BadRequest,
            "The request cannot be read. Correct it before trying again.",
        )
    }

    /// 401: who asks is not known. Sends `WWW-Authenticate: Bearer` unless [`challenge`](Self::challenge) says otherwise.
    pub fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            Code::Unauthorized,
            "This stream is for those who are logged in. Log in first.",
        )
        .challenge(HeaderValue::from_static("Bearer"))
    }

    /// 403: who asks is known, and nothing of what was asked is granted. The same for topics that exist and that do not.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            Code::Forbidden,
            "None of the topics asked for is granted. Ask for others, or for more access.",
        )
        .challenge(HeaderValue::from_static(r#"Bearer error="insufficient_scope""#))
    }

    /// 404: nothing is served here.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, "There is no stream here. Check the address.")
    }

    /// 405: a stream is read with GET.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, "A stream is read with GET. Use that method.")
    }

    /// 406: the reader does not accept `text/event-stream`.
    pub fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            Code::NotAcceptable,
            "A stream is text/event-stream, and the Accept header excludes that. Send `Accept: text/event-stream`.",
        )
    }

    /// 413: something is too large.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            Code::TooLarge,
            "An event has at most 1 MiB. Put larger things behind a URL.",
        )
    }

    /// 429: come back in a while.
    pub fn too_many_requests(after: Duration) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            Code::TooManyRequests,
            "Too many streams or requests. Come back later, or close some.",
        )
        .retry_after(after)
    }

    /// 500: a fault of the server's. What it was belongs into its log, not here.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Internal, "The server has failed. Try again later.")
    }

    /// 503: the hub or what stands behind it does not answer.
    pub fn unavailable(after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "The server cannot answer now. Come back later.")
            .retry_after(after)
    }

    /// Says what was wrong and what to do about it. Who reads it is the one who asked: no secrets, no internals.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The value of `WWW-Authenticate`.
    pub fn challenge(mut self, challenge: HeaderValue) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// The value of `Retry-After`, rounded up to seconds.
    pub fn retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The code a client branches on.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The response's status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    fn new(status: StatusCode, code: Code, detail: &'static str) -> Self {
        Self { status, code, detail: Cow::Borrowed(detail), challenge: None, retry_after: None }
    }

    fn body(&self) -> String {
        serde_json::json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Refused"),
            "status": self.status(),
            "code": self.code.as_str(),
            "detail": self.detail,
        })
        .to_string()
    }
}

impl From<InvalidRequest> for Problem {
    fn from(invalid: InvalidRequest) -> Self {
        let detail: Cow<'static, str> = match invalid {
            InvalidRequest::Pattern(culprit, why) => {
                format!("`{}` is no topic or pattern: {why}. Correct it in `topics` or `new`.", shown(&culprit)).into()
            }
            InvalidRequest::Twice(pattern) => format!(
                "`{pattern}` stands in both `topics` and `new`. Name it in `new` if the reader has no state of it, else in `topics`."
            )
            .into(),
            InvalidRequest::TooMany => format!(
                "At most {} patterns, together {} bytes, can be asked for. Use wildcards, or several streams.",
                eventwire::limits::PATTERNS,
                eventwire::limits::PATTERN_BYTES,
            )
            .into(),
            InvalidRequest::Position => format!(
                "A position has at most {} bytes of visible ASCII. Send the id of the last event as it came, or none.",
                eventwire::limits::CLAIM,
            )
            .into(),
            InvalidRequest::Repeated(what) => format!("`{what}` is given more than once. Give it once.").into(),
            InvalidRequest::Query => "The query is not form-encoded UTF-8. Encode it with URLSearchParams.".into(),
            // A kind this version does not know: the fixed text will do.
            _ => return Self::bad_request(),
        };
        Self::bad_request().detail(detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let mut set = |name: HeaderName, value: &'static str| headers.insert(name, HeaderValue::from_static(value));
        set(header::CONTENT_TYPE, "application/problem+json");
        set(header::CACHE_CONTROL, "no-store");
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            set(header::ALLOW, ALLOW);
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status(), self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Problem {}

/// What a stranger wrote, for people and logs to read: control characters escaped, at most sixty characters.
fn shown(culprit: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String = culprit.chars().take(MOST).flat_map(char::escape_debug).collect();
    if culprit.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
