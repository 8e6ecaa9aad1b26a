//! All read models together: what one lock guards and one event changes.

use domain::log::OpenParts;
use domain::{AnyEvent, Recorded, Timestamp, Unreadable};

use crate::audit::Audit;
use crate::clients::Clients;
use crate::resources::Resources;
use crate::roles::Roles;
use crate::signing_keys::SigningKeys;
use crate::tenants::Tenants;
use crate::tokens::Tokens;
use crate::users::Users;

/// Every read model of the program. Two of them, folded from the same log, are equal.
#[derive(Debug, Default, PartialEq)]
pub struct Tables {
    /// Where in the log things are.
    pub audit: Audit,
    /// The clients.
    pub clients: Clients,
    /// The API resources.
    pub resources: Resources,
    /// The roles.
    pub roles: Roles,
    /// The signing keys.
    pub signing_keys: SigningKeys,
    /// The tenants.
    pub tenants: Tenants,
    /// The revoked tokens.
    pub tokens: Tokens,
    /// The users.
    pub users: Users,
    /// The position of the last event that was taken in.
    pub(crate) position: u64,
    /// The latest time that an event bore.
    pub(crate) now: Timestamp,
}

/// A kind whose payload no read model asks for: its events are counted, not decoded.
const UNREAD: &str = "token.issued.v1";

/// Opens and decodes an event, if any read model asks for its payload.
pub(crate) fn decode(
    recorded: &Recorded,
    keys: &dyn OpenParts,
) -> Result<Option<AnyEvent>, Unreadable> {
    if &*recorded.kind == UNREAD {
        return Ok(None);
    }
    let parts = keys.open_parts(recorded)?;
    AnyEvent::decode(&recorded.kind, &parts).map(Some)
}

impl Tables {
    /// The position of the last event that was taken in.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes in the next event of the log.
    pub(crate) fn apply(&mut self, recorded: &Recorded, event: Option<AnyEvent>) {
        self.audit.apply(recorded);
        self.change(recorded, event);
        self.position = recorded.position;
    }

    /// Takes in an event that a snapshot kept; the audit index has it already.
    pub(crate) fn apply_kept(&mut self, recorded: &Recorded, event: Option<AnyEvent>) {
        self.change(recorded, event);
    }

    fn change(&mut self, recorded: &Recorded, event: Option<AnyEvent>) {
        match event {
            None => (),
            Some(AnyEvent::Client(event)) => self.clients.apply(event),
            Some(AnyEvent::Resource(event)) => self.resources.apply(event, recorded),
            Some(AnyEvent::Role(event)) => self.roles.apply(event),
            Some(AnyEvent::SigningKey(event)) => self.signing_keys.apply(&event, recorded),
            Some(AnyEvent::Tenant(event)) => self.tenants.apply(&event, recorded),
            Some(AnyEvent::Token(event)) => self.tokens.apply(&event, recorded),
            Some(AnyEvent::User(event)) => self.users.apply(event, recorded),
        }
        if recorded.commit.time > self.now {
            self.now = recorded.commit.time;
            self.tokens.forget(self.now);
        }
    }
}
