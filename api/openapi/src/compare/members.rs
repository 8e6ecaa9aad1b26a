//! Members of objects that are compared as a whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::budget::{TooComplex, cost};
use super::findings::{Place, Through};
use super::rules::{self, Rule, editorial};
use super::run::Run;
use super::show::show;
use crate::grammar::{Holds, Kind};
use crate::model::members;

/// Compares the members that nobody else compares: texts are editorial, the rest is risky.
pub(super) fn compare<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    kind: Kind,
    known: &[&str],
    through: Through,
) -> Result<(), TooComplex> {
    let names = members(Some(old)).chain(members(Some(new))).map(|it| it.0);
    let names = names.filter(|it| !known.contains(it)).collect::<BTreeSet<_>>();
    for name in names {
        run.budget.spend(cost(name))?;
        let (before, after) = (old.get(name), new.get(name));
        let holds = kind.holds(name).unwrap_or(Holds::One(Kind::Object));
        let rule = match editorial(name) {
            Some(rule) => match (before, after) {
                (Some(before), Some(after)) if run.is_equal(before, after) => continue,
                _ => rule,
            },
            None if is_nothing(before) && is_nothing(after) => continue,
            None => match (before, after) {
                (Some(before), Some(after)) if run.is_same(before, after, holds)? => continue,
                _ => rules::MEMBER_CHANGED,
            },
        };
        let place = match after {
            Some(_) => Place::new(new, &[name]),
            None => Place::old(old, &[name]),
        };
        note(run, rule, place, before, after, through);
    }
    Ok(())
}

/// Whether a member that is not stated and one that is say the same.
fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}

fn note<'d>(
    run: &mut Run<'d>,
    rule: Rule,
    place: Place<'d>,
    old: Option<&Value>,
    new: Option<&Value>,
    through: Through,
) {
    run.plainly(rule, place, [old.and_then(show), new.and_then(show)], through);
}
