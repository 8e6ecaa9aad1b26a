//! Whether two values say the same, references followed.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::budget::{Budget, TooComplex};
use crate::grammar::{Holds, Kind};
use crate::place::follow;

/// Keywords by which a schema leads to another: the first is a plain reference.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Two values, and what they are.
type Open<'d> = (&'d Value, &'d Value, Holds);

/// Two documents, and the values of them that are being compared.
pub(crate) struct Same<'d> {
    roots: [&'d Value; 2],
    seen: HashSet<([*const Value; 2], Holds)>,
    /// What references led to in either document.
    pub(crate) followed: HashSet<*const Value>,
    /// Whether the shared parts of both are equal, once that was asked.
    are_parts_equal: Option<bool>,
}

impl<'d> Same<'d> {
    pub(crate) fn new(old: &'d Value, new: &'d Value) -> Self {
        let (seen, followed) = (HashSet::new(), HashSet::new());
        Self { roots: [old, new], seen, followed, are_parts_equal: None }
    }

    /// Whether they say the same but for texts, examples and extensions of objects that have such.
    /// The names of a map, and all that no grammar knows, count as they are.
    pub(crate) fn is(
        &mut self,
        old: &'d Value,
        new: &'d Value,
        holds: Holds,
        budget: &mut Budget,
    ) -> Result<bool, TooComplex> {
        let mut open = vec![(old, new, holds)];
        self.seen.clear();
        while let Some((old, new, holds)) = open.pop() {
            budget.spend(1)?;
            let is_same = match (old, new) {
                (Value::Object(one), Value::Object(other)) => {
                    budget.spend(one.len().saturating_add(other.len()))?;
                    self.objects(one, other, holds, &mut open)
                }
                (Value::Array(one), Value::Array(other)) => {
                    let holds = match holds {
                        Holds::List(kind) | Holds::One(kind) => Holds::One(kind),
                        _ => Holds::One(Kind::Object),
                    };
                    open.extend(one.iter().zip(other).map(|(old, new)| (old, new, holds)));
                    one.len() == other.len()
                }
                (old, new) => old == new,
            };
            if !is_same {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether two objects may be the same, as far as their members are.
    fn objects(
        &mut self,
        one: &'d Map<String, Value>,
        other: &'d Map<String, Value>,
        holds: Holds,
        open: &mut Vec<Open<'d>>,
    ) -> bool {
        let is_text =
            |it: &Map<String, Value>, name: &str| it.get(name).is_some_and(Value::is_string);
        let is_map = matches!(holds, Holds::Map(_));
        let kind = match holds {
            Holds::One(kind) => Some(kind),
            Holds::Map(_) => None,
            _ => Some(Kind::Object),
        };
        let mut followed = Vec::new();
        for name in REFERENCES.iter().filter(|_| !is_map) {
            match (is_text(one, name), is_text(other, name)) {
                (true, true) if self.reference(one, other, name, holds, open) => {
                    followed.push(*name)
                }
                (false, false) => (),
                _ => return false,
            }
        }
        let is_reference = !followed.is_empty();
        let counts = |it: &&String| {
            let is_beside = is_reference && ["summary", "description"].contains(&it.as_str());
            let is_annotation =
                kind.is_some_and(|kind| kind.annotates(it) || (is_beside && kind != Kind::Object));
            !is_annotation && !followed.contains(&it.as_str())
        };
        if other.keys().filter(counts).any(|it| !one.contains_key(it)) {
            return false;
        }
        for name in one.keys().filter(counts) {
            let (Some(old), Some(new)) = (one.get(name), other.get(name)) else { return false };
            let below = match holds {
                Holds::Map(kind) => Holds::One(kind),
                Holds::One(kind) => kind.holds(name).unwrap_or(Holds::One(Kind::Object)),
                _ => Holds::One(Kind::Object),
            };
            open.push((old, new, below));
        }
        true
    }

    /// Follows what both refer to. False if that cannot be the same.
    fn reference(
        &mut self,
        one: &'d Map<String, Value>,
        other: &'d Map<String, Value>,
        name: &str,
        holds: Holds,
        open: &mut Vec<Open<'d>>,
    ) -> bool {
        let said = |it: &'d Map<String, Value>| it.get(name).and_then(Value::as_str);
        let (Some(first), Some(second)) = (said(one), said(other)) else { return false };
        let [old, new] = self.roots;
        match (follow(old, first), follow(new, second)) {
            (Some(old), Some(new)) => {
                let pair = [std::ptr::from_ref(old), std::ptr::from_ref(new)];
                self.followed.extend(pair);
                if self.seen.insert((pair, holds)) {
                    open.push((old, new, holds));
                }
                true
            }
            (None, None) if name == "$ref" => first == second,
            // Where it leads depends on the way to it: only equal shared parts are surely the same.
            (None, None) => {
                let parts = |it: &'d Value| it.get("components");
                let are_equal = || parts(old) == parts(new);
                first == second && *self.are_parts_equal.get_or_insert_with(are_equal)
            }
            _ => false,
        }
    }
}
