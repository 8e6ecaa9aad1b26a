//! The server, as a gateway sees it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ETAG, IF_NONE_MATCH};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};
use url::Url;

use super::report::Report;
use crate::configuration::{CONFIGURATION_BYTES_MAX, sha256_hex};
use crate::nginx::GatewayKey;

/// How long a question may take: its connection, and the whole of it.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// The header by which a gateway says who it is.
const GATEWAY_HEADER: &str = "X-Chancery-Gateway";

/// Reads the URL of a server: http or https, without credentials, query and fragment.
///
/// # Errors
/// When it is none. The text says why, without the URL: that may hold a password.
pub fn server_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "the URL of the server cannot be read".to_owned())?;
    let has_more = url.query().is_some() || url.fragment().is_some();
    let is_bare = url.username().is_empty() && url.password().is_none() && !has_more;
    match matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare {
        true => Ok(url),
        false => {
            let why = "must be http or https, without credentials, query and fragment";
            Err(format!("the URL of the server {why}"))
        }
    }
}

/// Why the server gave no useful answer. Never holds the key.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServerError {
    #[error("the server cannot be reached")]
    Away,
    #[error("the server does not know this gateway, or its key")]
    Unknown,
    #[error("the server answered {0}")]
    Status(u16),
    #[error("the server's answer {0}")]
    Answer(&'static str),
}

/// A configuration as it arrived.
pub(super) struct Arrived {
    pub(super) text: Vec<u8>,
    pub(super) sha256: String,
}

/// The server and the name and key of this gateway.
pub(super) struct Server {
    client: Client,
    base: Url,
    name: String,
    key: Mutex<GatewayKey>,
    /// The position of the configuration that was read last.
    position: AtomicU64,
}

impl Server {
    pub(super) fn new(base: Url, name: String, key: GatewayKey) -> reqwest::Result<Arc<Self>> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .http1_only()
            .user_agent("chancery-gateway")
            .connect_timeout(CONNECT_TIME_MAX)
            .build()?;
        Ok(Arc::new(Self { client, base, name, key: Mutex::new(key), position: AtomicU64::new(0) }))
    }

    pub(super) fn key(&self) -> GatewayKey {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_key(&self, key: GatewayKey) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// From where on changes are of interest.
    pub(super) fn set_position(&self, position: u64) {
        self.position.store(position, Ordering::Relaxed);
    }

    /// The address of an endpoint, below the server's own.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/api/Gateway/{path}"));
        url
    }

    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let value = format!("{}:{}", self.name, self.key().reveal());
        let mut value = match reqwest::header::HeaderValue::from_str(&value) {
            Ok(it) => it,
            // Names and keys have no such characters.
            Err(_) => return request,
        };
        value.set_sensitive(true);
        request.header(GATEWAY_HEADER, value)
    }

    /// The configuration, or nothing if it is still the one with this hash.
    pub(super) async fn configuration(
        &self,
        known: Option<&str>,
    ) -> Result<Option<Arrived>, ServerError> {
        let mut request = self.signed(self.client.get(self.url("Configuration")));
        if let Some(known) = known {
            request = request.header(IF_NONE_MATCH, format!("\"{known}\""));
        }
        let mut answer = send(request.timeout(ANSWER_TIME_MAX)).await?;
        if answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let answer = &mut expect_success(&mut answer)?;
        let tag = answer.headers().get(ETAG).and_then(|it| it.to_str().ok());
        let tag = tag.map(|it| it.trim_start_matches("W/").trim_matches('"').to_owned());
        let mut text = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|_| ServerError::Away)? {
            if part.len() > CONFIGURATION_BYTES_MAX.saturating_sub(text.len()) {
                return Err(ServerError::Answer("is longer than 64 MiB"));
            }
            text.extend_from_slice(&part);
        }
        let sha256 = sha256_hex(&text);
        let is_hash = |it: &String| it.len() == 64 && it.bytes().all(|it| it.is_ascii_hexdigit());
        if tag.filter(is_hash).is_some_and(|it| !it.eq_ignore_ascii_case(&sha256)) {
            return Err(ServerError::Answer("is not what its ETag says"));
        }
        Ok(Some(Arrived { text, sha256 }))
    }

    /// A stream of signals about changes after the configuration that was read last. Only its begin has a time limit.
    pub(super) async fn changes(&self) -> Result<Response, ServerError> {
        let mut url = self.url("Changes");
        let after = self.position.load(Ordering::Relaxed);
        url.query_pairs_mut().append_pair("after", &after.to_string());
        let request = self.signed(self.client.get(url)).header("Accept", "text/event-stream");
        let mut answer = match tokio::time::timeout(ANSWER_TIME_MAX, send(request)).await {
            Ok(it) => it?,
            Err(_) => return Err(ServerError::Away),
        };
        expect_success(&mut answer)?;
        Ok(answer)
    }

    pub(super) async fn report(&self, report: &Report) -> Result<(), ServerError> {
        let request = self.signed(self.client.post(self.url(report.path()))).json(report);
        let mut answer = send(request.timeout(ANSWER_TIME_MAX)).await?;
        expect_success(&mut answer)?;
        Ok(())
    }
}

async fn send(request: RequestBuilder) -> Result<Response, ServerError> {
    request.send().await.map_err(|err| {
        tracing::debug!(error = %err.without_url(), "the server cannot be reached");
        ServerError::Away
    })
}

fn expect_success(answer: &mut Response) -> Result<&mut Response, ServerError> {
    match answer.status() {
        it if it.is_success() => Ok(answer),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(ServerError::Unknown),
        it => Err(ServerError::Status(it.as_u16())),
    }
}
