//! One comparison on its way: pairs of schemas that are still to be compared, and what was found.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::budget::{Budget, TooComplex};
use super::children::Children;
use super::findings::{Finding, Findings, Place, Through};
use super::rules::{Direction, Rule};
use super::same::Same;
use super::shape::All;
use crate::grammar::Holds;
use crate::model::{self, members, text};
use crate::place::follow;

/// What a pair costs beside what is done with it.
const STEPS_OF_A_PAIR: usize = 20;

/// Values of two schemas that are looked at before they become a pair.
const LEAF_VALUES_MAX: u32 = 32;

/// Bytes of a text that is compared without a note.
const TEXT_BYTES_SMALL: usize = 256;

/// Two schemas, and which way what they describe is sent.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'d> {
    pub(crate) direction: Direction,
    pub(crate) old: All<'d>,
    pub(crate) new: All<'d>,
    /// Through what it was reached, each once.
    pub(crate) from: Vec<Through>,
    /// Where a change is if one side has no schema.
    pub(crate) holder: Place<'d>,
}

type Key = (Direction, Vec<*const Value>, Vec<*const Value>);

/// The state of a comparison.
pub(crate) struct Run<'d> {
    pub(crate) old: &'d Value,
    pub(crate) new: &'d Value,
    /// Whether the same words mean the same in both: those of 3.0 are others.
    is_one_language: bool,
    pub(crate) budget: Budget,
    pub(crate) findings: Findings<'d>,
    pub(crate) pairs: Vec<Pair<'d>>,
    known: HashMap<Key, u32>,
    /// The names of the shared schemas of both, by their addresses.
    names: HashMap<*const Value, &'d str>,
    /// What was reached by a reference.
    pub(crate) reached: HashSet<*const Value>,
    /// Which shared schemas extend which, of both documents.
    pub(crate) children: [Children<'d>; 2],
    pub(crate) same: Same<'d>,
    /// Texts, examples and extensions that were compared, by their addresses.
    equal: HashMap<[*const Value; 2], bool>,
}

impl<'d> Run<'d> {
    pub(crate) fn new(old: &'d Value, new: &'d Value) -> Self {
        let mut names = HashMap::new();
        for root in [old, new] {
            let schemas = root.get("components").and_then(|it| it.get("schemas"));
            names.extend(members(schemas).map(|(name, it)| (std::ptr::from_ref(it), name)));
        }
        Self {
            old,
            new,
            is_one_language: model::is_3_0(old) == model::is_3_0(new),
            budget: Budget::new(),
            findings: Findings::default(),
            pairs: Vec::new(),
            known: HashMap::new(),
            names,
            reached: HashSet::new(),
            children: [Children::new(old), Children::new(new)],
            same: Same::new(old, new),
            equal: HashMap::new(),
        }
    }

    /// The name of a shared schema.
    pub(crate) fn name(&self, schema: &Value) -> Option<&'d str> {
        self.names.get(&std::ptr::from_ref(schema)).copied()
    }

    /// Notes that a pair is to be compared, once for each direction, and through what it is reached.
    pub(crate) fn pair(
        &mut self,
        direction: Direction,
        old: &[&'d Value],
        new: &[&'d Value],
        holder: Place<'d>,
        from: Through,
    ) -> Result<(), TooComplex> {
        if let ([old], [new]) = (old, new)
            && self.is_one_language
            && is_same_leaf(old, new, &mut LEAF_VALUES_MAX.clone())
        {
            return self.budget.spend(2);
        }
        self.budget.spend(STEPS_OF_A_PAIR.saturating_add(old.len()).saturating_add(new.len()))?;
        let old = old.iter().map(|it| self.plain(self.old, it)).collect::<Vec<_>>();
        let new = new.iter().map(|it| self.plain(self.new, it)).collect::<Vec<_>>();
        self.reached.extend(old.iter().chain(&new).map(|it| std::ptr::from_ref(*it)));
        let key = (direction, addresses(&old), addresses(&new));
        if let Some(number) = self.known.get(&key) {
            let known = usize::try_from(*number).ok().and_then(|it| self.pairs.get_mut(it));
            if let Some(known) = known
                && known.from.last() != Some(&from)
            {
                known.from.push(from);
            }
            return Ok(());
        }
        let number = u32::try_from(self.pairs.len()).map_err(|_| TooComplex)?;
        self.known.insert(key, number);
        self.pairs.push(Pair { direction, old, new, from: vec![from], holder });
        Ok(())
    }

    /// What a schema is after its references, as long as it says nothing beside them.
    pub(crate) fn plain(&self, root: &'d Value, schema: &'d Value) -> &'d Value {
        let mut at = schema;
        for _ in 0..=crate::limits::HOPS_MAX {
            let is_alone = at.as_object().is_some_and(|it| it.len() == 1);
            let target = text(at, "$ref").filter(|_| is_alone).and_then(|it| follow(root, it));
            match target {
                Some(target) => at = target,
                None => break,
            }
        }
        at
    }

    /// What a value is after all its references. Reaching it is noted.
    pub(crate) fn resolve(&mut self, is_old: bool, value: &'d Value) -> Option<&'d Value> {
        let root = if is_old { self.old } else { self.new };
        let found = crate::model::resolve(root, value)?;
        self.reached.insert(std::ptr::from_ref(found));
        Some(found)
    }

    /// Whether two values say the same but for texts, references followed.
    pub(crate) fn is_same(
        &mut self,
        old: &'d Value,
        new: &'d Value,
        holds: Holds,
    ) -> Result<bool, TooComplex> {
        self.same.is(old, new, holds, &mut self.budget)
    }

    /// Whether two values are the same. Large ones are looked at once.
    pub(crate) fn is_equal(&mut self, old: &Value, new: &Value) -> bool {
        let is_small = |it: &Value| match it {
            Value::String(text) => text.len() < TEXT_BYTES_SMALL,
            Value::Array(_) | Value::Object(_) => false,
            _ => true,
        };
        if is_small(old) || is_small(new) {
            return old == new;
        }
        let key = [std::ptr::from_ref(old), std::ptr::from_ref(new)];
        *self.equal.entry(key).or_insert_with(|| old == new)
    }

    /// Notes a change that has a direction.
    pub(crate) fn found(
        &mut self,
        rule: Rule,
        direction: Direction,
        place: Place<'d>,
        values: [Option<String>; 2],
        through: Through,
    ) {
        let [old, new] = values;
        let class = rule.class(direction);
        let direction = Some(direction);
        self.findings.add(Finding {
            rule,
            class,
            direction,
            place,
            old,
            new,
            through: vec![through],
        });
    }

    /// Notes a change that has none.
    pub(crate) fn plainly(
        &mut self,
        rule: Rule,
        place: Place<'d>,
        values: [Option<String>; 2],
        through: Through,
    ) {
        let [old, new] = values;
        let class = rule.class(Direction::Request);
        self.findings.add(Finding {
            rule,
            class,
            direction: None,
            place,
            old,
            new,
            through: vec![through],
        });
    }
}

/// Whether two small schemas are written the same and refer to nothing: then nothing differs. Most
/// schemas of most documents are such.
fn is_same_leaf(old: &Value, new: &Value, left: &mut u32) -> bool {
    *left = left.saturating_sub(1);
    match (old, new) {
        _ if *left == 0 => false,
        (Value::Object(old), Value::Object(new)) => {
            let is_same = |(one, other): ((&String, &Value), (&String, &Value))| {
                let is_plain = one.0 == other.0 && !one.0.starts_with('$');
                is_plain && is_same_leaf(one.1, other.1, left)
            };
            old.len() == new.len() && old.iter().zip(new).all(is_same)
        }
        (Value::Array(old), Value::Array(new)) => {
            let is_same = |(old, new): (&Value, &Value)| is_same_leaf(old, new, left);
            old.len() == new.len() && old.iter().zip(new).all(is_same)
        }
        (old, new) => old == new,
    }
}

/// In order, so that the same demands in another order are the same.
fn addresses(all: &[&Value]) -> Vec<*const Value> {
    let mut addresses = all.iter().map(|it| std::ptr::from_ref(*it)).collect::<Vec<_>>();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}
