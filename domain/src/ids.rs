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

    /// The tenant that the first commit makes; it stays, and its administrators look after the others.
    pub const FIRST: Self = Self(1);
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
        SubjectRange::Users.subject(u64::from(user.0))
    }
}

/// The kinds of subjects. Each has numbers of its own, so no two share a key. All numbers are
/// integers that every reader of JSON has, below 2^53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubjectRange {
    /// Users, by id.
    Users,
    /// Users of the app-token service, by number.
    AppUsers,
    /// People without an account, by purpose and day.
    Days,
    /// Those who are told of changes of an API, by number.
    Subscribers,
    /// Apps of the app-token service, by the low bits of their id.
    Apps,
}

impl SubjectRange {
    /// Every range.
    pub const ALL: [Self; 5] =
        [Self::Users, Self::AppUsers, Self::Days, Self::Subscribers, Self::Apps];

    /// The numbers of its subjects; the first one stands for none of them. They are stored.
    pub const fn numbers(self) -> RangeInclusive<u64> {
        match self {
            Self::Users => 0..=u32::MAX as u64,
            Self::AppUsers => 1 << 40..=(1 << 40) + u32::MAX as u64,
            Self::Days => 1 << 41..=(1 << 42) - 1,
            Self::Subscribers => 1 << 48..=(1 << 48) + u32::MAX as u64,
            Self::Apps => 1 << 52..=(1 << 52) + (1 << 51) - 1,
        }
    }

    /// Whether its subjects are numbered one after the other, so that the next one is known.
    pub const fn is_counted(self) -> bool {
        matches!(self, Self::Users | Self::AppUsers | Self::Subscribers)
    }

    /// The range of a subject, if it is in one.
    pub fn of(subject: SubjectId) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.numbers().contains(&subject.0))
    }

    /// The subject of a number within the range; of one that is too large, of its low bits.
    pub(crate) fn subject(self, number: u64) -> SubjectId {
        let numbers = self.numbers();
        // Each is a power of two long.
        SubjectId(numbers.start() | number & (numbers.end() - numbers.start()))
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
            AppUserId(number) => SubjectRange::AppUsers.subject(u64::from(number)),
        }
    }
}

/// Identifies a subscriber, from 1.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SubscriberId(pub u32);

impl fmt::Display for SubscriberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<SubscriberId> for SubjectId {
    /// Each has a key of its own: one who is removed is forgotten.
    fn from(subscriber: SubscriberId) -> Self {
        SubjectRange::Subscribers.subject(u64::from(subscriber.0))
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
        SubjectRange::Apps.subject(app.0)
    }
}

/// The SHA-256 of bytes that are kept beside the log: their name there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct Sha256(pub [u8; 32]);

impl Sha256 {
    /// Reads 64 hexadecimal digits, in either letter case. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|it| it.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// Bytes in the log, hexadecimal for people.
impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match to.is_human_readable() {
            true => to.collect_str(self),
            false => self.0.serialize(to),
        }
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
shown_as_hex!(CommandId, EventId, LogId, Sha256);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_ranges_of_subjects_meet_and_all_are_integers_of_json() {
        for (n, one) in SubjectRange::ALL.into_iter().enumerate() {
            let numbers = one.numbers();
            assert!(numbers.start() < numbers.end() && *numbers.end() < 1 << 53, "{one:?}");
            // `subject` takes the low bits of a number.
            let length = numbers.end() - numbers.start() + 1;
            assert!(length.is_power_of_two() && numbers.start() % length == 0, "{one:?}");
            for other in &SubjectRange::ALL[n + 1..] {
                assert!(numbers.end() < other.numbers().start(), "{one:?} meets {other:?}");
            }
        }
    }

    #[test]
    fn a_subject_is_in_the_range_of_its_kind() {
        let range = |it: SubjectId| SubjectRange::of(it);
        for number in [1, 2, u32::MAX] {
            assert_eq!(range(UserId(number).into()), Some(SubjectRange::Users));
            assert_eq!(range(AppUserId(number).into()), Some(SubjectRange::AppUsers));
            assert_eq!(range(SubscriberId(number).into()), Some(SubjectRange::Subscribers));
        }
        for day in [1_u64 << 41, (1 << 41) + 7] {
            assert_eq!(range(SubjectId(day)), Some(SubjectRange::Days));
        }
        for id in [1_000_000_000_000_000, 9_999_999_999_999_999, u64::MAX] {
            assert_eq!(range(AppId(id).into()), Some(SubjectRange::Apps));
        }
        assert_eq!(range(SubjectId(1 << 52)), Some(SubjectRange::Apps));
        assert_eq!([1 << 32, 1 << 51, u64::MAX].map(|it| range(SubjectId(it))), [None; 3]);
    }

    /// Stored numbers: another one would need another key.
    #[test]
    fn subjects_keep_their_numbers() {
        assert_eq!(SubjectId::from(UserId(7)), SubjectId(7));
        assert_eq!(SubjectId::from(AppUserId(7)), SubjectId((1 << 40) + 7));
        assert_eq!(SubjectId::from(SubscriberId(7)), SubjectId((1 << 48) + 7));
        assert_eq!(SubjectId::from(AppId(1_234_567_890_123_456)), SubjectId(5738167517493952));
        for none in [SubjectId::from(UserId::NONE), AppUserId::NONE.into()] {
            assert_eq!(none, SubjectId::NONE);
        }
    }
}
