//! An event as subscribers get it: CloudEvents 1.0, structured mode, JSON.

use serde::Serialize;
use serde_json::Value;

use crate::event_json::EventJson;
use crate::full_event_id::FullEventId;

/// One event as `application/cloudevents+json`. The names are part of the interface: see
/// `docs/events.md`.
///
/// Members that are not attributes of CloudEvents are extensions (its section 3.2): lower-case
/// letters and digits only. `position`, `causedby` and `uid` are text, because an integer attribute
/// of CloudEvents has 32 bits and a sign, which they can exceed.
#[derive(Debug, Serialize)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    time: &'a str,
    datacontenttype: &'static str,
    position: String,
    streamversion: u32,
    tenant: u32,
    actor: &'a str,
    commandid: &'a str,
    correlationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clientid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causedby: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    data: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    personal: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'static str>,
}

impl<'a> CloudEvent<'a> {
    /// The message for an event with this id. Whether it has personal parts was decided with the
    /// `EventJson`.
    pub fn new(id: FullEventId, event: &'a EventJson) -> Self {
        Self {
            specversion: "1.0",
            id: id.to_string(),
            source: format!("urn:chancery:{}", id.log),
            kind: &event.kind,
            subject: &event.stream,
            time: &event.time,
            datacontenttype: "application/json",
            position: event.position.to_string(),
            streamversion: event.version,
            tenant: event.tenant,
            actor: &event.actor,
            commandid: &event.command_id,
            correlationid: &event.correlation_id,
            traceid: event.trace_id.as_deref(),
            operation: event.operation.as_deref(),
            clientid: event.client.as_deref(),
            causedby: event.caused_by.map(|it| it.to_string()),
            batch: event.batch.as_deref(),
            session: event.session.as_deref(),
            uid: event.uid.map(|it| it.to_string()),
            data: Data {
                data: &event.data,
                personal: event.personal.as_ref(),
                secret: event.secret,
            },
        }
    }
}
