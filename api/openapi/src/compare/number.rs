//! Numbers of limits, compared exactly.

use std::cmp::Ordering;

use serde_json::Value;

/// A number as it is written: whole ones are not rounded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Whole(i128),
    Other(f64),
}

impl Number {
    pub(crate) fn new(value: &Value) -> Option<Self> {
        let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
        match whole {
            Some(whole) => Some(Self::Whole(whole)),
            None => value.as_f64().map(|it| {
                // `10.0` is `10`; beyond this, not every whole number has one of its own.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                match it.fract() == 0.0 && it.abs() < EXACT {
                    true => Self::Whole(it as i128),
                    false => Self::Other(it),
                }
            }),
        }
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (one, other) => one.float().total_cmp(&other.float()),
        }
    }

    pub(crate) fn is_zero(self) -> bool {
        matches!(self, Self::Whole(0))
    }

    /// Whether it is a whole multiple of another.
    pub(crate) fn is_multiple_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => {
                one.checked_rem(other).is_some_and(|it| it == 0)
            }
            // Fractions are not exact: nobody can tell.
            _ => false,
        }
    }

    fn float(self) -> f64 {
        match self {
            Self::Whole(it) => it as f64,
            Self::Other(it) => it,
        }
    }
}
