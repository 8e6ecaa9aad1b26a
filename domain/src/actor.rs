//! Who did something: the actor in the head of every commit.

use std::fmt;
use std::str::FromStr;

use crate::account::AccountId;
use crate::ids::{AppId, AppUserId, ClientName, UserId};

/// Who did something. Its text is stored, shown and filtered by; each text is of one actor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A user, by a token of its own.
    User(UserId),
    /// A user of the app-token service.
    AppUser(AppUserId),
    /// An app of the app-token service, for itself.
    App(AppId),
    /// An OAuth client without a user.
    Client(ClientName),
    /// A gateway, by its number.
    Gateway(u32),
    /// Whoever runs the installation: at the command line, or with the operator's secret.
    Operator,
    /// The program itself.
    System,
    /// Whoever calls an app-token service that is open to all.
    Anybody,
}

impl Actor {
    /// Every form of the text; in angle brackets stands what differs.
    pub const FORMS: [&str; 8] = [
        "anybody",
        "app-<id>",
        "app_user-<id>",
        "client-<clientId>",
        "gateway-<id>",
        "operator",
        "system",
        "user-<id>",
    ];

    /// The user of a token or, if it has none, its client.
    pub fn of_token(user: UserId, client_id: &str) -> Self {
        match user {
            UserId::NONE => Self::Client(ClientName(client_id.to_owned())),
            user => Self::User(user),
        }
    }
}

impl From<AccountId> for Actor {
    fn from(account: AccountId) -> Self {
        match account {
            AccountId::None => Self::Anybody,
            AccountId::AppUser(user) => Self::AppUser(user),
            AccountId::User(user) => Self::User(user),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user-{user}"),
            Self::AppUser(user) => write!(f, "app_user-{user}"),
            Self::App(app) => write!(f, "app-{app}"),
            Self::Client(client) => write!(f, "client-{client}"),
            Self::Gateway(gateway) => write!(f, "gateway-{gateway}"),
            Self::Operator => f.write_str("operator"),
            Self::System => f.write_str("system"),
            Self::Anybody => f.write_str("anybody"),
        }
    }
}

/// A text that names no actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an actor")]
pub struct NoActor;

impl FromStr for Actor {
    type Err = NoActor;

    /// Reads what `Display` writes, and nothing else: `user-7`, but not `user-07`.
    fn from_str(text: &str) -> Result<Self, NoActor> {
        let actor = match text.split_once('-') {
            None => match text {
                "operator" => Self::Operator,
                "system" => Self::System,
                "anybody" => Self::Anybody,
                _ => return Err(NoActor),
            },
            Some(("user", id)) => Self::User(UserId(canonical(id)?)),
            Some(("app_user", number)) => Self::AppUser(AppUserId(canonical(number)?)),
            Some(("app", id)) => Self::App(AppId(canonical(id)?)),
            Some(("gateway", id)) => Self::Gateway(canonical(id)?),
            Some(("client", name)) if !name.is_empty() => Self::Client(ClientName(name.to_owned())),
            Some(_) => return Err(NoActor),
        };
        Ok(actor)
    }
}

/// A number as it is shown: no sign, no zero in front, and not zero.
fn canonical<N: FromStr>(text: &str) -> Result<N, NoActor> {
    let begins_right = text.as_bytes().first().is_some_and(|it| (b'1'..=b'9').contains(it));
    text.parse().ok().filter(|_| begins_right).ok_or(NoActor)
}
