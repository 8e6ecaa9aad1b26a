//! What has arrived of an upload, and why one did not.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use crate::http::call::{BodyStream, Call};
use crate::http::error::ApiError;
use crate::state::uploads::{Arrived, NotTaken};

/// A file that has arrived.
pub(super) struct Sent {
    pub(super) arrived: Arrived,
    /// What its sender says that it is; `None` if nothing was said.
    pub(super) declared: Option<String>,
    /// What its sender calls it.
    pub(super) name: Option<String>,
}

/// Why a file did not arrive.
pub(super) enum NotRead {
    /// It cannot be taken.
    NotTaken(NotTaken),
    /// It is not what the row takes, for people.
    Wrong(String),
    /// The request is not right.
    Failed(ApiError),
}

impl NotRead {
    pub(super) fn wrong(why: impl Into<String>) -> Self {
        Self::Wrong(why.into())
    }

    /// As its row says it.
    pub(super) fn error(
        self,
        not_taken: impl FnOnce(NotTaken) -> ApiError,
        wrong: impl FnOnce(String) -> ApiError,
    ) -> ApiError {
        match self {
            Self::NotTaken(why) => not_taken(why),
            Self::Wrong(why) => wrong(why),
            Self::Failed(err) => err,
        }
    }
}

impl From<NotTaken> for NotRead {
    fn from(why: NotTaken) -> Self {
        Self::NotTaken(why)
    }
}

/// The body did not arrive whole.
pub(super) fn broken_off() -> NotRead {
    NotRead::Failed(ApiError::field("$", "the body did not arrive whole"))
}

/// The body is longer than its row takes.
pub(super) fn too_long(call: &Call) -> NotRead {
    let bytes_max = call.body_bytes_max;
    NotRead::Failed(ApiError::TooLarge { field: "body".to_owned(), bytes_max })
}

/// Whether the caller says itself that the body is longer than so many bytes.
pub(super) fn says_longer(call: &Call, bytes_max: u64) -> bool {
    let length = call.header("content-length").and_then(|it| it.parse::<u64>().ok());
    length.is_some_and(|it| it > bytes_max)
}

/// The pieces of a body, one at a time: whoever reads as long as something is there must not gather
/// all of it.
pub(super) struct Pieces {
    body: BodyStream,
    rests: bool,
}

impl Pieces {
    /// `None` if the body was read before.
    pub(super) fn of(call: &mut Call) -> Option<Self> {
        call.body.take().map(|body| Self { body, rests: false })
    }
}

impl Stream for Pieces {
    type Item = Result<Bytes, warp::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.body.as_mut().poll_next(context);
        self.rests = next.is_ready();
        next
    }
}
