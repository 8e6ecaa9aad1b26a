//! An event as readers of the audit see it, for the document: the program writes
//! [`commands::EventJson`], and the tests of the wire hold the two together.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// An event of the log.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuditEvent {
    /// Its place in the log, from 1.
    position: u64,
    /// The stream, such as user-7.
    stream: String,
    /// Its place in the stream, from 1.
    version: u32,
    /// What happened, with the revision of the form, such as user.registered.v1.
    kind: String,
    /// Its name, which it had before its position.
    event_id: String,
    /// RFC 3339, UTC.
    time: String,
    /// The tenant's number.
    tenant: u32,
    /// Who did it, such as user-1 or client-shop.
    actor: String,
    /// The person it names, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<u64>,
    /// The command that led to it.
    command_id: String,
    /// The request that led to it: its X-Request-Id.
    correlation_id: String,
    /// The trace that the caller sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// The operation of this document, or the command of the operator, that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// The OAuth client through which the actor acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The position of the event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    caused_by: Option<u64>,
    /// What commits share that belong together.
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
    /// The session of the actor, hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// The number of the user of the operating system who ran the operator's command.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    /// What happened, without what names a person or opens something.
    data: Map<String, Value>,
    /// What names a person, until that person is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<Map<String, Value>>,
    /// `***` if it has a secret part.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}
