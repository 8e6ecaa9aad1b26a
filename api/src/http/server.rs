//! The accept loop: connections within limits, headers within a time, and a graceful end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower_service::Service as _;
use warp::Filter;
use warp::reply::Response;

use super::router::Peer;

/// How long the head of a request may take to arrive, and how long a connection may idle.
const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

/// The largest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// How long running requests may take after the server was told to stop.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);

/// How long to wait after the system refused a connection, before accepting again.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// Serves until `stop` resolves, then lets running requests finish.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    filter: F,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) where
    F: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
    F::Future: Send,
{
    let places = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let service = warp::service(filter.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            let mut service = service.clone();
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is its caller's affair.
            if let Err(err) = connection.await {
                tracing::debug!(error = %err, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME_MAX, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and are cut off");
    }
}

/// Waits for a free place first: over the limit, connections wait in the system's queue.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for the acknowledgement of others.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(err) => {
            tracing::warn!(error = %err, "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_RETRY).await;
            None
        }
    }
}
