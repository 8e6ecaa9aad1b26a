//! Commands of an operator for what workers could not do: list it, and try it again.

use domain::StreamId;
use domain::delivery::{Channel, DeliveryCommand, Mail, Sms};
use projections::{NoticeRow, OpenDelivery};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use super::settings::{Format, WorkersWhat};

/// A command for workers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "workers", rename_all = "snake_case")]
pub(crate) enum WorkerShot {
    /// Show what was not done.
    List { json: bool },
    /// Try again what was given up: one, or all.
    Retry { name: Option<String> },
}

impl From<WorkersWhat> for WorkerShot {
    fn from(what: WorkersWhat) -> Self {
        match what {
            WorkersWhat::List { format } => Self::List { json: format == Format::Json },
            WorkersWhat::Retry { name } => Self::Retry { name },
        }
    }
}

impl WorkerShot {
    /// For the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "workers list",
            Self::Retry { .. } => "workers retry",
        }
    }

    /// Runs it, and prints what was done.
    pub(crate) async fn run(self, on: &Running) -> Result<String, Failure> {
        let what = self.name();
        match self {
            Self::List { json } => {
                let now = on.clock.now();
                let tables = on.views.read();
                let open = tables.deliveries.open().filter(|(_, it)| now < it.until);
                let notices = tables.notices.open();
                let notices = notices.filter(|(_, it)| now < it.requested.until);
                let lines = open.map(|(name, it)| Line::of(name, it));
                let lines = lines.chain(notices.map(|(name, it)| Line::of_notice(name, it)));
                let lines = lines.collect::<Vec<_>>();
                if json { Ok(serde_json::to_string(&lines)?) } else { Ok(table(&lines)) }
            }
            Self::Retry { name } => retry(on, what, name.as_deref()).await,
        }
    }
}

/// Something that was not done, as the list shows it. It says of nobody to whom it goes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    name: String,
    tenant: u32,
    wanted_at: String,
    until: String,
    attempts: u32,
    /// Absent if it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    again_at: Option<String>,
    why: String,
}

impl Line {
    fn of(name: &StreamId, it: &OpenDelivery) -> Self {
        Self {
            name: name.to_string(),
            tenant: it.tenant.0,
            wanted_at: it.wanted_at.rfc3339(),
            until: it.until.rfc3339(),
            attempts: it.attempts,
            again_at: it.due.map(|it| it.rfc3339()),
            why: it.why.clone(),
        }
    }

    /// A notice is tried again until its end: none is given up before.
    fn of_notice(name: &StreamId, it: &NoticeRow) -> Self {
        Self {
            name: name.to_string(),
            tenant: it.requested.tenant.0,
            wanted_at: it.requested.requested_at.rfc3339(),
            until: it.requested.until.rfc3339(),
            attempts: it.attempts,
            again_at: Some(it.due.rfc3339()),
            why: it.why.clone(),
        }
    }
}

fn table(lines: &[Line]) -> String {
    let mut text =
        vec![format!("{:<38}{:>6}  {:>8}  {:<28}WHY", "NAME", "TENANT", "ATTEMPTS", "NEXT")];
    text.extend(lines.iter().map(|it| {
        let next = it.again_at.as_deref().unwrap_or("given up");
        format!("{:<38}{:>6}  {:>8}  {next:<28}{}", it.name, it.tenant, it.attempts, it.why)
    }));
    text.join("\n")
}

async fn retry(on: &Running, what: &str, name: Option<&str>) -> Result<String, Failure> {
    let now = on.clock.now();
    let given_up = {
        let tables = on.views.read();
        let open = tables.deliveries.open().filter(|(_, it)| it.due.is_none() && now < it.until);
        let wanted = open.filter(|(stream, _)| name.is_none_or(|it| it == stream.as_str()));
        wanted.map(|(stream, it)| (stream.clone(), it.channel, it.tenant)).collect::<Vec<_>>()
    };
    if let (Some(name), true) = (name, given_up.is_empty()) {
        return Err(format!("{name} was not given up; see `chancery workers list`").into());
    }
    let mut last = 0;
    for (stream, channel, tenant) in &given_up {
        let (head, id) = (head_of(on, what, *tenant, now)?, stream.id());
        let done = match channel {
            Channel::Mail => on.engine.handle::<Mail>(id, &DeliveryCommand::Retry, &head).await?,
            Channel::Sms => on.engine.handle::<Sms>(id, &DeliveryCommand::Retry, &head).await?,
        };
        last = done.position;
    }
    wait_until_shown(on, last).await?;
    Ok(format!("{} of what was given up will be tried again", given_up.len()))
}
