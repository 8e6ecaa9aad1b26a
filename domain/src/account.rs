//! Whose an app or an app token is: an account of either kind.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::{Deserialize, Serialize, Serializer};

use crate::ids::{AppUserId, SubjectId, UserId};

/// The longest name of a user or an owner, in characters (app-token spec section 3).
pub const APP_NAME_CHARS_MAX: usize = 64;

/// The longest info of an app or a user, in characters: a commit must hold it.
pub const APP_INFO_CHARS_MAX: usize = 16_384;

/// The longest registration address, in characters: an IPv6 address.
pub const REG_IP_CHARS_MAX: usize = 45;

/// An info, remembered only so far that the same one is known again: it may be long, and name somebody.
/// In memory only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InfoMark {
    bytes: usize,
    hash: u64,
}

impl InfoMark {
    pub(crate) fn of(info: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        info.hash(&mut hasher);
        Self { bytes: info.len(), hash: hasher.finish() }
    }
}

/// Identifies an account of the app-token service: one of its own users or, in a linked tenant, a
/// user. Its text is the name of its stream.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum AccountId {
    /// None: the token is of an app itself, the owner of the app is none of ours.
    #[default]
    None,
    /// A user of the app-token service.
    AppUser(AppUserId),
    /// A user.
    User(UserId),
}

impl AccountId {
    /// Reads the name of an account's stream: `app_user-72` or `user-7`.
    pub fn parse(text: &str) -> Option<Self> {
        let (category, number) = text.split_once('-')?;
        let number = number.parse().ok().filter(|it| *it > 0)?;
        match category {
            "app_user" => Some(Self::AppUser(AppUserId(number))),
            "user" => Some(Self::User(UserId(number))),
            _ => None,
        }
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("nobody"),
            Self::AppUser(user) => write!(f, "app_user-{user}"),
            Self::User(user) => write!(f, "user-{user}"),
        }
    }
}

impl From<AppUserId> for AccountId {
    fn from(user: AppUserId) -> Self {
        match user {
            AppUserId::NONE => Self::None,
            user => Self::AppUser(user),
        }
    }
}

impl From<AccountId> for SubjectId {
    fn from(account: AccountId) -> Self {
        match account {
            AccountId::None => Self::NONE,
            AccountId::AppUser(user) => user.into(),
            AccountId::User(user) => user.into(),
        }
    }
}

impl From<SubjectId> for AccountId {
    /// The account whose key this is; none for the key of an app.
    fn from(subject: SubjectId) -> Self {
        let number = u32::try_from(subject.0 & u64::from(u32::MAX)).unwrap_or(0);
        let [user, app_user] = [Self::User(UserId(number)), Self::AppUser(AppUserId(number))];
        let accounts = [user, app_user].into_iter().filter(|_| number > 0);
        accounts.into_iter().find(|it| SubjectId::from(*it) == subject).unwrap_or_default()
    }
}

/// An enum in bincode; the name of the stream, or null, in JSON.
pub(crate) fn for_people<S: Serializer>(account: &AccountId, to: S) -> Result<S::Ok, S::Error> {
    match account {
        account if !to.is_human_readable() => account.serialize(to),
        AccountId::None => to.serialize_none(),
        account => to.collect_str(account),
    }
}
