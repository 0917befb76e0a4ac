//! The two routes a hub offers ready made.
//!
//! Whatever an app has to say about who may read what, it says in a handler of its own instead.

use super::{Access, Problem, Subscribe, problem::ALLOW, stream::stream};
use crate::hub::Core;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// Everything for everyone.
pub(super) fn public<S>(core: Arc<Core>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    methods(get(async move |want: Subscribe| stream(&core, want, Access::all())))
}

/// The JSON Schema of the enum, told apart by the contract's hash.
pub(super) fn contract<S>(schema: impl Into<Bytes>, hash: &str) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let schema: Bytes = schema.into();
    // The hash leaves annotations out, the schema has them: a weak tag says "the same for a program".
    let tag = HeaderValue::try_from(format!("W/\"{hash}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
    methods(get(async move |headers: HeaderMap| {
        let mut response = if is_held(&headers, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(schema.clone()))
        };
        let set = |(name, value): (HeaderName, &'static str)| (name, HeaderValue::from_static(value));
        response.headers_mut().extend(
            [
                (header::CONTENT_TYPE, "application/schema+json"),
                (header::CACHE_CONTROL, "no-cache"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ]
            .map(set),
        );
        response.headers_mut().insert(header::ETAG, tag.clone());
        response
    }))
}

/// The answers to every other method.
fn methods<S>(get: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    get.options(async || {
        let headers = [(header::ALLOW, ALLOW), (header::CACHE_CONTROL, "no-store")];
        (StatusCode::NO_CONTENT, headers)
    })
    .fallback(async || Problem::method_not_allowed())
}

fn is_held(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(strong) else { return false };
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|held| held.trim() == "*" || strong(held) == tag)
}
