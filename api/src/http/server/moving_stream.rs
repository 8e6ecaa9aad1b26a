//! A stream that fails if the other side does not read what is written: otherwise it would hold a
//! place for ever.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// What happens on a connection, as far as its place depends on it.
#[derive(Debug, Default)]
pub(super) struct State {
    /// From the end of a request's head to the end of its answer.
    pub(super) under_way: AtomicBool,
    /// A request has begun since this was last checked.
    pub(super) had_request: AtomicBool,
    /// The other side does not read what is written.
    blocked: AtomicBool,
}

impl State {
    /// Whether the connection can be closed without losing an answer.
    pub(super) fn is_idle(&self) -> bool {
        !self.under_way.load(Relaxed) && !self.blocked.load(Relaxed)
    }
}

/// The stream. A write without any progress for `still_max` fails.
pub(super) struct MovingStream {
    stream: TcpStream,
    state: Arc<State>,
    still_max: Duration,
    /// Runs while a write waits.
    timer: Option<Pin<Box<Sleep>>>,
}

impl MovingStream {
    pub(super) fn new(stream: TcpStream, state: Arc<State>, still_max: Duration) -> Self {
        Self { stream, state, still_max, timer: None }
    }

    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(written) = write(Pin::new(&mut self.stream), context) {
            self.timer = None;
            self.state.blocked.store(false, Relaxed);
            return Poll::Ready(written);
        }
        self.state.blocked.store(true, Relaxed);
        let still_max = self.still_max;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + still_max)));
        ready!(timer.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the caller does not read")))
    }
}

impl AsyncRead for MovingStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for MovingStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watch(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.watch(context, |stream, context| stream.poll_write_vectored(context, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
