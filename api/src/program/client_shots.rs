//! Commands of an operator for clients: list, disable and enable them, and take over those of
//! others.

use std::collections::BTreeMap;
use std::sync::Arc;

use commands::Draft;
use domain::client::{Client, ClientCommand};
use domain::{TenantId, UserId};
use projections::{ClientRow, Tables};
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use super::settings::{ClientWhat, Format};
use crate::access::clients::{
    ClientStanding, client_counts, is_of_installation, open_scopes, scopes_of_others,
};
use crate::access::scopes::is_built_in;

/// A command for clients, each named by its `client_id`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "client", rename_all = "snake_case")]
pub(crate) enum ClientShot {
    /// Show those of a tenant, or all.
    List { tenant: Option<u32>, json: bool },
    /// Whether it may ask for tokens.
    Enable { id: String, enabled: bool },
    /// Forget its wrong secrets.
    Unlock { id: String },
    /// Make it the installation's.
    TakeOver { id: String },
}

impl From<ClientWhat> for ClientShot {
    fn from(what: ClientWhat) -> Self {
        match what {
            ClientWhat::List { tenant, format } => {
                Self::List { tenant, json: format == Format::Json }
            }
            ClientWhat::Enable { id } => Self::Enable { id, enabled: true },
            ClientWhat::Disable { id } => Self::Enable { id, enabled: false },
            ClientWhat::Unlock { id } => Self::Unlock { id },
            ClientWhat::TakeOver { id } => Self::TakeOver { id },
        }
    }
}

impl ClientShot {
    /// For the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "client list",
            Self::Enable { enabled: true, .. } => "client enable",
            Self::Enable { .. } => "client disable",
            Self::Unlock { .. } => "client unlock",
            Self::TakeOver { .. } => "client take-over",
        }
    }

    /// Runs it, and prints what was done.
    pub(crate) async fn run(self, on: &Running) -> Result<String, Failure> {
        match self {
            Self::List { tenant, json } => {
                let tables = on.views.read();
                let clients = tables.clients.all(tenant.map(TenantId));
                let lines = clients.map(|it| Line::of(&tables, it)).collect::<Vec<_>>();
                if json { Ok(serde_json::to_string(&lines)?) } else { Ok(table(&lines)) }
            }
            Self::Enable { id, enabled } => enable(on, &id, enabled).await,
            Self::Unlock { id } => {
                find(&on.views.read(), &id)?;
                Ok(format!("client {id} may try again at once"))
            }
            Self::TakeOver { id } => take_over(on, &id).await,
        }
    }
}

/// A client as the list shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    client_id: String,
    name: Option<String>,
    tenant: u32,
    /// The user who is responsible for it; `None` for the installation.
    owner: Option<u32>,
    enabled: bool,
    counts: bool,
    /// Why it does not count.
    why: Option<&'static str>,
}

impl Line {
    fn of(tables: &Tables, client: &ClientRow) -> Self {
        let standing = ClientStanding::of(tables, client);
        let data = &client.data;
        Self {
            client_id: data.client_id.0.clone(),
            name: data.name.clone(),
            tenant: data.tenant.0,
            owner: (data.owner != UserId::NONE).then_some(data.owner.0),
            enabled: data.enabled,
            counts: standing == ClientStanding::Counts,
            why: why_not(standing),
        }
    }
}

fn why_not(standing: ClientStanding) -> Option<&'static str> {
    match standing {
        ClientStanding::Counts => None,
        ClientStanding::Disabled => Some("disabled"),
        ClientStanding::OwnerGone => Some("its owner is gone"),
        ClientStanding::OwnerDisabled => Some("its owner is disabled"),
        ClientStanding::OwnerLocked => Some("its owner is locked"),
    }
}

/// Columns for people, each as wide as its longest cell.
fn table(lines: &[Line]) -> String {
    let titles = ["CLIENT_ID", "NAME", "TENANT", "OWNER", "ENABLED", "COUNTS"];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(lines.iter().map(|it| {
        let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
        [
            it.client_id.clone(),
            plain(it.name.as_deref().unwrap_or("-")),
            it.tenant.to_string(),
            it.owner.map_or_else(|| "installation".to_owned(), |it| format!("user {it}")),
            yes(it.enabled),
            it.why.map_or_else(|| yes(it.counts), |why| format!("no: {why}")),
        ]
    }));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The owner chose the name: characters that would move the cursor do not reach a terminal.
fn plain(name: &str) -> String {
    let shown =
        |it: char| if it.is_ascii() { !it.is_ascii_control() } else { it.is_alphanumeric() };
    name.chars().map(|it| if shown(it) { it } else { '?' }).collect()
}

fn find(tables: &Tables, id: &str) -> Result<Arc<ClientRow>, Failure> {
    let client = tables.clients.identified(id).cloned();
    client.ok_or_else(|| "there is no client with this client_id".into())
}

fn client_id(client: &ClientRow) -> &str {
    &client.data.client_id.0
}

async fn enable(on: &Running, id: &str, enabled: bool) -> Result<String, Failure> {
    let client = find(&on.views.read(), id)?;
    let what = if enabled { "client enable" } else { "client disable" };
    let head = head_of(on, what, client.data.tenant, on.clock.now())?;
    let number = client.data.client.to_string();
    let command = ClientCommand::SetEnabled(enabled);
    let done = on.engine.handle::<Client>(&number, &command, &head).await?;
    wait_until_shown(on, done.position).await?;
    let tables = on.views.read();
    let client = find(&tables, id)?;
    let client_id = client_id(&client);
    Ok(match ClientStanding::of(&tables, &client) {
        ClientStanding::Counts => format!("client {client_id} may ask for tokens"),
        standing => {
            let why = why_not(standing).unwrap_or_default();
            format!("client {client_id} gets no tokens: {why}")
        }
    })
}

/// The client and the APIs whose scopes it lists change in one commit.
async fn take_over(on: &Running, id: &str) -> Result<String, Failure> {
    let (client, opened) = {
        let tables = on.views.read();
        let client = find(&tables, id)?;
        // Not a second time: an API whose scopes were taken away from it since stays closed.
        if client.data.owner == UserId::NONE {
            return Ok(format!(
                "client {} belongs to the installation already",
                client_id(&client)
            ));
        }
        let (tenant, scopes) = (client.data.tenant, &client.data.allowed_scopes);
        let opened = scopes_of_others(&tables, tenant, UserId::NONE, scopes);
        (client, opened)
    };
    let number = client.data.client;
    let head = head_of(on, "client take-over", client.data.tenant, on.clock.now())?;
    let fill = |draft: &mut Draft<'_>| {
        draft.decide::<Client>(&number.to_string(), &ClientCommand::TakeOver)?;
        open_scopes(draft, number, &opened)
    };
    let ((), done) = on.engine.transact(&head, fill).await?;
    wait_until_shown(on, done.position).await?;
    let tables = on.views.read();
    let client = find(&tables, id)?;
    Ok(taken_over(&tables, &client, &opened))
}

/// Whoever takes a client over is responsible for its scopes, and so reads them here.
fn taken_over(tables: &Tables, client: &ClientRow, opened: &BTreeMap<u32, Vec<String>>) -> String {
    let mut said = format!("client {} belongs to the installation now", client_id(client));
    if client.data.require_client_secret {
        said.push_str("\nwho owned it may still know its secrets: replace them if that matters");
    }
    for (resource, scopes) in opened {
        let name = tables.resources.get(client.data.tenant, *resource);
        let name = name.map_or("", |it| it.data.name.as_str());
        said.push_str(&format!("\nopen to it, of the API {name}: {}", scopes.join(" ")));
    }
    let built_in = client.data.allowed_scopes.iter().filter(|it| is_built_in(it));
    let built_in = built_in.cloned().collect::<Vec<_>>();
    if !built_in.is_empty() {
        said.push_str(&format!("\nopen to it, built in: {}", built_in.join(" ")));
    }
    if !client_counts(tables, client) {
        said.push_str("\nit is disabled");
    }
    said
}

/// How many clients stop when a user is no longer responsible for them.
pub(crate) fn clients_on(tables: &Tables, owner: UserId) -> usize {
    let clients = tables.clients.all(None).filter(|it| it.data.owner == owner);
    clients.filter(|it| !is_of_installation(it) && client_counts(tables, it)).count()
}

/// The message about it for the operator.
pub(crate) fn stopped(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "; 1 client of this user stops (chancery client list)".to_owned(),
        count => format!("; {count} clients of this user stop (chancery client list)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_play_tricks_on_a_terminal() {
        assert_eq!(plain("Shop Überall"), "Shop Überall");
        assert_eq!(plain("a\u{1b}[2J\nb\u{202e}c\u{200b}"), "a?[2J?b?c?");
    }
}
