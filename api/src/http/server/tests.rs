//! Callers who do not play by the rules, at a real listener with short times.

use std::net::{IpAddr, Ipv4Addr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;
use warp::http::HeaderMap;
use warp::path::FullPath;

use super::*;
use crate::http::face::Face;
use crate::http::problem::{API, OPERATION};
use crate::state::app::AppSettings;
use crate::state::proxies::{Proxies, parse_network};

static FACES: [&Face; 2] = [&API, &OPERATION];

/// More than the buffers of a socket hold.
const LARGE_BYTES: usize = 64 << 20;

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

/// A listener whose answers tests can hold back.
struct Served {
    address: SocketAddr,
    door: Door,
    /// `/slow` waits for one of these.
    go_on: Arc<Semaphore>,
    /// `/slow` was asked.
    asked: Arc<Notify>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Served {
    async fn with(connections_max: usize, proxies: &[&str]) -> Self {
        let proxies = proxies.iter().map(|it| parse_network(it).unwrap());
        let proxies = Proxies::new(proxies.collect());
        let door = Door {
            connections_max,
            settings: Arc::new(AppSettings { proxies, ..AppSettings::default() }),
            faces: &FACES,
            figures: Arc::default(),
            still_time: Duration::from_millis(400),
        };
        let (go_on, asked) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
        let (waits, tells) = (go_on.clone(), asked.clone());
        let headers = warp::header::headers_cloned();
        let filter =
            warp::path::full().and(headers).then(move |path: FullPath, headers: HeaderMap| {
                let (waits, tells) = (waits.clone(), tells.clone());
                async move {
                    match path.as_str() {
                        "/slow" => {
                            tells.notify_one();
                            waits.acquire().await.unwrap().forget();
                            Response::new("slow".into())
                        }
                        "/host" => {
                            let host = headers.get("host").unwrap().to_str().unwrap();
                            Response::new(format!("host={host}").into())
                        }
                        "/large" => Response::new(vec![b'x'; LARGE_BYTES].into()),
                        path => Response::new(path.to_owned().into()),
                    }
                }
            });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, filter, door.clone(), async {
            let _ = stopped.await;
        });
        let server = tokio::spawn(serving);
        Self { address, door, go_on, asked, stop: Some(stop), server }
    }

    /// A connection from 127.0.0.N.
    async fn connect(&self, n: u8) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((IpAddr::from(Ipv4Addr::new(127, 0, 0, n)), 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// A connection with a request on its way.
    async fn sent(&self, n: u8, path: &str) -> TcpStream {
        let mut stream = self.connect(n).await;
        send(&mut stream, path).await;
        stream
    }

    /// A connection whose request is being answered.
    async fn busy(&self, n: u8) -> TcpStream {
        let stream = self.sent(n, "/slow").await;
        tokio::time::timeout(LONG, self.asked.notified()).await.unwrap();
        stream
    }

    async fn ends(mut self) -> Duration {
        let started = Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(LONG, self.server).await.unwrap().unwrap();
        started.elapsed()
    }
}

async fn send(stream: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// What comes until the server is silent for a moment, or ends the connection.
async fn said(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tokio::time::timeout(LONG, stream.read(&mut bytes)).await.expect("an answer");
    String::from_utf8(bytes[..read.unwrap_or(0)].to_vec()).unwrap()
}

#[track_caller]
fn answered(said: &str, status: u16, word: &str) {
    assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{said:?}");
    assert!(said.contains(word), "{said:?}");
}

#[tokio::test]
async fn an_answer_of_which_nothing_is_read_ends_its_connection() {
    let served = Served::with(4, &[]).await;
    let stuck = served.sent(1, "/large").await;
    tokio::time::timeout(LONG, async {
        while served.door.figures.broken.load(Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("the connection ends");
    drop(stuck);
}

/// It is not the length of an answer that counts, nor the time that it takes.
#[tokio::test]
async fn who_reads_slowly_gets_it_all() {
    let served = Served::with(4, &[]).await;
    let mut stream = served.sent(1, "/large").await;
    let (mut bytes, mut left) = (vec![0; LARGE_BYTES / 8], LARGE_BYTES);
    while left > 0 {
        // Eight times half of what is too long.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut read = 0;
        while read < bytes.len() && left > 0 {
            let now = stream.read(&mut bytes[read..]).await.unwrap();
            assert!(now > 0, "cut off with {left} bytes left");
            read += now;
            left = left.saturating_sub(now);
        }
    }
    assert_eq!(served.door.figures.broken.load(Relaxed), 0);
}

#[tokio::test]
async fn one_network_has_a_share_of_the_places_and_its_oldest_idle_connection_makes_room() {
    // Four of them for one network.
    let served = Served::with(8, &[]).await;
    let mut polite = Vec::new();
    for n in 0..4 {
        let mut stream = served.sent(1, &format!("/{n}")).await;
        answered(&said(&mut stream).await, 200, &format!("/{n}"));
        polite.push(stream);
    }
    let mut stranger = served.sent(2, "/stranger").await;
    answered(&said(&mut stranger).await, 200, "/stranger");
    // The first is not the oldest any more.
    send(&mut polite[0], "/again").await;
    answered(&said(&mut polite[0]).await, 200, "/again");
    let mut fifth = served.sent(1, "/fifth").await;
    answered(&said(&mut fifth).await, 200, "/fifth");
    assert_eq!(said(&mut polite[1]).await, "", "closed");
    for stream in [&mut polite[0], &mut stranger] {
        send(stream, "/still").await;
        answered(&said(stream).await, 200, "/still");
    }
    assert_eq!(served.door.figures.made_room.load(Relaxed), 1);
}

#[tokio::test]
async fn where_all_are_busy_health_is_answered_and_the_rest_is_told_to_come_again() {
    let served = Served::with(8, &[]).await;
    let mut busy = Vec::new();
    for n in [1, 1, 1, 1, 2, 2, 2, 2] {
        busy.push(served.busy(n).await);
    }
    // Whoever says nothing does not hold the places for health.
    let mut silent = Vec::new();
    for n in 0..100 {
        silent.push(served.connect(n % 8 + 1).await);
    }
    for n in [1, 2, 3] {
        let mut probe = served.sent(n, "/health/live").await;
        answered(&said(&mut probe).await, 200, "/health/live");
        assert_eq!(said(&mut probe).await, "", "one answer, and its end");
        let mut other = served.sent(n, "/other").await;
        let text = said(&mut other).await;
        answered(&text, 503, "retry-after: 1");
        assert!(text.contains("connection: close"), "{text}");
    }
    served.go_on.add_permits(8);
    for stream in &mut busy {
        answered(&said(stream).await, 200, "slow");
    }
    let mut later = served.sent(3, "/later").await;
    answered(&said(&mut later).await, 200, "/later");
}

#[tokio::test]
async fn behind_a_trusted_proxy_are_many_callers() {
    let served = Served::with(8, &["127.0.0.7"]).await;
    let mut busy = Vec::new();
    for _ in 0..8 {
        busy.push(served.busy(7).await);
    }
    let mut ninth = served.sent(7, "/ninth").await;
    answered(&said(&mut ninth).await, 503, "retry-after");
    let mut live = served.sent(7, "/health/live").await;
    answered(&said(&mut live).await, 200, "/health/live");
}

#[tokio::test]
async fn what_is_no_request_yet_does_not_hold_up_the_end_and_what_is_one_is_answered() {
    let served = Served::with(8, &[]).await;
    let mut half = served.connect(1).await;
    half.write_all(b"GET /half HTTP/1.1\r\nHo").await.unwrap();
    let mut idle = served.sent(1, "/idle").await;
    answered(&said(&mut idle).await, 200, "/idle");
    let _silent = served.connect(1).await;
    let mut slow = served.busy(2).await;
    let go_on = served.go_on.clone();
    let answer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        go_on.add_permits(1);
        said(&mut slow).await
    });
    let took = served.ends().await;
    answered(&answer.await.unwrap(), 200, "slow");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn a_target_that_is_no_path_is_refused_before_anything_can_panic() {
    let served = Served::with(8, &[]).await;
    for line in ["GET evil", "CONNECT a:1", "OPTIONS *", "GET a:80", "CONNECT a.example"] {
        let mut stream = served.connect(1).await;
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        answered(&said(&mut stream).await, 400, "");
    }
    for line in ["GET http://a", "GET http://a/", "GET http://a?b", "GET /?", "OPTIONS /"] {
        let mut stream = served.connect(1).await;
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        answered(&said(&mut stream).await, 200, "/");
    }
}

#[tokio::test]
async fn the_host_of_the_target_counts() {
    let served = Served::with(8, &[]).await;
    for (target, host) in [
        ("http://b.example:81/host", "b.example:81"),
        ("http://ann:secret@b.example/host", "b.example"),
        ("/host", "a.example"),
    ] {
        let mut stream = served.connect(1).await;
        let request = format!("GET {target} HTTP/1.1\r\nHost: a.example\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = said(&mut stream).await;
        assert!(said.ends_with(&format!("host={host}")), "{target}: {said}");
    }
}

#[tokio::test]
async fn a_head_has_the_length_that_the_limit_says() {
    let served = Served::with(8, &[]).await;
    for (length, status) in [(HEADER_BYTES_MAX - 1_024, 200), (HEADER_BYTES_MAX + 1_024, 431)] {
        let mut stream = served.connect(1).await;
        let request = format!("GET /a HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(length));
        stream.write_all(request.as_bytes()).await.unwrap();
        answered(&said(&mut stream).await, status, "");
    }
}
