//! A gateway: a program that serves APIs as this one says, and reports what it has applied. What it
//! serves of an API is the face of a resource (`resource::gateway`).

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::api_key::{KeyInfo, old_until};
use crate::check;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::product::check_code;
use crate::refusal::Refusal;
use crate::stored_events;

/// The kind of claim that makes the name of a gateway unique in its tenant.
pub const GATEWAY_NAME_CLAIM: ClaimKind =
    ClaimKind { name: "gateway_name", english: "gateway name" };

/// The most gateways of one tenant.
pub const GATEWAYS_MAX: usize = 100;

/// What a gateway may be asked to become.
#[derive(Debug, Clone)]
pub enum GatewayCommand {
    /// Enter a new one.
    Register(Box<GatewayRegistered>),
    /// Get another key.
    ReplaceKey {
        /// The new one.
        key: KeyInfo,
        /// For how many seconds the present one still counts.
        old_for: u32,
    },
    /// End.
    Retire,
    /// Note what it says that it serves.
    NoteApplied {
        /// What it says.
        applied: Box<GatewayApplied>,
        /// Where the log ends.
        head: u64,
    },
    /// Note what it says that it could not serve.
    NoteRefused {
        /// What it says.
        refused: Box<GatewayRefused>,
        /// Where the log ends.
        head: u64,
    },
}

/// A gateway entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRegistered {
    /// Its number.
    pub gateway: u32,
    /// Whose APIs it serves; 0 for those of all tenants.
    pub tenant: TenantId,
    /// What people call it.
    pub name: String,
    /// What sort of program it is: `nginx`.
    pub kind: String,
    /// What it proves itself with.
    pub key: KeyInfo,
}

/// Its key is another one now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayKeyReplaced {
    /// The new one.
    pub key: KeyInfo,
    /// Until when the one before it still counts; `None` if it does not.
    pub old_until: Option<Timestamp>,
}

/// A gateway ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRetired {
    /// Its number, which is never used again.
    pub gateway: u32,
}

/// A gateway serves a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayApplied {
    /// The position of the configuration.
    pub position: u64,
    /// The SHA-256 of the configuration.
    #[serde(serialize_with = "crate::codec::hex_for_people")]
    pub configuration: [u8; 32],
    /// How long it took to serve it, in microseconds.
    pub reload_micros: u64,
    /// The program and its version: `nginx/1.22.1`.
    pub program: String,
    /// How it knows, if it does not know it as it should.
    pub proof: Option<String>,
}

/// A gateway could not serve a configuration, and serves the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayRefused {
    /// The position of the configuration.
    pub position: u64,
    /// The first line of what its program said.
    pub reason: String,
}

stored_events! {
    /// What has happened to a gateway. A stored contract: see `docs/events.md`.
    pub enum GatewayEvent {
        /// It entered.
        Registered = "gateway.registered.v1" { data: GatewayRegistered },
        /// Its key is another one.
        KeyReplaced = "gateway.key_replaced.v1" { data: GatewayKeyReplaced },
        /// It ended.
        Retired = "gateway.retired.v1" { data: GatewayRetired, marks: [Ends] },
        /// It serves a configuration.
        Applied = "gateway.applied.v1" { data: GatewayApplied, marks: [Replaces] },
        /// It could not.
        Refused = "gateway.refused.v1" { data: GatewayRefused },
    }
}

/// What the rules need to remember of a gateway.
#[derive(Debug, Clone, Default)]
pub enum Gateway {
    /// Never registered.
    #[default]
    Absent,
    /// In use.
    Active(Box<Active>),
    /// Ended.
    Retired,
}

/// A gateway in use.
#[derive(Debug, Clone)]
pub struct Active {
    gateway: u32,
    tenant: TenantId,
    name: String,
    /// The position and the hash of what it serves.
    applied: Option<(u64, [u8; 32])>,
    /// What it could not serve since.
    refused: Option<GatewayRefused>,
}

impl Aggregate for Gateway {
    const CATEGORY: &'static str = "gateway";
    const IDS: Ids = Ids::Counted;
    const CLAIMS: &'static [ClaimKind] = &[GATEWAY_NAME_CLAIM];
    type Command = GatewayCommand;
    type Event = GatewayEvent;

    fn decide(
        &self,
        command: &GatewayCommand,
        now: Timestamp,
    ) -> Result<Decision<GatewayEvent>, Refusal> {
        match (self, command) {
            (Self::Absent, GatewayCommand::Register(data)) => register(data, now),
            (_, GatewayCommand::Register(_)) => Err(Refusal::AlreadyExists { what: "gateway" }),
            (Self::Absent | Self::Retired, _) => Err(Refusal::NotFound { what: "gateway" }),
            (Self::Active(active), command) => active.decide(command, now),
        }
    }

    fn evolve(&mut self, event: &GatewayEvent) {
        match (&mut *self, event) {
            (_, GatewayEvent::Registered(fact)) => {
                let GatewayRegistered { gateway, tenant, ref name, .. } = fact.data;
                let (name, applied, refused) = (name.clone(), None, None);
                *self = Self::Active(Box::new(Active { gateway, tenant, name, applied, refused }));
            }
            (Self::Active(_), GatewayEvent::Retired(_)) => *self = Self::Retired,
            (Self::Active(active), GatewayEvent::Applied(fact)) => {
                active.applied = Some((fact.data.position, fact.data.configuration));
                active.refused = None;
            }
            (Self::Active(active), GatewayEvent::Refused(fact)) => {
                active.refused = Some(fact.data.clone());
            }
            // Nothing happens to one that is not there, and no rule asks for its key.
            (Self::Active(_), GatewayEvent::KeyReplaced(_)) | (Self::Absent | Self::Retired, _) => {
            }
        }
    }
}

/// What nobody else in the tenant may be called.
fn held(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn register(data: &GatewayRegistered, now: Timestamp) -> Result<Decision<GatewayEvent>, Refusal> {
    check_code("name", &data.name)?;
    check_code("kind", &data.kind)?;
    data.key.check(now)?;
    let decision = Decision::event(GatewayEvent::Registered(data.clone().into()));
    Ok(decision.claim(data.tenant, GATEWAY_NAME_CLAIM, held(&data.name)))
}

/// A gateway cannot have seen what is not written.
fn check_position(position: u64, head: u64) -> Result<(), Refusal> {
    match position <= head {
        true => Ok(()),
        false => {
            let why = format!("must not be above {head}, where the log ends");
            Err(Refusal::invalid("position", why))
        }
    }
}

impl Active {
    fn decide(
        &self,
        command: &GatewayCommand,
        now: Timestamp,
    ) -> Result<Decision<GatewayEvent>, Refusal> {
        match command {
            GatewayCommand::Register(_) => Err(Refusal::AlreadyExists { what: "gateway" }),
            GatewayCommand::ReplaceKey { key, old_for } => {
                let old_until = old_until(*old_for, now)?;
                key.check(now)?;
                let replaced = GatewayKeyReplaced { key: key.clone(), old_until };
                Ok(Decision::event(GatewayEvent::KeyReplaced(replaced.into())))
            }
            GatewayCommand::Retire => {
                let retired = GatewayRetired { gateway: self.gateway };
                let decision = Decision::event(GatewayEvent::Retired(retired.into()));
                Ok(decision.release(self.tenant, GATEWAY_NAME_CLAIM, held(&self.name)))
            }
            GatewayCommand::NoteApplied { applied, head } => {
                check_position(applied.position, *head)?;
                check::required("program", &applied.program, 100)?;
                check::optional("proof", applied.proof.as_deref(), 100)?;
                // A position below the last one is that of a gateway that was restored.
                let same = self.applied == Some((applied.position, applied.configuration));
                Ok(match same {
                    true => Decision::none(),
                    false => Decision::event(GatewayEvent::Applied((**applied).clone().into())),
                })
            }
            GatewayCommand::NoteRefused { refused, head } => {
                check_position(refused.position, *head)?;
                check::required_text("reason", &refused.reason, 500)?;
                Ok(match self.refused.as_ref() == Some(&**refused) {
                    true => Decision::none(),
                    false => Decision::event(GatewayEvent::Refused((**refused).clone().into())),
                })
            }
        }
    }
}
