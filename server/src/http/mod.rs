//! What a request asks and what the app grants, and the response that streams. The only place that names axum.
