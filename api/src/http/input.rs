//! Reading what callers send: queries, paths and bodies, with errors that name the field.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};

use commands::lock::lock;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{ApiError, FieldErrors};

/// The longest query string, in bytes.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

/// The query of a request. Names are matched without regard to case (spec section 2.4).
#[derive(Debug, Default)]
pub(crate) struct Query {
    values: HashMap<String, String>,
    repeated: bool,
    errors: Mutex<FieldErrors>,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        let mut values = HashMap::new();
        let mut repeated = false;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            repeated |= values.insert(name.to_lowercase(), value.into_owned()).is_some();
        }
        Self { values, repeated, errors: Default::default() }
    }

    /// Whether a name occurs more than once; the last value counts.
    pub(crate) fn has_repeated(&self) -> bool {
        self.repeated
    }

    /// A text that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(&name.to_lowercase()).map(String::as_str).filter(|it| !it.is_empty())
    }

    /// A whole number in a range, or a default. Empty counts as absent (spec section 3.4).
    pub(crate) fn number(&self, name: &str, default: u64, max: u64) -> u64 {
        let Some(text) = self.text(name) else { return default };
        match text.trim().parse::<u64>() {
            Ok(number) if number <= max => number,
            _ => {
                self.note(name, format!("must be a whole number from 0 to {max}"));
                default
            }
        }
    }

    /// `true` or `false`, or a default.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        let Some(text) = self.text(name) else { return default };
        match text.trim().to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => {
                self.note(name, "must be true or false");
                default
            }
        }
    }

    fn errors(&self) -> MutexGuard<'_, FieldErrors> {
        lock(&self.errors)
    }

    /// Records that a value breaks a rule.
    pub(crate) fn note(&self, name: &str, why: impl Into<String>) {
        self.errors().entry(name.to_owned()).or_default().push(why.into());
    }

    /// Fails with all rules that were broken so far.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        let errors = std::mem::take(&mut *self.errors());
        if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
    }
}

/// The names of a body's members, so that callers may write them in any case.
#[derive(Debug, Default)]
pub(crate) struct MemberNames(HashMap<String, String>);

impl MemberNames {
    /// Takes the names from the schema of the body.
    pub(crate) fn new(names: BTreeSet<String>) -> Self {
        Self(names.into_iter().map(|it| (it.to_lowercase(), it)).collect())
    }

    /// Gives members their proper case, and drops those that are null (spec section 2.1).
    fn normalise(&self, value: Value) -> Value {
        match value {
            Value::Object(members) => members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| {
                    let known = self.0.get(&name.to_lowercase()).cloned();
                    (known.unwrap_or(name), self.normalise(value))
                })
                .collect(),
            Value::Array(items) => items.into_iter().map(|it| self.normalise(it)).collect(),
            value => value,
        }
    }

    /// Reads a JSON body.
    pub(crate) fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ApiError> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|err| ApiError::field("$", format!("is not JSON: {}", place(&err))))?;
        if !matches!(value, Value::Object(_)) {
            return Err(ApiError::field("$", "must be a JSON object"));
        }
        serde_path_to_error::deserialize(self.normalise(value)).map_err(|err| {
            let path = err.path().to_string();
            let field = if path == "." { "$".to_owned() } else { path };
            ApiError::field(field, explain(&err.into_inner().to_string()))
        })
    }
}

/// Where the JSON is wrong, without quoting it.
fn place(err: &serde_json::Error) -> String {
    format!("line {} column {}", err.line(), err.column())
}

/// serde's message says `invalid type: string "secret", expected u32`: the value is cut out, for
/// it may be a secret. From the right, for the value may have that word, too.
fn explain(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("has the wrong type: expected {expected}"),
        None => match message.strip_prefix("missing field ") {
            Some(field) => format!("is missing {}", field.trim_matches('`')),
            None => "has a value that this field cannot hold".to_owned(),
        },
    }
}
