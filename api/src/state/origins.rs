//! The origins whose pages may call the management API from a browser (`--cors-origins`).

use warp::http::HeaderMap;
use warp::http::header::{HeaderValue, ORIGIN};

/// The origins that an operator listed.
#[derive(Debug, Clone, Default)]
pub struct Origins(Vec<String>);

impl Origins {
    /// From origins such as `https://app.example.com`, each as `--cors-origins` accepts it.
    pub fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The origin of a request, if it is listed.
    pub(crate) fn listed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let mut sent = headers.get_all(ORIGIN).iter();
        let origin = sent.next().filter(|_| sent.next().is_none())?;
        let text = origin.to_str().ok()?;
        self.0.iter().any(|it| it == text).then(|| origin.clone())
    }
}

/// Reads an origin as an operator lists it.
pub(crate) fn parse_origin(text: &str) -> Result<String, String> {
    let hint = "an origin is such as https://app.example.com";
    domain::uri::origin(text).map_err(|why| format!("{why}; {hint}"))
}
