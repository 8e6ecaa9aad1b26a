//! All read models together: what one lock guards and one event changes.

use domain::forgetting::{Forgetting, Forgotten};
use domain::log_event::LogEvent;
use domain::{AnyEvent, Mark, Recorded, Unreadable};

use crate::app_tokens::AppTokens;
use crate::app_users::AppUsers;
use crate::apps::Apps;
use crate::audit::Audit;
use crate::clients::Clients;
use crate::resources::Resources;
use crate::roles::Roles;
use crate::sealed::Keys;
use crate::signing_keys::SigningKeys;
use crate::tenants::Tenants;
use crate::tokens::Tokens;
use crate::user_row::{Lookups, UserChange};
use crate::users::Users;

/// Every read model of the program. Two of them, folded from the same log, are equal.
#[derive(Debug, PartialEq)]
pub struct Tables {
    /// The apps of the app-token service.
    pub apps: Apps,
    /// Their tokens.
    pub app_tokens: AppTokens,
    /// Their users.
    pub app_users: AppUsers,
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
    /// What the log was told to forget.
    pub(crate) forgotten: Forgotten,
}

/// What an event changes.
#[derive(Debug)]
pub(crate) enum Change {
    /// No read model asks for its payload.
    Nothing,
    User(UserChange),
    Other(Box<AnyEvent>),
}

/// Opens and decodes an event, if any read model asks for its payload.
pub(crate) fn decode(recorded: &Recorded, keys: &Keys) -> Result<Change, Unreadable> {
    if AnyEvent::marks(&recorded.kind).contains(&Mark::Unread) {
        return Ok(Change::Nothing);
    }
    let parts = keys.0.open_parts(recorded)?;
    Ok(match AnyEvent::decode(&recorded.kind, &parts)? {
        AnyEvent::User(event) => {
            let lookups = Lookups::of(keys, &event);
            Change::User(UserChange::new(recorded, event, lookups))
        }
        event => Change::Other(Box::new(event)),
    })
}

impl Tables {
    pub(crate) fn new(keys: Keys) -> Self {
        Self {
            apps: Apps::new(keys.clone()),
            app_tokens: AppTokens::default(),
            app_users: AppUsers::new(keys.clone()),
            audit: Audit::default(),
            clients: Clients::default(),
            resources: Resources::new(keys.clone()),
            roles: Roles::default(),
            signing_keys: SigningKeys::default(),
            tenants: Tenants::default(),
            tokens: Tokens::default(),
            users: Users::new(keys),
            position: 0,
            forgotten: Forgotten::default(),
        }
    }

    /// The position of the last event that was taken in.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes in the next event of the log.
    pub(crate) fn apply(&mut self, recorded: &Recorded, change: Change) {
        self.audit.apply(recorded);
        self.change(recorded, change);
        self.position = recorded.position;
    }

    /// Takes in an event that a snapshot kept; the audit index has it already.
    pub(crate) fn change(&mut self, recorded: &Recorded, change: Change) {
        match change {
            Change::Nothing => (),
            Change::User(change) => self.users.apply(change),
            Change::Other(event) => self.take_in(*event, recorded),
        }
    }

    /// Begins with what was forgotten before the first event that comes.
    pub(crate) fn begin_with(&mut self, forgotten: Forgotten) {
        self.tokens.begin_with(&forgotten);
        self.app_tokens.begin_with(&forgotten);
        self.forgotten = forgotten;
    }

    fn forget(&mut self, position: u64, forgetting: Forgetting) {
        self.forgotten.note(position, forgetting);
        self.tokens.forget(position, forgetting);
        self.app_tokens.forget(position, forgetting);
    }

    fn take_in(&mut self, event: AnyEvent, recorded: &Recorded) {
        match event {
            AnyEvent::App(event) => self.apps.apply(&event, recorded),
            AnyEvent::AppToken(event) => self.app_tokens.apply(&event, recorded),
            AnyEvent::AppUser(event) => self.app_users.apply(&event, recorded),
            AnyEvent::Client(event) => self.clients.apply(event, recorded),
            AnyEvent::Log(LogEvent::Forgotten(fact)) => {
                self.forget(recorded.position, Forgetting { until: fact.data.until });
            }
            AnyEvent::Log(LogEvent::Restored(_)) => self.app_tokens.close_all(recorded.position),
            AnyEvent::Resource(event) => self.resources.apply(event, recorded),
            AnyEvent::Role(event) => self.roles.apply(event),
            AnyEvent::SigningKey(event) => self.signing_keys.apply(&event, recorded),
            AnyEvent::Tenant(event) => self.tenants.apply(&event, recorded),
            AnyEvent::Token(event) => self.tokens.apply(&event, recorded),
            // They change by `UserChange`.
            AnyEvent::User(_) => (),
        }
    }
}
