//! A document, read and checked.

use serde::Serialize;
use serde_json::Value;

use crate::limits::TEXT_CHARS_MAX;
use crate::model::{items, text};
use crate::parse::{Form, parse};
use crate::place::Place;
use crate::problem::{self, Problems, Refused, refused};
use crate::text::clean;
use crate::{check, lift};

/// What a document says of itself. Texts are cut to [`crate::TEXT_CHARS_MAX`] characters and cleaned
/// of control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How it was written.
    pub form: Form,
    /// The version of OpenAPI, as `3.0.3`; `2.0` for Swagger.
    pub openapi: String,
    /// `info.title`.
    pub title: String,
    /// `info.version`.
    pub info_version: String,
    /// Operations of its paths, at most [`crate::OPERATIONS_MAX`].
    pub operations: u32,
    /// The URL of the first server, its variables filled in with their defaults; of 2.0 the first
    /// scheme, host and base path. It may be relative. `None` if there is none, or if it is longer
    /// than [`crate::TEXT_CHARS_MAX`] characters or has control characters.
    pub server_url: Option<String>,
}

/// A document that was read and keeps the rules. It lives in memory: about ten times the bytes.
#[derive(Clone, Debug)]
pub struct Document {
    summary: Summary,
    json: Value,
    /// A 2.0 document as one of 3.0.
    lifted: Option<Value>,
}

impl Document {
    /// What the document says of itself.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The document as it was read, YAML as JSON. The order of members is not kept.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The document as one of OpenAPI 3.
    pub(crate) fn model(&self) -> &Value {
        self.lifted.as_ref().unwrap_or(&self.json)
    }

    /// Where the document as it was read has what a pointer into its model leads to.
    pub(crate) fn pointer(&self, pointer: &str) -> String {
        match self.lifted {
            Some(_) => lift::original(pointer),
            None => pointer.to_owned(),
        }
    }
}

/// Reads a document of OpenAPI 2.0, 3.0, 3.1 or 3.2 from JSON or YAML, on this thread: up to some
/// 100 ms for 10 MB of JSON, some seconds for YAML of that size.
///
/// With `strict`, every known member must have its type and be there where it has to be. Without it,
/// only what this crate depends on is held to its rules.
///
/// # Errors
///
/// [`Refused`] with the first [`crate::PROBLEMS_MAX`] problems.
pub fn read(bytes: &[u8], strict: bool) -> Result<Document, Refused> {
    let (json, form, _nodes) = parse(bytes)?;
    let version = version(&json)?;
    let mut problems = Problems::default();
    check::References::check(&json, &mut problems);
    let lifted = match version.as_str() {
        "2.0" => {
            lift::check(&json, &mut problems);
            let said = "too large once bodies are repeated in their operations";
            let lifted = lift::lift(&json, &mut problems);
            Some(lifted.ok_or_else(|| refused(problem::NODES, &Place::Root, said))?)
        }
        _ => None,
    };
    let model = lifted.as_ref().unwrap_or(&json);
    let model_version = if lifted.is_some() { "3.0.3" } else { &version };
    let mut found = Problems::default();
    if lifted.is_some() {
        check::References::check(model, &mut found);
    }
    let operations = check::check(model, model_version, strict, &mut found);
    if lifted.is_some() {
        found.rename_pointers(lift::original);
    }
    problems.extend(found);
    problems.into_result()?;
    let info =
        |name: &str| clean(json.get("info").and_then(|it| text(it, name)).unwrap_or_default());
    let summary = Summary {
        form,
        title: info("title"),
        info_version: info("version"),
        operations,
        server_url: server_url(model),
        openapi: version,
    };
    Ok(Document { summary, json, lifted })
}

/// The version of OpenAPI, if it is one that can be read.
fn version(json: &Value) -> Result<String, Refused> {
    let not = |said: &str| refused(problem::VERSION, &Place::Root, said);
    if !json.is_object() {
        return Err(not("not an object"));
    }
    match (json.get("openapi"), json.get("swagger")) {
        (Some(Value::String(version)), None) => {
            let known = ["3.0.", "3.1.", "3.2."].iter().find_map(|it| version.strip_prefix(*it));
            match known {
                Some(patch) if is_patch(patch) => Ok(version.clone()),
                _ => Err(not(&format!("OpenAPI {} is none of 2.0, 3.0, 3.1, 3.2", clean(version)))),
            }
        }
        (None, Some(Value::String(version))) if version == "2.0" => Ok("2.0".to_owned()),
        // YAML without quotes.
        (None, Some(Value::Number(version))) if version.as_f64() == Some(2.0) => {
            Ok("2.0".to_owned())
        }
        (Some(_), Some(_)) => Err(not("both openapi and swagger are stated")),
        (None, None) => Err(not("neither openapi nor swagger is stated")),
        _ => Err(not("the version of OpenAPI is not a known text")),
    }
}

/// As `0`, `3`, `0-rc1`.
fn is_patch(patch: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
    patch.len() <= 20
        && patch.starts_with(|it: char| it.is_ascii_digit())
        && patch.chars().all(fits)
}

fn server_url(model: &Value) -> Option<String> {
    let server = items(model.get("servers")).iter().find(|it| text(it, "url").is_some())?;
    let mut rest = text(server, "url")?;
    let mut url = String::new();
    let variables = server.get("variables");
    while let Some((before, from)) = rest.split_once('{') {
        let Some((name, after)) = from.split_once('}') else { break };
        let variable = variables.and_then(|it| it.get(name));
        url.push_str(before);
        url.push_str(text(variable?, "default")?);
        rest = after;
        if url.len() > TEXT_CHARS_MAX * 4 {
            return None;
        }
    }
    url.push_str(rest);
    let is_fit = url.chars().count() <= TEXT_CHARS_MAX && !url.chars().any(char::is_control);
    is_fit.then_some(url)
}
