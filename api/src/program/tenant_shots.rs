//! Commands of an operator for tenants: list them, and make one with its administrator.

use commands::password::PasswordPool;
use commands::tenant_birth::{
    NewTenant, add_tenant, administrator, create_tenant, placed, roles_of_administrator,
    tenant_named,
};
use commands::{Draft, Error};
use domain::children::Properties;
use domain::signing_key::SigningAlgorithm;
use domain::tenant::{TENANT_DISABLED, TenantCreated, TenantHost};
use domain::user::User;
use domain::{TenantId, UserId};
use projections::TenantRow;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::new_password::check_password;
use super::operator::{head_of, wait_until_shown};
use super::running::Running;
use super::settings::{Format, TenantWhat};

/// A command for tenants.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "tenant", rename_all = "snake_case")]
pub(crate) enum TenantShot {
    /// Show all.
    List { json: bool },
    /// Make one, with its administrator, who owns it.
    Create { name: String, hosts: Vec<String>, administrator: String, password: String },
}

impl TenantShot {
    /// As it was asked for.
    pub(crate) fn of(what: TenantWhat) -> Self {
        match what {
            TenantWhat::List { format } => Self::List { json: format == Format::Json },
            TenantWhat::Create { name, host: hosts, administrator } => {
                let password = String::new();
                Self::Create { name, hosts, administrator, password }
            }
        }
    }

    /// For the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List { .. } => "tenant list",
            Self::Create { .. } => "tenant create",
        }
    }

    /// Runs it, and prints what was done.
    pub(crate) async fn run(self, on: &Running) -> Result<String, Failure> {
        let what = self.name();
        match self {
            Self::List { json } => {
                let tables = on.views.read();
                let lines = tables.tenants.all().map(|it| Line::of(it)).collect::<Vec<_>>();
                if json { Ok(serde_json::to_string(&lines)?) } else { Ok(table(&lines)) }
            }
            Self::Create { name, hosts, administrator, password } => {
                create(on, what, &name, &hosts, (&administrator, &password)).await
            }
        }
    }
}

/// A tenant as the list shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    tenant: u32,
    name: String,
    enabled: bool,
    owner: u32,
    hosts: Vec<String>,
}

impl Line {
    fn of(row: &TenantRow) -> Self {
        Self {
            tenant: row.data.tenant.0,
            name: row.data.name.clone(),
            enabled: row.data.status != TENANT_DISABLED,
            owner: row.data.owner.0,
            hosts: row.data.hosts.iter().map(|it| it.name.clone()).collect(),
        }
    }
}

fn table(lines: &[Line]) -> String {
    let mut text =
        vec![format!("{:>6}  {:<24}{:<10}{:>6}  HOSTS", "TENANT", "NAME", "STATE", "OWNER")];
    text.extend(lines.iter().map(|it| {
        let state = if it.enabled { "enabled" } else { "disabled" };
        let hosts = it.hosts.join(", ");
        format!("{:>6}  {:<24}{state:<10}{:>6}  {hosts}", it.tenant, it.name, it.owner)
    }));
    text.join("\n")
}

async fn create(
    on: &Running,
    what: &str,
    name: &str,
    hosts: &[String],
    (administrator_name, password): (&str, &str),
) -> Result<String, Failure> {
    check_password(on, TenantId::INSTALLATION, administrator_name, password)?;
    let verifiers = PasswordPool::new(1).hash_of_user(password, false).await?;
    let algorithm = {
        let tables = on.views.read();
        tables.signing_keys.active(TenantId::FIRST).next().map(|it| it.data.algorithm)
    };
    let now = on.clock.now();
    let head = head_of(on, what, TenantId::INSTALLATION, now)?;
    let fill = |draft: &mut Draft<'_>, tenant, signing_key: &_| {
        let user = UserId(draft.next_number::<User>()? as u32);
        let host = |name: &String| TenantHost { id: 0, name: name.clone() };
        let data = TenantCreated {
            owner: user,
            hosts: hosts.iter().map(host).collect(),
            ..tenant_named(tenant, name)
        };
        let new = NewTenant { data, properties: Properties::default(), signing_key };
        let roles = add_tenant(draft, new, now)?;
        let user = placed(user, tenant, roles_of_administrator(&roles))?;
        let id = user.user.to_string();
        let register = administrator(user, administrator_name, verifiers.clone());
        draft.decide::<User>(&id, &register)?;
        Ok::<_, Error>(())
    };
    let algorithm = algorithm.unwrap_or(SigningAlgorithm::Es256);
    let (tenant, done) = create_tenant(&on.engine, &head, algorithm, fill).await?;
    wait_until_shown(on, done.position).await?;
    Ok(format!(
        "tenant {tenant} answers at {}; its administrator is {administrator_name}",
        hosts.join(", ")
    ))
}
