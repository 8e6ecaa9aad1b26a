//! Documents from outside, fetched from wherever a caller says: the one place that does so.
//!
//! An address is checked where it is connected to: literal ones here, since a resolver is not asked
//! for them, and those of names in the resolver, so that a second look-up cannot answer otherwise.

mod error;
mod places;
mod resolve;
mod url;

pub use self::error::{FetchError, FetchReason};
pub use self::url::{FetchUrl, URL_CHARS_MAX, check_url};

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, LOCATION};
use reqwest::{Client, Response, StatusCode};

use self::places::Places;
use self::resolve::{Lookup, Resolver, by_the_system, is_forbidden};
use crate::{HostVerdict, Outbound, Unusable, strict_client};

/// The longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// The most redirects that are followed.
pub const REDIRECTS_MAX: usize = 3;

/// How long things may take. Only tests have others than [`Limits::REAL`].
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// A look-up of a name, a connection and its handshake, together.
    connect: Duration,
    /// A fetch, with all its redirects, without its wait for a place.
    whole: Duration,
    /// The wait for a place.
    place: Duration,
}

impl Limits {
    const REAL: Self = Self {
        connect: Duration::from_secs(5),
        whole: Duration::from_secs(20),
        place: Duration::from_secs(10),
    };
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The document, at most [`DOCUMENT_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// Where it was in the end, after redirects, without a fragment.
    pub url: String,
}

/// Fetches documents: 8 at once, 2 of one tenant. One for the whole program, since it counts.
pub struct Fetcher {
    client: Client,
    outbound: Arc<Outbound>,
    places: Places,
    limits: Limits,
    https_only: bool,
}

impl Fetcher {
    /// One that reaches what `outbound` allows.
    ///
    /// # Errors
    /// When no HTTP client can be made, such as without the system's certificates.
    pub fn new(outbound: Outbound) -> Result<Self, Unusable> {
        Self::with(outbound, Limits::REAL, by_the_system())
    }

    fn with(outbound: Outbound, limits: Limits, lookup: Lookup) -> Result<Self, Unusable> {
        let outbound = Arc::new(outbound);
        let resolver = Resolver::new(Arc::clone(&outbound), lookup);
        let client = strict_client(limits.connect)
            .dns_resolver(Arc::new(resolver))
            .build()
            .map_err(|err| Unusable(format!("the HTTP client: {err}")))?;
        let places = Places::new(limits.place);
        Ok(Self { client, outbound, places, limits, https_only: false })
    }

    /// The same, but refusing `http` URLs.
    #[must_use]
    pub fn https_only(self) -> Self {
        Self { https_only: true, ..self }
    }

    /// Which addresses are reached.
    pub fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Checks all that can be known of a URL without connecting anywhere: its form, and the host if
    /// that is an address.
    ///
    /// # Errors
    /// `bad_url` and `document_private_address`.
    pub fn check(&self, url: &str) -> Result<FetchUrl, FetchError> {
        let url = check_url(url)?;
        if self.https_only && !url.is_https() {
            return Err(FetchError::bad_url("The URL must be an https one."));
        }
        self.judge(&url)?;
        Ok(url)
    }

    /// Fetches a document with `GET`, within 20 s, after at most 10 s of waiting for a place. It
    /// follows up to [`REDIRECTS_MAX`] redirects. Only an answer 200 that is not compressed counts.
    ///
    /// # Errors
    /// Every [`FetchReason`]. What was read by then is dropped, and the connection closed.
    pub async fn fetch(&self, tenant: u32, url: &str) -> Result<Fetched, FetchError> {
        let url = self.check(url)?;
        let _place = self.places.take(tenant).await?;
        match tokio::time::timeout(self.limits.whole, self.follow(url)).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::too_slow()),
        }
    }

    /// Refuses a host that needs no look-up to be refused.
    fn judge(&self, url: &FetchUrl) -> Result<(), FetchError> {
        match self.outbound.allows_host(url.host()) {
            HostVerdict::Allowed | HostVerdict::Resolve => Ok(()),
            HostVerdict::Refused => Err(FetchError::private_address()),
        }
    }

    async fn follow(&self, mut url: FetchUrl) -> Result<Fetched, FetchError> {
        for _ in 0..=REDIRECTS_MAX {
            self.judge(&url)?;
            let answer = self.ask(&url).await?;
            let status = answer.status();
            match status {
                StatusCode::OK => return read(answer, url).await,
                StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT => {
                    let to = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
                    url = url.redirected(to.unwrap_or_default())?;
                }
                _ => return Err(FetchError::status(status.as_u16())),
            }
        }
        Err(FetchError::redirects("There are too many redirects."))
    }

    async fn ask(&self, url: &FetchUrl) -> Result<Response, FetchError> {
        let request = self
            .client
            .get(url.to_url())
            .header(ACCEPT, "application/json, application/yaml")
            .header(ACCEPT_ENCODING, "identity");
        request.send().await.map_err(|err| failed(url, err))
    }
}

/// Reads a body, and no more of it than a document may have.
async fn read(mut answer: Response, url: FetchUrl) -> Result<Fetched, FetchError> {
    if answer.headers().contains_key(CONTENT_ENCODING) {
        return Err(FetchError::unreachable("The server sent the document compressed."));
    }
    let max = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    if answer.content_length().is_some_and(|it| it > max) {
        return Err(FetchError::too_large());
    }
    let mut bytes = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|err| failed(&url, err))? {
        if part.len() > DOCUMENT_BYTES_MAX.saturating_sub(bytes.len()) {
            return Err(FetchError::too_large());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(Fetched { bytes, url: url.as_str().to_owned() })
}

/// What a caller may know of a failure. The log has the rest, without the URL: that may hold secrets.
fn failed(url: &FetchUrl, err: reqwest::Error) -> FetchError {
    let err = err.without_url();
    tracing::info!(host = url.host(), error = ?err, "a document could not be fetched");
    if is_forbidden(&err) {
        FetchError::private_address()
    } else if err.is_connect() {
        FetchError::unreachable("The server cannot be reached.")
    } else {
        FetchError::unreachable("The server broke off or sent no proper answer.")
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
