//! That references stay in the document and lead somewhere, wherever they stand: a tool that is given
//! the document may follow one that no rule of OpenAPI gives a meaning.

use std::collections::HashMap;

use serde_json::Value;

use crate::limits::HOPS_MAX;
use crate::model::text;
use crate::place::{Place, follow};
use crate::problem::{self, Problems};
use crate::text::clean;

/// Whether a reference stays in the document; if not, that is a problem.
pub(super) fn inside(reference: &str, place: &Place<'_>, problems: &mut Problems) -> bool {
    let is_inside = reference.starts_with('#');
    if !is_inside {
        let said = format!("a reference out of the document: “{}”", clean(reference));
        problems.add(problem::REFERENCE_EXTERNAL, place, said);
    }
    is_inside
}

/// A walk over all values of a document.
pub(crate) struct References<'d, 'p> {
    root: &'d Value,
    problems: &'p mut Problems,
    /// References that are known to end, by their addresses, with how many of them follow each other.
    ending: HashMap<*const Value, usize>,
}

impl<'d, 'p> References<'d, 'p> {
    pub(crate) fn check(root: &'d Value, problems: &'p mut Problems) {
        Self { root, problems, ending: HashMap::new() }.walk(root, &Place::Root);
    }

    fn walk(&mut self, value: &'d Value, place: &Place<'_>) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &place.item(index));
                }
            }
            Value::Object(map) => {
                for (name, member) in map {
                    let place = place.member(name);
                    match member.as_str() {
                        Some(text) if name == "$ref" => self.reference(value, text, &place),
                        Some(text) if ["$dynamicRef", "$recursiveRef"].contains(&name.as_str()) => {
                            inside(text, &place, self.problems);
                        }
                        _ => self.walk(member, &place),
                    }
                }
            }
            _ => (),
        }
    }

    fn reference(&mut self, value: &'d Value, reference: &'d str, place: &Place<'_>) {
        if !inside(reference, place, self.problems) {
            return;
        }
        let mut chain = Vec::new();
        let mut next = (value, reference);
        let known = loop {
            let (at, reference) = next;
            let address = std::ptr::from_ref(at);
            if let Some(known) = self.ending.get(&address) {
                break *known;
            }
            if chain.contains(&address) {
                let said = format!("“{}” leads to itself", clean(reference));
                return self.problems.add(problem::REFERENCE_LOOP, place, said);
            }
            chain.push(address);
            if chain.len() > HOPS_MAX {
                break 0;
            }
            let Some(target) = follow(self.root, reference) else {
                let said = match reference.starts_with("#/") {
                    true => format!("“{}” is not there", clean(reference)),
                    false => format!("“{}” should begin with #/", clean(reference)),
                };
                return self.problems.add(problem::REFERENCE_BROKEN, place, said);
            };
            match text(target, "$ref") {
                Some(further) => next = (target, further),
                None => break 0,
            }
        };
        let length = known.saturating_add(chain.len());
        if length > HOPS_MAX {
            let said = format!("more than {HOPS_MAX} references after each other");
            return self.problems.add(problem::REFERENCE_CHAIN, place, said);
        }
        self.ending.extend(chain.into_iter().rev().zip(known.saturating_add(1)..));
    }
}
