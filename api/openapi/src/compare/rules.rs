//! What two documents can differ in, and how bad it is in each direction.

use serde::{Deserialize, Serialize};

/// How bad a change is for those who call the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// What worked before fails.
    Breaking,
    /// It may fail, or nobody can tell.
    Risky,
    /// What worked before works.
    Compatible,
    /// Nothing that is sent differs.
    Editorial,
}

/// Which way what has changed is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the caller.
    Request,
    /// To the caller.
    Response,
}

/// A kind of change, with its class in a request and in a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    request: Class,
    response: Class,
}

impl Rule {
    pub(crate) fn class(&self, direction: Direction) -> Class {
        match direction {
            Direction::Request => self.request,
            Direction::Response => self.response,
        }
    }
}

macro_rules! rules {
    ($($id:ident = $name:literal, $request:ident, $response:ident;)*) => {
        $(pub(crate) const $id: Rule =
            Rule { name: $name, request: Class::$request, response: Class::$response };)*

        /// The names of the rules of [`crate::compare()`], each with the class of a change in a request
        /// and of one in a response. Where a change has no direction, both are the same. The names
        /// are a contract: pipelines know them.
        pub const RULES: &[(&str, Class, Class)] =
            &[$(($name, Class::$request, Class::$response)),*];
    };
}

rules! {
    // Operations.
    OPERATION_REMOVED = "operation-removed", Breaking, Breaking;
    DEPRECATED_OPERATION_REMOVED = "deprecated-operation-removed", Risky, Risky;
    OPERATION_ADDED = "operation-added", Compatible, Compatible;
    OPERATION_ID_CHANGED = "operation-id-changed", Risky, Risky;
    PATH_PARAMETER_RENAMED = "path-parameter-renamed", Risky, Risky;
    // Parameters.
    PARAMETER_REMOVED = "parameter-removed", Breaking, Breaking;
    REQUIRED_PARAMETER_ADDED = "required-parameter-added", Breaking, Breaking;
    OPTIONAL_PARAMETER_ADDED = "optional-parameter-added", Compatible, Compatible;
    PARAMETER_BECAME_REQUIRED = "parameter-became-required", Breaking, Breaking;
    PARAMETER_BECAME_OPTIONAL = "parameter-became-optional", Compatible, Compatible;
    PARAMETER_STYLE_CHANGED = "parameter-style-changed", Breaking, Breaking;
    // Bodies and media types.
    BODY_REMOVED = "body-removed", Breaking, Breaking;
    REQUIRED_BODY_ADDED = "required-body-added", Breaking, Breaking;
    OPTIONAL_BODY_ADDED = "optional-body-added", Compatible, Compatible;
    BODY_BECAME_REQUIRED = "body-became-required", Breaking, Breaking;
    BODY_BECAME_OPTIONAL = "body-became-optional", Compatible, Compatible;
    MEDIA_TYPE_REMOVED = "media-type-removed", Breaking, Breaking;
    MEDIA_TYPE_ADDED = "media-type-added", Compatible, Compatible;
    MEDIA_TYPE_SPLIT_OFF = "media-type-split-off", Risky, Risky;
    // Responses.
    SUCCESS_RESPONSE_REMOVED = "success-response-removed", Breaking, Breaking;
    RESPONSE_REMOVED = "response-removed", Risky, Risky;
    SUCCESS_RESPONSE_ADDED = "success-response-added", Risky, Risky;
    RESPONSE_ADDED = "response-added", Compatible, Compatible;
    RESPONSE_SPLIT_OFF = "response-split-off", Risky, Risky;
    HEADER_REMOVED = "header-removed", Risky, Risky;
    HEADER_ADDED = "header-added", Compatible, Compatible;
    HEADER_BECAME_OPTIONAL = "header-became-optional", Risky, Risky;
    HEADER_BECAME_REQUIRED = "header-became-required", Compatible, Compatible;
    // Schemas.
    TYPE_NARROWED = "type-narrowed", Breaking, Compatible;
    TYPE_WIDENED = "type-widened", Compatible, Breaking;
    ENUM_VALUE_REMOVED = "enum-value-removed", Breaking, Compatible;
    ENUM_VALUE_ADDED = "enum-value-added", Compatible, Risky;
    ENUM_STATED = "enum-stated", Breaking, Compatible;
    ENUM_DROPPED = "enum-dropped", Compatible, Risky;
    LIMIT_TIGHTENED = "limit-tightened", Breaking, Compatible;
    LIMIT_LOOSENED = "limit-loosened", Compatible, Risky;
    FORMAT_CHANGED = "format-changed", Risky, Risky;
    PATTERN_CHANGED = "pattern-changed", Risky, Risky;
    PROPERTY_REMOVED = "property-removed", Risky, Breaking;
    PROPERTY_REFUSED = "property-refused", Breaking, Breaking;
    PROPERTY_ADDED = "property-added", Compatible, Compatible;
    PROPERTY_SPLIT_OFF = "property-split-off", Risky, Risky;
    REQUIRED_PROPERTY_ADDED = "required-property-added", Breaking, Compatible;
    PROPERTY_BECAME_REQUIRED = "property-became-required", Breaking, Compatible;
    READ_ONLY_BECAME_REQUIRED = "read-only-property-became-required", Compatible, Compatible;
    PROPERTY_BECAME_OPTIONAL = "property-became-optional", Compatible, Breaking;
    ADDITIONAL_REFUSED = "additional-properties-refused", Breaking, Compatible;
    ADDITIONAL_ALLOWED = "additional-properties-allowed", Compatible, Risky;
    ALTERNATIVE_REMOVED = "alternative-removed", Breaking, Compatible;
    ALTERNATIVE_ADDED = "alternative-added", Compatible, Breaking;
    ALTERNATIVES_REPLACED = "alternatives-replaced", Risky, Risky;
    // Security.
    SECURITY_ADDED = "security-requirement-added", Breaking, Breaking;
    SECURITY_DROPPED = "security-requirement-dropped", Compatible, Compatible;
    SECURITY_WAY_REMOVED = "security-way-removed", Breaking, Breaking;
    SECURITY_WAY_ADDED = "security-way-added", Compatible, Compatible;
    // What nobody calls by.
    DEPRECATED_CHANGED = "deprecated-changed", Editorial, Editorial;
    TEXT_CHANGED = "text-changed", Editorial, Editorial;
    EXAMPLE_CHANGED = "example-changed", Editorial, Editorial;
    TAGS_CHANGED = "tags-changed", Editorial, Editorial;
    EXTENSION_CHANGED = "extension-changed", Editorial, Editorial;
    COMPONENT_CHANGED = "unused-component-changed", Editorial, Editorial;
    // Everything else.
    SECURITY_SCHEME_CHANGED = "security-scheme-changed", Risky, Risky;
    SERVERS_CHANGED = "servers-changed", Risky, Risky;
    MEMBER_CHANGED = "member-changed", Risky, Risky;
    KEYWORD_CHANGED = "keyword-changed", Risky, Risky;
    NOT_COMPARED = "not-compared", Risky, Risky;
    TOO_COMPLEX = "too-complex", Risky, Risky;
}

/// The editorial rule of a member that is never called by; `None` if it may be.
pub(crate) fn editorial(name: &str) -> Option<Rule> {
    match name {
        "title" | "summary" | "description" | "externalDocs" | "$comment" => Some(TEXT_CHANGED),
        "example" | "examples" => Some(EXAMPLE_CHANGED),
        "deprecated" => Some(DEPRECATED_CHANGED),
        "tags" => Some(TAGS_CHANGED),
        name if name.starts_with("x-") => Some(EXTENSION_CHANGED),
        _ => None,
    }
}
