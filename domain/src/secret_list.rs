//! Lists of secrets that updates send back with `***` in place of the values (contracts 14).

use crate::children::PropertyValue;
use crate::refusal::Refusal;

/// A secret as an update wishes it to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WishedSecret<'a> {
    /// The id that the caller sent with it.
    pub(crate) id: u32,
    /// Its value.
    pub(crate) value: &'a PropertyValue,
}

/// Ids and values of secrets as they are wished: one whose value is kept keeps its id; every other one
/// gets an id that none had.
///
/// # Errors
/// A value to be kept, of an id that no secret has or that is kept twice: a refusal that names `field`.
pub(crate) fn as_wished<'a>(
    field: &'static str,
    there: &[(u32, &str)],
    last_id: u32,
    wished: impl Iterator<Item = WishedSecret<'a>>,
) -> Result<Vec<(u32, String)>, Refusal> {
    let mut last = last_id;
    let mut kept = Vec::new();
    let one = |WishedSecret { id, value }: WishedSecret<'_>| match value {
        PropertyValue::Set(value) => {
            last = next_id(last)?;
            Ok((last, value.clone()))
        }
        PropertyValue::Keep => {
            let known = there.iter().find(|it| it.0 == id).filter(|_| !kept.contains(&id));
            kept.push(id);
            let missing = || {
                let why = "*** keeps the value of the secret with this id, but there is none";
                Refusal::invalid(field, why)
            };
            Ok((id, known.ok_or_else(missing)?.1.to_owned()))
        }
    };
    wished.map(one).collect()
}

/// The id behind the last one that a secret has or had.
///
/// # Errors
/// When all are used up.
pub(crate) fn next_id(last: u32) -> Result<u32, Refusal> {
    last.checked_add(1).ok_or(Refusal::NotAllowed { why: "it has had as many secrets as it may" })
}
