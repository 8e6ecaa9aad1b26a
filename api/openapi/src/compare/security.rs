//! The ways in: which callers an operation lets through.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::budget::TooComplex;
use super::findings::{Place, Through};
use super::rules;
use super::run::Run;
use super::show::said;
use crate::grammar::{Holds, Kind};
use crate::model::{items, members};

/// One way in: schemes with their scopes, all of which a caller must have. Empty: everybody.
type Way<'d> = BTreeMap<&'d str, BTreeSet<&'d str>>;

/// The most ways that are compared with each other.
const WAYS_MAX: usize = 100;

/// The schemes that two operations name.
pub(super) type Schemes<'d> = BTreeSet<&'d str>;

/// Compares the ways in, and notes the schemes that both versions name.
pub(super) fn compare<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    through: Through,
    schemes: &mut Schemes<'d>,
) -> Result<(), TooComplex> {
    for (root, operation) in [(run.old, old), (run.new, new)] {
        for (_, scopes) in stated(root, operation).iter().flat_map(|it| members(Some(it))) {
            run.budget.spend(items(Some(scopes)).len().saturating_add(1))?;
        }
    }
    let (before, after) = (ways(run.old, old), ways(run.new, new));
    run.budget.spend(before.len().saturating_mul(after.len()))?;
    schemes.extend(before.iter().chain(&after).flat_map(BTreeMap::keys).copied());
    let place = match (new.get("security"), run.new.get("security")) {
        (Some(_), _) => Place::new(new, &["security"]),
        (None, Some(_)) => Place::new(run.new, &["security"]),
        (None, None) => Place::new(new, &[]),
    };
    if before.len().max(after.len()) > WAYS_MAX {
        if before != after {
            run.plainly(rules::NOT_COMPARED, place, [None, None], through);
        }
        return Ok(());
    }
    for way in before.iter().filter(|it| !after.iter().any(|other| is_within(other, it))) {
        let rule = match way.is_empty() {
            true => rules::SECURITY_ADDED,
            false => rules::SECURITY_WAY_REMOVED,
        };
        run.plainly(rule, place.clone(), [shown(way), None], through);
    }
    for way in after.iter().filter(|it| !before.iter().any(|other| is_within(other, it))) {
        let rule = match way.is_empty() {
            true => rules::SECURITY_DROPPED,
            false => rules::SECURITY_WAY_ADDED,
        };
        run.plainly(rule, place.clone(), [None, shown(way)], through);
    }
    Ok(())
}

/// Compares the schemes that operations of both versions name.
pub(super) fn schemes<'d>(run: &mut Run<'d>, named: &Schemes<'d>) -> Result<(), TooComplex> {
    for name in named {
        let scheme = |root: &'d Value| root.get("components")?.get("securitySchemes")?.get(name);
        let (Some(old), Some(new)) = (scheme(run.old), scheme(run.new)) else { continue };
        run.reached.extend([std::ptr::from_ref(old), std::ptr::from_ref(new)]);
        if !run.is_same(old, new, Holds::One(Kind::SecurityScheme))? {
            let place = Place::new(new, &[]);
            let rule = rules::SECURITY_SCHEME_CHANGED;
            run.plainly(rule, place, [said(name), said(name)], Through::Document);
        }
    }
    Ok(())
}

/// What an operation requires, or else its document.
fn stated<'d>(root: &'d Value, operation: &'d Value) -> &'d [Value] {
    items(operation.get("security").or_else(|| root.get("security")))
}

/// The ways into an operation: its own, or those of the document.
fn ways<'d>(root: &'d Value, operation: &'d Value) -> Vec<Way<'d>> {
    let mut ways = Vec::new();
    for requirement in stated(root, operation) {
        let scopes = |it: &'d Value| items(Some(it)).iter().filter_map(Value::as_str).collect();
        let way = members(Some(requirement)).map(|(name, it)| (name, scopes(it)));
        ways.push(way.collect::<Way<'_>>());
    }
    // Nothing required: everybody may.
    if ways.is_empty() {
        ways.push(Way::new());
    }
    ways
}

/// Whether a caller who has all of `wide` has all of `narrow`.
fn is_within(narrow: &Way<'_>, wide: &Way<'_>) -> bool {
    narrow.iter().all(|(name, scopes)| wide.get(name).is_some_and(|it| scopes.is_subset(it)))
}

fn shown(way: &Way<'_>) -> Option<String> {
    let scheme = |(name, scopes): (&&str, &BTreeSet<&str>)| match scopes.is_empty() {
        true => (*name).to_owned(),
        false => format!("{name} ({})", scopes.iter().copied().collect::<Vec<_>>().join(" ")),
    };
    match way.is_empty() {
        true => said("everybody"),
        false => said(&way.iter().map(scheme).collect::<Vec<_>>().join(" and ")),
    }
}
