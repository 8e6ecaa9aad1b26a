//! A signing key of a tenant: what it signs tokens with, and whether its signatures count.
//!
//! Only the public half is an event; the private half lives in the key file.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::check;
use crate::ids::{TenantId, Timestamp};
use crate::kind::{ClaimKind, Ids};
use crate::refusal::Refusal;
use crate::stored_events;

/// The `alg` of a signing key (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    Rs256,
}

impl SigningAlgorithm {
    /// Every algorithm that can be selected.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// As in the `alg` header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }
}

/// What a signing key may be asked to become.
#[derive(Debug, Clone)]
pub enum SigningKeyCommand {
    /// Sign with this key: at once, or when verifiers can know it.
    Add(SigningKeyAdded),
    /// Sign no more once its successor does; what it signed counts on.
    Retire {
        /// Until when it stays among the published keys.
        until: Timestamp,
    },
    /// What it signed counts no more, whatever any clock says.
    End {
        /// Why, for the auditor.
        reason: String,
    },
}

/// A key entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyAdded {
    /// The `kid` header (RFC 7515 section 4.1.4).
    pub kid: String,
    /// Whose tokens it signs.
    pub tenant: TenantId,
    /// How it signs.
    pub algorithm: SigningAlgorithm,
    /// The public half as a JWK (RFC 7517), in JSON.
    pub public_jwk: String,
    /// Whether it signs at once: the first key of a tenant, or one that nobody can wait for. Every
    /// other key signs when whoever caches the published keys has seen it.
    pub signs_at_once: bool,
}

/// A key signs no more once its successor does. What it signed counts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyRetired {
    /// Until when it stays among the published keys.
    pub until: Timestamp,
}

/// What a key signed counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyEnded {
    /// Why.
    pub reason: String,
}

stored_events! {
    /// What has happened to a signing key. A stored contract: see `docs/events.md`.
    pub enum SigningKeyEvent {
        /// A key entered.
        Added = "signing_key.added.v1" { data: SigningKeyAdded },
        /// A key signs no more.
        Retired = "signing_key.retired.v1" { data: SigningKeyRetired },
        /// What a key signed counts no more.
        Ended = "signing_key.ended.v1" { data: SigningKeyEnded },
    }
}

/// What the rules need to remember of a signing key, and no more.
#[derive(Debug, Clone, Default)]
pub enum SigningKey {
    /// Never added.
    #[default]
    Absent,
    /// Signs.
    Active,
    /// Signs no more.
    Retired,
    /// What it signed counts no more.
    Ended,
}

impl Aggregate for SigningKey {
    const CATEGORY: &'static str = "signing_key";
    const IDS: Ids = Ids::Given;
    const CLAIMS: &'static [ClaimKind] = &[];
    type Command = SigningKeyCommand;
    type Event = SigningKeyEvent;

    fn decide(
        &self,
        command: &SigningKeyCommand,
        _now: Timestamp,
    ) -> Result<Decision<SigningKeyEvent>, Refusal> {
        match (self, command) {
            (SigningKey::Absent, SigningKeyCommand::Add(added)) => {
                Ok(Decision::event(SigningKeyEvent::Added(added.clone().into())))
            }
            (_, SigningKeyCommand::Add(_)) => Err(Refusal::AlreadyExists { what: "signing key" }),
            (SigningKey::Absent, _) => Err(Refusal::NotFound { what: "signing key" }),
            (SigningKey::Retired | SigningKey::Ended, SigningKeyCommand::Retire { .. })
            | (SigningKey::Ended, SigningKeyCommand::End { .. }) => Ok(Decision::none()),
            (SigningKey::Active | SigningKey::Retired, SigningKeyCommand::End { reason }) => {
                check::required_text("reason", reason, 200)?;
                let ended = SigningKeyEnded { reason: reason.clone() };
                Ok(Decision::event(SigningKeyEvent::Ended(ended.into())))
            }
            (SigningKey::Active, SigningKeyCommand::Retire { until }) => {
                let retired = SigningKeyRetired { until: *until };
                Ok(Decision::event(SigningKeyEvent::Retired(retired.into())))
            }
        }
    }

    fn evolve(&mut self, event: &SigningKeyEvent) {
        match event {
            SigningKeyEvent::Added(_) => *self = SigningKey::Active,
            SigningKeyEvent::Retired(_) => *self = SigningKey::Retired,
            SigningKeyEvent::Ended(_) => *self = SigningKey::Ended,
        }
    }
}
