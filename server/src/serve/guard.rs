//! A response body that panics ends its own response, not the connection it shares with others.
//!
//! Knows nothing of what the body says.

use super::entrance::BoxError;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

pin_project! {
    pub(super) struct Guarded<B> {
        #[pin]
        body: B,
        panicked: bool,
    }
}

impl<B> Guarded<B> {
    pub(super) fn new(body: B) -> Self {
        Self { body, panicked: false }
    }
}

impl<B> Body for Guarded<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let this = self.project();
        if *this.panicked {
            return Poll::Ready(None);
        }
        match catch_unwind(AssertUnwindSafe(|| this.body.poll_frame(cx))) {
            Ok(polled) => polled.map(|frame| frame.map(|outcome| outcome.map_err(Into::into))),
            Err(_) => {
                // The panic hook has told what and where.
                *this.panicked = true;
                tracing::error!(target: "eventwire::serve::body_panicked", "a response body panicked; it ends here");
                Poll::Ready(Some(Err("the response body panicked".into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.panicked || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
