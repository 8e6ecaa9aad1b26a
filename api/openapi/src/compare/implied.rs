//! What schemas say without the word for it.

use serde_json::Value;

use super::budget::TooComplex;
use super::compared::Compared;
use super::number::Number;
use super::rules::editorial;
use super::run::Run;
use super::shape::{Limit, NULL, Shape, is_lower};
use super::types::{self, Types};
use crate::limits::HOPS_MAX;
use crate::model::{self, members, resolve};

/// Alternatives that are asked for their types.
const ALTERNATIVES_MAX: usize = 100;

/// The types of both sides. What one states is compared with what the values and alternatives of the
/// other come to, if that states none.
pub(super) fn types(pair: &mut Compared<'_, '_>) -> Result<[Types; 2], TooComplex> {
    let (mut old, mut new) = (pair.old.types, pair.new.types);
    if (old == Types::ANY) != (new == Types::ANY) {
        let from = of_shape(pair.run, pair.run.old, &pair.old)?;
        let to = of_shape(pair.run, pair.run.new, &pair.new)?;
        let is_implied = if old == Types::ANY { from.is_some() } else { to.is_some() };
        if is_implied {
            old = from.map_or(old, |it| old.both(it));
            new = to.map_or(new, |it| new.both(it));
        }
    }
    Ok([old, new])
}

fn of_shape<'d>(
    run: &mut Run<'d>,
    root: &'d Value,
    shape: &Shape<'d>,
) -> Result<Option<Types>, TooComplex> {
    let of_values = shape.values.as_ref();
    let mut implied =
        of_values.map(|it| it.values().fold(Types::NONE, |all, it| all.or(types::of_value(it))));
    run.budget.spend(of_values.map_or(0, std::collections::BTreeMap::len))?;
    let is_3_0 = model::is_3_0(root);
    for group in shape.groups.iter().filter(|it| it.members.len() <= ALTERNATIVES_MAX) {
        run.budget.spend(group.members.len())?;
        let stated = group.members.iter().map(|it| types::of(resolve(root, it)?, is_3_0));
        let all = stated.into_iter().try_fold(Types::NONE, |all, it| Some(all.or(it?)));
        implied = match (implied, all) {
            (Some(one), Some(other)) => Some(one.both(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(implied)
}

/// A limit of whole numbers is never exclusive: above 0 is from 1.
pub(super) fn whole<'d>(limit: Limit<'d>, name: &str, types: Types) -> Limit<'d> {
    match limit.number {
        Number::Whole(number) if limit.is_exclusive && types.is_whole() => {
            let by = if is_lower(name) { 1 } else { -1 };
            let number = Number::Whole(number.saturating_add(by));
            Limit { number, is_exclusive: false, ..limit }
        }
        _ => limit,
    }
}

/// The alternatives of a schema that is one of them, or one of them or `null`.
pub(super) fn choices<'d>(run: &Run<'d>, root: &'d Value, schema: &'d Value) -> Vec<&'d Value> {
    let mut at = run.plain(root, schema);
    let mut or_null = None;
    for _ in 0..HOPS_MAX {
        let mut said = members(Some(at)).filter(|it| editorial(it.0).is_none());
        let (Some(("oneOf" | "anyOf", Value::Array(all))), None) = (said.next(), said.next())
        else {
            break;
        };
        let mut others = all.iter().filter(|it| !types::is_null(it));
        let (Some(one), None) = (others.next(), others.next()) else { break };
        if all.len() > 1 {
            or_null = Some(&*NULL);
        }
        at = run.plain(root, one);
    }
    std::iter::once(at).chain(or_null).collect()
}
