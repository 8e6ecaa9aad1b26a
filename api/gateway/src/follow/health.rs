//! How a follower is: for probes and for Prometheus, on an address of its own.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// Questions at once.
const CONNECTIONS_MAX: usize = 16;

/// The longest question, in bytes, and how long it and its answer may take.
const REQUEST_BYTES_MAX: usize = 8 << 10;
const TIME_MAX: Duration = Duration::from_secs(5);

#[derive(Debug, Default, Clone)]
struct Figures {
    applied: Option<u64>,
    refused: Option<u64>,
    reloads: u64,
    reload_micros: u64,
    failed_rounds: u64,
    heard: Option<Instant>,
}

/// How a follower is. All clones are one.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<Figures>>);

impl Health {
    fn change(&self, change: impl FnOnce(&mut Figures)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn figures(&self) -> Figures {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A position is served, after a reload of so many microseconds; 0: without one.
    pub(super) fn applied(&self, position: u64, micros: u64) {
        self.change(|it| {
            it.applied = Some(position);
            it.refused = None;
            if micros > 0 {
                it.reloads += 1;
                it.reload_micros = micros;
            }
        });
    }

    pub(super) fn refused(&self, position: u64) {
        self.change(|it| it.refused = Some(position));
    }

    pub(super) fn failed(&self) {
        self.change(|it| it.failed_rounds += 1);
    }

    /// The server answered.
    pub(super) fn heard(&self) {
        self.change(|it| it.heard = Some(Instant::now()));
    }

    /// Answers `GET /health` (200 while something is served, else 503) and `GET /metrics`, for ever.
    ///
    /// # Errors
    /// When nobody can listen there.
    pub async fn serve(self, at: SocketAddr) -> std::io::Result<()> {
        let listener = TcpListener::bind(at).await?;
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return Ok(()) };
            let Ok((stream, _)) = listener.accept().await else {
                // Out of descriptors, for example: others may be given back.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let its = self.clone();
            tokio::spawn(async move {
                let _place = place;
                // Whoever asks and goes away gets no answer.
                let _ = timeout(TIME_MAX, its.answer(stream)).await;
            });
        }
    }

    async fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut part = [0; 1_024];
        while !request.windows(4).any(|it| it == b"\r\n\r\n") {
            let read = stream.read(&mut part).await?;
            if read == 0 || request.len() > REQUEST_BYTES_MAX {
                return Ok(());
            }
            request.extend(part.iter().take(read));
        }
        let line = request.split(|it| *it == b'\r').next().unwrap_or_default();
        let (status, kind, body) = match line {
            b"GET /health HTTP/1.1" | b"GET /health HTTP/1.0" => self.health(),
            b"GET /metrics HTTP/1.1" | b"GET /metrics HTTP/1.0" => {
                ("200 OK", "text/plain; version=0.0.4", self.metrics())
            }
            _ => ("404 Not Found", "text/plain", String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len(),
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.shutdown().await
    }

    fn health(&self) -> (&'static str, &'static str, String) {
        let it = self.figures();
        let (status, word) = match (it.applied, it.refused) {
            (None, _) => ("503 Service Unavailable", "unhealthy"),
            (Some(_), Some(_)) => ("200 OK", "degraded"),
            (Some(_), None) => ("200 OK", "healthy"),
        };
        let position = it.applied.map_or("null".to_owned(), |it| it.to_string());
        let body = format!("{{\"status\":\"{word}\",\"position\":{position}}}\n");
        (status, "application/json", body)
    }

    fn metrics(&self) -> String {
        let it = self.figures();
        let mut text = String::new();
        let mut figure = |name: &str, kind: &str, help: &str, value: String| {
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        };
        let position = |it: Option<u64>| it.unwrap_or(0).to_string();
        let name = "chancery_gateway_applied_position";
        figure(name, "gauge", "Position that is served; 0: none.", position(it.applied));
        let name = "chancery_gateway_refused_position";
        figure(name, "gauge", "Position that cannot be served; 0: none.", position(it.refused));
        let name = "chancery_gateway_reloads_total";
        figure(name, "counter", "Reloads since the start.", it.reloads.to_string());
        let seconds = Duration::from_micros(it.reload_micros).as_secs_f64();
        let name = "chancery_gateway_last_reload_seconds";
        figure(name, "gauge", "From signal to proof, of the last reload.", seconds.to_string());
        let name = "chancery_gateway_failed_rounds_total";
        figure(name, "counter", "Rounds that failed.", it.failed_rounds.to_string());
        if let Some(heard) = it.heard {
            let seconds = heard.elapsed().as_secs_f64().to_string();
            let name = "chancery_gateway_server_silent_seconds";
            figure(name, "gauge", "Since the server answered last.", seconds);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_what_is_served() {
        let health = Health::default();
        assert!(health.health().0.starts_with("503"));
        health.applied(7, 1_500_000);
        assert_eq!(health.health().2, "{\"status\":\"healthy\",\"position\":7}\n");
        health.refused(8);
        assert_eq!(health.health().2, "{\"status\":\"degraded\",\"position\":7}\n");
        health.failed();
        let metrics = health.metrics();
        for line in [
            "applied_position 7",
            "refused_position 8",
            "reloads_total 1",
            "last_reload_seconds 1.5",
            "failed_rounds_total 1",
        ] {
            assert!(
                metrics.lines().any(|it| it == format!("chancery_gateway_{line}")),
                "{metrics}"
            );
        }
    }
}
