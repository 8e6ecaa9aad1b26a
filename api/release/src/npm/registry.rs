//! An npm registry: publishes packages, and finds those that are there already.

use std::time::Duration;

use outside::strict_client;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use tokio::time::timeout;

use super::answer::{self, Found, KNOWN_BYTES_MAX, SAID_BYTES_MAX};
use super::package::Package;
use crate::failure::cleaned;
use crate::{Failure, FormError, Reason, Secret};

/// How long publishing may take, with all questions about it.
pub const PUBLISH_TIME_MAX: Duration = Duration::from_secs(60);

/// A look-up of the registry's name, a connection and its handshake, together.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// How long a caller waits before it publishes again after a failure that may be over later.
pub const REPEAT_AFTER: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// A package is in the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Whether it was there before, by an attempt whose answer was lost.
    pub was_there: bool,
}

/// An npm registry that the operator named. It is trusted to be where it is: its address may be a
/// private one. No proxy is used, and no redirect followed: the token goes nowhere else.
pub struct Registry {
    client: Client,
    /// Without a slash at its end.
    url: String,
    time_max: Duration,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Registry({:?})", self.url)
    }
}

impl Registry {
    /// By its URL, such as `https://registry.npmjs.org`: http or https, without credentials, query and
    /// fragment.
    ///
    /// # Errors
    /// When the URL has another form, or when no HTTP client can be made.
    pub fn new(url: &str) -> Result<Self, FormError> {
        let wrong = || {
            FormError::new(
                "--npm-registry: must be an http or https URL, without credentials and query",
            )
        };
        let url = Url::parse(url).map_err(|_| wrong())?;
        let is_plain = ["http", "https"].contains(&url.scheme())
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !is_plain {
            return Err(wrong());
        }
        let client = strict_client(CONNECT_TIME_MAX)
            .build()
            .map_err(|_| FormError::new("No HTTP client can be made."))?;
        let url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { client, url, time_max: PUBLISH_TIME_MAX })
    }

    /// The same with another limit than [`PUBLISH_TIME_MAX`].
    #[must_use]
    pub fn with_time_max(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    /// Where the registry shows a package.
    pub fn page_of(&self, package: &str) -> String {
        format!("{}/{package}", self.url)
    }

    /// Publishes a package with the tag `latest`. That it is there already with the same bytes is a
    /// success, too: so a caller repeats it without harm, after [`REPEAT_AFTER`].
    ///
    /// # Errors
    /// - `registry_unreachable`, which may be over later: no connection, no whole answer within
    ///   [`PUBLISH_TIME_MAX`], 5xx, 408, 429, or an answer that no registry gives.
    /// - `registry_refused`: the token or the package is not accepted, or there is a redirect.
    /// - `version_taken`: the version is there with other bytes.
    pub async fn publish(&self, token: &Secret, package: &Package) -> Result<Published, Failure> {
        let Some(token) = token.as_token() else {
            let text = "There is no token, or it has characters that no token has.";
            return Err(Failure::never(Reason::RegistryRefused, text));
        };
        let mut header = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| Failure::never(Reason::RegistryRefused, "The token cannot be sent."))?;
        header.set_sensitive(true);
        let call = Call { registry: self, header, token };
        match timeout(self.time_max, call.publish(package)).await {
            Ok(result) => result,
            Err(_) => Err(unreachable("The registry did not answer in time.")),
        }
    }
}

fn unreachable(text: impl Into<String>) -> Failure {
    Failure::again(Reason::RegistryUnreachable, text)
}

/// One attempt to publish.
struct Call<'a> {
    registry: &'a Registry,
    header: HeaderValue,
    token: &'a str,
}

impl Call<'_> {
    async fn publish(&self, package: &Package) -> Result<Published, Failure> {
        let body = answer::document(&self.registry.url, package).to_string();
        let request = self.request(Method::PUT, &package.name().in_path());
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let answer = self.send(request).await?;
        let status = answer.status();
        let body = answer::read(answer, SAID_BYTES_MAX).await;
        match status {
            it if it.is_success() => match body {
                Some(body) if answer::is_yes(&body) => Ok(Published { was_there: false }),
                // Some registries say nothing; and something else may stand where one should be.
                _ => match self.find(package).await? {
                    Found::Same => Ok(Published { was_there: false }),
                    Found::Other => Err(taken(package)),
                    Found::Nothing => Err(unreachable("It did not answer as a registry does.")),
                },
            },
            it if it.is_redirection() => {
                let text =
                    format!("The registry answered {it} with a redirect, which is not followed.");
                Err(Failure::never(Reason::RegistryRefused, text))
            }
            StatusCode::UNAUTHORIZED => Err(self.refused(status, body.as_deref())),
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Err(unreachable(format!("The registry answered {status}.")))
            }
            // Registries say in different ways that a version is there.
            it if it.is_client_error() => match self.find(package).await? {
                Found::Same => Ok(Published { was_there: true }),
                Found::Other => Err(taken(package)),
                Found::Nothing if status == StatusCode::CONFLICT => {
                    Err(unreachable("The registry was changing the package. Try again."))
                }
                Found::Nothing => Err(self.refused(status, body.as_deref())),
            },
            _ => Err(unreachable(format!("The registry answered {status}."))),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/{path}", self.registry.url);
        self.registry
            .client
            .request(method, url)
            .header(AUTHORIZATION, self.header.clone())
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity")
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().await.map_err(|err| {
            let err = err.without_url();
            tracing::info!(error = ?err, "the npm registry did not answer");
            if err.is_connect() {
                unreachable("The registry cannot be reached.")
            } else {
                unreachable("The registry broke off or sent no proper answer.")
            }
        })
    }

    /// What the registry has under the version: asked for the version, and where a registry does not
    /// know that question, for the whole package.
    async fn find(&self, package: &Package) -> Result<Found, Failure> {
        let name = package.name().in_path();
        for path in [format!("{name}/{}", package.version()), name] {
            let answer = self.send(self.request(Method::GET, &path)).await?;
            match answer.status() {
                StatusCode::OK => match answer::read(answer, KNOWN_BYTES_MAX).await {
                    Some(body) => match answer::compare(&body, package) {
                        Found::Nothing => (),
                        found => return Ok(found),
                    },
                    None => {
                        return Err(unreachable("The registry's answer is broken or too long."));
                    }
                },
                it if it.is_server_error() => {
                    return Err(unreachable(format!("The registry answered {it}.")));
                }
                _ => (),
            }
        }
        Ok(Found::Nothing)
    }

    fn refused(&self, status: StatusCode, body: Option<&[u8]>) -> Failure {
        let said = body.and_then(answer::refusal).map(|it| cleaned(&it, &[self.token]));
        let said = said.map(|it| format!(": {it}")).unwrap_or_default();
        let text = format!("The registry answered {}{said}", status.as_u16());
        Failure::never(Reason::RegistryRefused, text)
    }
}

fn taken(package: &Package) -> Failure {
    let text = format!("The registry has version {} with other contents.", package.version());
    Failure::never(Reason::VersionTaken, text)
}
