//! A pair of schemas in its normal form, and where its changes are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::budget::TooComplex;
use super::findings::{Place, Through};
use super::rules::{Direction, Rule};
use super::run::Run;
use super::shape::{Property, Shape};

/// A pair in its normal form.
pub(super) struct Compared<'d, 'r> {
    pub(super) run: &'r mut Run<'d>,
    pub(super) direction: Direction,
    pub(super) old: Shape<'d>,
    pub(super) new: Shape<'d>,
    pub(super) holder: Place<'d>,
    pub(super) through: Through,
    /// Whether alternatives of other names were taken for the same.
    pub(super) has_renamed: bool,
}

impl<'d> Compared<'d, '_> {
    /// The place of a keyword: in the new document, if it is there.
    pub(super) fn place(&self, keyword: &'d str) -> Place<'d> {
        let with =
            |shape: &Shape<'d>| shape.parts.iter().find(|it| it.get(keyword).is_some()).copied();
        match (with(&self.new), with(&self.old)) {
            (Some(value), _) => Place::new(value, &[keyword]),
            // It was dropped: the schema that lacks it says more than where it was.
            (None, Some(value)) => match self.new.parts.first() {
                Some(schema) => Place::new(schema, &[]),
                None => Place::old(value, &[keyword]),
            },
            (None, None) => self.here(),
        }
    }

    /// The place of the schema.
    pub(super) fn here(&self) -> Place<'d> {
        match (self.new.parts.first(), self.old.parts.first()) {
            (Some(value), _) => Place::new(value, &[]),
            _ => self.holder.clone(),
        }
    }

    /// The place of a property: where it is, or where it was.
    pub(super) fn of_property(
        &self,
        name: &'d str,
        old: &BTreeMap<&'d str, Property<'d>>,
    ) -> Place<'d> {
        match (self.new.properties.get(name), old.get(name)) {
            (Some(new), _) => Place::new(new.owner, &["properties", name]),
            (None, Some(old)) => Place::old(old.owner, &["properties", name]),
            (None, None) => self.here(),
        }
    }

    /// What it costs to look for the place of a keyword.
    pub(super) fn look_for_place(&mut self) -> Result<(), TooComplex> {
        let parts = self.old.parts.len().saturating_add(self.new.parts.len());
        self.run.budget.spend(parts)
    }

    pub(super) fn found(&mut self, rule: Rule, place: Place<'d>, values: [Option<String>; 2]) {
        self.run.found(rule, self.direction, place, values, self.through);
    }

    pub(super) fn child(
        &mut self,
        old: &[&'d Value],
        new: &[&'d Value],
        keyword: &'d str,
    ) -> Result<(), TooComplex> {
        if old.is_empty() && new.is_empty() {
            return Ok(());
        }
        let holder = self.place(keyword);
        self.run.pair(self.direction, old, new, holder, self.through)
    }
}
