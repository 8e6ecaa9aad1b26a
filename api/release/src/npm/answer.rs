//! What a registry says: read with a limit, and judged.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::package::Package;

/// The most that is read of an answer to what was published, in bytes.
pub(super) const SAID_BYTES_MAX: usize = 64 << 10;

/// The most that is read of what a registry knows of a package, in bytes: 16 MiB.
pub(super) const KNOWN_BYTES_MAX: usize = 16 << 20;

/// The longest text of a registry that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// What npm's protocol publishes a package with.
pub(super) fn document(registry: &str, package: &Package) -> Value {
    let (name, version) = (package.name(), package.version().to_string());
    let file = format!("{name}-{version}.tgz");
    let mut manifest = package.manifest.clone();
    if let Value::Object(fields) = &mut manifest {
        fields.insert("_id".to_owned(), json!(format!("{name}@{version}")));
        let dist = json!({
            "integrity": package.integrity(),
            "shasum": package.shasum(),
            "tarball": format!("{registry}/{name}/-/{file}"),
        });
        fields.insert("dist".to_owned(), dist);
    }
    json!({
        "_id": name.as_str(),
        "name": name.as_str(),
        "description": package.manifest.get("description"),
        "dist-tags": { "latest": version },
        "versions": { version: manifest },
        // As npm has it: a scoped package is what its registry makes of it, any other is public.
        "access": if name.is_scoped() { Value::Null } else { json!("public") },
        "_attachments": {
            file: {
                "content_type": "application/octet-stream",
                "data": BASE64_STANDARD.encode(package.tarball()),
                "length": package.tarball().len(),
            },
        },
    })
}

/// A body, if it is whole within a limit. More of it is not read.
pub(super) async fn read(mut answer: Response, bytes_max: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Ok(part) = answer.chunk().await {
        let Some(part) = part else { return Some(bytes) };
        if part.len() > bytes_max.saturating_sub(bytes.len()) {
            return None;
        }
        bytes.extend_from_slice(&part);
    }
    None
}

/// Whether a body is that of a registry that took a package: an object that has no error. Registries
/// have different words in it.
pub(super) fn is_yes(body: &[u8]) -> bool {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            let is_set = |it: &Value| !matches!(it, Value::Null | Value::Bool(false));
            !fields.get("error").is_some_and(is_set)
                && fields.get("success") != Some(&Value::Bool(false))
                && fields.get("ok") != Some(&Value::Bool(false))
        }
        _ => false,
    }
}

/// What a registry says of a refusal, if it is in the form that registries have: one short text.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let body = serde_json::from_slice::<Value>(body).ok()?;
    let texts = ["error", "reason", "message"].iter().filter_map(|it| body.get(it)?.as_str());
    let text = texts.max_by_key(|it| it.len())?;
    let text = text.chars().take(SHOWN_CHARS_MAX).collect::<String>();
    (!text.trim().is_empty()).then_some(text)
}

/// What a registry has under a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Our archive.
    Same,
    /// Another one.
    Other,
    /// None, as far as can be told.
    Nothing,
}

#[derive(Deserialize)]
struct Known {
    version: Option<String>,
    dist: Option<Dist>,
    versions: Option<std::collections::BTreeMap<String, Known>>,
}

#[derive(Deserialize)]
struct Dist {
    integrity: Option<String>,
    shasum: Option<String>,
}

/// Compares what a registry answers for a version, or for all versions of a package, with ours.
pub(super) fn compare(body: &[u8], package: &Package) -> Found {
    let version = package.version().to_string();
    let Ok(mut known) = serde_json::from_slice::<Known>(body) else { return Found::Nothing };
    if let Some(it) = known.versions.as_mut().and_then(|it| it.remove(&version)) {
        known = it;
    }
    match known.dist {
        Some(dist) if known.version.as_deref() == Some(version.as_str()) => {
            let is_same = match dist.integrity {
                Some(it) => it.split_ascii_whitespace().any(|it| it == package.integrity()),
                None => dist.shasum.is_some_and(|it| it == package.shasum()),
            };
            if is_same { Found::Same } else { Found::Other }
        }
        _ => Found::Nothing,
    }
}
