//! Reading the queries that callers send, with errors that name the field. Bodies: `members.rs`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use commands::lock::lock;

use super::error::{ApiError, FieldErrors};

/// The longest query string, in bytes.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

/// The query of a request. Names are matched without regard to case (spec section 2.4).
#[derive(Debug, Default)]
pub(crate) struct Query {
    values: HashMap<String, String>,
    /// Whether names count in the case that they were sent in.
    exact: bool,
    repeated: bool,
    errors: Mutex<FieldErrors>,
}

impl Query {
    pub(crate) fn parse(query: &str) -> Self {
        Self::read(query, false)
    }

    /// A form. Its names count in the case that they were sent in (RFC 6749 section 1.9).
    pub(crate) fn parse_form(form: &str) -> Self {
        Self::read(form, true)
    }

    fn read(text: &str, exact: bool) -> Self {
        let mut values = HashMap::new();
        let mut repeated = false;
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            let name = if exact { name.into_owned() } else { name.to_lowercase() };
            repeated |= values.insert(name, value.into_owned()).is_some();
        }
        Self { values, exact, repeated, errors: Default::default() }
    }

    /// Whether a name occurs more than once; the last value counts.
    pub(crate) fn has_repeated(&self) -> bool {
        self.repeated
    }

    /// A text that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let value = match self.exact {
            true => self.values.get(name),
            false => self.values.get(&name.to_lowercase()),
        };
        value.map(String::as_str).filter(|it| !it.is_empty())
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
