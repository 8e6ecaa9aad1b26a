//! Changes as they are found.

use std::collections::HashMap;

use serde_json::Value;

use super::rules::{Class, Direction, Rule};
use crate::limits::CHANGES_MAX;

/// Where a change is: a value of one of the documents, and what of it.
#[derive(Clone, Debug)]
pub(crate) struct Place<'d> {
    pub(crate) is_old: bool,
    pub(crate) value: &'d Value,
    /// Names below the value, unescaped.
    pub(crate) below: Vec<&'d str>,
}

impl<'d> Place<'d> {
    pub(crate) fn old(value: &'d Value, below: &[&'d str]) -> Self {
        Self { is_old: true, value, below: below.to_vec() }
    }

    pub(crate) fn new(value: &'d Value, below: &[&'d str]) -> Self {
        Self { is_old: false, value, below: below.to_vec() }
    }
}

/// Through what a change was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Through {
    /// The document itself.
    Document,
    /// An operation, by its number.
    Operation(u32),
    /// A pair of schemas, by its number.
    Pair(u32),
}

/// A change.
#[derive(Clone, Debug)]
pub(crate) struct Finding<'d> {
    pub(crate) rule: Rule,
    pub(crate) class: Class,
    pub(crate) direction: Option<Direction>,
    pub(crate) place: Place<'d>,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    /// Through what it was reached, each once.
    pub(crate) through: Vec<Through>,
}

/// What makes two changes the same one: it is reached in many ways, but told once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key<'d> {
    rule: &'static str,
    direction: Option<Direction>,
    is_old: bool,
    value: *const Value,
    below: Vec<&'d str>,
    old: Option<String>,
    new: Option<String>,
}

/// The changes of one comparison, by class; of each class, no more than a report may have.
#[derive(Debug, Default)]
pub(crate) struct Findings<'d> {
    classes: [(u32, Vec<Finding<'d>>); 4],
    /// Where in the list of its class a change is.
    known: HashMap<Key<'d>, usize>,
}

impl<'d> Findings<'d> {
    pub(crate) fn add(&mut self, mut finding: Finding<'d>) {
        if finding.class == Class::Editorial {
            // It is one, whichever way it is sent.
            finding.direction = None;
        }
        let [breaking, risky, compatible, editorial] = &mut self.classes;
        let (count, list) = match finding.class {
            Class::Breaking => breaking,
            Class::Risky => risky,
            Class::Compatible => compatible,
            Class::Editorial => editorial,
        };
        let key = Key {
            rule: finding.rule.name,
            direction: finding.direction,
            is_old: finding.place.is_old,
            value: std::ptr::from_ref(finding.place.value),
            below: finding.place.below.clone(),
            old: finding.old.clone(),
            new: finding.new.clone(),
        };
        if let Some(known) = self.known.get(&key) {
            if let Some(known) = list.get_mut(*known) {
                known.through.extend(finding.through);
                known.through.dedup();
            }
            return;
        }
        if list.len() < CHANGES_MAX {
            self.known.insert(key, list.len());
            list.push(finding);
        }
        *count = count.saturating_add(1);
    }

    /// How many there are of each class, the worst first.
    pub(crate) fn counts(&self) -> [u32; 4] {
        self.classes.each_ref().map(|it| it.0)
    }

    /// What is reported, the worst first, and whether there is more.
    pub(crate) fn into_list(self) -> (Vec<Finding<'d>>, bool) {
        let all = self.classes.iter().fold(0_u64, |sum, it| sum.saturating_add(u64::from(it.0)));
        let mut list = self.classes.into_iter().flat_map(|it| it.1).collect::<Vec<_>>();
        list.truncate(CHANGES_MAX);
        let cut = u64::try_from(list.len()).is_ok_and(|it| it < all);
        (list, cut)
    }
}
