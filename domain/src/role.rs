//! A role: a name that users of a tenant may carry, with the claims that come with it.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The name of the role without which most endpoints refuse (spec section 1.1).
pub const ROLE_USER: &str = "user";

/// Its number in the first tenant.
pub const ROLE_USER_NUMBER: u32 = 1;

/// The name of the role that lifts the limits of a tenant's users.
pub const ROLE_ADMINISTRATOR: &str = "administrator";

/// The kind of claim that makes a role's name unique in its tenant.
pub const ROLE_NAME_CLAIM: ClaimKind = ClaimKind { name: "role_name", english: "role name" };

/// The most claims of one role.
pub const ROLE_CLAIMS_MAX: usize = 100;

/// What a role may be asked to become.
#[derive(Debug, Clone)]
pub enum RoleCommand {
    /// Enter a new role.
    Create(RoleCreated),
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
    }
}

/// What the rules need to remember of a role, and no more.
#[derive(Debug, Clone, Default)]
pub enum Role {
    /// Never created.
    #[default]
    Absent,
    /// In use.
    Active,
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
        let RoleCommand::Create(created) = command;
        if !matches!(self, Role::Absent) {
            return Err(Refusal::AlreadyExists { what: "role" });
        }
        check::required("name", &created.name, 256)?;
        check::list("claims", &created.claims, ROLE_CLAIMS_MAX)?;
        for claim in &created.claims {
            check::required("claims.claimType", &claim.claim_type, 250)?;
            match claim.claim_type.as_str() {
                "permission" => check::permission("claims.claimValue", &claim.value, 2000)?,
                _ => check::at_most("claims.claimValue", &claim.value, 2000)?,
            }
        }
        Ok(Decision::event(RoleEvent::Created(created.clone().into())).claim(
            created.tenant,
            ROLE_NAME_CLAIM,
            normalise(&created.name),
        ))
    }

    fn evolve(&mut self, event: &RoleEvent) {
        match event {
            RoleEvent::Created(_) => *self = Role::Active,
        }
    }
}

/// The `normalizedName` of a role.
pub fn normalise(name: &str) -> String {
    name.trim().to_uppercase()
}
