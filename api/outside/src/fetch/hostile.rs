//! A server that does as badly as it is told, on 127.0.0.1.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does after the first bytes of its answer.
#[derive(Debug, Clone)]
pub(super) enum Then {
    Close,
    /// Says nothing more, and leaves the connection open.
    Hold,
    /// Sends this after a pause, again and again.
    Repeat(Vec<u8>, Duration),
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Answer(pub Vec<u8>, pub Then);

impl Answer {
    pub(super) fn new(first: impl Into<Vec<u8>>, then: Then) -> Self {
        Self(first.into(), then)
    }

    pub(super) fn ok(body: &str) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Self::new(head, Then::Close)
    }

    pub(super) fn redirect(to: &str) -> Self {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        Self::new(head, Then::Close)
    }
}

/// The server. It ends with the runtime of its test.
pub(super) struct Hostile {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

/// What it saw.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen {
    /// The heads of the requests.
    pub requests: Vec<String>,
    /// The connections.
    pub connections: usize,
    /// Those that are open.
    pub open: usize,
    /// The most that were open at once.
    pub open_max: usize,
}

impl Hostile {
    /// Answers by the path of a request.
    pub(super) async fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1", answer).await
    }

    pub(super) async fn start_at(
        at: &str,
        answer: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((at, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (answer, shared) = (Arc::new(answer), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&shared));
                {
                    let mut seen = seen.lock().unwrap();
                    seen.connections += 1;
                    seen.open += 1;
                    seen.open_max = seen.open_max.max(seen.open);
                }
                tokio::spawn(async move {
                    serve(stream, &*answer, &seen).await;
                    seen.lock().unwrap().open -= 1;
                });
            }
        });
        Self { address, seen }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until nobody is connected.
    pub(super) async fn emptied(&self) {
        for _ in 0..200 {
            if self.seen().open == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("a connection stayed open");
    }
}

async fn serve(mut stream: TcpStream, answer: &impl Fn(&str) -> Answer, seen: &Mutex<Seen>) {
    let mut head = Vec::new();
    let mut part = [0; 4096];
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(count) => head.extend_from_slice(&part[..count]),
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    seen.lock().unwrap().requests.push(head);
    let Answer(first, then) = answer(&path);
    if stream.write_all(&first).await.is_err() {
        return;
    }
    match then {
        Then::Close => drop(stream.shutdown().await),
        Then::Hold => while !matches!(stream.read(&mut part).await, Ok(0) | Err(_)) {},
        Then::Repeat(bytes, pause) => {
            tokio::time::sleep(pause).await;
            while stream.write_all(&bytes).await.is_ok() {
                tokio::time::sleep(pause).await;
            }
        }
    }
}
