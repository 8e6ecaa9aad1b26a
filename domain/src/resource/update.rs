//! Changes of an API resource: what it says of itself, its secrets, who answers for it, its end.

use super::events::ResourceEvent;
use super::facts::{
    ResourceChange, ResourceCreated, ResourceDeleted, ResourceOwner, ResourceSecretInfo,
    ResourceSecrets, ResourceUpdated,
};
use super::rules::{OWNERS_MAX, check_resource};
use super::{Active, GATEWAY_PATH_CLAIM, RESOURCE_NAME_CLAIM, ResourceWishes};
use crate::aggregate::Decision;
use crate::children::{Properties, PropertyValue};
use crate::event::Fact;
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::scope::change_scopes;
use crate::secret_list::{WishedSecret, as_wished};

type Decided = Result<Decision<ResourceEvent>, Refusal>;

impl Active {
    pub(super) fn update(&self, wished: &ResourceCreated, wishes: &ResourceWishes) -> Decided {
        self.check_editable(wished.non_editable)?;
        let (infos, values) = self.secrets_as_wished(&wished.secrets, &wishes.secrets)?;
        let now = Properties { values: self.secrets.property_values.clone() };
        let keys = (&self.data.property_keys, &wished.property_keys);
        let properties = now.wished(keys.0, keys.1, &wishes.properties)?.unwrap_or(now);
        let secrets = ResourceSecrets { values, property_values: properties.values };
        let wished = ResourceCreated {
            resource: self.data.resource,
            tenant: self.data.tenant,
            owner: self.data.owner,
            secrets: infos,
            ..wished.clone()
        };
        check_resource(&wished, &secrets)?;
        let changes = ResourceChange::between(&self.data, &wished);
        let secret = (secrets != self.secrets).then_some(secrets);
        if changes.is_empty() && secret.is_none() {
            return Ok(Decision::none());
        }
        let data = ResourceUpdated { resource: self.data.resource, changes };
        let event = ResourceEvent::Updated(Fact { data, personal: None, secret });
        Ok(self.with_claims_of(Decision::event(event), &wished))
    }

    pub(super) fn delete(&self) -> Decided {
        self.check_editable(true)?;
        let (data, tenant) = (&self.data, self.data.tenant);
        let deleted = ResourceDeleted { resource: data.resource };
        let decision = Decision::event(ResourceEvent::Deleted(deleted.into()));
        let decision = decision.release(tenant, RESOURCE_NAME_CLAIM, data.name.to_lowercase());
        let decision = change_scopes(decision, tenant, &data.scopes, &[]);
        Ok(match self.gateway.path() {
            Some(path) => decision.release(tenant, GATEWAY_PATH_CLAIM, path.to_owned()),
            None => decision,
        })
    }

    pub(super) fn add_owner(&self, user: UserId) -> Decided {
        if self.owners.contains(&user) {
            return Ok(Decision::none());
        }
        if self.owners.len() >= OWNERS_MAX {
            return Err(Refusal::NotAllowed { why: "an API resource may have 50 owners" });
        }
        let owner = ResourceOwner { resource: self.data.resource, user };
        Ok(Decision::event(ResourceEvent::OwnerAdded(owner.into())))
    }

    pub(super) fn remove_owner(&self, user: UserId) -> Decided {
        if !self.owners.contains(&user) {
            return Err(Refusal::NotFound { what: "owner" });
        }
        if self.owners.len() == 1 {
            return Err(Refusal::NotAllowed {
                why: "the last owner stays: add another one before",
            });
        }
        let owner = ResourceOwner { resource: self.data.resource, user };
        Ok(Decision::event(ResourceEvent::OwnerRemoved(owner.into())))
    }

    /// Contracts 36: while a resource is not editable, the only change is that it becomes editable.
    fn check_editable(&self, stays: bool) -> Result<(), Refusal> {
        match self.data.non_editable && stays {
            true => Err(Refusal::NotAllowed {
                why: "the API resource is not editable: set nonEditable to false",
            }),
            false => Ok(()),
        }
    }

    /// Claims another name and other scopes, and gives back what is left behind.
    fn with_claims_of(
        &self,
        decision: Decision<ResourceEvent>,
        wished: &ResourceCreated,
    ) -> Decision<ResourceEvent> {
        let tenant = self.data.tenant;
        let decision = change_scopes(decision, tenant, &self.data.scopes, &wished.scopes);
        let (old, new) = (self.data.name.to_lowercase(), wished.name.to_lowercase());
        if old == new {
            return decision;
        }
        let decision = decision.release(tenant, RESOURCE_NAME_CLAIM, old);
        decision.claim(tenant, RESOURCE_NAME_CLAIM, new)
    }

    fn secrets_as_wished(
        &self,
        infos: &[ResourceSecretInfo],
        wishes: &[PropertyValue],
    ) -> Result<(Vec<ResourceSecretInfo>, Vec<String>), Refusal> {
        if infos.len() != wishes.len() {
            return Err(Refusal::invalid("secrets", "every secret needs a value"));
        }
        let there = self.data.secrets.iter().zip(&self.secrets.values);
        let there = there.map(|(it, value)| (it.id, value.as_str())).collect::<Vec<_>>();
        let wished = infos.iter().zip(wishes).map(|(it, value)| WishedSecret { id: it.id, value });
        let now = as_wished("secrets.value", &there, self.last_secret, wished)?;
        let both = infos.iter().zip(now);
        Ok(both.map(|(it, (id, value))| (ResourceSecretInfo { id, ..it.clone() }, value)).unzip())
    }
}
