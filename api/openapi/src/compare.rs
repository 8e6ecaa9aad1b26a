//! What differs between two documents, and how bad it is.

mod alternatives;
mod budget;
mod children;
mod compared;
mod content;
mod findings;
mod implied;
mod inherit;
mod members;
mod number;
mod operations;
mod report;
mod rules;
mod run;
mod same;
mod schemas;
mod security;
mod shape;
mod show;
mod types;
mod write;

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use self::budget::TooComplex;
use self::findings::{Place, Through};
pub use self::report::{Change, Counts, Report};
pub use self::rules::{Class, Direction, RULES};
use self::run::Run;
use crate::document::Document;
use crate::grammar::{Holds, Kind};
use crate::model::members as members_of;

/// What of a document is compared by name.
const KNOWN: [&str; 7] = ["openapi", "info", "paths", "components", "security", "servers", "tags"];

/// Compares two documents, on this thread, up to [`crate::COMPARE_SECONDS_MAX`] seconds. A document
/// of 2.0 is compared as it is in the words of 3.0.
///
/// Both are brought to a normal form first: operations by method and path without the names of
/// parameters, schemas by what they and all that they are made of demand together. What differs and
/// is not known to be harmless is risky, never compatible. A comparison that goes too far ends with
/// one change `too-complex`, beside what it has found until then.
pub fn compare(old: &Document, new: &Document) -> Report {
    if old.json() == new.json() {
        return Report::default();
    }
    let mut run = Run::new(old.model(), new.model());
    let mut names = Vec::new();
    if all(&mut run, &mut names).is_err() {
        let place = Place::new(run.new, &[]);
        run.plainly(rules::TOO_COMPLEX, place, [None, None], Through::Document);
    }
    let Run { findings, pairs, .. } = run;
    write::write([old, new], findings, &pairs, &names)
}

fn all(run: &mut Run<'_>, names: &mut Vec<String>) -> Result<(), TooComplex> {
    let (old, new) = (run.old, run.new);
    let document = Through::Document;
    operations::servers(run, old, new, document)?;
    members::compare(run, old, new, Kind::Root, &KNOWN, document)?;
    for (name, rule) in [
        ("openapi", rules::TEXT_CHANGED),
        ("info", rules::TEXT_CHANGED),
        ("tags", rules::TAGS_CHANGED),
    ] {
        let (before, after) = (old.get(name), new.get(name));
        if before != after {
            let shown = |it: Option<&Value>| it.and_then(show::show);
            run.plainly(rule, Place::new(new, &[name]), [shown(before), shown(after)], document);
        }
    }
    operations::compare(run, names)?;
    schemas::compare(run)?;
    components(run)
}

/// Shared parts that no operation uses.
fn components(run: &mut Run<'_>) -> Result<(), TooComplex> {
    let (old, new) = (run.old.get("components"), run.new.get("components"));
    // What extends a used schema may be sent in its place.
    let is_used = |it| run.reached.contains(&it) || run.same.followed.contains(&it);
    let extending = run.children.each_ref().map(|it| it.beside(is_used));
    let extending = extending.into_iter().flatten().collect::<HashSet<_>>();
    let kinds = members_of(old).chain(members_of(new)).map(|it| it.0).collect::<BTreeSet<_>>();
    for kind in kinds {
        let (before, after) = (old.and_then(|it| it.get(kind)), new.and_then(|it| it.get(kind)));
        let names = members_of(before).chain(members_of(after)).map(|it| it.0);
        for name in names.collect::<BTreeSet<_>>() {
            run.budget.spend(1)?;
            let part =
                |it: Option<&'_ Value>| it.and_then(|it| it.get(name)).map(std::ptr::from_ref);
            let is_reached = [part(before), part(after)]
                .iter()
                .any(|it| it.is_some_and(|it| run.reached.contains(&it)));
            let (was, is) = (before.and_then(|it| it.get(name)), after.and_then(|it| it.get(name)));
            if is_reached || was == is {
                continue;
            }
            let place = match (was, is) {
                (_, Some(is)) => Place::new(is, &[]),
                (Some(was), None) => Place::old(was, &[]),
                (None, None) => continue,
            };
            let values = [was.and_then(show::show), is.and_then(show::show)];
            let rule = match (was, is) {
                (Some(was), Some(is)) if extending.contains(&std::ptr::from_ref(is)) => {
                    match run.is_same(was, is, Holds::One(Kind::Schema))? {
                        true => rules::COMPONENT_CHANGED,
                        false => rules::NOT_COMPARED,
                    }
                }
                _ => rules::COMPONENT_CHANGED,
            };
            run.plainly(rule, place, values, Through::Document);
        }
    }
    Ok(())
}
