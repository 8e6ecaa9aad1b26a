//! An endpoint, declared once: method, path, who may call it, body, answers and errors. Routing,
//! the authorisation test and the OpenAPI document all come from this line.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;
use warp::http::{Method, StatusCode};

use super::call::Call;
use super::error::ApiError;
use super::face::Face;
use super::members::MemberNames;
use super::needs::Needs;
use super::order::members_of;
use super::problem::OPERATION;
use super::reply::{ErrorData, JSON, Reply, YAML};

/// What every handler returns.
pub(crate) type Outcome = Result<Reply, ApiError>;

pub(crate) type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, on any host: for operators and their tools.
    Operation,
    /// Anybody, on a host of a tenant.
    Anonymous,
    /// A bearer of a token that has what is needed.
    Bearer(Needs),
    /// A gateway with its key.
    Gateway,
    /// By the rules of the app-token service.
    AppToken,
}

/// What kind of body an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    Json,
    Form,
    /// JSON or YAML of others, which the handler reads itself.
    Document,
    /// A file, as browsers send it; the handler reads it piece by piece.
    File,
}

/// A body, for the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body {
    pub(crate) kind: BodyKind,
    /// Whether a request without it is refused.
    pub(crate) required: bool,
    /// The members that it must have, where it changes what is there.
    pub(crate) update_needs: Option<&'static [&'static str]>,
    pub(crate) schema: SchemaOf,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueKind {
    Text,
    Flag,
    /// A whole number in a range, both ends included.
    Number {
        min: i64,
        max: i64,
    },
}

/// A parameter of the query, or a header, for the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueryParameter {
    pub(crate) name: &'static str,
    pub(crate) kind: ValueKind,
    pub(crate) about: &'static str,
}

impl QueryParameter {
    /// In this range, both ends included.
    pub(crate) const fn between(self, min: i64, max: i64) -> Self {
        Self { kind: ValueKind::Number { min, max }, ..self }
    }
}

/// An answer that is no error, for the document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) about: &'static str,
    /// `None` for an empty body.
    pub(crate) schema: Option<SchemaOf>,
}

/// One endpoint.
pub struct Endpoint {
    /// The HTTP method.
    pub method: Method,
    /// The path, with `{name}` for parameters, in the documented spelling.
    pub path: &'static str,
    /// The documented operation id.
    pub operation: &'static str,
    /// The row of the documented table, if it has one.
    pub row: Option<u8>,
    /// Who may call it.
    pub access: Access,
    /// How it answers errors: that of its family, by the table of all endpoints.
    pub(crate) face: &'static Face,
    pub(crate) summary: &'static str,
    pub(crate) query: Vec<QueryParameter>,
    pub(crate) headers: Vec<QueryParameter>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    /// The errors that do not follow from access, method, parameters and body.
    pub(crate) errors: fn() -> Vec<ApiError>,
    /// Whether the document describes it.
    pub(crate) is_documented: bool,
    /// Whether it changes something, although its method is GET: a link in a letter.
    pub(crate) is_link: bool,
    /// Whether a query with a name that it does not know is refused.
    pub(crate) is_strict: bool,
    members: Arc<MemberNames>,
    orders: Arc<[String]>,
    /// The largest body, in bytes; `None` for that of its face.
    body_bytes_max: Option<usize>,
    error_data: Option<Value>,
    handler: Box<dyn Fn(Call) -> Running + Send + Sync>,
}

/// Begins the declaration of an endpoint.
pub(crate) fn endpoint(
    method: Method,
    path: &'static str,
    operation: &'static str,
    summary: &'static str,
) -> Endpoint {
    Endpoint {
        method,
        path,
        operation,
        row: None,
        access: Access::Anonymous,
        face: &OPERATION,
        summary,
        query: Vec::new(),
        headers: Vec::new(),
        body: None,
        answers: Vec::new(),
        errors: Vec::new,
        is_documented: true,
        is_link: false,
        is_strict: false,
        members: Arc::default(),
        orders: Arc::default(),
        body_bytes_max: None,
        error_data: None,
        handler: Box::new(|_| Box::pin(async { Err(ApiError::NoRoute) })),
    }
}

impl Endpoint {
    /// Of this family.
    pub(crate) fn face(mut self, face: &'static Face) -> Self {
        self.face = face;
        self
    }

    pub(crate) fn row(mut self, row: u8) -> Self {
        self.row = Some(row);
        self
    }

    pub(crate) fn query(mut self, parameters: &[QueryParameter]) -> Self {
        self.query.extend_from_slice(parameters);
        self
    }

    /// Reads these headers.
    pub(crate) fn headers(mut self, parameters: &[QueryParameter]) -> Self {
        self.headers.extend_from_slice(parameters);
        self
    }

    /// Takes a JSON body of this shape.
    pub(crate) fn json<T: JsonSchema>(mut self) -> Self {
        let names = member_names::<T>();
        self.members = Arc::new(MemberNames::new(names));
        let schema: SchemaOf = |schemas| schemas.subschema_for::<T>();
        let kind = BodyKind::Json;
        self.body = Some(Body { kind, required: true, update_needs: None, schema });
        self
    }

    /// Takes larger bodies than the others of its face: up to so many bytes.
    pub(crate) fn body_up_to(mut self, bytes_max: usize) -> Self {
        self.body_bytes_max = Some(bytes_max);
        self
    }

    /// As [`Endpoint::json`], for a change of the one whose `id` it has: no other member is needed.
    pub(crate) fn json_update<T: JsonSchema>(self) -> Self {
        let taking = self.json::<T>();
        let body = taking.body.map(|it| Body { update_needs: Some(&["id"]), ..it });
        Self { body, ..taking }
    }

    /// The members that a change must have, instead of `id` alone.
    pub(crate) fn update_needs(self, members: &'static [&'static str]) -> Self {
        let body = self.body.map(|it| Body { update_needs: Some(members), ..it });
        Self { body, ..self }
    }

    /// As [`Endpoint::json`], but the query may say the same.
    pub(crate) fn optional_json<T: JsonSchema>(self) -> Self {
        let taking = self.json::<T>();
        let body = taking.body.map(|it| Body { required: false, ..it });
        Self { body, ..taking }
    }

    /// Takes a document of others as it is, up to so many bytes: any content type.
    pub(crate) fn document(mut self, bytes_max: usize) -> Self {
        let schema: SchemaOf = |_| schemars::json_schema!({ "type": "object" });
        let kind = BodyKind::Document;
        self.body = Some(Body { kind, required: true, update_needs: None, schema });
        self.body_up_to(bytes_max)
    }

    /// Takes one file, as browsers send it.
    pub(crate) fn file(mut self) -> Self {
        let schema: SchemaOf = |_| {
            schemars::json_schema!({
                "type": "object",
                "required": ["value"],
                "properties": {
                    "value": { "type": "string", "format": "binary", "description": "The file." },
                },
            })
        };
        let kind = BodyKind::File;
        self.body = Some(Body { kind, required: true, update_needs: None, schema });
        self
    }

    /// Takes a form of this shape.
    pub(crate) fn form<T: JsonSchema>(mut self) -> Self {
        let schema: SchemaOf = |schemas| schemas.subschema_for::<T>();
        let kind = BodyKind::Form;
        self.body = Some(Body { kind, required: true, update_needs: None, schema });
        self
    }

    /// Answers with this shape, in JSON.
    pub(crate) fn answers<T: JsonSchema + ErrorData>(mut self) -> Self {
        self.error_data = T::error_data();
        self.or_answers::<T>(StatusCode::OK, "Answered.")
    }

    /// Answers with this shape and status, in JSON.
    pub(crate) fn or_answers<T: JsonSchema>(self, status: StatusCode, about: &'static str) -> Self {
        let schema: SchemaOf = |schemas| schemas.subschema_for::<T>();
        self.answer(Answer { status, content_type: JSON, about, schema: Some(schema) })
    }

    /// Answers with text of this type.
    pub(crate) fn answers_text(self, content_type: &'static str, about: &'static str) -> Self {
        let schema: SchemaOf = |schemas| schemas.subschema_for::<String>();
        self.answer(Answer { status: StatusCode::OK, content_type, about, schema: Some(schema) })
    }

    /// Answers with a document of others as it is: any JSON, or YAML.
    pub(crate) fn answers_document(self, about: &'static str) -> Self {
        let any: SchemaOf = |_| schemars::json_schema!({ "type": "object" });
        let text: SchemaOf = |schemas| schemas.subschema_for::<String>();
        let status = StatusCode::OK;
        self.answer(Answer { status, content_type: JSON, about, schema: Some(any) })
            .answer(Answer { status, content_type: YAML, about, schema: Some(text) })
    }

    /// Answers with bytes of this type.
    pub(crate) fn answers_bytes(self, content_type: &'static str, about: &'static str) -> Self {
        let bytes: SchemaOf = |_| schemars::json_schema!({ "type": "string", "format": "binary" });
        let status = StatusCode::OK;
        self.answer(Answer { status, content_type, about, schema: Some(bytes) })
    }

    /// Answers with a file of one of these types, or with a part of it.
    pub(crate) fn answers_file(
        mut self,
        media_types: &[&'static str],
        about: &'static str,
    ) -> Self {
        let bytes: SchemaOf = |_| schemars::json_schema!({ "type": "string", "format": "binary" });
        for status in [StatusCode::OK, StatusCode::PARTIAL_CONTENT] {
            for content_type in media_types {
                self = self.answer(Answer { status, content_type, about, schema: Some(bytes) });
            }
        }
        self
    }

    /// Answers with nothing but this status.
    pub(crate) fn answers_empty(self, status: StatusCode, about: &'static str) -> Self {
        self.answer(Answer { status, content_type: "", about, schema: None })
    }

    /// Answers with nothing but the status 200.
    pub(crate) fn answers_nothing(self, about: &'static str) -> Self {
        self.answer(Answer { status: StatusCode::OK, content_type: "", about, schema: None })
    }

    fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// May fail in these ways, beside those that follow from access, method, parameters and body.
    pub(crate) fn fails(mut self, errors: fn() -> Vec<ApiError>) -> Self {
        self.errors = errors;
        self
    }

    /// Refuses a query with a name that it does not know: a filter with a typing error would show more
    /// than was asked for.
    pub(crate) fn strict_query(mut self) -> Self {
        self.is_strict = true;
        self
    }

    /// A link in a letter, which changes something.
    pub(crate) fn link(mut self) -> Self {
        self.is_link = true;
        self
    }

    /// For browsers: the document says nothing of it.
    pub(crate) fn undocumented(mut self) -> Self {
        self.is_documented = false;
        self
    }

    /// Handled for operators and their tools, on any host.
    pub(crate) fn operation<F>(self, handler: fn(Call) -> F) -> Self
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.handled_for(Access::Operation, move |call| Box::pin(handler(call)))
    }

    /// Handled for whom the handler itself lets through: by the rules of `access/guard.rs`, or of
    /// the app-token service.
    pub(crate) fn handled_for(
        mut self,
        access: Access,
        handler: impl Fn(Call) -> Running + Send + Sync + 'static,
    ) -> Self {
        self.access = access;
        self.handler = Box::new(handler);
        self
    }

    /// Answers with a list that can be ordered by each member of what it shows.
    pub(crate) fn ordered_by<T: JsonSchema>(mut self) -> Self {
        self.orders = members_of::<T>().into();
        self
    }

    /// What its list can be ordered by.
    pub(crate) fn orders(&self) -> Arc<[String]> {
        self.orders.clone()
    }

    pub(crate) fn error_data(&self) -> Option<Value> {
        self.error_data.clone()
    }

    pub(crate) fn members(&self) -> Arc<MemberNames> {
        self.members.clone()
    }

    pub(crate) fn body_bytes_max(&self) -> usize {
        self.body_bytes_max.unwrap_or(self.face.body_bytes_max)
    }

    pub(crate) fn run(&self, call: Call) -> Running {
        (self.handler)(call)
    }
}

/// Every property name that occurs in a schema, at any depth.
fn member_names<T: JsonSchema>() -> BTreeSet<String> {
    fn collect(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::Object(properties)) = members.get("properties") {
                    names.extend(properties.keys().cloned());
                }
                members.values().for_each(|it| collect(it, names));
            }
            Value::Array(items) => items.iter().for_each(|it| collect(it, names)),
            _ => (),
        }
    }
    let mut names = BTreeSet::new();
    collect(schemars::schema_for!(T).as_value(), &mut names);
    names
}
