//! Whose key seals what names somebody without an account: one key a day and purpose.
//!
//! Nobody without an account has a key of their own: that would be a key for ever for each address
//! that a stranger types. All of one day and purpose share one, which is destroyed when the last
//! job of that day has ended.

use std::fmt;

use crate::ids::{SubjectId, SubjectRange, Timestamp};

/// How long a job that names somebody lasts at most after it began, in days. Mails and short
/// messages end with their code, else after 7 days.
pub const JOB_DAYS_MAX: i64 = 7;

/// How much longer the key stays, in seconds: as long as a short stream is kept after its end.
const KEPT_SECONDS: i64 = 3_600;

const DAY_SECONDS: i64 = 86_400;

/// The bits of a subject that say which day; those above it say the purpose.
const DAY_BITS: u32 = 32;

/// What somebody without an account is named for. The numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// A letter to an address.
    Mail = 1,
    /// A short message to a telephone number.
    Sms = 2,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Sms];

    fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
}

/// All who are named on one day for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaySubject {
    purpose: Purpose,
    /// Days since 1970-01-01, UTC.
    day: u32,
}

impl DaySubject {
    /// Whoever is named for a purpose at a time; before 1970 as on its first day.
    pub fn at(purpose: Purpose, time: Timestamp) -> Self {
        let day = time.seconds().div_euclid(DAY_SECONDS).max(0);
        Self { purpose, day: u32::try_from(day).unwrap_or(u32::MAX) }
    }

    /// The day subject that has this number, if one has.
    pub fn of(subject: SubjectId) -> Option<Self> {
        let range = SubjectRange::Days.numbers();
        let number = range.contains(&subject.0).then(|| subject.0 - range.start())?;
        let [purpose, day] = [number >> DAY_BITS, number & u64::from(u32::MAX)];
        let purpose = Purpose::ALL.into_iter().find(|it| *it as u64 == purpose)?;
        Some(Self { purpose, day: u32::try_from(day).ok()? })
    }

    /// What for.
    pub fn purpose(self) -> Purpose {
        self.purpose
    }

    /// From when on its key is destroyed: every job that began on the day has ended, even one that
    /// began in its last second.
    pub fn ends_at(self) -> Timestamp {
        let day = i64::from(self.day) + 1 + JOB_DAYS_MAX;
        Timestamp::from_seconds(day * DAY_SECONDS + KEPT_SECONDS)
    }
}

impl From<DaySubject> for SubjectId {
    fn from(it: DaySubject) -> Self {
        SubjectRange::Days.subject((it.purpose as u64) << DAY_BITS | u64::from(it.day))
    }
}

impl fmt::Display for DaySubject {
    /// `mail-2031-05-07`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = Timestamp::from_seconds(i64::from(self.day) * DAY_SECONDS).rfc3339();
        let date = begins.split('T').next().unwrap_or_default();
        write!(f, "{}-{date}", self.purpose.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2031-05-07T00:00:00Z
    const MAY_7: i64 = 1_935_878_400;

    fn at(seconds: i64) -> DaySubject {
        DaySubject::at(Purpose::Mail, Timestamp::from_seconds(seconds))
    }

    #[test]
    fn all_of_one_day_and_purpose_are_one_subject() {
        assert_eq!(at(MAY_7).to_string(), "mail-2031-05-07");
        assert_eq!(at(MAY_7), at(MAY_7 + 86_399));
        assert_eq!(at(MAY_7 + 86_400).to_string(), "mail-2031-05-08");
        assert_eq!(at(MAY_7 - 1).to_string(), "mail-2031-05-06");
        let sms = DaySubject::at(Purpose::Sms, Timestamp::from_seconds(MAY_7));
        assert_ne!(SubjectId::from(sms), at(MAY_7).into());
    }

    #[test]
    fn the_key_outlives_the_last_job_of_the_day_by_an_hour() {
        let last_job_ends = Timestamp::from_seconds(MAY_7 + 86_400 + 7 * 86_400);
        assert_eq!(at(MAY_7).ends_at(), last_job_ends.plus_seconds(3_600));
    }

    #[test]
    fn a_number_says_day_and_purpose() {
        for purpose in Purpose::ALL {
            let second = DaySubject::at(purpose, Timestamp::from_seconds(86_400));
            let stored = (1 << 41) + ((purpose as u64) << 32) + 1;
            assert_eq!(SubjectId::from(second), SubjectId(stored));
            for time in [i64::MIN, -1, 0, MAY_7, i64::MAX] {
                let day = DaySubject::at(purpose, Timestamp(time));
                assert_eq!(DaySubject::of(day.into()), Some(day));
            }
        }
        let start = *SubjectRange::Days.numbers().start();
        for strange in [0, 1, start, start + (9 << DAY_BITS), 1 << 40, 1 << 52, u64::MAX] {
            assert_eq!(DaySubject::of(SubjectId(strange)), None, "{strange}");
        }
    }
}
