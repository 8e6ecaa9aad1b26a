//! Changes of a client that is registered: what it says of itself, its secrets, who answers for it, its
//! end.

use super::fields::{ClientChange, ClientRegistered, ClientSecretInfo, ClientSecrets};
use super::rules::{SECRET_DESCRIPTION_CHARS_MAX, check_client};
use super::{
    Active, CLIENT_ID_CLAIM, ClientDeleted, ClientEvent, ClientOwnerSet, ClientUpdated,
    ClientWishes,
};
use crate::aggregate::Decision;
use crate::check;
use crate::children::{Properties, PropertyValue};
use crate::event::Fact;
use crate::ids::{TenantId, UserId};
use crate::refusal::Refusal;
use crate::secret_list::{WishedSecret, as_wished, next_id};

/// The most names that one client may have had: each stays its own.
const CLIENT_NAMES_MAX: usize = 100;

type Decided = Result<Decision<ClientEvent>, Refusal>;

impl Active {
    pub(super) fn update(&self, wished: &ClientRegistered, wishes: &ClientWishes) -> Decided {
        self.check_editable(wished.flags.non_editable)?;
        let (infos, values) = self.secrets_as_wished(&wished.secrets, &wishes.secrets)?;
        let now = Properties { values: self.secrets.property_values.clone() };
        let keys = (&self.data.property_keys, &wished.property_keys);
        let properties = now.wished(keys.0, keys.1, &wishes.properties)?.unwrap_or(now);
        let secrets = ClientSecrets {
            values,
            property_values: properties.values,
            pair_wise_subject_salt: wishes.pair_wise_subject_salt.clone(),
        };
        self.changed_to(&ClientRegistered { secrets: infos, ..wished.clone() }, secrets)
    }

    pub(super) fn extend(&self, scopes: &[String], redirect_uris: &[String]) -> Decided {
        self.check_editable(true)?;
        let mut data = self.data.clone();
        let lists = [(&mut data.allowed_scopes, scopes), (&mut data.redirect_uris, redirect_uris)];
        for (list, more) in lists {
            for item in more {
                if !list.contains(item) {
                    list.push(item.clone());
                }
            }
        }
        self.changed_to(&data, self.secrets.clone())
    }

    pub(super) fn add_secret(&self, info: &ClientSecretInfo, value: &str) -> Decided {
        self.check_editable(true)?;
        // As the body names it: the rules of the whole entity name the list.
        check::optional_text(
            "description",
            info.description.as_deref(),
            SECRET_DESCRIPTION_CHARS_MAX,
        )?;
        let mut data = self.data.clone();
        let id = next_id(self.last_secret)?;
        data.secrets.push(ClientSecretInfo { id, ..info.clone() });
        let mut secrets = self.secrets.clone();
        secrets.values.push(value.to_owned());
        self.changed_to(&data, secrets)
    }

    pub(super) fn remove_secret(&self, id: u32) -> Decided {
        self.check_editable(true)?;
        let (mut data, mut secrets) = (self.data.clone(), self.secrets.clone());
        let Some(at) = data.secrets.iter().position(|it| it.id == id) else {
            return Err(Refusal::NotFound { what: "secret" });
        };
        data.secrets.remove(at);
        if at < secrets.values.len() {
            secrets.values.remove(at);
        }
        self.changed_to(&data, secrets)
    }

    pub(super) fn set_owner(&self, owner: UserId) -> Decided {
        self.check_editable(true)?;
        let former_owner = self.data.owner;
        if owner == former_owner {
            return Ok(Decision::none());
        }
        let set = ClientOwnerSet { client: self.data.client, owner, former_owner };
        Ok(Decision::event(ClientEvent::OwnerSet(set.into())))
    }

    pub(super) fn delete(&self) -> Decided {
        self.check_editable(true)?;
        let deleted = ClientDeleted { client: self.data.client };
        Ok(Decision::event(ClientEvent::Deleted(deleted.into())))
    }

    /// Contracts 36: while a client is not editable, the only change is that it becomes editable.
    fn check_editable(&self, stays: bool) -> Result<(), Refusal> {
        match self.data.flags.non_editable && stays {
            true => Err(Refusal::NotAllowed {
                why: "the client is not editable: set nonEditable to false",
            }),
            false => Ok(()),
        }
    }

    /// The event by which the client becomes so; nothing if it is so.
    fn changed_to(&self, wished: &ClientRegistered, secrets: ClientSecrets) -> Decided {
        check_client(wished, &secrets, Some(&self.data))?;
        let changes = ClientChange::between(&self.data, wished);
        let secret = (secrets != self.secrets).then_some(secrets);
        if changes.is_empty() && secret.is_none() {
            return Ok(Decision::none());
        }
        let data = ClientUpdated { client: self.data.client, changes };
        let decision = Decision::event(ClientEvent::Updated(Fact { data, personal: None, secret }));
        if self.names.contains(&wished.client_id) {
            return Ok(decision);
        }
        if self.names.len() >= CLIENT_NAMES_MAX {
            return Err(Refusal::NotAllowed { why: "the client has had too many names" });
        }
        let name = wished.client_id.0.clone();
        Ok(decision.claim(TenantId::INSTALLATION, CLIENT_ID_CLAIM, name))
    }

    fn secrets_as_wished(
        &self,
        infos: &[ClientSecretInfo],
        wishes: &[PropertyValue],
    ) -> Result<(Vec<ClientSecretInfo>, Vec<String>), Refusal> {
        if infos.len() != wishes.len() {
            return Err(Refusal::invalid("clientSecrets", "every secret needs a value"));
        }
        let there = self.data.secrets.iter().zip(&self.secrets.values);
        let there = there.map(|(it, value)| (it.id, value.as_str())).collect::<Vec<_>>();
        let wished = infos.iter().zip(wishes).map(|(it, value)| WishedSecret { id: it.id, value });
        let now = as_wished("clientSecrets.value", &there, self.last_secret, wished)?;
        let both = infos.iter().zip(now);
        Ok(both.map(|(it, (id, value))| (ClientSecretInfo { id, ..it.clone() }, value)).unzip())
    }
}
