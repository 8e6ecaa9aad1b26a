//! Schemas that stand for those that extend them: a base with a discriminator, and its children.

use std::collections::HashSet;

use serde_json::Value;

use super::budget::TooComplex;
use super::compared::Compared;
use super::findings::Place;
use super::rules;
use super::run::Run;
use super::show::said;
use super::types;
use crate::model::{items, text};
use crate::place::follow;

/// Where a base with a discriminator is sent, so may be each of its children.
pub(super) fn compare<'d>(
    pair: &mut Compared<'d, '_>,
    old: &[&'d Value],
    new: &[&'d Value],
) -> Result<(), TooComplex> {
    if pair.old.discriminators.is_empty() && pair.new.discriminators.is_empty() {
        return Ok(());
    }
    let (from, to) = (bases(pair.run, true, old)?, bases(pair.run, false, new)?);
    let [old_children, new_children] = &pair.run.children;
    let (before, after) = (old_children.of(&from), new_children.of(&to));
    pair.run.budget.spend(before.len().saturating_add(after.len()))?;
    let place = pair.here();
    for (name, child) in &before {
        match after.get(name) {
            Some(other) => {
                let holder = Place::new(other, &[]);
                pair.run.pair(pair.direction, &[child], &[other], holder, pair.through)?;
            }
            None => {
                pair.found(rules::ALTERNATIVE_REMOVED, place.clone(), [said(name), None]);
            }
        }
    }
    for name in after.keys().filter(|it| !before.contains_key(*it)) {
        pair.found(rules::ALTERNATIVE_ADDED, place.clone(), [None, said(name)]);
    }
    Ok(())
}

/// The schemas that stand for themselves: not those that a shared one is made of.
fn bases<'d>(
    run: &mut Run<'d>,
    is_old: bool,
    all: &[&'d Value],
) -> Result<Vec<&'d Value>, TooComplex> {
    let root = if is_old { run.old } else { run.new };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = all.to_vec();
    while let Some(schema) = open.pop() {
        run.budget.spend(1)?;
        if !seen.insert(std::ptr::from_ref(schema)) {
            continue;
        }
        found.push(schema);
        open.extend(text(schema, "$ref").and_then(|it| follow(root, it)));
        if run.name(schema).is_none() {
            for name in ["allOf", "oneOf", "anyOf"] {
                let parts = items(schema.get(name));
                run.budget.spend(parts.len())?;
                // Alternatives of a true choice are pairs of their own.
                let is_choice =
                    name != "allOf" && parts.iter().filter(|it| !types::is_null(it)).count() > 1;
                open.extend(parts.iter().filter(|_| !is_choice));
            }
        }
    }
    Ok(found)
}
