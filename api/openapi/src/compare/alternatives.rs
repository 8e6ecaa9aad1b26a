//! Alternatives of `oneOf` and `anyOf`: which belong together, and which were added or removed.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::budget::TooComplex;
use super::compared::Compared;
use super::rules;
use super::show::{said, show};
use crate::grammar::{Holds, Kind};
use crate::model::{members, text};

/// Alternatives of which each is compared with each.
const MEANINGS_MAX: usize = 20;

/// Compares the alternatives that both have as keywords.
pub(super) fn groups(pair: &mut Compared<'_, '_>) -> Result<(), TooComplex> {
    let (old, new) = (pair.old.groups.clone(), pair.new.groups.clone());
    if old.len() != new.len() {
        let count = |it: usize| Some(format!("{it} choices"));
        let place = pair.here();
        pair.found(rules::KEYWORD_CHANGED, place, [count(old.len()), count(new.len())]);
        return discriminators(pair, false);
    }
    let mut has_changed = false;
    for (old, new) in old.into_iter().zip(new) {
        if old.keyword != new.keyword {
            let place = pair.place(new.keyword);
            pair.found(rules::KEYWORD_CHANGED, place, [said(old.keyword), said(new.keyword)]);
        }
        has_changed |= members_of(pair, old.members, new.members)?;
    }
    discriminators(pair, has_changed)
}

/// Compares what one side says as a choice, and the other plainly.
pub(super) fn compare<'d>(
    pair: &mut Compared<'d, '_>,
    old: Vec<&'d Value>,
    new: Vec<&'d Value>,
) -> Result<(), TooComplex> {
    let has_changed = members_of(pair, old, new)?;
    discriminators(pair, has_changed)
}

/// Whether alternatives were added or removed.
fn members_of<'d>(
    pair: &mut Compared<'d, '_>,
    old: Vec<&'d Value>,
    new: Vec<&'d Value>,
) -> Result<bool, TooComplex> {
    let keyword = match pair.new.groups.first().or(pair.old.groups.first()) {
        Some(group) => group.keyword,
        None => "oneOf",
    };
    let (old, new) = by_name(pair, &old, &new, keyword)?;
    let (old, new) = by_value(pair, &old, &new, keyword)?;
    let is_named = |it: &&Value| pair.run.name(it).is_some();
    // Schemas without names that changed in their places.
    let (named_old, plain_old) = old.into_iter().partition::<Vec<_>, _>(is_named);
    let (named_new, plain_new) = new.into_iter().partition::<Vec<_>, _>(is_named);
    let (mut removed, mut added) = (named_old, named_new);
    let (plain_old, plain_new) = by_meaning(pair, plain_old, plain_new, keyword)?;
    if plain_old.len() == plain_new.len() {
        for (old, new) in plain_old.into_iter().zip(plain_new) {
            pair.child(&[old], &[new], keyword)?;
        }
    } else {
        removed.extend(plain_old);
        added.extend(plain_new);
    }
    let shown = |it: &Value| pair.run.name(it).map_or_else(|| show(it), said);
    let removed = removed.into_iter().map(shown).collect::<Vec<_>>();
    let added = added.into_iter().map(shown).collect::<Vec<_>>();
    let place = pair.place(keyword);
    let has_changed = !removed.is_empty() || !added.is_empty();
    if !removed.is_empty() && !added.is_empty() {
        let list = |it: Vec<Option<String>>| {
            said(&it.into_iter().take(10).flatten().collect::<Vec<_>>().join(", "))
        };
        pair.found(rules::ALTERNATIVES_REPLACED, place, [list(removed), list(added)]);
        return Ok(true);
    }
    for it in removed {
        pair.found(rules::ALTERNATIVE_REMOVED, place.clone(), [it, None]);
    }
    for it in added {
        pair.found(rules::ALTERNATIVE_ADDED, place.clone(), [None, it]);
    }
    Ok(has_changed)
}

/// What is left of two lists.
type Left<'d> = (Vec<&'d Value>, Vec<&'d Value>);

/// Shared schemas of the same name belong together.
fn by_name<'d>(
    pair: &mut Compared<'d, '_>,
    old: &[&'d Value],
    new: &[&'d Value],
    keyword: &'d str,
) -> Result<Left<'d>, TooComplex> {
    pair.run.budget.spend(old.len().saturating_add(new.len()))?;
    // A name may be there twice: through another name that only points at it.
    let mut named = HashMap::<_, VecDeque<&'d Value>>::new();
    let mut rest_new = Vec::new();
    for schema in new {
        let schema = pair.run.plain(pair.run.new, schema);
        match pair.run.name(schema) {
            Some(name) => named.entry(name).or_default().push_back(schema),
            None => rest_new.push(schema),
        }
    }
    let mut rest_old = Vec::new();
    for schema in old {
        let schema = pair.run.plain(pair.run.old, schema);
        match pair.run.name(schema).and_then(|it| named.get_mut(it)?.pop_front()) {
            Some(other) => pair.child(&[schema], &[other], keyword)?,
            None => rest_old.push(schema),
        }
    }
    // In their order: maps have none.
    let left = new.iter().map(|it| pair.run.plain(pair.run.new, it));
    let is_left = |it: &&'d Value| match pair.run.name(it) {
        Some(name) => named.get_mut(name).and_then(VecDeque::pop_front).is_some(),
        None => false,
    };
    rest_new.extend(left.filter(is_left).collect::<Vec<_>>());
    Ok((rest_old, rest_new))
}

/// Schemas that are written the same belong together.
fn by_value<'d>(
    pair: &mut Compared<'d, '_>,
    old: &[&'d Value],
    new: &[&'d Value],
    keyword: &'d str,
) -> Result<Left<'d>, TooComplex> {
    if old.is_empty() || new.is_empty() {
        return Ok((old.to_vec(), new.to_vec()));
    }
    let mut written = HashMap::<String, VecDeque<usize>>::new();
    for (index, schema) in new.iter().enumerate() {
        let text = schema.to_string();
        pair.run.budget.spend(text.len().div_euclid(16))?;
        written.entry(text).or_default().push_back(index);
    }
    let mut taken = Vec::new();
    let mut rest_old = Vec::new();
    for schema in old {
        let text = schema.to_string();
        pair.run.budget.spend(text.len().div_euclid(16))?;
        let found = written.get_mut(&text).and_then(VecDeque::pop_front);
        match found.and_then(|it| Some((it, new.get(it)?))) {
            Some((index, other)) => {
                taken.push(index);
                pair.has_renamed |= pair.run.name(schema) != pair.run.name(other);
                pair.child(&[schema], &[other], keyword)?;
            }
            None => rest_old.push(*schema),
        }
    }
    taken.sort_unstable();
    let is_left = |it: &(usize, &&'d Value)| taken.binary_search(&it.0).is_err();
    let rest_new = new.iter().enumerate().filter(is_left).map(|it| *it.1).collect();
    Ok((rest_old, rest_new))
}

/// Schemas without names that say the same but for their texts belong together.
fn by_meaning<'d>(
    pair: &mut Compared<'d, '_>,
    old: Vec<&'d Value>,
    mut new: Vec<&'d Value>,
    keyword: &'d str,
) -> Result<Left<'d>, TooComplex> {
    if old.len().max(new.len()) > MEANINGS_MAX {
        return Ok((old, new));
    }
    let mut rest_old = Vec::new();
    for schema in old {
        let mut found = None;
        for (index, other) in new.iter().enumerate() {
            if pair.run.is_same(schema, other, Holds::One(Kind::Schema))? {
                found = Some(index);
                break;
            }
        }
        match found {
            Some(index) => pair.child(&[schema], &[new.remove(index)], keyword)?,
            None => rest_old.push(schema),
        }
    }
    Ok((rest_old, new))
}

/// How a value says which alternative it is. Names that come and go with alternatives are no news.
fn discriminators(pair: &mut Compared<'_, '_>, has_changed: bool) -> Result<(), TooComplex> {
    let (old, new) = (pair.old.discriminators.clone(), pair.new.discriminators.clone());
    let is_renamed = pair.has_renamed && !new.is_empty();
    let mut is_same = old.len() == new.len() && !is_renamed;
    let (before, after) = (named(pair, true)?, named(pair, false)?);
    for (old, new) in old.iter().zip(&new) {
        pair.run.budget.spend(1)?;
        is_same &= text(old, "propertyName") == text(new, "propertyName");
        is_same &= old.get("defaultMapping") == new.get("defaultMapping");
        is_same &= keeps(pair, old, new, has_changed.then_some(&after))?;
        is_same &= keeps(pair, new, old, has_changed.then_some(&before))?;
    }
    if !is_same {
        let shown = |it: &[&Value]| it.first().and_then(|it| said(text(it, "propertyName")?));
        let values = [shown(&old), shown(&new)];
        let place = pair.place("discriminator");
        pair.found(rules::KEYWORD_CHANGED, place, values);
    }
    Ok(())
}

/// Whether all values of a mapping are in another one. Those may be missing that name nothing of what
/// is there on the other side.
fn keeps(
    pair: &mut Compared<'_, '_>,
    one: &Value,
    other: &Value,
    there: Option<&HashSet<&str>>,
) -> Result<bool, TooComplex> {
    let mapping = other.get("mapping");
    for (name, target) in members(one.get("mapping")) {
        pair.run.budget.spend(1)?;
        let is_kept = match (mapping.and_then(|it| it.get(name)), there) {
            (Some(now), _) => now == target,
            (None, None) => false,
            (None, Some(there)) => {
                let target = target.as_str().unwrap_or_default();
                !there.contains(target.rsplit('/').next().unwrap_or(target))
            }
        };
        if !is_kept {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the alternatives of one side.
fn named<'d>(pair: &mut Compared<'d, '_>, is_old: bool) -> Result<HashSet<&'d str>, TooComplex> {
    let (root, shape) = match is_old {
        true => (pair.run.old, &pair.old),
        false => (pair.run.new, &pair.new),
    };
    let mut names = HashSet::new();
    if shape.discriminators.is_empty() {
        return Ok(names);
    }
    for schema in shape.groups.iter().flat_map(|it| &it.members) {
        pair.run.budget.spend(1)?;
        names.extend(pair.run.name(pair.run.plain(root, schema)));
    }
    Ok(names)
}
