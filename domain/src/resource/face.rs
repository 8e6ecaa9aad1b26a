//! The face of an API at the gateway: everything that the gateway needs of it at one moment.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::ids::Sha256;
use crate::refusal::Refusal;

/// The largest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 40 * 1024;

/// The largest face without its policy, in bytes.
pub const FACE_BYTES_MAX: usize = 16 * 1024;

/// The most products that a face may name.
pub const FACE_PRODUCTS_MAX: usize = 20;

/// The longest address of a document or an upstream, in characters.
pub const ADDRESS_CHARS_MAX: usize = 2_000;

/// Everything that the gateway needs of an API at one moment. A revision is one face, and never
/// changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Face {
    /// The name at the gateway.
    pub name: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// The path segment at the gateway, as it was asked for. All APIs of a resource are served at the
    /// one that was published last.
    pub path: String,
    /// Where requests go. `None` only of faces that were published before it was recorded.
    pub service_url: Option<String>,
    /// Whether it was given by hand: then another document does not change it.
    pub service_url_given: bool,
    /// The products of which a caller needs a subscription, if any of them demands one:
    /// `/products/{id}`.
    pub products: Vec<String>,
    /// How callers prove themselves.
    pub authentication: Authentication,
    /// Raw policy XML.
    pub policy: Option<String>,
    /// The document. `None` only of faces that were published before documents were kept.
    pub document: Option<Document>,
    /// The address that the document was fetched from; `None` of one that was sent.
    pub source: Option<String>,
}

/// How callers of an API prove themselves at the gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authentication {
    /// Not at all.
    #[default]
    None,
    /// By a token.
    #[serde(rename_all = "camelCase")]
    Token {
        /// The id of the authorization server that issues it.
        server: String,
        /// The scope to demand.
        scope: Option<String>,
        /// The OpenID provider to demand.
        openid: Option<String>,
    },
}

/// What is known of an OpenAPI document, without its bytes: they are kept beside the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
    /// Its length.
    pub bytes: u64,
    /// How it is written.
    pub form: DocumentForm,
    /// The version of OpenAPI: `3.0.3`.
    pub openapi: String,
    /// What it is called.
    pub title: String,
    /// Its own version.
    pub info_version: String,
    /// How many operations it has.
    pub operations: u32,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentForm {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// How a document differs from the one of the revision that was current.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The revision that it was compared with; 0 for none.
    pub against: u32,
    /// How many changes break callers.
    pub breaking: u32,
    /// How many may, or cannot be judged.
    pub risky: u32,
    /// How many do not.
    pub compatible: u32,
    /// The SHA-256 of the whole report, which is kept beside the log.
    pub report: Option<Sha256>,
}

/// The rule for a path at the gateway.
///
/// # Errors
/// When it is not 1 to 32 letters and digits.
pub fn check_path(path: &str) -> Result<(), Refusal> {
    check::required_text("suffix", path, 32)?;
    match path.bytes().all(|it| it.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(Refusal::invalid("suffix", "must be 1 to 32 of [a-zA-Z0-9]")),
    }
}

impl Face {
    /// Of a revision that was made before faces were stored: all that is known is where its document
    /// was said to be.
    pub(super) fn unknown(source: String) -> Self {
        Self { source: Some(source), ..Self::default() }
    }

    /// All rules for a face.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        self.check_texts()?;
        match self.document {
            Some(_) => Ok(()),
            None => Err(Refusal::invalid("swaggerUrl", "must lead to a document that was read")),
        }
    }

    /// The rules for what it says: those that can be asked before its document was read.
    ///
    /// # Errors
    /// When a text is too long or has characters that it may not have, or there are too many products.
    pub fn check_texts(&self) -> Result<(), Refusal> {
        check_path(&self.path)?;
        if let Some(source) = &self.source {
            check::required("swaggerUrl", source, ADDRESS_CHARS_MAX)?;
        }
        check::optional("serviceUrl", self.service_url.as_deref(), ADDRESS_CHARS_MAX)?;
        check::optional("name", self.name.as_deref(), 300)?;
        check::optional_text("description", self.description.as_deref(), 4000)?;
        if let Authentication::Token { server, scope, openid } = &self.authentication {
            check::required("authorizationServerId", server, 256)?;
            check::optional("scope", scope.as_deref(), 500)?;
            check::optional("openid", openid.as_deref(), 256)?;
        }
        check::list("productIds", &self.products, FACE_PRODUCTS_MAX)?;
        for product in &self.products {
            check::required("productIds", product, 100)?;
        }
        self.check_size()
    }

    fn check_size(&self) -> Result<(), Refusal> {
        match &self.policy {
            Some(policy) if policy.len() > POLICY_BYTES_MAX => {
                return Err(Refusal::TooLarge { field: "policy", bytes_max: POLICY_BYTES_MAX });
            }
            Some(policy) => check::at_most("policy", policy, POLICY_BYTES_MAX)?,
            None => (),
        }
        let of = |it: &Option<String>| it.as_ref().map_or(0, String::len);
        let texts = [&self.name, &self.description, &self.service_url, &self.source];
        let products = self.products.iter().map(String::len).sum::<usize>();
        let bytes = texts.into_iter().map(of).sum::<usize>() + products;
        match bytes > FACE_BYTES_MAX {
            true => Err(Refusal::TooLarge { field: "description", bytes_max: FACE_BYTES_MAX }),
            false => Ok(()),
        }
    }

    /// The path as it is compared and claimed.
    pub(super) fn normal_path(&self) -> String {
        self.path.to_ascii_lowercase()
    }
}
