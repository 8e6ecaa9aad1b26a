//! The URLs that documents are fetched from: their form, and where a redirect may lead.

use reqwest::Url;

use super::error::FetchError;

/// The longest URL, in characters, as it was written and as it is sent.
pub const URL_CHARS_MAX: usize = 2_000;

/// A URL whose form was checked: http or https, with a host, without credentials and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchUrl(Url);

impl FetchUrl {
    /// The whole of it, as it is sent.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its host: a name in lower case, or an address as the parser spells it (`127.0.0.1` for
    /// `0x7f.1`, `[::1]`).
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Whether its scheme is https.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Its port, also where it is the one that the scheme has by itself.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(0)
    }

    /// Whether it has a query.
    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    /// Where a reference in a document from here leads, such as `../v2`.
    ///
    /// # Errors
    /// As [`check_url`].
    pub fn joined(&self, reference: &str) -> Result<Self, FetchError> {
        if !is_plain(reference) {
            return Err(FetchError::bad_url("The reference cannot be read."));
        }
        let url = self.0.join(reference);
        checked(url.map_err(|_| FetchError::bad_url("The reference cannot be read."))?)
    }

    pub(super) fn to_url(&self) -> Url {
        self.0.clone()
    }

    /// Where a `Location` leads from here: to a URL of the same form, and from https only to https.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, FetchError> {
        let refused = || FetchError::redirects("There is a redirect that is not followed.");
        if location.is_empty() || !is_plain(location) {
            return Err(refused());
        }
        let to = self.0.join(location).map_err(|_| refused())?;
        let to = checked(to).map_err(|_| refused())?;
        if self.is_https() && !to.is_https() { Err(refused()) } else { Ok(to) }
    }
}

/// Whether a text has a fair length and no control characters. The parser would pass over some.
fn is_plain(text: &str) -> bool {
    text.chars().take(URL_CHARS_MAX + 1).count() <= URL_CHARS_MAX
        && !text.chars().any(char::is_control)
}

/// Whether a parsed host is an address, or a name of letters, digits, hyphens and underscores.
fn is_host(host: &str) -> bool {
    let may = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
    host.starts_with('[') || (host.len() <= 254 && !host.is_empty() && host.bytes().all(may))
}

/// Checks the form of a URL, without looking anything up: http or https, no credentials, at most
/// 2,000 characters, no control characters. A fragment is dropped.
///
/// # Errors
/// [`FetchReason::BadUrl`](super::FetchReason::BadUrl), with a text that says what is wrong.
pub fn check_url(url: &str) -> Result<FetchUrl, FetchError> {
    if !is_plain(url) {
        let text = "The URL has more than 2,000 characters, or control characters.";
        return Err(FetchError::bad_url(text));
    }
    let url = Url::parse(url).map_err(|_| FetchError::bad_url("The URL cannot be read."))?;
    checked(url)
}

fn checked(mut url: Url) -> Result<FetchUrl, FetchError> {
    let wrong = |text: &str| Err(FetchError::bad_url(text));
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        wrong("The URL must be an http or https one.")
    } else if !url.username().is_empty() || url.password().is_some() {
        wrong("The URL may have no user name and no password.")
    } else if !url.host_str().is_some_and(is_host) {
        wrong("The URL has no host, or none that can be looked up.")
    } else if url.as_str().len() > URL_CHARS_MAX {
        wrong("The URL has more than 2,000 characters.")
    } else {
        Ok(FetchUrl(url))
    }
}
