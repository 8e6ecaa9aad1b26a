//! The accept loop: connections within limits, headers within a time, and a graceful end.

mod connection_places;
pub(crate) mod door;
mod gate;
mod moving_stream;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use warp::Filter;
use warp::reply::Response;

use self::connection_places::{ConnectionPlaces, Network, Place};
use self::door::Door;
use self::gate::{Allowed, Gate, answer};
use self::moving_stream::{MovingStream, State};
use crate::state::counters::DoorFigures;
use crate::state::network::network_of;

/// How long the head of a request may take to arrive, and how long a connection may idle.
const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

/// The same for connections that may ask for health only: those who ask for it do not hesitate.
const HEALTH_HEADER_TIME_MAX: Duration = Duration::from_secs(2);

/// The largest head of a request, in bytes.
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// How long running requests may take after the server was told to stop. Container managers often
/// wait ten seconds.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(8);

/// How long to wait after the system refused a connection, before accepting again.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// The shortest time between two warnings that the system refuses connections.
const ACCEPT_WARNING_EVERY: Duration = Duration::from_secs(60);

/// The part of all places that one network may have: an eighth.
const SHARE_OF_NETWORK: usize = 8;

/// The least places of a network, if there are so many: a browser opens several connections.
const OF_NETWORK_MIN: usize = 4;

/// How many further connections may ask for health only. Without them, a busy program could not be
/// told from a dead one.
pub(crate) const HEALTH_PLACES_MAX: usize = 32;

/// The places of a listener.
struct Places {
    all: Arc<ConnectionPlaces>,
    of_health: Arc<ConnectionPlaces>,
}

impl Places {
    fn new(connections_max: usize) -> Self {
        let share = |all: usize| (all / SHARE_OF_NETWORK).max(OF_NETWORK_MIN).min(all);
        Self {
            all: ConnectionPlaces::new(connections_max, share(connections_max)),
            of_health: ConnectionPlaces::new(HEALTH_PLACES_MAX, share(HEALTH_PLACES_MAX)),
        }
    }

    /// Nobody waits for a place: a caller who gets none is told at once.
    fn take(&self, network: Option<Network>, figures: &DoorFigures) -> Option<(Place, Allowed)> {
        figures.accepted.fetch_add(1, Relaxed);
        if let Some((place, made_room)) = self.all.take(network) {
            figures.made_room.fetch_add(u64::from(made_room), Relaxed);
            return Some((place, Allowed::All));
        }
        figures.refused.fetch_add(1, Relaxed);
        // All of these count as idle, so that there is always one.
        self.of_health.take(network).map(|it| (it.0, Allowed::Health))
    }
}

/// Serves until `stop` resolves, then lets running requests finish.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    filter: F,
    door: Door,
    stop: impl Future<Output = ()>,
) where
    F: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
    F::Future: Send,
{
    let places = Places::new(door.connections_max);
    let stopping = watch::Sender::new(false);
    let mut warned = None;
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &mut warned) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer)) = accepted else { continue };
        let proxied = door.settings.proxies.trust(peer.ip().to_canonical());
        let network = (!proxied).then(|| network_of(peer.ip()));
        let Some((place, allowed)) = places.take(network, &door.figures) else { continue };
        let connection = Connection { stream, peer, place, allowed, door: door.clone() };
        let served = connection.serve(filter.clone(), stopping.subscribe());
        let figures = door.figures.clone();
        tokio::spawn(async move {
            // Errors of one connection are not logged: clients disconnect all the time.
            if let Err(err) = served.await {
                figures.broken.fetch_add(1, Relaxed);
                tracing::debug!(error = %err, "a connection ended early");
            }
        });
    }
    drop(listener);
    stopping.send_replace(true);
    // Each connection holds the other end.
    if tokio::time::timeout(DRAIN_TIME_MAX, stopping.closed()).await.is_err() {
        tracing::warn!("some requests did not end in time and are cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    warned: &mut Option<Instant>,
) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for the acknowledgement of others.
            let _ = stream.set_nodelay(true);
            Some((stream, peer))
        }
        Err(err) => {
            if warned.is_none_or(|it| it.elapsed() >= ACCEPT_WARNING_EVERY) {
                tracing::warn!(error = %err, "connections cannot be accepted");
                *warned = Some(Instant::now());
            }
            tokio::time::sleep(ACCEPT_RETRY).await;
            None
        }
    }
}

/// An accepted connection, with its place.
struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    allowed: Allowed,
    door: Door,
}

impl Connection {
    /// Serves a connection until its caller closes it, its place is needed, or the server stops.
    async fn serve<F>(
        self,
        filter: F,
        mut stopping: watch::Receiver<bool>,
    ) -> Result<(), hyper::Error>
    where
        F: Filter<Extract = (Response,), Error = Infallible> + Clone + Send + Sync + 'static,
        F::Future: Send,
    {
        let state = Arc::new(State::default());
        let stream = MovingStream::new(self.stream, state.clone(), self.door.still_time);
        let all = self.allowed == Allowed::All;
        let gate = Arc::new(Gate {
            peer: self.peer,
            allowed: self.allowed,
            state: state.clone(),
            door: self.door,
        });
        let service = service_fn(move |request| answer(filter.clone(), request, gate.clone()));
        let header_time = if all { HEADER_TIME_MAX } else { HEALTH_HEADER_TIME_MAX };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(header_time)
            .max_buf_size(HEADER_BYTES_MAX)
            .max_header_size(HEADER_BYTES_MAX)
            .keep_alive(all)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let mut leaving = false;
        loop {
            let served = poll_fn(|context| {
                let served = connection.as_mut().poll(context);
                // A request may have begun and ended meanwhile: then it has been idle only since
                // then.
                if state.had_request.swap(false, Relaxed) {
                    self.place.set_idle(false);
                }
                self.place.set_idle(!all || state.is_idle());
                served
            });
            tokio::select! {
                // Checked first, so that a request that has arrived counts.
                biased;
                served = served => return served,
                () = self.place.wanted(), if !leaving => (),
                _ = stopping.wait_for(|it| *it), if !leaving => (),
            }
            // A request that has not arrived completely is not waited for.
            if state.is_idle() {
                return Ok(());
            }
            leaving = true;
            connection.as_mut().graceful_shutdown();
        }
    }
}
