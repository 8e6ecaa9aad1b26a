//! The origins whose pages may call the management API from a browser (`--cors-origins`).

use warp::http::header::{HeaderValue, ORIGIN};
use warp::http::{HeaderMap, Uri};

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

/// Reads an origin: scheme, host and port as browsers send them, and nothing else.
pub(crate) fn parse_origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    let wrong = |why: &str| Err(format!("{why}; an origin is such as https://app.example.com"));
    if text.contains('*') || text == "null" {
        return wrong("every origin must be listed by its own name");
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return wrong("it has no scheme");
    };
    let default_port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return wrong("the scheme must be https or http"),
    };
    if authority.contains(['/', '?', '#', '@']) {
        return wrong("it has more than scheme, host and port");
    }
    if authority.chars().any(|it| it.is_ascii_uppercase() || !it.is_ascii_graphic()) {
        return wrong("browsers send hosts in small letters, and others than ASCII as xn--");
    }
    if authority.ends_with(default_port) {
        return wrong("browsers leave the usual port out");
    }
    let uri = text.parse::<Uri>().ok();
    let has_host = uri.as_ref().and_then(Uri::host).is_some_and(|it| !it.is_empty());
    // What is no number at the end is no port.
    let port = authority.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let port = port.filter(|(_, port)| !port.ends_with(']')).map(|(_, it)| it);
    if !has_host || port.is_some_and(|it| it.parse::<u16>().is_err()) {
        return wrong("it has no host, or no port after the colon");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_as_browsers_send_them() {
        for right in [
            "https://app.example.com",
            "http://localhost:3000",
            "http://[::1]:3000",
            "https://[2001:db8::1]",
            " https://a.example ",
        ] {
            assert_eq!(parse_origin(right).as_deref(), Ok(right.trim()), "{right}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "https://*.example.com",
            "app.example.com",
            "ftp://app.example.com",
            "https://",
            "https://:8080",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://me@app.example.com",
            "https://App.example.com",
            "https://äpp.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://app.example.com:x",
            "https://app.example.com:99999",
            "https://app.example.com:",
            "https://a.example https://b.example",
        ] {
            assert!(parse_origin(wrong).is_err(), "{wrong}");
        }
    }
}
