//! Which shared schemas extend which.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use crate::model::{items, members, resolve, text};
use crate::place::follow;

/// A shared schema by its name.
type Named<'d> = (&'d str, &'d Value);

/// By the address of a schema, the shared ones that extend it.
#[derive(Debug, Default)]
pub(crate) struct Children<'d>(HashMap<*const Value, Vec<Named<'d>>>);

impl<'d> Children<'d> {
    /// Those that name a base in their `allOf`, and those that a base names in its discriminator.
    pub(crate) fn new(root: &'d Value) -> Self {
        let mut children = HashMap::<_, Vec<_>>::new();
        // Each once: what is said a thousand times would be walked a thousand times.
        let mut seen = HashSet::new();
        let mut add = |base: &Value, name: &'d str, child: &'d Value| {
            let base = std::ptr::from_ref(base);
            if seen.insert((base, std::ptr::from_ref(child))) {
                children.entry(base).or_default().push((name, child));
            }
        };
        let schemas = root.get("components").and_then(|it| it.get("schemas"));
        for (name, schema) in members(schemas) {
            for part in items(schema.get("allOf")).iter().filter(|it| text(it, "$ref").is_some()) {
                if let Some(base) = resolve(root, part) {
                    add(base, name, schema);
                }
            }
            // The alternatives of a choice are compared as such.
            if schema.get("oneOf").or_else(|| schema.get("anyOf")).is_some() {
                continue;
            }
            let mapping = schema.get("discriminator").and_then(|it| it.get("mapping"));
            for (_, target) in members(mapping) {
                let Some(target) = target.as_str() else { continue };
                let name = target.rsplit('/').next().unwrap_or(target);
                let shared = schemas.and_then(|it| it.get(target));
                if let Some(child) = shared.or_else(|| follow(root, target)) {
                    add(schema, name, child);
                }
            }
        }
        Self(children)
    }

    /// All that extend one of them, or one that does.
    pub(super) fn of(&self, bases: &[&'d Value]) -> BTreeMap<&'d str, &'d Value> {
        let mut found = BTreeMap::new();
        let mut seen = bases.iter().map(|it| std::ptr::from_ref(*it)).collect::<HashSet<_>>();
        let mut open = seen.iter().copied().collect::<Vec<_>>();
        while let Some(base) = open.pop() {
            for (name, child) in self.0.get(&base).into_iter().flatten() {
                if seen.insert(std::ptr::from_ref(*child)) {
                    found.insert(*name, *child);
                    open.push(std::ptr::from_ref(*child));
                }
            }
        }
        found
    }

    /// The addresses of all that extend one of those that were reached.
    pub(crate) fn beside(&self, reached: impl Fn(*const Value) -> bool) -> HashSet<*const Value> {
        let mut open = self.0.keys().copied().filter(|it| reached(*it)).collect::<Vec<_>>();
        let mut found = HashSet::new();
        while let Some(base) = open.pop() {
            for (_, child) in self.0.get(&base).into_iter().flatten() {
                if found.insert(std::ptr::from_ref(*child)) {
                    open.push(std::ptr::from_ref(*child));
                }
            }
        }
        found
    }
}
