//! The types of JSON as a set.

use serde_json::Value;

use super::number::Number;
use crate::model::{flag, items};

/// The names, each with its bit. Every integer is a number.
const NAMES: [(&str, u8); 7] = [
    ("null", 1),
    ("boolean", 2),
    ("integer", 4),
    ("number", 8 | 4),
    ("string", 16),
    ("array", 32),
    ("object", 64),
];

const NULL: u8 = 1;

/// A set of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const ANY: Self = Self(127);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn with_null(self) -> Self {
        Self(self.0 | NULL)
    }

    pub(crate) fn has_null(self) -> bool {
        self.0 & NULL != 0
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every number that is allowed is a whole one.
    pub(crate) fn is_whole(self) -> bool {
        self.has("integer") && !self.has("number")
    }

    /// Whether a value of the type is allowed.
    pub(crate) fn has(self, name: &str) -> bool {
        NAMES.iter().any(|it| it.0 == name && self.0 & it.1 == it.1)
    }

    /// Whether it allows something that another set does not.
    pub(crate) fn exceeds(self, other: Self) -> bool {
        self.0 & !other.0 != 0
    }

    /// As `integer, null`; `any` for all.
    pub(crate) fn shown(self) -> String {
        if self == Self::ANY {
            return "any".to_owned();
        }
        // An integer is not listed beside the numbers that it is one of.
        let is_shown =
            |it: &&(&str, u8)| self.has(it.0) && !(it.0 == "integer" && self.has("number"));
        let names = NAMES.iter().filter(is_shown).map(|it| it.0).collect::<Vec<_>>();
        names.join(", ")
    }
}

/// The types that a schema states; `None` if it states none, or some that nobody knows. `nullable` is
/// a word of 3.0 only.
pub(crate) fn of(schema: &Value, is_3_0: bool) -> Option<Types> {
    let stated = schema.get("type")?;
    let bits = |value: &Value| {
        let name = value.as_str()?;
        NAMES.iter().find(|it| it.0 == name).map(|it| it.1)
    };
    let types = match stated {
        Value::Array(_) => {
            items(Some(stated)).iter().try_fold(0, |set, it| Some(set | bits(it)?)).map(Types)?
        }
        one => Types(bits(one)?),
    };
    Some(if is_3_0 && flag(schema, "nullable") { types.with_null() } else { types })
}

/// The type of a value. A number that is not whole is no integer.
pub(crate) fn of_value(value: &Value) -> Types {
    Types(match value {
        Value::Null => NULL,
        Value::Bool(_) => 2,
        Value::Number(_) => match Number::new(value) {
            Some(Number::Whole(_)) => 4,
            _ => 8,
        },
        Value::String(_) => 16,
        Value::Array(_) => 32,
        Value::Object(_) => 64,
    })
}

/// Whether a schema is for `null` only, and says nothing else.
pub(crate) fn is_null(schema: &Value) -> bool {
    of(schema, false) == Some(Types(NULL))
}
