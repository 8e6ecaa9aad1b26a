//! The server, as far as a gateway sees it: configuration, signals, reports, the door.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gateway::configuration::{Configuration, sha256_hex};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

pub const KEY: &str = "chk_of-the-gateway_0123456789";

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Default)]
struct State {
    key: String,
    text: String,
    /// `Applied` or `Refused`, with the body.
    reports: Vec<(String, Value)>,
    /// The headers of the last question at the door.
    checked: Vec<(String, String)>,
    checks: usize,
    connections: Vec<AbortHandle>,
}

#[derive(Clone)]
struct Shared {
    state: Arc<Mutex<State>>,
    position: watch::Sender<u64>,
}

/// Ends with this.
pub struct Double {
    pub address: SocketAddr,
    shared: Shared,
    task: Option<JoinHandle<()>>,
}

impl Drop for Double {
    fn drop(&mut self) {
        self.go_away();
    }
}

impl Double {
    pub async fn start() -> Self {
        let state = State { key: KEY.to_owned(), ..State::default() };
        let shared = Shared { state: Arc::new(Mutex::new(state)), position: watch::Sender::new(0) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = Some(tokio::spawn(serve(listener, shared.clone())));
        Self { address, shared, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nobody can connect any more, and all connections are cut.
    pub fn go_away(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        for it in self.shared.state.lock().unwrap().connections.drain(..) {
            it.abort();
        }
    }

    /// Listens again where it did.
    pub async fn come_back(&mut self) {
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(self.address).await {
                Ok(it) => break it,
                Err(err) if tries > 100 => panic!("{err}"),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        self.task = Some(tokio::spawn(serve(listener, self.shared.clone())));
    }

    /// Makes this the configuration and signals it.
    pub fn publish(&self, configuration: &Configuration) {
        self.shared.state.lock().unwrap().text = configuration.to_json().unwrap();
        self.shared.position.send_replace(configuration.position);
    }

    pub fn set_key(&self, key: &str) {
        self.shared.state.lock().unwrap().key = key.to_owned();
    }

    pub fn reports(&self) -> Vec<(String, Value)> {
        self.shared.state.lock().unwrap().reports.clone()
    }

    pub fn checks(&self) -> usize {
        self.shared.state.lock().unwrap().checks
    }

    pub fn checked(&self, name: &str) -> Option<String> {
        let state = self.shared.state.lock().unwrap();
        state.checked.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone())
    }

    /// Waits for a report about a position.
    pub async fn reported(&self, kind: &str, position: u64) -> Value {
        for _ in 0..2_000 {
            let found = self.reports().into_iter().rev();
            let mut found = found.filter(|(it, body)| it == kind && body["position"] == position);
            if let Some((_, body)) = found.next() {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {kind} of {position} in {:?}", self.reports());
    }
}

async fn serve(listener: TcpListener, shared: Shared) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let its = shared.clone();
        let service = service_fn(move |request| {
            let its = its.clone();
            async move { Ok::<_, Infallible>(answer(&its, request).await) }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(stream), service);
        let task = tokio::spawn(async move { drop(connection.await) });
        shared.state.lock().unwrap().connections.push(task.abort_handle());
    }
}

fn with(status: u16, headers: &[(&str, &str)], text: String) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Full::new(Bytes::from(text)).boxed_unsync()).unwrap()
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let header = |name: &str| {
        request.headers().get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let key = shared.state.lock().unwrap().key.clone();
    if header("x-chancery-gateway") != format!("edge:{key}") {
        return with(401, &[], String::new());
    }
    match request.uri().path() {
        "/api/Gateway/Configuration" => {
            let text = shared.state.lock().unwrap().text.clone();
            if text.is_empty() {
                return with(503, &[], String::new());
            }
            let tag = format!("\"{}\"", sha256_hex(text.as_bytes()));
            match header("if-none-match") == tag {
                true => with(304, &[("ETag", &tag)], String::new()),
                false => with(200, &[("ETag", &tag)], text),
            }
        }
        "/api/Gateway/Changes" => changes(shared.position.subscribe()),
        "/api/Gateway/Check" => {
            let mut state = shared.state.lock().unwrap();
            let headers = request.headers().iter();
            let named =
                headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
            state.checked = named.collect();
            state.checks += 1;
            drop(state);
            door(
                &header("authorization"),
                &header("x-chancery-key"),
                &header("x-chancery-revision"),
            )
        }
        path @ ("/api/Gateway/Applied" | "/api/Gateway/Refused") => {
            let kind = path.rsplit('/').next().unwrap().to_owned();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body = serde_json::from_slice(&body).unwrap();
            shared.state.lock().unwrap().reports.push((kind, body));
            with(204, &[], String::new())
        }
        _ => with(404, &[], String::new()),
    }
}

/// Who may pass: the token says what is to be answered.
fn door(token: &str, key: &str, revision: &str) -> Response<Body> {
    let challenge = "Bearer realm=\"chancery\", error=\"insufficient_scope\", scope=\"orders.all\"";
    let denied = |word: &str| with(403, &[("X-Chancery-Deny", word)], String::new());
    match token {
        "Bearer owner" => passes("owner"),
        _ if !revision.is_empty() => denied("unknown"),
        "Bearer good" => passes("ann"),
        "Bearer narrow" => {
            let headers = [("X-Chancery-Deny", "scope"), ("WWW-Authenticate", challenge)];
            with(403, &headers, String::new())
        }
        "Bearer limited" => {
            let headers = [("X-Chancery-Deny", "rate"), ("X-Chancery-Retry-After", "7")];
            with(403, &headers, String::new())
        }
        "Bearer unknown" => denied("unknown"),
        "Bearer suspended" => denied("suspended"),
        _ if key == "chk_caller" => passes("by-key"),
        _ => with(401, &[("WWW-Authenticate", "Bearer realm=\"chancery\"")], String::new()),
    }
}

fn passes(subject: &str) -> Response<Body> {
    let headers = [
        ("X-Chancery-Subject", subject),
        ("X-Chancery-Client", "shop"),
        ("X-Chancery-Scopes", "orders.all"),
        ("X-Chancery-Subscription", "9"),
        ("X-Chancery-Position", "1"),
        ("Cache-Control", "stale-if-error=60"),
    ];
    with(204, &headers, String::new())
}

fn changes(positions: watch::Receiver<u64>) -> Response<Body> {
    let signals = stream::unfold(positions, |mut positions| async move {
        positions.changed().await.ok()?;
        let text = format!("data: {{\"position\":{}}}\n\n", *positions.borrow_and_update());
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), positions))
    });
    Response::builder()
        .header("Content-Type", "text/event-stream")
        .body(StreamBody::new(signals).boxed_unsync())
        .unwrap()
}
