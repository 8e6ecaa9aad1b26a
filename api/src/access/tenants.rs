//! Who may see and change which tenants (contracts 18 and 33), and how: the stream of a tenant is its
//! own, so whoever changes it from another tenant crosses a border.

use std::sync::Arc;

use commands::tenant_birth::{NewTenant, add_tenant, create_tenant};
use commands::{Done, Draft, Error, Expected};
use domain::children::Properties;
use domain::log::CommitHead;
use domain::tenant::{Tenant, TenantCommand, TenantCreated, normalise};
use domain::{Aggregate as _, TenantId, UserId};
use projections::{Tables, TenantRow};

use super::granted::Granted;
use crate::http::error::ApiError;

/// A tenant that the caller may change.
pub(crate) struct OwnTenant {
    /// As it is shown now.
    pub(crate) row: Arc<TenantRow>,
}

impl Granted {
    /// Whether the caller looks after the installation: an administrator of the first tenant.
    pub(crate) fn looks_after_all(&self) -> bool {
        self.tenant_id() == TenantId::FIRST && self.caller.is_administrator()
    }

    /// The owner to whose tenants the caller is limited, if it is.
    pub(crate) fn owner_of_tenants(&self) -> Option<UserId> {
        (!self.looks_after_all()).then_some(self.user())
    }

    /// A tenant that the caller may see and change: it is the caller's, or the caller looks after the
    /// installation.
    ///
    /// # Errors
    /// Not found, where there is none.
    pub(crate) fn own_tenant(&self, tables: &Tables, id: i64) -> Result<OwnTenant, ApiError> {
        let row = tables.tenants.get(TenantId(u32::try_from(id).unwrap_or(0)));
        let is_owner = |it: &TenantRow| it.data.owner == self.user() && self.user() != UserId::NONE;
        let row = row.filter(|it| self.looks_after_all() || is_owner(it));
        row.map(|it| OwnTenant { row: it.clone() }).ok_or_else(|| ApiError::not_found("tenant"))
    }

    /// The tenant that answers here. Whether the caller may change it is for the endpoint to need.
    pub(crate) fn this_tenant(&self) -> OwnTenant {
        OwnTenant { row: self.tenant.clone() }
    }

    /// Creates a tenant of the caller, with all that a tenant is born with, and waits until the read
    /// models show it.
    pub(crate) async fn create_tenant(
        &self,
        body: &[u8],
        data: TenantCreated,
        properties: Properties,
    ) -> Result<(u32, Done), ApiError> {
        if let Some((number, done)) = self.earlier_answer(body)? {
            return Ok((number as u32, done));
        }
        // Cheap checks come first: only bodies that can succeed cost a key.
        let create = TenantCommand::Create(Box::new(data.clone()), properties.clone());
        Tenant::default().decide(&create, self.call.now)?;
        self.confirm()?;
        let app = &self.call.app;
        let algorithm = app.signing_key(TenantId::FIRST)?.algorithm;
        let fill = |draft: &mut Draft<'_>, tenant, signing_key: &_| {
            let data = TenantCreated { tenant, owner: self.user(), ..data.clone() };
            let new = NewTenant { data, properties: properties.clone(), signing_key };
            add_tenant(draft, new, self.call.now).map(drop)
        };
        let head = self.head(body)?;
        let bill = self.bill(&head)?;
        let created = create_tenant(&app.engine, &head, algorithm, fill).await;
        let (tenant, done) = created?;
        bill.pay(&done);
        app.settle(&done).await;
        Ok((tenant.0, done))
    }

    /// Runs a command against a tenant, and waits until the read models show it. Hosts that are `moved`
    /// are taken from whichever tenants have them, in the same commit.
    pub(crate) async fn submit_tenant(
        &self,
        OwnTenant { row }: &OwnTenant,
        body: &[u8],
        command: TenantCommand,
        of_body: Expected,
        moved: &[String],
    ) -> Result<Done, ApiError> {
        let app = &self.call.app;
        let tenant = row.data.tenant;
        let from = self.ask(|tables| holders(tables, tenant, moved));
        let run = |head: CommitHead, expected| async move {
            let filled = app.engine.transact(&head, |draft| {
                draft.across_tenants("a tenant is changed by its owner or by the installation");
                draft.at::<Tenant>(&tenant.to_string(), expected)?;
                for holder in &from {
                    let give_up = TenantCommand::GiveUpHosts(moved.to_vec());
                    draft.decide::<Tenant>(&holder.to_string(), &give_up)?;
                }
                draft.decide::<Tenant>(&tenant.to_string(), &command)?;
                Ok::<_, Error>(())
            });
            filled.await.map(|((), done)| done)
        };
        self.submit_by(body, of_body, run).await
    }
}

/// The tenants, other than one, that have any of these hosts.
fn holders(tables: &Tables, tenant: TenantId, hosts: &[String]) -> Vec<TenantId> {
    let rows = hosts.iter().filter_map(|it| tables.tenants.at_host(&normalise(it)));
    let mut holders = rows.map(|it| it.data.tenant).filter(|it| *it != tenant).collect::<Vec<_>>();
    holders.sort_unstable();
    holders.dedup();
    holders
}
