//! Versions of packages, and what comes after them.

use std::fmt;

use crate::FormError;

/// The largest part of a version: the largest whole number of JavaScript, which npm counts with.
const PART_MAX: u64 = 9_007_199_254_740_991;

/// A version `n.n.n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u64; 3]);

impl Version {
    /// Reads three numbers with dots between, without zeros before them, each at most 2⁵³ - 1.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let wrong = || FormError::new("A version is three numbers, such as 1.2.3.");
        let mut read = [0; 3];
        let mut parts = text.split('.');
        for place in &mut read {
            let part = parts.next().ok_or_else(wrong)?;
            let is_number = part.bytes().all(|it| it.is_ascii_digit());
            if !is_number || (part.len() > 1 && part.starts_with('0')) {
                return Err(wrong());
            }
            *place = part.parse().ok().filter(|it| *it <= PART_MAX).ok_or_else(wrong)?;
        }
        if parts.next().is_some() { Err(wrong()) } else { Ok(Self(read)) }
    }

    /// The version after a stored one: its last part and 1; after a blank one 0.0.1.
    ///
    /// # Errors
    /// When the stored one is no version, or the last that there can be.
    pub fn after(stored: &str) -> Result<Self, FormError> {
        match stored.trim() {
            "" => Ok(Self([0, 0, 1])),
            stored => Self::parse(stored)?.next(),
        }
    }

    /// The version after this one: its last part and 1.
    ///
    /// # Errors
    /// When this is the last that there can be.
    pub fn next(self) -> Result<Self, FormError> {
        let Self([major, minor, patch]) = self;
        let after = patch.checked_add(1).filter(|it| *it <= PART_MAX);
        let last = || FormError::new("There is no version after this one.");
        Ok(Self([major, minor, after.ok_or_else(last)?]))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(formatter, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn versions_are_three_numbers_and_are_counted_up() {
        for (stored, after) in
            [("", "0.0.1"), (" ", "0.0.1"), ("1.2.3", "1.2.4"), ("0.0.9", "0.0.10")]
        {
            assert_eq!(Version::after(stored).unwrap().to_string(), after);
        }
        let max = format!("1.0.{PART_MAX}");
        assert_eq!(Version::parse(&max).unwrap().to_string(), max);
        assert!(Version::after(&max).is_err());
        for wrong in [
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.02.3",
            "1.2.03",
            "1.2.x",
            "+1.2.3",
            "1.2.-3",
            "1..3",
            "1.2.",
            "1.2.3-beta",
            "v1.2.3",
            " 1.2.3",
            "1.0.9007199254740992",
            "1.0.99999999999999999999999",
            "١.2.3",
        ] {
            assert!(Version::parse(wrong).is_err(), "{wrong}");
        }
    }
}
