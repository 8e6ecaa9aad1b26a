//! An OAuth client: an application that may ask for tokens.

mod defaults;
mod fields;
mod rules;
mod update;

use serde::{Deserialize, Serialize};

pub use self::fields::{
    ClientChange, ClientFlagChange, ClientFlags, ClientLifetimeChange, ClientLifetimes,
    ClientRegistered, ClientSecretInfo, ClientSecrets,
};
use self::rules::check_client;
pub use self::rules::{CLIENT_CHILDREN_MAX, redirects_of};
use crate::aggregate::{Aggregate, Decision};
use crate::children::PropertyValue;
use crate::event::Fact;
use crate::ids::{ClientName, TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes a `client_id` unique in the installation.
pub const CLIENT_ID_CLAIM: ClaimKind = ClaimKind { name: "client_id", english: "clientId" };

/// What a client may be asked to become.
#[derive(Debug, Clone)]
pub enum ClientCommand {
    /// Enter a new client.
    Register(Box<ClientRegistered>, ClientSecrets),
    /// Let it ask for tokens, or no longer.
    SetEnabled(bool),
    /// Make it the installation's: from then on it needs no owner.
    TakeOver,
    /// Become as described. Number, tenant and owner do not count; ids of secrets do, where their
    /// values are kept.
    Update(Box<ClientRegistered>, ClientWishes),
    /// Let it ask for these scopes and be called at these addresses, too.
    Extend {
        /// Those that it has already do not count.
        scopes: Vec<String>,
        /// The same.
        redirect_uris: Vec<String>,
    },
    /// Add a secret, with its value as row 44 computes it.
    AddSecret(ClientSecretInfo, String),
    /// Take a secret away.
    RemoveSecret(u32),
    /// Let another user answer for it.
    SetOwner(UserId),
    /// End. Its tokens end, and its `client_id` is never given to another one: tokens name it.
    Delete,
}

/// What is wished of what opens something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientWishes {
    /// Of the values of the secrets, in the order of the secrets.
    pub secrets: Vec<PropertyValue>,
    /// Of the values of the properties, in the order of their keys.
    pub properties: Vec<PropertyValue>,
    /// For pair-wise subjects.
    pub pair_wise_subject_salt: Option<String>,
}

/// Whether a client may ask for tokens was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientEnabledSet {
    /// Whether it may.
    pub enabled: bool,
}

/// A client belongs to the installation from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientTakenOver {
    /// The user who answered for it until now.
    pub former_owner: UserId,
}

/// Fields of a client changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientUpdated {
    /// Its number.
    pub client: u32,
    /// The fields that changed, with their new values.
    pub changes: Vec<ClientChange>,
}

/// Another user answers for a client from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientOwnerSet {
    /// Its number.
    pub client: u32,
    /// Who answers for it now.
    pub owner: UserId,
    /// Who did before; 0 if it belonged to the installation.
    pub former_owner: UserId,
}

/// A client ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientDeleted {
    /// Its number, which is never used again.
    pub client: u32,
}

stored_events! {
    /// What has happened to a client. A stored contract: see `docs/events.md`.
    pub enum ClientEvent {
        /// A client entered.
        Registered = "client.registered.v1" { data: ClientRegistered, secret: ClientSecrets },
        /// It may ask for tokens, or no longer.
        EnabledSet = "client.enabled_set.v1" { data: ClientEnabledSet },
        /// It belongs to the installation.
        TakenOver = "client.taken_over.v1" { data: ClientTakenOver },
        /// Some of its fields changed, or what opens something.
        Updated = "client.updated.v1" { data: ClientUpdated, secret: ClientSecrets },
        /// Another user answers for it.
        OwnerSet = "client.owner_set.v1" { data: ClientOwnerSet },
        /// It ended.
        Deleted = "client.deleted.v1" { data: ClientDeleted, marks: [Ends] },
    }
}

/// What the rules need to remember of a client.
#[derive(Debug, Clone, Default)]
pub enum Client {
    /// Never registered.
    #[default]
    Absent,
    /// Registered.
    Active(Box<Active>),
    /// Ended.
    Deleted,
}

/// A client that is registered.
#[derive(Debug, Clone)]
pub struct Active {
    data: ClientRegistered,
    secrets: ClientSecrets,
    /// Every `client_id` that it has had: it keeps them all.
    names: Vec<ClientName>,
    /// The highest id that one of its secrets has or had.
    last_secret: u32,
}

impl Aggregate for Client {
    const CATEGORY: &'static str = "client";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[CLIENT_ID_CLAIM];
    type Command = ClientCommand;
    type Event = ClientEvent;

    fn decide(
        &self,
        command: &ClientCommand,
        _now: Timestamp,
    ) -> Result<Decision<ClientEvent>, Refusal> {
        let active = match (self, command) {
            (Client::Absent, ClientCommand::Register(data, secrets)) => {
                return register(data, secrets);
            }
            (_, ClientCommand::Register(..)) => {
                return Err(Refusal::AlreadyExists { what: "client" });
            }
            (Client::Absent | Client::Deleted, _) => {
                return Err(Refusal::NotFound { what: "client" });
            }
            (Client::Active(active), _) => active,
        };
        match command {
            ClientCommand::Register(..) => Err(Refusal::AlreadyExists { what: "client" }),
            ClientCommand::SetEnabled(wanted) => {
                let set = ClientEnabledSet { enabled: *wanted };
                let is_new = active.data.enabled != *wanted;
                Ok(changed_if(is_new, ClientEvent::EnabledSet(set.into())))
            }
            ClientCommand::TakeOver => {
                let taken = ClientTakenOver { former_owner: active.data.owner };
                let is_new = active.data.owner != UserId::NONE;
                Ok(changed_if(is_new, ClientEvent::TakenOver(taken.into())))
            }
            ClientCommand::Update(data, wishes) => active.update(data, wishes),
            ClientCommand::Extend { scopes, redirect_uris } => active.extend(scopes, redirect_uris),
            ClientCommand::AddSecret(info, value) => active.add_secret(info, value),
            ClientCommand::RemoveSecret(id) => active.remove_secret(*id),
            ClientCommand::SetOwner(owner) => active.set_owner(*owner),
            ClientCommand::Delete => active.delete(),
        }
    }

    fn evolve(&mut self, event: &ClientEvent) {
        match (self, event) {
            (it, ClientEvent::Registered(fact)) => {
                let data = fact.data.clone();
                let secrets = fact.secret.clone().unwrap_or_default();
                let (names, last_secret) = (vec![data.client_id.clone()], last_secret(&data));
                *it = Client::Active(Box::new(Active { data, secrets, names, last_secret }));
            }
            (it @ Client::Active(_), ClientEvent::Deleted(_)) => *it = Client::Deleted,
            (Client::Active(active), event) => active.evolve(event),
            // Nothing happens to a client that is not there.
            (Client::Absent | Client::Deleted, _) => (),
        }
    }
}

impl Active {
    fn evolve(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Registered(_) | ClientEvent::Deleted(_) => (),
            ClientEvent::EnabledSet(fact) => self.data.enabled = fact.data.enabled,
            ClientEvent::TakenOver(_) => self.data.owner = UserId::NONE,
            ClientEvent::OwnerSet(fact) => self.data.owner = fact.data.owner,
            ClientEvent::Updated(fact) => {
                self.data.apply(&fact.data.changes);
                if let Some(secrets) = &fact.secret {
                    self.secrets.clone_from(secrets);
                }
                if !self.names.contains(&self.data.client_id) {
                    self.names.push(self.data.client_id.clone());
                }
                self.last_secret = self.last_secret.max(last_secret(&self.data));
            }
        }
    }
}

impl Client {
    /// The id of the secret with this stored value, if the client has one.
    pub fn secret_of_value(&self, value: &str) -> Option<u32> {
        let Client::Active(active) = self else { return None };
        let at = active.secrets.values.iter().position(|it| it == value)?;
        active.data.secrets.get(at).map(|it| it.id)
    }
}

fn last_secret(data: &ClientRegistered) -> u32 {
    data.secrets.iter().map(|it| it.id).max().unwrap_or(0)
}

fn changed_if(is_new: bool, event: ClientEvent) -> Decision<ClientEvent> {
    if is_new { Decision::event(event) } else { Decision::none() }
}

fn register(
    data: &ClientRegistered,
    secrets: &ClientSecrets,
) -> Result<Decision<ClientEvent>, Refusal> {
    check_client(data, secrets, None)?;
    let mut registered = data.clone();
    (1..).zip(&mut registered.secrets).for_each(|(id, secret)| secret.id = id);
    Ok(Decision::event(ClientEvent::Registered(Fact {
        data: registered,
        personal: None,
        secret: secrets.clone().part(),
    }))
    .claim(TenantId::INSTALLATION, CLIENT_ID_CLAIM, data.client_id.0.clone()))
}
