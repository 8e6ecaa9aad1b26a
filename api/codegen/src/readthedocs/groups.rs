//! Operations in their sections.

use super::operations::Operation;

/// What separates the parts of a summary.
const SEPARATOR: &str = " - ";

/// Levels of sections.
const LEVELS_MAX: usize = 3;

/// Where operations are that have neither parts nor a tag.
const OTHERS: &str = "Other operations";

/// A section: operations, and sections below.
#[derive(Debug)]
pub(super) struct Group<'d> {
    pub(super) title: &'d str,
    pub(super) operations: Vec<&'d Operation<'d>>,
    pub(super) groups: Vec<Group<'d>>,
}

impl Group<'_> {
    /// How many operations are in it and below.
    pub(super) fn len(&self) -> usize {
        self.operations.len() + self.groups.iter().map(Self::len).sum::<usize>()
    }
}

/// The sections, in the order of their first operations.
pub(super) fn grouped<'d>(operations: &'d [Operation<'d>]) -> Vec<Group<'d>> {
    let mut groups = Vec::new();
    for operation in operations {
        insert(&mut groups, &titles(operation), operation);
    }
    groups
}

/// The titles of the sections of an operation, at least two.
fn titles<'d>(operation: &'d Operation<'d>) -> Vec<&'d str> {
    let parts = operation.summary.splitn(LEVELS_MAX, SEPARATOR).map(str::trim);
    let parts = parts.collect::<Vec<_>>();
    if parts.len() > 1 && parts.iter().all(|it| !it.is_empty()) {
        return parts;
    }
    let tag = operation.tag.filter(|it| !it.trim().is_empty()).unwrap_or(OTHERS);
    let summary = Some(operation.summary).filter(|it| !it.trim().is_empty());
    vec![tag, summary.or(operation.id).unwrap_or(operation.path)]
}

fn insert<'d>(groups: &mut Vec<Group<'d>>, titles: &[&'d str], operation: &'d Operation<'d>) {
    let Some((title, below)) = titles.split_first() else { return };
    let at = groups.iter().position(|it| it.title == *title).unwrap_or_else(|| {
        groups.push(Group { title, operations: Vec::new(), groups: Vec::new() });
        groups.len() - 1
    });
    let Some(group) = groups.get_mut(at) else { return };
    match below.is_empty() {
        true => group.operations.push(operation),
        false => insert(&mut group.groups, below, operation),
    }
}
