//! The small words: identifiers and time. A bare integer or string seldom crosses a boundary.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize, Serializer};

/// How far ahead of now something may begin and count all the same, in seconds.
pub const AHEAD_SECONDS_MAX: i64 = 60;

/// Microseconds since the Unix epoch, UTC. Every stored time has this unit.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

/// Identifies a tenant, from 1. Zero stands for the installation as a whole.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct TenantId(pub u32);

/// Identifies a user, from 1, as in the `sub` claim. Zero stands for "no user".
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct UserId(pub u32);

/// Identifies the person whose key seals the personal part of an event. Zero stands for nobody.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SubjectId(pub u64);

/// The `client_id` parameter of OAuth (RFC 6749 section 2.2): visible ASCII, 1 to 200 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClientName(pub String);

/// Identifies one wish of one caller. The log answers the same id with the same commit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandId(pub [u8; 16]);

/// Identifies an event without its position, so that it is known before the log assigns one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventId(pub [u8; 16]);

/// Identifies one log for ever; made at random when the log is created.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 16]);

impl Timestamp {
    /// A time some seconds later (or earlier, if negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Whether what begins at this time counts now: not if it lies more than a minute ahead. The
    /// clocks of several machines may be apart, and one that was ahead must not outlive itself.
    pub fn has_begun(self, now: Self) -> bool {
        self <= now.plus_seconds(AHEAD_SECONDS_MAX)
    }

    /// Whole seconds since the Unix epoch, as in the `iat` and `exp` claims (RFC 7519).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time at this many whole seconds since the Unix epoch.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// RFC 3339 with microseconds, as `replay` and the audit list print it.
    pub fn rfc3339(self) -> String {
        let format = time::macros::format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z"
        );
        self.to_date().and_then(|it| it.format(format).ok()).unwrap_or_default()
    }

    /// `yyyy-MM-dd HH:mm:ss`, the form of every date on the management API (spec section 3.1).
    pub fn wire(self) -> String {
        let format =
            time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.to_date().and_then(|it| it.format(format).ok()).unwrap_or_default()
    }

    fn to_date(self) -> Option<time::OffsetDateTime> {
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000).ok()
    }
}

impl TenantId {
    /// The installation as a whole: the scope of claims that no tenant owns.
    pub const INSTALLATION: Self = Self(0);
}

impl UserId {
    /// The caller id of a token that has no user.
    pub const NONE: Self = Self(0);
}

impl SubjectId {
    /// An event that names nobody.
    pub const NONE: Self = Self(0);
}

impl From<UserId> for SubjectId {
    fn from(user: UserId) -> Self {
        Self(u64::from(user.0))
    }
}

/// Identifies an app user, from 1. Zero stands for none.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct AppUserId(pub u32);

impl AppUserId {
    /// A token of an app itself, and an account that nobody made.
    pub const NONE: Self = Self(0);
}

impl fmt::Display for AppUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<AppUserId> for SubjectId {
    /// App users have keys of their own, above those of users.
    fn from(user: AppUserId) -> Self {
        match user {
            AppUserId::NONE => Self::NONE,
            AppUserId(number) => Self(1 << 40 | u64::from(number)),
        }
    }
}

/// The id of an app: 16 decimal digits, the first of them not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct AppId(pub u64);

/// The ids that an app may have.
pub const APP_IDS: RangeInclusive<u64> = 1_000_000_000_000_000..=9_999_999_999_999_999;

impl AppId {
    /// No app.
    pub const NONE: Self = Self(0);

    /// Reads an id. `None` unless it is 16 digits, the first of them not zero.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.parse().ok().filter(|it| APP_IDS.contains(it));
        number.filter(|_| looks_like_app_id(text)).map(Self)
    }
}

/// Whether a user name could be taken for the id of an app: a token of an app itself bears its id as
/// its user name.
pub fn looks_like_app_id(user_name: &str) -> bool {
    user_name.len() == 16 && user_name.bytes().all(|it| it.is_ascii_digit())
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number in the log, a text for people: not every reader of JSON has so large numbers.
impl Serialize for AppId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => to.collect_str(self),
            false => to.serialize_u64(self.0),
        }
    }
}

impl From<AppId> for SubjectId {
    /// Whoever an app belongs to is named under a key of the app's own (but for one chance in 2^51),
    /// above those of users, and within the integers of JSON.
    fn from(app: AppId) -> Self {
        Self(1 << 52 | app.0 & ((1 << 51) - 1))
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|it| [it >> 4, it & 15]);
    digits.filter_map(|it| char::from_digit(u32::from(it), 16)).collect()
}

macro_rules! shown_as_hex {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )*};
}
shown_as_hex!(CommandId, EventId, LogId);

macro_rules! shown_as_inner {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}
shown_as_inner!(TenantId, UserId, SubjectId, ClientName);
