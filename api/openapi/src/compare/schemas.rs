//! Pairs of schemas.

use std::collections::BTreeSet;

use serde_json::Value;

use super::alternatives;
use super::budget::TooComplex;
use super::compared::Compared;
use super::findings::{Place, Through};
use super::implied;
use super::inherit;
use super::number::Number;
use super::rules::{self, Direction, editorial};
use super::run::Run;
use super::shape::{All, Limit, Shape, is_lower};
use super::show::{said, show};
use crate::grammar::{Holds, Kind};

/// Compares the pairs that were noted, and those that come with them.
pub(crate) fn compare(run: &mut Run<'_>) -> Result<(), TooComplex> {
    let mut at = 0;
    while let Some(pair) = run.pairs.get_mut(at) {
        // What comes of it is asked from where it was reached only.
        let (before, after) = (std::mem::take(&mut pair.old), std::mem::take(&mut pair.new));
        let (direction, holder) = (pair.direction, pair.holder.clone());
        let number = u32::try_from(at).map_err(|_| TooComplex)?;
        let old = Shape::new(run.old, &before, &mut run.budget)?;
        let new = Shape::new(run.new, &after, &mut run.budget)?;
        for part in old.referred.iter().chain(&new.referred) {
            run.reached.insert(std::ptr::from_ref(*part));
        }
        let through = Through::Pair(number);
        let has_renamed = false;
        Compared { run, direction, old, new, holder, through, has_renamed }
            .compare(&before, &after)?;
        at = at.saturating_add(1);
    }
    Ok(())
}

impl<'d> Compared<'d, '_> {
    fn compare(&mut self, old: &[&'d Value], new: &[&'d Value]) -> Result<(), TooComplex> {
        self.texts()?;
        self.dynamic();
        inherit::compare(self, old, new)?;
        // What is a choice on one side only is compared as a choice of one on the other.
        let is_choice = |it: &Shape<'_>| !it.has_base && it.groups.len() == 1;
        let one = |root, shape: &Shape<'d>, all: &[&'d Value]| match (shape.groups.first(), all) {
            (Some(group), _) => group.members.clone(),
            (None, [schema]) => implied::choices(self.run, root, schema),
            (None, all) => all.to_vec(),
        };
        let (from, to) = (self.old.groups.len(), self.new.groups.len());
        let unlike = from + to == 1 && (is_choice(&self.old) || is_choice(&self.new));
        if unlike && old.len() == 1 && new.len() == 1 {
            let from = one(self.run.old, &self.old, old);
            let to = one(self.run.new, &self.new, new);
            return alternatives::compare(self, from, to);
        }
        self.types()?;
        self.values();
        self.limits();
        self.multiples();
        self.sets();
        self.rest()?;
        let both = |name| self.old.types.has(name) && self.new.types.has(name);
        let (are_objects, are_arrays) = (both("object"), both("array"));
        if are_objects {
            self.properties()?;
            self.additional()?;
        }
        if are_arrays {
            let (old, new) = (self.old.items.clone(), self.new.items.clone());
            self.child(&old, &new, "items")?;
        }
        alternatives::groups(self)
    }

    fn texts(&mut self) -> Result<(), TooComplex> {
        let names = self.old.texts.keys().chain(self.new.texts.keys());
        let names = names.copied().collect::<BTreeSet<_>>();
        for name in names {
            let Some(rule) = editorial(name) else { continue };
            let old = self.old.texts.remove(name).unwrap_or_default();
            let new = self.new.texts.remove(name).unwrap_or_default();
            self.run.budget.spend(old.len().saturating_add(new.len()))?;
            let is_same = old.len() == new.len()
                && old.iter().zip(&new).all(|(old, new)| self.run.is_equal(old, new));
            if !is_same {
                self.look_for_place()?;
                let shown = |it: &All<'_>| it.first().and_then(|it| show(it));
                self.found(rule, self.place(name), [shown(&old), shown(&new)]);
            }
        }
        Ok(())
    }

    /// Where a dynamic reference leads depends on the way to it: only equal schemas are surely so.
    fn dynamic(&mut self) {
        let is_dynamic = |shape: &Shape<'_>| {
            ["$dynamicRef", "$recursiveRef"].iter().any(|it| shape.rest.contains_key(it))
        };
        if (is_dynamic(&self.old) || is_dynamic(&self.new))
            && self.run.old.get("components") != self.run.new.get("components")
        {
            let place = self.here();
            self.found(rules::NOT_COMPARED, place, [None, None]);
        }
    }

    fn types(&mut self) -> Result<(), TooComplex> {
        let [old, new] = implied::types(self)?;
        let values = || [Some(old.shown()), Some(new.shown())];
        if old.exceeds(new) {
            self.found(rules::TYPE_NARROWED, self.place("type"), values());
        }
        if new.exceeds(old) {
            self.found(rules::TYPE_WIDENED, self.place("type"), values());
        }
        Ok(())
    }

    fn values(&mut self) {
        let keyword = ["enum", "const"];
        let has = |keyword: &&&str| self.new.parts.iter().any(|it| it.get(**keyword).is_some());
        let place = self.place(keyword.iter().find(has).unwrap_or(&"enum"));
        let listed = |it: usize| Some(format!("{it} values"));
        match (self.old.values.take(), self.new.values.take()) {
            (None, None) => (),
            (None, Some(new)) => {
                self.found(rules::ENUM_STATED, place, [None, listed(new.len())]);
            }
            (Some(old), None) => {
                self.found(rules::ENUM_DROPPED, place, [listed(old.len()), None]);
            }
            (Some(old), Some(new)) => {
                for (_, value) in old.iter().filter(|it| !new.contains_key(it.0)) {
                    self.found(rules::ENUM_VALUE_REMOVED, place.clone(), [show(value), None]);
                }
                for (_, value) in new.iter().filter(|it| !old.contains_key(it.0)) {
                    self.found(rules::ENUM_VALUE_ADDED, place.clone(), [None, show(value)]);
                }
            }
        }
    }

    fn limits(&mut self) {
        let names = self.old.limits.keys().chain(self.new.limits.keys());
        for name in names.copied().collect::<BTreeSet<_>>() {
            let old = self.old.limits.get(name).copied();
            let new = self.new.limits.get(name).copied();
            let from = old.map(|it| implied::whole(it, name, self.old.types));
            let to = new.map(|it| implied::whole(it, name, self.new.types));
            let rule = match (&from, &to) {
                (Some(old), Some(new)) if new.is_tighter(old, name) => rules::LIMIT_TIGHTENED,
                (Some(old), Some(new)) if old.is_tighter(new, name) => rules::LIMIT_LOOSENED,
                (None, Some(_)) => rules::LIMIT_TIGHTENED,
                (Some(_), None) => rules::LIMIT_LOOSENED,
                _ => continue,
            };
            let mark = |it: &Limit<'_>| match (it.is_exclusive, is_lower(name)) {
                (false, _) => "",
                (true, true) => "> ",
                (true, false) => "< ",
            };
            let shown = |it: Option<Limit<'_>>| it.map(|it| format!("{}{}", mark(&it), it.value));
            let exclusive = match name {
                "minimum" => "exclusiveMinimum",
                "maximum" => "exclusiveMaximum",
                name => name,
            };
            let place = match self.new.parts.iter().any(|it| it.get(name).is_some()) {
                true => self.place(name),
                false => self.place(exclusive),
            };
            self.found(rule, place, [shown(old), shown(new)]);
        }
    }

    fn multiples(&mut self) {
        let (old, new) = (self.old.multiples.clone(), self.new.multiples.clone());
        let is_multiple = |one: &Value, other: &Value| {
            Number::new(one).zip(Number::new(other)).is_some_and(|it| it.0.is_multiple_of(it.1))
        };
        let rule = match (old.as_slice(), new.as_slice()) {
            (old, new) if old == new => return,
            ([], _) => rules::LIMIT_TIGHTENED,
            (_, []) => rules::LIMIT_LOOSENED,
            ([old], [new]) if is_multiple(new, old) => match is_multiple(old, new) {
                true => return,
                false => rules::LIMIT_TIGHTENED,
            },
            ([old], [new]) if is_multiple(old, new) => rules::LIMIT_LOOSENED,
            _ => rules::KEYWORD_CHANGED,
        };
        let shown = |it: &All<'_>| it.first().and_then(|it| show(it));
        self.found(rule, self.place("multipleOf"), [shown(&old), shown(&new)]);
    }

    fn sets(&mut self) {
        let shown = |it: &BTreeSet<&str>| match it.is_empty() {
            true => None,
            false => said(&it.iter().copied().collect::<Vec<_>>().join(", ")),
        };
        if self.old.formats != self.new.formats {
            let values = [shown(&self.old.formats), shown(&self.new.formats)];
            self.found(rules::FORMAT_CHANGED, self.place("format"), values);
        }
        if self.old.patterns != self.new.patterns {
            let values = [shown(&self.old.patterns), shown(&self.new.patterns)];
            self.found(rules::PATTERN_CHANGED, self.place("pattern"), values);
        }
    }

    fn rest(&mut self) -> Result<(), TooComplex> {
        let names = self.old.rest.keys().chain(self.new.rest.keys());
        for name in names.copied().collect::<BTreeSet<_>>() {
            let old = self.old.rest.get(name).cloned().unwrap_or_default();
            let new = self.new.rest.get(name).cloned().unwrap_or_default();
            let mut is_same = old.len() == new.len();
            let holds = Kind::Schema.holds(name).unwrap_or(Holds::One(Kind::Object));
            for (old, new) in old.iter().zip(&new) {
                is_same = is_same && self.run.is_same(old, new, holds)?;
            }
            if !is_same {
                self.look_for_place()?;
                let shown = |it: &All<'_>| it.first().and_then(|it| show(it));
                let values = [shown(&old), shown(&new)];
                self.found(rules::KEYWORD_CHANGED, self.place(name), values);
            }
        }
        Ok(())
    }

    fn properties(&mut self) -> Result<(), TooComplex> {
        let old = std::mem::take(&mut self.old.properties);
        let new = std::mem::take(&mut self.new.properties);
        for (name, before) in &old {
            match new.get(name) {
                Some(after) if refuses(&after.all) && !refuses(&before.all) => {
                    let place = Place::new(after.owner, &["properties", name]);
                    self.found(rules::PROPERTY_REFUSED, place, [said(name), None]);
                }
                Some(after) => {
                    let holder = Place::new(after.owner, &["properties", name]);
                    self.run.pair(self.direction, &before.all, &after.all, holder, self.through)?;
                }
                None => {
                    let rule = match self.new.additional {
                        None => rules::PROPERTY_REFUSED,
                        Some(_) => rules::PROPERTY_REMOVED,
                    };
                    let place = Place::old(before.owner, &["properties", name]);
                    self.found(rule, place, [said(name), None]);
                }
            }
        }
        let (was, is) =
            (std::mem::take(&mut self.old.required), std::mem::take(&mut self.new.required));
        self.new.properties = new;
        let root = self.run.new;
        for name in self.new.properties.keys().copied().collect::<Vec<_>>() {
            if old.contains_key(name) {
                continue;
            }
            let is_required = is.contains(name) && !self.new.is_read_only(root, name);
            let is_request = self.direction == Direction::Request;
            let rule = match is_required {
                // It had to be there before, without a schema.
                true if !was.contains(name) && is_request => rules::REQUIRED_PROPERTY_ADDED,
                _ if is_request && self.old.additional.is_some() && self.is_refused(name) => {
                    rules::PROPERTY_REFUSED
                }
                _ if self.is_split_off(name)? => rules::PROPERTY_SPLIT_OFF,
                true if !was.contains(name) => rules::REQUIRED_PROPERTY_ADDED,
                _ => rules::PROPERTY_ADDED,
            };
            let place = self.of_property(name, &old);
            self.found(rule, place, [None, said(name)]);
        }
        self.run.budget.spend(was.len().saturating_add(is.len()))?;
        for name in is.difference(&was) {
            if self.new.properties.contains_key(name) && !old.contains_key(name) {
                continue;
            }
            let rule = match self.new.is_read_only(root, name) {
                true => rules::READ_ONLY_BECAME_REQUIRED,
                false => rules::PROPERTY_BECAME_REQUIRED,
            };
            let place = self.of_property(name, &old);
            self.found(rule, place, [said("optional"), said("required")]);
        }
        for name in was.difference(&is) {
            if old.contains_key(name) && !self.new.properties.contains_key(name) {
                continue;
            }
            let rule = rules::PROPERTY_BECAME_OPTIONAL;
            let place = self.of_property(name, &old);
            self.found(rule, place, [said("required"), said("optional")]);
        }
        Ok(())
    }

    fn is_refused(&self, name: &str) -> bool {
        self.new.properties.get(name).is_some_and(|it| refuses(&it.all))
    }

    /// Whether a new property had to fit something else before, as every one without a name had to.
    fn is_split_off(&mut self, name: &str) -> Result<bool, TooComplex> {
        let general = self.old.additional.clone().unwrap_or_default();
        let special = self.new.properties.get(name).map(|it| it.all.clone());
        match (general.as_slice(), special.unwrap_or_default().as_slice()) {
            ([], _) => Ok(false),
            ([old], [new]) => Ok(!self.run.is_same(old, new, Holds::One(Kind::Schema))?),
            _ => Ok(true),
        }
    }

    fn additional(&mut self) -> Result<(), TooComplex> {
        let keyword = "additionalProperties";
        match (self.old.additional.take(), self.new.additional.take()) {
            (None, None) => Ok(()),
            (Some(_), None) => {
                self.found(
                    rules::ADDITIONAL_REFUSED,
                    self.place(keyword),
                    [said("allowed"), said("refused")],
                );
                Ok(())
            }
            (None, Some(_)) => {
                self.found(
                    rules::ADDITIONAL_ALLOWED,
                    self.place(keyword),
                    [said("refused"), said("allowed")],
                );
                Ok(())
            }
            (Some(old), Some(new)) => self.child(&old, &new, keyword),
        }
    }
}

/// Whether nothing fits.
fn refuses(all: &[&Value]) -> bool {
    all.iter().any(|it| it.as_bool() == Some(false))
}
