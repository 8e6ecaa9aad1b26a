//! Why a document was refused, and where.

use std::fmt;

use serde::Serialize;

use crate::limits::PROBLEMS_MAX;
use crate::place::Place;

/// The kind of a refusal. Its words are fixed: see [`Reason::word`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Reason {
    /// Not a document of OpenAPI 2.0, 3.0, 3.1 or 3.2.
    #[serde(rename = "document_not_openapi")]
    NotOpenApi,
    /// It could not be read, or breaks a rule.
    #[serde(rename = "document_invalid")]
    Invalid,
    /// A reference leads out of the document.
    #[serde(rename = "document_external_reference")]
    ExternalReference,
    /// Too deep, too many nodes, operations, schemas or aliases.
    #[serde(rename = "document_too_complex")]
    TooComplex,
    /// More bytes than [`crate::BYTES_MAX`].
    #[serde(rename = "document_too_large")]
    TooLarge,
}

impl Reason {
    /// The fixed word, as `document_invalid`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotOpenApi => "document_not_openapi",
            Self::Invalid => "document_invalid",
            Self::ExternalReference => "document_external_reference",
            Self::TooComplex => "document_too_complex",
            Self::TooLarge => "document_too_large",
        }
    }
}

/// One place of a document that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A JSON pointer into the document as it was read; empty for the document itself. Each name in
    /// it is cut to [`crate::TEXT_CHARS_MAX`] characters, and cleaned of control characters.
    pub pointer: String,
    /// The fixed name of the rule, in kebab case: one of [`crate::PROBLEM_RULES`].
    pub rule: &'static str,
    /// One line in English. Parts of the document in it are cut and cleaned as in the pointer.
    pub text: String,
}

/// A document that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// The kind of the first problem.
    pub reason: Reason,
    /// At least one, at most [`crate::PROBLEMS_MAX`].
    pub problems: Vec<Problem>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason.word())?;
        if let Some(first) = self.problems.first() {
            write!(f, ": {}", first.text)?;
            if !first.pointer.is_empty() {
                write!(f, " at {}", first.pointer)?;
            }
        }
        match self.problems.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

/// A rule that documents are held to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) reason: Reason,
}

macro_rules! rules {
    ($($id:ident = $name:literal, $reason:ident;)*) => {
        $(pub(crate) const $id: Rule = Rule { name: $name, reason: Reason::$reason };)*

        /// The names of the rules that documents are held to, each with the reason for which a
        /// document is refused that breaks it. The names are a contract.
        pub const PROBLEM_RULES: &[(&str, Reason)] = &[$(($name, Reason::$reason)),*];
    };
}

rules! {
    BYTES = "bytes", TooLarge;
    ENCODING = "encoding", Invalid;
    SYNTAX = "syntax", Invalid;
    DUPLICATE_KEY = "duplicate-key", Invalid;
    DEPTH = "depth", TooComplex;
    NODES = "nodes", TooComplex;
    YAML_BUDGET = "yaml-budget", TooComplex;
    YAML_FEATURE = "yaml-feature", Invalid;
    OPERATIONS = "operations", TooComplex;
    SCHEMAS = "schemas", TooComplex;
    VERSION = "version", NotOpenApi;
    REFERENCE_EXTERNAL = "reference-external", ExternalReference;
    REFERENCE_BROKEN = "reference-broken", Invalid;
    REFERENCE_CHAIN = "reference-chain", TooComplex;
    REFERENCE_LOOP = "reference-loop", Invalid;
    MEMBER_TYPE = "member-type", Invalid;
    MEMBER_MISSING = "member-missing", Invalid;
    MEMBER_VALUE = "member-value", Invalid;
    INFO_TITLE = "info-title", Invalid;
    INFO_VERSION = "info-version", Invalid;
    PATHS_MISSING = "paths-missing", Invalid;
    PATH_SLASH = "path-slash", Invalid;
    PATH_TEMPLATE = "path-template", Invalid;
    PATH_TWICE = "path-twice", Invalid;
    METHOD_UNKNOWN = "method-unknown", Invalid;
    OPERATION_ID_TWICE = "operation-id-twice", Invalid;
    RESPONSES_MISSING = "responses-missing", Invalid;
    PARAMETER_TWICE = "parameter-twice", Invalid;
    PARAMETER_NOT_IN_PATH = "parameter-not-in-path", Invalid;
    PARAMETER_MISSING = "parameter-missing", Invalid;
    FILE_IN_BODY = "file-in-body", Invalid;
}

/// Problems as they are found.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<(Rule, Problem)>,
}

impl Problems {
    pub(crate) fn add(&mut self, rule: Rule, place: &Place<'_>, text: impl fmt::Display) {
        if self.is_full() {
            return;
        }
        let (pointer, text) = (place.pointer(), text.to_string());
        let problem = Problem { pointer, rule: rule.name, text };
        self.put(rule, problem);
    }

    /// Takes what another check found.
    pub(crate) fn extend(&mut self, others: Self) {
        for (rule, problem) in others.found {
            self.put(rule, problem);
        }
    }

    fn put(&mut self, rule: Rule, problem: Problem) {
        let is_known =
            |it: &(Rule, Problem)| it.1.pointer == problem.pointer && it.1.rule == rule.name;
        if !self.is_full() && !self.found.iter().any(is_known) {
            self.found.push((rule, problem));
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_MAX
    }

    /// The refusal, if there was a problem.
    pub(crate) fn into_result(self) -> Result<(), Refused> {
        let Some(reason) = self.found.first().map(|it| it.0.reason) else { return Ok(()) };
        // One that leads outside counts more than where it stands.
        let outside = self.found.iter().any(|it| it.0.reason == Reason::ExternalReference);
        let reason = if outside { Reason::ExternalReference } else { reason };
        Err(Refused { reason, problems: self.found.into_iter().map(|it| it.1).collect() })
    }

    /// Leads pointers into a lifted document back to where the 2.0 document has it.
    pub(crate) fn rename_pointers(&mut self, rename: impl Fn(&str) -> String) {
        for (_, problem) in &mut self.found {
            problem.pointer = rename(&problem.pointer);
        }
    }
}

/// A refusal with one problem.
pub(crate) fn refused(rule: Rule, place: &Place<'_>, text: impl fmt::Display) -> Refused {
    let problem = Problem { pointer: place.pointer(), rule: rule.name, text: text.to_string() };
    Refused { reason: rule.reason, problems: vec![problem] }
}
