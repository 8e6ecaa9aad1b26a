//! A role: a name that users of a tenant may carry, with the claims that come with it.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::{changes, check, stored_events};

/// The name of the role without which most endpoints refuse (spec section 1.1).
pub const ROLE_USER: &str = "user";

/// Its number in the first tenant.
pub const ROLE_USER_NUMBER: u32 = 1;

/// The name of the role that lifts the limits of a tenant's users.
pub const ROLE_ADMINISTRATOR: &str = "administrator";

/// The roles that every tenant is born with. They are neither renamed nor deleted (contracts 31): rights
/// ask for them by name.
pub const SEEDED_ROLES: [&str; 4] = [ROLE_USER, "partner", "developer", ROLE_ADMINISTRATOR];

/// The kind of claim that makes a role's name unique in its tenant.
pub const ROLE_NAME_CLAIM: ClaimKind = ClaimKind { name: "role_name", english: "role name" };

/// The most claims of one role.
pub const ROLE_CLAIMS_MAX: usize = 100;

/// What a role may be asked to become.
#[derive(Debug, Clone)]
pub enum RoleCommand {
    /// Enter a new role.
    Create(RoleCreated),
    /// Become as described. The numbers of claims are given by the role: those that are sent do not
    /// count.
    Update(RoleFields),
    /// End. Whoever has the role has it no longer.
    Delete,
}

/// A role entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleCreated {
    /// Its number.
    pub role: u32,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name, as in the `role` claim.
    pub name: String,
    /// What comes with it.
    pub claims: Vec<RoleClaim>,
}

/// What may change of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleFields {
    /// Its name, as in the `role` claim.
    pub name: String,
    /// What comes with it.
    pub claims: Vec<RoleClaim>,
}

changes! {
    /// What may change of a role, in clear.
    pub enum RoleChange of RoleFields {
        Name(String) = name,
        Claims(Vec<RoleClaim>) = claims,
    }
}

/// Fields of a role changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleUpdated {
    /// Its number.
    pub role: u32,
    /// The fields that changed, with their new values.
    pub changes: Vec<RoleChange>,
}

/// A role ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleDeleted {
    /// Its number, which is never used again.
    pub role: u32,
}

/// A claim that comes with a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleClaim {
    /// Counted inside the role, from 1.
    pub id: u32,
    /// Its type.
    pub claim_type: String,
    /// Its value.
    pub value: String,
}

stored_events! {
    /// What has happened to a role. A stored contract: see `docs/events.md`.
    pub enum RoleEvent {
        /// A role entered.
        Created = "role.created.v1" { data: RoleCreated },
        /// Some of its fields changed.
        Updated = "role.updated.v1" { data: RoleUpdated },
        /// It ended.
        Deleted = "role.deleted.v1" { data: RoleDeleted, marks: [Ends] },
    }
}

impl From<&RoleCreated> for RoleFields {
    fn from(created: &RoleCreated) -> Self {
        Self { name: created.name.clone(), claims: created.claims.clone() }
    }
}

/// What the rules need to remember of a role, and no more.
#[derive(Debug, Clone, Default)]
pub enum Role {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active(Box<Active>),
    /// Ended.
    Deleted,
}

/// A role in use.
#[derive(Debug, Clone)]
pub struct Active {
    role: u32,
    tenant: TenantId,
    fields: RoleFields,
    /// The highest number that one of its claims has or had.
    last_claim: u32,
}

impl Aggregate for Role {
    const CATEGORY: &'static str = "role";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[ROLE_NAME_CLAIM];
    type Command = RoleCommand;
    type Event = RoleEvent;

    fn decide(
        &self,
        command: &RoleCommand,
        _now: Timestamp,
    ) -> Result<Decision<RoleEvent>, Refusal> {
        match (self, command) {
            (Role::Absent, RoleCommand::Create(created)) => {
                check_fields(&created.into())?;
                let (tenant, name) = (created.tenant, normalise(&created.name));
                let decision = Decision::event(RoleEvent::Created(created.clone().into()));
                Ok(decision.claim(tenant, ROLE_NAME_CLAIM, name))
            }
            (_, RoleCommand::Create(_)) => Err(Refusal::AlreadyExists { what: "role" }),
            (Role::Active(active), RoleCommand::Update(fields)) => active.update(fields),
            (Role::Active(active), RoleCommand::Delete) => active.delete(),
            (Role::Absent | Role::Deleted, _) => Err(Refusal::NotFound { what: "role" }),
        }
    }

    fn evolve(&mut self, event: &RoleEvent) {
        match (self, event) {
            (it, RoleEvent::Created(fact)) => {
                let RoleCreated { role, tenant, .. } = fact.data;
                let fields = RoleFields::from(&fact.data);
                let last_claim = last_claim(&fields);
                *it = Role::Active(Box::new(Active { role, tenant, fields, last_claim }));
            }
            (Role::Active(active), RoleEvent::Updated(fact)) => {
                active.fields.apply(&fact.data.changes);
                active.last_claim = active.last_claim.max(last_claim(&active.fields));
            }
            (it @ Role::Active(_), RoleEvent::Deleted(_)) => *it = Role::Deleted,
            // Nothing happens to a role that is not there.
            (Role::Absent | Role::Deleted, _) => (),
        }
    }
}

impl Role {
    /// The permission that it gives to whoever has none of its own.
    pub fn permission(&self) -> Option<&str> {
        match self {
            Role::Active(active) => permission_of(&active.fields.claims),
            Role::Absent | Role::Deleted => None,
        }
    }
}

/// The first permission among the claims of a role counts.
pub fn permission_of(claims: &[RoleClaim]) -> Option<&str> {
    claims.iter().find(|it| it.claim_type == "permission").map(|it| it.value.as_str())
}

impl Active {
    fn update(&self, wished: &RoleFields) -> Result<Decision<RoleEvent>, Refusal> {
        check_fields(wished)?;
        let (old_name, name) = (normalise(&self.fields.name), normalise(&wished.name));
        if is_seeded(&self.fields.name) && wished.name != self.fields.name {
            return Err(Refusal::NotAllowed { why: "a role of every tenant keeps its name" });
        }
        let new = RoleFields { claims: self.numbered(&wished.claims)?, ..wished.clone() };
        let changes = RoleChange::between(&self.fields, &new);
        if changes.is_empty() {
            return Ok(Decision::none());
        }
        let updated = RoleUpdated { role: self.role, changes };
        let decision = Decision::event(RoleEvent::Updated(updated.into()));
        Ok(match old_name == name {
            true => decision,
            false => decision.claim(self.tenant, ROLE_NAME_CLAIM, name).release(
                self.tenant,
                ROLE_NAME_CLAIM,
                old_name,
            ),
        })
    }

    /// Claims that are there keep their numbers, others get new ones.
    fn numbered(&self, wished: &[RoleClaim]) -> Result<Vec<RoleClaim>, Refusal> {
        let mut old = self.fields.claims.clone();
        let mut last = self.last_claim;
        let one = |wish: &RoleClaim| {
            let same = |it: &RoleClaim| it.claim_type == wish.claim_type && it.value == wish.value;
            if let Some(at) = old.iter().position(same) {
                return Ok(old.remove(at));
            }
            last = last
                .checked_add(1)
                .ok_or(Refusal::NotAllowed { why: "the role has had as many claims as it may" })?;
            Ok(RoleClaim { id: last, ..wish.clone() })
        };
        wished.iter().map(one).collect()
    }

    fn delete(&self) -> Result<Decision<RoleEvent>, Refusal> {
        if is_seeded(&self.fields.name) {
            return Err(Refusal::NotAllowed { why: "a role of every tenant is not deleted" });
        }
        let decision = Decision::event(RoleEvent::Deleted(RoleDeleted { role: self.role }.into()));
        Ok(decision.release(self.tenant, ROLE_NAME_CLAIM, normalise(&self.fields.name)))
    }
}

fn is_seeded(name: &str) -> bool {
    SEEDED_ROLES.iter().any(|it| normalise(it) == normalise(name))
}

fn last_claim(fields: &RoleFields) -> u32 {
    fields.claims.iter().map(|it| it.id).max().unwrap_or(0)
}

fn check_fields(fields: &RoleFields) -> Result<(), Refusal> {
    check::name("name", &fields.name, 256)?;
    check::list("claims", &fields.claims, ROLE_CLAIMS_MAX)?;
    for claim in &fields.claims {
        check::name("claims.claimType", &claim.claim_type, 250)?;
        match claim.claim_type.as_str() {
            "permission" => check::permission("claims.claimValue", &claim.value, 2000)?,
            _ => check::at_most("claims.claimValue", &claim.value, 2000)?,
        }
    }
    Ok(())
}

/// The `normalizedName` of a role.
pub fn normalise(name: &str) -> String {
    name.trim().to_uppercase()
}
