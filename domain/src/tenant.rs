//! A tenant: one customer of the installation, with its hosts, its name and its issuer.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The most hosts of one tenant.
pub const HOSTS_MAX: usize = 100;

/// The kind of claim that makes a host name unique in the installation.
pub const HOST_CLAIM: ClaimKind = ClaimKind { name: "host", english: "host name" };

/// What a tenant may be asked to become.
#[derive(Debug, Clone)]
pub enum TenantCommand {
    /// Enter a new tenant.
    Create(Box<TenantCreated>, TenantProperties),
    /// Let its users be the accounts of the app-token service, or that have accounts of its own.
    SetAppTokenLink(bool),
}

/// A tenant entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantCreated {
    /// Its number.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// The look of its pages.
    pub theme: Option<String>,
    /// 0 created, 1 enabled, 2 disabled (spec section 2.9).
    pub status: u8,
    /// `host[:port]` of its issuer, without a scheme.
    pub issuer_host: Option<String>,
    /// Where it answers.
    pub hosts: Vec<TenantHost>,
    /// Public key-value data.
    pub claims: Vec<TenantClaim>,
    /// Seconds; kept for compatibility.
    pub cache_seconds: i64,
    /// Who owns it.
    pub owner: UserId,
    /// The address of its logo.
    pub logo_uri: Option<String>,
    /// A text about it.
    pub description: Option<String>,
    /// The keys of its private properties; the values stand in the secret part.
    pub property_keys: Vec<String>,
}

/// A host of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantHost {
    /// Counted inside the tenant, from 1.
    pub id: u32,
    /// `host` or `host:port`.
    pub name: String,
}

/// A public fact about a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantClaim {
    /// Counted inside the tenant, from 1.
    pub id: u32,
    /// Its type.
    pub claim_type: String,
    /// Its value.
    pub value: String,
}

/// Private key-value data of a tenant: it may hold gateway keys and provider secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantProperties {
    /// The values, in the order of their keys.
    pub values: Vec<String>,
}

/// The accounts of the app-token service are the tenant's users from now on, or its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantAppTokenLinkSet {
    /// Whether they are the tenant's users.
    pub linked: bool,
}

stored_events! {
    /// What has happened to a tenant. A stored contract: see `docs/events.md`.
    pub enum TenantEvent {
        /// A tenant entered.
        Created = "tenant.created.v1" { data: TenantCreated, secret: TenantProperties },
        /// The accounts of the app-token service are its users from now on, or accounts of the service.
        AppTokenLinkSet = "tenant.app_token_link_set.v1" { data: TenantAppTokenLinkSet },
    }
}

/// What the rules need to remember of a tenant, and no more.
#[derive(Debug, Clone, Default)]
pub enum Tenant {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active {
        /// Whether its users are the accounts of the app-token service.
        linked: bool,
    },
}

impl Aggregate for Tenant {
    const CATEGORY: &'static str = "tenant";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[HOST_CLAIM];
    type Command = TenantCommand;
    type Event = TenantEvent;

    fn decide(
        &self,
        command: &TenantCommand,
        _now: Timestamp,
    ) -> Result<Decision<TenantEvent>, Refusal> {
        match command {
            TenantCommand::Create(created, properties) => self.create(created, properties),
            TenantCommand::SetAppTokenLink(wanted) => match self {
                Tenant::Absent => Err(Refusal::NotFound { what: "tenant" }),
                Tenant::Active { linked } if linked == wanted => Ok(Decision::none()),
                Tenant::Active { .. } => {
                    let set = TenantAppTokenLinkSet { linked: *wanted };
                    Ok(Decision::event(TenantEvent::AppTokenLinkSet(set.into())))
                }
            },
        }
    }

    fn evolve(&mut self, event: &TenantEvent) {
        match event {
            TenantEvent::Created(_) => *self = Tenant::Active { linked: false },
            TenantEvent::AppTokenLinkSet(fact) => {
                if let Tenant::Active { linked } = self {
                    *linked = fact.data.linked;
                }
            }
        }
    }
}

impl Tenant {
    fn create(
        &self,
        created: &TenantCreated,
        properties: &TenantProperties,
    ) -> Result<Decision<TenantEvent>, Refusal> {
        if !matches!(self, Tenant::Absent) {
            return Err(Refusal::AlreadyExists { what: "tenant" });
        }
        check::required("name", &created.name, 200)?;
        check::list("hosts", &created.hosts, HOSTS_MAX)?;
        if created.property_keys.len() != properties.values.len() {
            return Err(Refusal::invalid("properties", "every key needs a value"));
        }
        let mut decision = Decision::none();
        for host in &created.hosts {
            check_host(&host.name)?;
            decision = decision.claim(TenantId::INSTALLATION, HOST_CLAIM, normalise(&host.name));
        }
        decision.events.push(TenantEvent::Created(Fact {
            data: created.clone(),
            personal: None,
            secret: Some(properties.clone()),
        }));
        Ok(decision)
    }
}

/// Hosts compare without regard to case (RFC 9110 section 4.2.3).
pub fn normalise(host: &str) -> String {
    host.to_ascii_lowercase()
}

fn check_host(host: &str) -> Result<(), Refusal> {
    check::required("hostName", host, 255)?;
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-._:[]".contains(it);
    if !host.chars().all(allowed) {
        return Err(Refusal::invalid("hostName", "must be a host name with an optional port"));
    }
    Ok(())
}
