//! What may stand where in a document of OpenAPI 3: one table for all its versions.

/// What an object of a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Root,
    Info,
    Server,
    Variable,
    Paths,
    PathItem,
    Operation,
    Parameter,
    Header,
    Body,
    MediaType,
    Encoding,
    Responses,
    Response,
    Callback,
    Link,
    Security,
    Components,
    Schema,
    Discriminator,
    SecurityScheme,
    Tag,
    /// An object that is not looked into.
    Object,
}

/// What a member of an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Holds {
    One(Kind),
    List(Kind),
    Map(Kind),
    Text,
    Texts,
    /// A text or a list of texts.
    Types,
    Flag,
    Number,
    Count,
    Array,
}

use Holds::{Array, Count, Flag, List, Map, Number, One, Text, Texts, Types};

/// The methods that a path item names by themselves, in the order in which they are listed.
pub(crate) const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

type Members = &'static [(&'static str, Holds)];

const PATH_ITEM: Members = &[
    ("get", One(Kind::Operation)),
    ("put", One(Kind::Operation)),
    ("post", One(Kind::Operation)),
    ("delete", One(Kind::Operation)),
    ("options", One(Kind::Operation)),
    ("head", One(Kind::Operation)),
    ("patch", One(Kind::Operation)),
    ("trace", One(Kind::Operation)),
    ("query", One(Kind::Operation)),
    ("additionalOperations", Map(Kind::Operation)),
    ("summary", Text),
    ("description", Text),
    ("servers", List(Kind::Server)),
    ("parameters", List(Kind::Parameter)),
];

const OPERATION: Members = &[
    ("operationId", Text),
    ("summary", Text),
    ("description", Text),
    ("tags", Texts),
    ("deprecated", Flag),
    ("externalDocs", One(Kind::Object)),
    ("parameters", List(Kind::Parameter)),
    ("requestBody", One(Kind::Body)),
    ("responses", One(Kind::Responses)),
    ("callbacks", Map(Kind::Callback)),
    ("security", List(Kind::Security)),
    ("servers", List(Kind::Server)),
];

/// Of headers, too: they have no `name` and no `in`.
const PARAMETER: Members = &[
    ("name", Text),
    ("in", Text),
    ("description", Text),
    ("required", Flag),
    ("deprecated", Flag),
    ("allowEmptyValue", Flag),
    ("allowReserved", Flag),
    ("style", Text),
    ("explode", Flag),
    ("schema", One(Kind::Schema)),
    ("content", Map(Kind::MediaType)),
    ("examples", Map(Kind::Object)),
];

const COMPONENTS: Members = &[
    ("schemas", Map(Kind::Schema)),
    ("responses", Map(Kind::Response)),
    ("parameters", Map(Kind::Parameter)),
    ("examples", Map(Kind::Object)),
    ("requestBodies", Map(Kind::Body)),
    ("headers", Map(Kind::Header)),
    ("securitySchemes", Map(Kind::SecurityScheme)),
    ("links", Map(Kind::Link)),
    ("callbacks", Map(Kind::Callback)),
    ("pathItems", Map(Kind::PathItem)),
    ("mediaTypes", Map(Kind::MediaType)),
];

const SCHEMA: Members = &[
    ("type", Types),
    ("properties", Map(Kind::Schema)),
    ("patternProperties", Map(Kind::Schema)),
    ("additionalProperties", One(Kind::Schema)),
    ("unevaluatedProperties", One(Kind::Schema)),
    ("propertyNames", One(Kind::Schema)),
    ("items", One(Kind::Schema)),
    ("prefixItems", List(Kind::Schema)),
    ("contains", One(Kind::Schema)),
    ("unevaluatedItems", One(Kind::Schema)),
    ("contentSchema", One(Kind::Schema)),
    ("allOf", List(Kind::Schema)),
    ("anyOf", List(Kind::Schema)),
    ("oneOf", List(Kind::Schema)),
    ("not", One(Kind::Schema)),
    ("if", One(Kind::Schema)),
    ("then", One(Kind::Schema)),
    ("else", One(Kind::Schema)),
    ("dependentSchemas", Map(Kind::Schema)),
    ("$defs", Map(Kind::Schema)),
    ("definitions", Map(Kind::Schema)),
    ("discriminator", One(Kind::Discriminator)),
    ("xml", One(Kind::Object)),
    ("externalDocs", One(Kind::Object)),
    ("required", Texts),
    ("enum", Array),
    ("title", Text),
    ("description", Text),
    ("format", Text),
    ("pattern", Text),
    ("nullable", Flag),
    ("readOnly", Flag),
    ("writeOnly", Flag),
    ("deprecated", Flag),
    ("uniqueItems", Flag),
    ("minimum", Number),
    ("maximum", Number),
    ("multipleOf", Number),
    ("minLength", Count),
    ("maxLength", Count),
    ("minItems", Count),
    ("maxItems", Count),
    ("minProperties", Count),
    ("maxProperties", Count),
];

impl Kind {
    /// The members that are known by their names.
    pub(crate) fn members(self) -> Members {
        match self {
            Self::Root => &[
                ("info", One(Kind::Info)),
                ("servers", List(Kind::Server)),
                ("paths", One(Kind::Paths)),
                ("webhooks", Map(Kind::PathItem)),
                ("components", One(Kind::Components)),
                ("security", List(Kind::Security)),
                ("tags", List(Kind::Tag)),
                ("externalDocs", One(Kind::Object)),
            ],
            Self::Info => &[
                ("title", Text),
                ("version", Text),
                ("summary", Text),
                ("description", Text),
                ("termsOfService", Text),
                ("contact", One(Kind::Object)),
                ("license", One(Kind::Object)),
            ],
            Self::Server => {
                &[("url", Text), ("description", Text), ("variables", Map(Kind::Variable))]
            }
            Self::Variable => &[("default", Text), ("description", Text), ("enum", Texts)],
            Self::PathItem => PATH_ITEM,
            Self::Operation => OPERATION,
            Self::Parameter | Self::Header => PARAMETER,
            Self::Body => {
                &[("description", Text), ("content", Map(Kind::MediaType)), ("required", Flag)]
            }
            Self::MediaType => &[
                ("schema", One(Kind::Schema)),
                ("itemSchema", One(Kind::Schema)),
                ("examples", Map(Kind::Object)),
                ("encoding", Map(Kind::Encoding)),
            ],
            Self::Encoding => &[
                ("contentType", Text),
                ("headers", Map(Kind::Header)),
                ("style", Text),
                ("explode", Flag),
                ("allowReserved", Flag),
            ],
            Self::Response => &[
                ("description", Text),
                ("headers", Map(Kind::Header)),
                ("content", Map(Kind::MediaType)),
                ("links", Map(Kind::Link)),
            ],
            Self::Link => &[("operationRef", Text), ("operationId", Text), ("description", Text)],
            Self::Components => COMPONENTS,
            Self::Schema => SCHEMA,
            Self::Discriminator => &[("propertyName", Text), ("mapping", Map(Kind::Object))],
            Self::SecurityScheme => &[("type", Text), ("description", Text)],
            Self::Tag => &[("name", Text), ("description", Text)],
            Self::Paths | Self::Responses | Self::Callback | Self::Security | Self::Object => &[],
        }
    }

    /// The members that a strict document has in every object that is no reference.
    pub(crate) fn required(self, version: &str) -> &'static [&'static str] {
        match self {
            Self::Server => &["url"],
            Self::Variable => &["default"],
            Self::Parameter => &["name", "in"],
            Self::Body => &["content"],
            // It may be left out since 3.2.
            Self::Response if !version.starts_with("3.2") => &["description"],
            Self::Discriminator => &["propertyName"],
            Self::SecurityScheme => &["type"],
            Self::Tag => &["name"],
            _ => &[],
        }
    }

    /// What the members hold that are not known by their names, extensions apart.
    pub(crate) fn others(self) -> Option<Holds> {
        match self {
            Self::Paths | Self::Callback => Some(One(Kind::PathItem)),
            Self::Responses => Some(One(Kind::Response)),
            Self::Security => Some(Texts),
            _ => None,
        }
    }

    /// What the member of that name holds; `None` if nobody knows.
    pub(crate) fn holds(self, name: &str) -> Option<Holds> {
        self.members().iter().find(|it| it.0 == name).map(|it| it.1).or_else(|| self.others())
    }

    /// Whether the member of that name only tells something to those who read the document. In doubt
    /// it does not: where names are free, as those of a map are, every name counts.
    pub(crate) fn annotates(self, name: &str) -> bool {
        match self {
            Self::Object | Self::Security => false,
            _ if name.starts_with("x-") => true,
            Self::Paths | Self::Callback | Self::Responses | Self::Components => false,
            Self::Schema => matches!(
                name,
                "title"
                    | "description"
                    | "externalDocs"
                    | "$comment"
                    | "example"
                    | "examples"
                    | "deprecated"
            ),
            Self::Operation => {
                matches!(name, "summary" | "description" | "externalDocs" | "tags" | "deprecated")
            }
            Self::Parameter | Self::Header => {
                matches!(name, "description" | "example" | "examples" | "deprecated")
            }
            Self::MediaType => matches!(name, "example" | "examples"),
            Self::PathItem | Self::Response => matches!(name, "summary" | "description"),
            Self::Server | Self::Variable | Self::Body | Self::Link | Self::SecurityScheme => {
                name == "description"
            }
            _ => false,
        }
    }
}
