//! A recorded event as JSON: for `replay`, the audit list, and subscribers.

use domain::log::OpenParts as _;
use domain::{AnyEvent, Recorded, Unreadable, hex};
use serde::Serialize;
use serde_json::Value;

use crate::keys::Keyring;

/// What is shown in place of a secret part.
const SECRET_SHOWN: &str = "***";

/// One event. The names are part of the interface: see `docs/events.md`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventJson {
    /// Its place in the log, from 1.
    pub position: u64,
    /// The stream.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub version: u32,
    /// The stored name with its revision.
    pub kind: String,
    /// Known before the position was.
    pub event_id: String,
    /// RFC 3339, UTC.
    pub time: String,
    /// The tenant's number.
    pub tenant: u32,
    /// Who did it.
    pub actor: String,
    /// The person it names, if it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<u64>,
    /// The command that led to it.
    pub command_id: String,
    /// The request that led to it.
    pub correlation_id: String,
    /// The trace that the caller sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The operation of the interface, or the command of the operator, that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The OAuth client through which the actor acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The position of the event that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<u64>,
    /// What commits share that belong together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The session of the actor, hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The number of the user of the operating system who ran the operator's command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The clear part.
    pub data: Value,
    /// The personal part, where its key lives and the reader may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Value>,
    /// `***` if there is a secret part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<&'static str>,
}

/// Whether the reader may see personal parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// Shown where the key lives.
    Shown,
    /// Left out.
    Hidden,
}

impl EventJson {
    /// Opens and decodes an event.
    ///
    /// # Errors
    /// When it cannot be opened or decoded.
    pub fn new(event: &Recorded, keys: &Keyring, personal: Personal) -> Result<Self, Unreadable> {
        let parts = keys.open_parts(event)?;
        let json = AnyEvent::json_of(&event.kind, &parts)?;
        let head = &event.commit;
        Ok(Self {
            position: event.position,
            stream: event.stream.as_str().to_owned(),
            version: event.version,
            kind: event.kind.to_string(),
            event_id: event.event_id.to_string(),
            time: head.time.rfc3339(),
            tenant: head.tenant.0,
            actor: head.actor.to_string(),
            subject: (event.subject.0 != 0).then_some(event.subject.0),
            command_id: head.command_id.to_string(),
            correlation_id: hex(&head.correlation),
            trace_id: (head.trace != [0; 16]).then(|| hex(&head.trace)),
            operation: head.context.operation.as_deref().map(str::to_owned),
            client: head.context.client.as_deref().map(str::to_owned),
            caused_by: head.context.caused_by,
            batch: head.context.batch.map(|it| hex(&it)),
            session: head.context.session.map(|it| hex(&it)),
            uid: head.context.uid,
            data: json.data,
            personal: json.personal.filter(|_| personal == Personal::Shown),
            secret: event.parts.secret.as_ref().map(|_| SECRET_SHOWN),
        })
    }
}
