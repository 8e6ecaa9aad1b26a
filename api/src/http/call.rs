//! One request being handled: what was sent, from which address, and when.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use commands::Expected;
use domain::Timestamp;
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use warp::http::HeaderMap;
use warp::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, IF_MATCH};

use super::error::ApiError;
use super::input::Query;
use super::members::Members;
use crate::state::app::App;

/// The largest body of a face, in bytes, where neither it nor an endpoint says otherwise.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;

/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// The pieces of a body.
pub(crate) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

/// A request whose path and method have matched, but whose caller is not known yet.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) operation: &'static str,
    pub(crate) parameters: Vec<String>,
    pub(crate) raw_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) now: Timestamp,
    pub(crate) request_id: [u8; 16],
    pub(crate) members: Members,
    /// What its query has and nothing reads, where such a query is refused.
    pub(crate) unknown_query: Option<String>,
    /// What the list of the endpoint can be ordered by.
    pub(crate) orders: Arc<[String]>,
    /// The largest body that its endpoint takes, in bytes.
    pub(crate) body_bytes_max: usize,
    pub(crate) body: Option<BodyStream>,
}

impl Call {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The version that the caller wants to change, as `If-Match` says (RFC 9110 section 13.1.1): the
    /// `ETag` of an answer.
    pub(crate) fn if_match(&self) -> Result<Expected, ApiError> {
        let Some(sent) = self.headers.get(IF_MATCH) else { return Ok(Expected::Any) };
        let tag = sent.to_str().unwrap_or_default().trim();
        if tag == "*" {
            return Ok(Expected::Any);
        }
        let version = tag.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let version = version.and_then(|it| it.parse().ok()).map(Expected::At);
        let wrong = || ApiError::field("If-Match", "must be an ETag as it was answered, or *");
        version.ok_or_else(wrong)
    }

    /// The `Host` header: the host with its port. Two are as none (RFC 9112 section 3.2): a proxy may
    /// have used the other one.
    pub(crate) fn host(&self) -> Option<&str> {
        only_host(&self.headers)
    }

    /// The `Authorization` header.
    ///
    /// # Errors
    /// When there are two different ones: a proxy may have judged the other one. Generated clients send
    /// the same one twice, once for each way to sign in that the document names.
    pub(crate) fn authorization(&self) -> Result<Option<&str>, ApiError> {
        let mut all = self.headers.get_all(AUTHORIZATION).iter();
        let first = all.next();
        match all.all(|it| Some(it) == first) {
            true => Ok(first.and_then(|it| it.to_str().ok())),
            false => Err(ApiError::field("Authorization", "must not be there twice")),
        }
    }

    /// The query.
    pub(crate) fn query(&self) -> Query {
        Query::parse(&self.raw_query)
    }

    /// A path parameter, in the order of the path.
    pub(crate) fn parameter(&self, n: usize) -> &str {
        self.parameters.get(n).map_or("", String::as_str)
    }

    /// A path parameter that must be a number.
    pub(crate) fn number(&self, n: usize, name: &'static str) -> Result<u32, ApiError> {
        let wrong = || ApiError::field(name, "must be a whole number");
        let number = self.parameter(n).parse::<i64>().map_err(|_| wrong())?;
        // A number that is not in the range of ids belongs to nothing.
        Ok(u32::try_from(number).unwrap_or(0))
    }

    /// The whole body, within its limits.
    pub(crate) async fn bytes(&mut self) -> Result<Bytes, ApiError> {
        let bytes_max = self.body_bytes_max;
        let too_large = || ApiError::TooLarge { field: "body".to_owned(), bytes_max };
        let Some(mut stream) = self.body.take() else { return Ok(Bytes::new()) };
        let read = async {
            let mut body = BytesMut::new();
            while let Some(piece) = stream.next().await {
                let mut piece =
                    piece.map_err(|_| ApiError::field("$", "the body did not arrive whole"))?;
                if body.len() + piece.remaining() > bytes_max {
                    return Err(too_large());
                }
                body.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
            }
            Ok(body.freeze())
        };
        match tokio::time::timeout(BODY_TIME_MAX, read).await {
            Ok(body) => body,
            Err(_) => Err(ApiError::field("$", "the body took too long to arrive")),
        }
    }

    /// A JSON body, and its bytes.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self) -> Result<(T, Bytes), ApiError> {
        self.content_type("application/json")?;
        let body = self.bytes().await?;
        Ok((self.members.read(&body)?, body))
    }

    /// A JSON body, or none: many clients state the type of a body that they do not send.
    pub(crate) async fn optional_json<T: DeserializeOwned + Default>(
        &mut self,
    ) -> Result<(T, Bytes), ApiError> {
        let body = self.bytes().await?;
        if body.is_empty() {
            return Ok((T::default(), body));
        }
        self.content_type("application/json")?;
        Ok((self.members.read(&body)?, body))
    }

    /// A form.
    pub(crate) async fn form(&mut self) -> Result<Query, ApiError> {
        self.content_type("application/x-www-form-urlencoded")?;
        let body = self.bytes().await?;
        let text = std::str::from_utf8(&body);
        let text = text.map_err(|_| ApiError::oauth("invalid_request", "the form is not UTF-8"))?;
        let form = Query::parse_form(text);
        if form.has_repeated() {
            // RFC 6749 section 3.2.
            return Err(ApiError::oauth("invalid_request", "a parameter is sent more than once"));
        }
        Ok(form)
    }

    /// Whether the body is of a type.
    ///
    /// # Errors
    /// When it is of another one.
    pub(crate) fn content_type(&self, expected: &'static str) -> Result<(), ApiError> {
        let sent = self.headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        let mut parts = sent.unwrap_or_default().split(';').map(str::trim);
        let sent = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_json = |it: &str| it == "text/json" || it.ends_with("+json");
        let fits = sent == expected || (expected == "application/json" && is_json(&sent));
        match fits && parts.all(is_utf_8) {
            true => Ok(()),
            false => Err(ApiError::WrongContentType { expected }),
        }
    }
}

/// Whether a parameter of a content type names no other encoding than UTF-8.
fn is_utf_8(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let value = value.trim().trim_matches('"');
    let all_are = ["utf-8", "utf8", "us-ascii"];
    !name.trim().eq_ignore_ascii_case("charset")
        || all_are.iter().any(|it| it.eq_ignore_ascii_case(value))
}

fn only_host(headers: &HeaderMap) -> Option<&str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_in_utf_8() {
        for fine in ["charset=utf-8", "Charset=\"UTF-8\"", "charset=us-ascii", "boundary=x", ""] {
            assert!(is_utf_8(fine), "{fine}");
        }
        for wrong in ["charset=utf-16", "charset=", "charset", "CHARSET=latin1"] {
            assert!(!is_utf_8(wrong), "{wrong}");
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(only_host(&headers), None);
        headers.append(HOST, "a:8080".parse().unwrap());
        assert_eq!(only_host(&headers), Some("a:8080"));
        headers.append(HOST, "b:8080".parse().unwrap());
        assert_eq!(only_host(&headers), None);
    }
}
