//! What several aggregates have as lists: types of claims, and properties with sealed values.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::refusal::Refusal;

/// The most types of claims, and the most properties, of one aggregate.
pub const CHILDREN_MAX: usize = 100;

/// The longest type of a claim, in characters (spec section 2.7).
const CLAIM_TYPE_CHARS_MAX: usize = 200;

/// The longest key of a property, in characters (spec section 2.7).
const PROPERTY_KEY_CHARS_MAX: usize = 250;

/// The longest value of a property, in characters (spec section 2.7).
const PROPERTY_VALUE_CHARS_MAX: usize = 2_000;

/// What is wished of the value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyValue {
    /// It becomes this.
    Set(String),
    /// It stays as it is: callers who were shown `***` send that back (contracts 14).
    Keep,
}

/// The values of properties, in the order of their keys. Sealed in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Properties {
    /// One for each key.
    pub values: Vec<String>,
}

impl Properties {
    /// What an event says the values are now, if it says so.
    pub fn replace(&mut self, now: Option<&Self>) {
        if let Some(now) = now {
            self.clone_from(now);
        }
    }

    /// The values as they are wished, for `new_keys` in place of `old_keys`. `None` where they stay
    /// as they are.
    ///
    /// # Errors
    /// A value that is too long, or that is to be kept and is not there.
    pub fn wished(
        &self,
        old_keys: &[String],
        new_keys: &[String],
        wishes: &[PropertyValue],
    ) -> Result<Option<Self>, Refusal> {
        if wishes.len() != new_keys.len() {
            return Err(Refusal::invalid("properties", "must have a value for each key"));
        }
        let old = |key: &String| {
            old_keys.iter().zip(&self.values).find(|it| it.0 == key).map(|it| it.1.clone())
        };
        let value = |(key, wish): (&String, &PropertyValue)| match wish {
            PropertyValue::Set(value) => {
                check::at_most("properties.value", value, PROPERTY_VALUE_CHARS_MAX)?;
                Ok(value.clone())
            }
            PropertyValue::Keep => old(key).ok_or_else(|| {
                Refusal::invalid("properties.value", "*** keeps a value, but there is none yet")
            }),
        };
        let values = new_keys.iter().zip(wishes).map(value).collect::<Result<Vec<_>, _>>()?;
        Ok((values != self.values).then_some(Self { values }))
    }
}

/// The types of claims of an aggregate.
///
/// # Errors
/// Too many of them, or one that is blank or too long.
pub fn check_claim_types(field: &'static str, types: &[String]) -> Result<(), Refusal> {
    check::list(field, types, CHILDREN_MAX)?;
    types.iter().try_for_each(|it| check::name(field, it, CLAIM_TYPE_CHARS_MAX))
}

/// The keys of the properties of an aggregate.
///
/// # Errors
/// Too many of them, or one that is blank, too long, or there twice.
pub fn check_property_keys(field: &'static str, keys: &[String]) -> Result<(), Refusal> {
    check::list(field, keys, CHILDREN_MAX)?;
    keys.iter().try_for_each(|it| check::required(field, it, PROPERTY_KEY_CHARS_MAX))?;
    let mut sorted = keys.iter().collect::<Vec<_>>();
    sorted.sort_unstable();
    match sorted.windows(2).any(|it| it.first() == it.last()) {
        true => Err(Refusal::invalid(field, "must not have a key twice")),
        false => Ok(()),
    }
}
