//! A signing key of a tenant: what it signs tokens with, and until when its signatures count.
//!
//! Only the public half is an event; the private half lives in the key file.

use serde::{Deserialize, Serialize};

use crate::aggregate::{Aggregate, Decision};
use crate::ids::{TenantId, Timestamp};
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
    /// Sign with this key from now on.
    Add(SigningKeyAdded),
    /// Sign no more; what it signed counts until then.
    Retire {
        /// The last moment at which its signatures count.
        until: Timestamp,
    },
}

/// A key entered, and signs from now on.
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
}

/// A key signs no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningKeyRetired {
    /// The last moment at which its signatures count.
    pub until: Timestamp,
}

stored_events! {
    /// What has happened to a signing key. A stored contract: see `docs/events.md`.
    pub enum SigningKeyEvent {
        /// A key entered, and signs from now on.
        Added = "signing_key.added.v1" { data: SigningKeyAdded },
        /// A key signs no more.
        Retired = "signing_key.retired.v1" { data: SigningKeyRetired },
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
}

impl Aggregate for SigningKey {
    const CATEGORY: &'static str = "signing_key";
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
            (SigningKey::Absent, SigningKeyCommand::Retire { .. }) => {
                Err(Refusal::NotFound { what: "signing key" })
            }
            (SigningKey::Retired, SigningKeyCommand::Retire { .. }) => Ok(Decision::none()),
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
        }
    }
}
