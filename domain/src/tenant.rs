//! A tenant: one customer of the installation, with its hosts, its name and its issuer.

mod api_policy;
pub mod settings;

use serde::{Deserialize, Serialize};

pub use self::api_policy::{ApiPolicy, Refuse, UPSTREAM_PATTERNS_MAX};
pub use self::settings::is_setting;

use crate::aggregate::{Aggregate, Claim, Decision};
use crate::children::{Properties, PropertyValue, check_property_keys};
use crate::event::Fact;
use crate::ids::{TenantId, Timestamp, UserId};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::{changes, check, stored_events};

/// The most hosts of one tenant.
pub const HOSTS_MAX: usize = 100;

/// The kind of claim that makes a host name unique in the installation.
pub const HOST_CLAIM: ClaimKind = ClaimKind { name: "host", english: "host name" };

/// The most claims of one tenant.
pub const CLAIMS_MAX: usize = 100;

/// The status of a tenant that is in use.
pub const TENANT_ENABLED: u8 = 1;

/// The status of a tenant that is disabled: its hosts do not answer, its tokens do not count.
pub const TENANT_DISABLED: u8 = 2;

/// What a tenant may be asked to become.
#[derive(Debug, Clone)]
pub enum TenantCommand {
    /// Enter a new tenant.
    Create(Box<TenantCreated>, Properties),
    /// Become as described, with the values of its properties. Number and owner do not count.
    Update(Box<TenantCreated>, Vec<PropertyValue>),
    /// Give up those of these hosts that it has: another tenant gets them.
    GiveUpHosts(Vec<String>),
    /// Let its users be the accounts of the app-token service, or that have accounts of its own.
    SetAppTokenLink(bool),
    /// Demand this of the APIs that are published in it.
    SetApiPolicy(ApiPolicy),
    /// End. Its hosts answer no longer, and its tokens do not count.
    Delete,
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

changes! {
    /// What may change of a tenant, in clear.
    pub enum TenantChange of TenantCreated except (tenant, owner) {
        Name(String) = name,
        Theme(Option<String>) = theme,
        Status(u8) = status,
        IssuerHost(Option<String>) = issuer_host,
        Hosts(Vec<TenantHost>) = hosts,
        Claims(Vec<TenantClaim>) = claims,
        CacheSeconds(i64) = cache_seconds,
        LogoUri(Option<String>) = logo_uri,
        Description(Option<String>) = description,
        PropertyKeys(Vec<String>) = property_keys,
    }
}

/// Fields of a tenant changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantUpdated {
    /// Its number.
    pub tenant: TenantId,
    /// The fields that changed, with their new values.
    pub changes: Vec<TenantChange>,
}

/// A tenant ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantDeleted {
    /// Its number, which is never used again.
    pub tenant: TenantId,
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
        Created = "tenant.created.v1" { data: TenantCreated, secret: Properties },
        /// The accounts of the app-token service are its users from now on, or accounts of the service.
        AppTokenLinkSet = "tenant.app_token_link_set.v1" { data: TenantAppTokenLinkSet },
        /// Some of its fields changed, or the values of its properties.
        Updated = "tenant.updated.v1" { data: TenantUpdated, secret: Properties },
        /// What it demands of APIs changed.
        ApiPolicySet = "tenant.api_policy_set.v1" { data: ApiPolicy },
        /// It ended.
        Deleted = "tenant.deleted.v1" { data: TenantDeleted, marks: [Ends] },
    }
}

/// What the rules need to remember of a tenant, and no more.
#[derive(Debug, Clone, Default)]
pub enum Tenant {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<Active>),
    /// Ended.
    Deleted,
}

/// A tenant in use.
#[derive(Debug, Clone)]
pub struct Active {
    data: TenantCreated,
    properties: Properties,
    /// Whether its users are the accounts of the app-token service.
    linked: bool,
    /// What it demands of APIs.
    api_policy: ApiPolicy,
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
        let active = match (self, command) {
            (Tenant::Absent, TenantCommand::Create(data, properties)) => {
                return create(data, properties);
            }
            (Tenant::Active(active), _) => active,
            (Tenant::Absent | Tenant::Deleted, _) => {
                return Err(Refusal::NotFound { what: "tenant" });
            }
        };
        match command {
            TenantCommand::Create(..) => Err(Refusal::AlreadyExists { what: "tenant" }),
            TenantCommand::Update(data, properties) => active.update(data, properties),
            TenantCommand::GiveUpHosts(hosts) => active.give_up(hosts),
            TenantCommand::SetAppTokenLink(wanted) if active.linked == *wanted => {
                Ok(Decision::none())
            }
            TenantCommand::SetAppTokenLink(wanted) => {
                let set = TenantAppTokenLinkSet { linked: *wanted };
                Ok(Decision::event(TenantEvent::AppTokenLinkSet(set.into())))
            }
            TenantCommand::SetApiPolicy(wanted) => {
                wanted.check()?;
                match active.api_policy == *wanted {
                    true => Ok(Decision::none()),
                    false => Ok(Decision::event(TenantEvent::ApiPolicySet(wanted.clone().into()))),
                }
            }
            TenantCommand::Delete => active.delete(),
        }
    }

    fn evolve(&mut self, event: &TenantEvent) {
        match (self, event) {
            (it, TenantEvent::Created(fact)) => {
                let (data, properties) = (fact.data.clone(), fact.secret.clone());
                let properties = properties.unwrap_or_default();
                *it = Tenant::Active(Box::new(Active {
                    data,
                    properties,
                    linked: false,
                    api_policy: ApiPolicy::default(),
                }));
            }
            (Tenant::Active(active), TenantEvent::AppTokenLinkSet(fact)) => {
                active.linked = fact.data.linked;
            }
            (Tenant::Active(active), TenantEvent::ApiPolicySet(fact)) => {
                active.api_policy = fact.data.clone();
            }
            (Tenant::Active(active), TenantEvent::Updated(fact)) => {
                active.data.apply(&fact.data.changes);
                active.properties.replace(fact.secret.as_ref());
            }
            (it @ Tenant::Active(_), TenantEvent::Deleted(_)) => *it = Tenant::Deleted,
            // Nothing happens to a tenant that is not there.
            (Tenant::Absent | Tenant::Deleted, _) => (),
        }
    }
}

fn create(
    created: &TenantCreated,
    properties: &Properties,
) -> Result<Decision<TenantEvent>, Refusal> {
    if created.property_keys.len() != properties.values.len() {
        return Err(Refusal::invalid("properties", "every key needs a value"));
    }
    let nothing = Properties::default();
    let values = properties.values.iter().cloned().map(PropertyValue::Set).collect::<Vec<_>>();
    nothing.wished(&[], &created.property_keys, &values)?;
    let mut data = created.clone();
    data.number_children();
    data.check()?;
    check::optional_web("logoUri", data.logo_uri.as_deref())?;
    settings::check(&data.property_keys, &properties.values)?;
    let claims = data.held();
    let event =
        TenantEvent::Created(Fact { data, personal: None, secret: Some(properties.clone()) });
    Ok(Decision { claims, ..Decision::event(event) })
}

impl Active {
    fn update(
        &self,
        wished: &TenantCreated,
        properties: &[PropertyValue],
    ) -> Result<Decision<TenantEvent>, Refusal> {
        let TenantCreated { tenant, owner, .. } = self.data;
        let mut new = TenantCreated { tenant, owner, ..wished.clone() };
        new.number_children();
        new.check()?;
        // One that stands since before its rule may stay.
        if new.logo_uri != self.data.logo_uri {
            check::optional_web("logoUri", new.logo_uri.as_deref())?;
        }
        if tenant == TenantId::FIRST && new.status == TENANT_DISABLED {
            return Err(Refusal::NotAllowed { why: "the first tenant cannot be disabled" });
        }
        let keys = (&self.data.property_keys, &new.property_keys);
        let secret = self.properties.wished(keys.0, keys.1, properties)?;
        let values = &secret.as_ref().unwrap_or(&self.properties).values;
        settings::check(&new.property_keys, values)?;
        Ok(self.changed_to(&new, secret))
    }

    fn give_up(&self, hosts: &[String]) -> Result<Decision<TenantEvent>, Refusal> {
        let given = hosts.iter().map(|it| normalise(it)).collect::<Vec<_>>();
        let mut new = self.data.clone();
        new.hosts.retain(|it| !given.contains(&normalise(&it.name)));
        new.number_children();
        Ok(self.changed_to(&new, None))
    }

    fn changed_to(&self, new: &TenantCreated, secret: Option<Properties>) -> Decision<TenantEvent> {
        let changes = TenantChange::between(&self.data, new);
        if changes.is_empty() && secret.is_none() {
            return Decision::none();
        }
        let data = TenantUpdated { tenant: self.data.tenant, changes };
        let event = TenantEvent::Updated(Fact { data, personal: None, secret });
        let (mut releases, mut claims) = (self.data.held(), new.held());
        releases.retain(|it| !claims.contains(it));
        claims.retain(|it| !self.data.held().contains(it));
        Decision { claims, releases, ..Decision::event(event) }
    }

    fn delete(&self) -> Result<Decision<TenantEvent>, Refusal> {
        let tenant = self.data.tenant;
        if tenant == TenantId::FIRST {
            return Err(Refusal::NotAllowed { why: "the first tenant cannot be deleted" });
        }
        let releases = self.data.held();
        let event = TenantEvent::Deleted(TenantDeleted { tenant }.into());
        Ok(Decision { releases, ..Decision::event(event) })
    }
}

impl TenantCreated {
    /// The ids of hosts and claims are their places.
    fn number_children(&mut self) {
        (1..).zip(&mut self.hosts).for_each(|(id, it)| it.id = id);
        (1..).zip(&mut self.claims).for_each(|(id, it)| it.id = id);
    }

    /// The values that no other tenant may have.
    fn held(&self) -> Vec<Claim> {
        let mut hosts = self.hosts.iter().map(|it| normalise(&it.name)).collect::<Vec<_>>();
        hosts.sort_unstable();
        hosts.dedup();
        let scope = TenantId::INSTALLATION;
        hosts.into_iter().map(|value| Claim { scope, kind: HOST_CLAIM.name, value }).collect()
    }

    fn check(&self) -> Result<(), Refusal> {
        check::name("name", &self.name, 200)?;
        check::optional("theme", self.theme.as_deref(), 200)?;
        check::optional_text("description", self.description.as_deref(), 1_000)?;
        if self.status > TENANT_DISABLED {
            return Err(Refusal::invalid("status", "must be 0, 1 or 2"));
        }
        if let Some(host) = &self.issuer_host {
            check_host("identityServerIssuerUri", host)?;
        }
        check::list("hosts", &self.hosts, HOSTS_MAX)?;
        self.hosts.iter().try_for_each(|it| check_host("hosts.hostName", &it.name))?;
        if self.held().len() < self.hosts.len() {
            return Err(Refusal::invalid("hosts", "must not have a host twice"));
        }
        check::list("claims", &self.claims, CLAIMS_MAX)?;
        for (at, claim) in self.claims.iter().enumerate() {
            check::name("claims.claimType", &claim.claim_type, 250)?;
            check::at_most("claims.claimValue", &claim.value, 2_000)?;
            // Spec section 6.6: whoever reads them asks for a type.
            let before = self.claims.iter().take(at);
            if before.into_iter().any(|it| it.claim_type == claim.claim_type) {
                return Err(Refusal::invalid("claims.claimType", "must not be there twice"));
            }
        }
        check_property_keys("properties", &self.property_keys)
    }
}

/// Hosts compare without regard to case (RFC 9110 section 4.2.3).
pub fn normalise(host: &str) -> String {
    host.to_ascii_lowercase()
}

fn check_host(field: &'static str, host: &str) -> Result<(), Refusal> {
    check::required_text(field, host, 255)?;
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-._:[]".contains(it);
    if !host.chars().all(allowed) {
        return Err(Refusal::invalid(field, "must be a host name with an optional port"));
    }
    Ok(())
}
