//! From what was found to the report: pointers, and operations by which it is reached.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::findings::{Finding, Findings, Place, Through};
use super::report::{Change, Counts, Report};
use super::run::Pair;
use crate::document::Document;
use crate::limits::{REPORT_BYTES_MAX, VIA_MAX};
use crate::place::{self, escaped};

/// Steps that are taken at most to find operations, for all changes together.
const STEPS_MAX: usize = 5_000_000;

/// By document and address of the value; `None` once they are too much.
type Pointers = HashMap<(bool, *const Value), Option<String>>;

/// Bytes of all pointers together: a pointer can be as long as its document.
const POINTER_BYTES_MAX: usize = 4 * REPORT_BYTES_MAX;

/// Writes the report.
pub(super) fn write(
    documents: [&Document; 2],
    findings: Findings<'_>,
    pairs: &[Pair<'_>],
    operations: &[String],
) -> Report {
    let [breaking, risky, compatible, editorial] = findings.counts();
    let counts = Counts { breaking, risky, compatible, editorial };
    let (list, mut cut) = findings.into_list();
    let pointers = pointers(documents, &list);
    let mut reached = Reached { pairs, left: STEPS_MAX, known: HashMap::new() };
    let mut changes = Vec::with_capacity(list.len());
    let mut left =
        Left { all: REPORT_BYTES_MAX - BYTES_BESIDE, via: REPORT_BYTES_MAX.div_euclid(2) };
    for finding in list {
        let (numbers, is_cut) = reached.operations(&finding.through);
        let names = numbers.iter().map(|it| usize::try_from(*it).ok());
        let names = names.filter_map(|it| operations.get(it?)).collect::<Vec<_>>();
        let via = left.via(&names);
        let pointer = pointer(documents, &pointers, &finding.place);
        let change = pointer.map(|pointer| Change {
            class: finding.class,
            rule: finding.rule.name.to_owned(),
            direction: finding.direction,
            operation: names.first().map(|it| (*it).clone()).unwrap_or_default(),
            pointer,
            old: finding.old,
            new: finding.new,
            via_cut: is_cut || via.len() < names.len(),
            via,
        });
        match change.filter(|it| left.take(it)) {
            Some(change) => changes.push(change),
            None => cut = true,
        }
    }
    Report { counts, changes, cut }
}

/// Bytes of a report beside its changes.
const BYTES_BESIDE: usize = 1_024;

/// Bytes that are left of a report: each of many changes may repeat long names of many operations.
struct Left {
    all: usize,
    /// Of those for the lists of operations. Once they are used up, the first one is listed.
    via: usize,
}

impl Left {
    fn via(&mut self, names: &[&String]) -> Vec<String> {
        let bytes = names.iter().fold(0_usize, |sum, it| sum.saturating_add(it.len()));
        let count = match self.via.checked_sub(bytes) {
            Some(left) => {
                self.via = left;
                names.len()
            }
            None => 1,
        };
        names.iter().take(count).map(|it| (*it).clone()).collect()
    }

    /// Whether a change still fits; then it is charged.
    fn take(&mut self, change: &Change) -> bool {
        let bytes = serde_json::to_vec(change).map_or(usize::MAX, |it| it.len());
        match self.all.checked_sub(bytes.saturating_add(1)) {
            Some(left) => {
                self.all = left;
                true
            }
            None => {
                // What comes after is not as bad: nothing is listed instead of what is left out.
                self.all = 0;
                false
            }
        }
    }
}

/// `None` if the pointer was too much.
fn pointer(documents: [&Document; 2], pointers: &Pointers, place: &Place<'_>) -> Option<String> {
    let key = (place.is_old, std::ptr::from_ref(place.value));
    let mut pointer = match pointers.get(&key) {
        Some(Some(pointer)) => pointer.clone(),
        Some(None) => return None,
        None => String::new(),
    };
    for name in &place.below {
        pointer.push('/');
        pointer.push_str(&escaped(name));
    }
    let [old, new] = documents;
    Some(if place.is_old { old.pointer(&pointer) } else { new.pointer(&pointer) })
}

/// The pointers to all values that are a place of something.
fn pointers(documents: [&Document; 2], list: &[Finding<'_>]) -> Pointers {
    let mut wanted = list
        .iter()
        .map(|it| (it.place.is_old, std::ptr::from_ref(it.place.value)))
        .collect::<HashSet<_>>();
    let mut found = Pointers::new();
    let mut left = POINTER_BYTES_MAX;
    let [old, new] = documents;
    for (is_old, root) in [(true, old.model()), (false, new.model())] {
        search(root, is_old, &place::Place::Root, &mut wanted, (&mut found, &mut left));
    }
    found
}

fn search(
    value: &Value,
    is_old: bool,
    place: &place::Place<'_>,
    wanted: &mut HashSet<(bool, *const Value)>,
    (found, left): (&mut Pointers, &mut usize),
) {
    let key = (is_old, std::ptr::from_ref(value));
    if wanted.remove(&key) {
        let pointer = Some(*left).filter(|it| *it > 0).map(|_| place.pointer());
        *left = left.saturating_sub(pointer.as_ref().map_or(0, String::len));
        found.insert(key, pointer);
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                search(item, is_old, &place.item(index), wanted, (&mut *found, &mut *left));
            }
        }
        Value::Object(map) => {
            for (name, member) in map {
                search(member, is_old, &place.member(name), wanted, (&mut *found, &mut *left));
            }
        }
        _ => (),
    }
}

/// By which operations pairs are reached.
struct Reached<'p, 'd> {
    pairs: &'p [Pair<'d>],
    left: usize,
    known: HashMap<Vec<Through>, (Vec<u32>, bool)>,
}

impl Reached<'_, '_> {
    /// The numbers of the first operations, and whether there are more.
    fn operations(&mut self, through: &[Through]) -> (Vec<u32>, bool) {
        if let Some(known) = self.known.get(through) {
            return known.clone();
        }
        let mut found = BTreeSet::new();
        let mut open = through.to_vec();
        let mut seen = open.iter().copied().collect::<HashSet<_>>();
        let mut is_cut = false;
        while let Some(at) = open.pop() {
            let pair = match at {
                Through::Document => continue,
                Through::Operation(number) => {
                    found.insert(number);
                    continue;
                }
                Through::Pair(number) => usize::try_from(number).ok(),
            };
            let from = pair.and_then(|it| self.pairs.get(it)).map(|it| it.from.as_slice());
            for from in from.unwrap_or_default() {
                self.left = self.left.saturating_sub(1);
                if seen.insert(*from) {
                    open.push(*from);
                }
            }
            if self.left == 0 {
                is_cut = true;
                break;
            }
        }
        is_cut |= found.len() > VIA_MAX;
        let numbers = found.into_iter().take(VIA_MAX).collect::<Vec<_>>();
        self.known.insert(through.to_vec(), (numbers.clone(), is_cut));
        (numbers, is_cut)
    }
}
