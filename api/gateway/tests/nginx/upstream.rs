//! An upstream that says what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Ends with this.
pub struct Upstream {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Upstream {
    pub async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let service =
                    service_fn(
                        move |request| async move { Ok::<_, Infallible>(say(name, &request)) },
                    );
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new()
                        .max_buf_size(64 << 10)
                        .serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        Self { address, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// `{"upstream", "path", "headers"}`; a header that comes twice has its values joined by `|`.
fn say(name: &str, request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut headers = serde_json::Map::new();
    for key in request.headers().keys() {
        let values = request.headers().get_all(key).iter().map(|it| it.to_str().unwrap());
        headers.insert(key.to_string(), values.collect::<Vec<_>>().join("|").into());
    }
    let path = request.uri().path_and_query().map(ToString::to_string);
    let method = request.method().as_str();
    let said = json!({ "upstream": name, "method": method, "path": path, "headers": headers });
    Response::builder()
        .header("Content-Type", "application/json")
        .header("X-Powered-By", "upstream")
        .header("X-Accel-Redirect", "/-/check")
        .header("X-Chancery-Position", "1")
        .body(Full::new(Bytes::from(said.to_string())))
        .unwrap()
}
