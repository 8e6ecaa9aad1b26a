//! Operations: which there are, and what each takes and answers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::budget::{TooComplex, cost};
use super::content;
use super::findings::{Place, Through};
use super::members;
use super::rules::{self, Direction};
use super::run::Run;
use super::security::{self, Schemes};
use super::show::said;
use crate::grammar::{Holds, Kind};
use crate::model::{
    self, Operation, flag, is_extension, items, keyed, members as members_of, text,
};

/// What of an operation is compared by name.
const KNOWN: [&str; 6] =
    ["parameters", "requestBody", "responses", "security", "operationId", "servers"];

/// By method and path without the names of its parameters.
type Listed<'d> = BTreeMap<(String, String), Operation<'d>>;

/// Compares all operations. The names of those of both, by their numbers.
pub(super) fn compare<'d>(run: &mut Run<'d>, names: &mut Vec<String>) -> Result<(), TooComplex> {
    let (old, new) = (listed(run.old), listed(run.new));
    let mut schemes = Schemes::new();
    let mut items = BTreeSet::new();
    for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        run.budget.spend(1)?;
        let number = u32::try_from(names.len()).map_err(|_| TooComplex)?;
        let through = Through::Operation(number);
        match (old.get(key), new.get(key)) {
            (Some(before), Some(after)) => {
                names.push(after.name());
                both(run, before, after, through, &mut schemes)?;
                // Once for each path, through its first operation.
                if items.insert(&key.0) {
                    path_items(run, before, after, through)?;
                }
            }
            (Some(before), None) => {
                names.push(before.name());
                let rule = match flag(before.value, "deprecated") {
                    true => rules::DEPRECATED_OPERATION_REMOVED,
                    false => rules::OPERATION_REMOVED,
                };
                let values = [said(&before.name()), None];
                run.plainly(rule, Place::old(before.value, &[]), values, through);
            }
            (None, Some(after)) => {
                names.push(after.name());
                let values = [None, said(&after.name())];
                let place = Place::new(after.value, &[]);
                run.plainly(rules::OPERATION_ADDED, place, values, through);
            }
            (None, None) => (),
        }
    }
    security::schemes(run, &schemes)
}

fn listed(root: &Value) -> Listed<'_> {
    let key = |it: &Operation<'_>| {
        let erased = model::template(it.path).map_or_else(|| it.path.to_owned(), |it| it.erased);
        // The path first: the report is in its order.
        let method = if it.is_additional { it.method.to_owned() } else { it.method.to_uppercase() };
        (erased, method)
    };
    let mut listed = Listed::new();
    for operation in model::operations(root) {
        let mut key = key(&operation);
        // `GET` of `additionalOperations` does not hide `get`.
        if listed.contains_key(&key) {
            key.1.push('+');
        }
        listed.insert(key, operation);
    }
    listed
}

fn both<'d>(
    run: &mut Run<'d>,
    old: &Operation<'d>,
    new: &Operation<'d>,
    through: Through,
    schemes: &mut Schemes<'d>,
) -> Result<(), TooComplex> {
    let (before, after) = (old.value, new.value);
    let id = "operationId";
    if text(before, id) != text(after, id) {
        let values = [text(before, id).and_then(said), text(after, id).and_then(said)];
        run.plainly(rules::OPERATION_ID_CHANGED, Place::new(after, &[id]), values, through);
    }
    servers(run, before, after, through)?;
    parameters(run, old, new, through)?;
    content::bodies(run, before, after, through)?;
    responses(run, before, after, through)?;
    security::compare(run, before, after, through, schemes)?;
    members::compare(run, before, after, Kind::Operation, &KNOWN, through)
}

/// Servers of a document, a path or an operation.
pub(super) fn servers<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    let stated = |it: &'d Value| it.get("servers").filter(|it| !items(Some(it)).is_empty());
    let is_same = match (stated(old), stated(new)) {
        (None, None) => true,
        (Some(old), Some(new)) => run.is_same(old, new, Holds::List(Kind::Server))?,
        _ => false,
    };
    if !is_same {
        let first = |it: &'d Value| {
            items(it.get("servers")).first().and_then(|it| text(it, "url")).and_then(said)
        };
        let place = Place::new(new, &["servers"]);
        run.plainly(rules::SERVERS_CHANGED, place, [first(old), first(new)], through);
    }
    Ok(())
}

/// What stands beside the operations of a path.
fn path_items<'d>(
    run: &mut Run<'d>,
    old: &Operation<'d>,
    new: &Operation<'d>,
    through: Through,
) -> Result<(), TooComplex> {
    let mut known = vec!["$ref", "parameters", "servers", "additionalOperations"];
    known.extend(crate::grammar::METHODS);
    let ([before, old_target], [after, new_target]) = (old.items, new.items);
    for (old, new) in [(before, after), (old_target, new_target)] {
        run.reached.extend([std::ptr::from_ref(old), std::ptr::from_ref(new)]);
        servers(run, old, new, through)?;
        members::compare(run, old, new, Kind::PathItem, &known, through)?;
        if std::ptr::eq(before, old_target) && std::ptr::eq(after, new_target) {
            break;
        }
    }
    Ok(())
}

/// Parameters by place and name; those of a path by their number in it.
fn merged<'d>(
    run: &mut Run<'d>,
    is_old: bool,
    operation: &Operation<'d>,
) -> Result<BTreeMap<(&'d str, String), &'d Value>, TooComplex> {
    let names = model::template(operation.path).map(|it| it.names).unwrap_or_default();
    let [item, target] = operation.items;
    let shared = item.get("parameters").or_else(|| target.get("parameters"));
    let mut merged = BTreeMap::new();
    let own = items(operation.value.get("parameters"));
    let listed = items(shared).iter().map(|it| (it, false)).chain(own.iter().map(|it| (it, true)));
    for (parameter, is_own) in listed {
        let parameter = run.resolve(is_old, parameter).unwrap_or(parameter);
        let within = text(parameter, "in").unwrap_or_default();
        let name = text(parameter, "name").unwrap_or_default();
        run.budget.spend(cost(name))?;
        let mut key = match within {
            "header" => name.to_ascii_lowercase(),
            "path" => match names.iter().position(|it| *it == name) {
                Some(number) => number.to_string(),
                None => name.to_owned(),
            },
            _ => name.to_owned(),
        };
        // Of one list, none hides another. Those of the operation stand for those of the path.
        if merged.get(&(within, key.clone())).is_some_and(|it: &(_, bool)| it.1 == is_own) {
            key = format!("{key} {name}");
        }
        merged.insert((within, key), (parameter, is_own));
    }
    Ok(merged.into_iter().map(|(key, it)| (key, it.0)).collect())
}

fn parameters<'d>(
    run: &mut Run<'d>,
    old: &Operation<'d>,
    new: &Operation<'d>,
    through: Through,
) -> Result<(), TooComplex> {
    let (before, after) = (merged(run, true, old)?, merged(run, false, new)?);
    let request = Direction::Request;
    let name = |it: &Value| text(it, "name").and_then(said);
    for (key, parameter) in &before {
        match after.get(key) {
            None => {
                let place = Place::old(parameter, &[]);
                let values = [name(parameter), None];
                run.found(rules::PARAMETER_REMOVED, request, place, values, through);
            }
            Some(other) => {
                let is_header = key.0 == "header";
                if !is_header && text(parameter, "name") != text(other, "name") {
                    let values = [name(parameter), name(other)];
                    let place = Place::new(other, &["name"]);
                    run.found(rules::PATH_PARAMETER_RENAMED, request, place, values, through);
                }
                content::parameters(run, request, parameter, other, through)?;
            }
        }
    }
    for (key, parameter) in &after {
        if !before.contains_key(key) {
            let rule = match flag(parameter, "required") {
                true => rules::REQUIRED_PARAMETER_ADDED,
                false => rules::OPTIONAL_PARAMETER_ADDED,
            };
            run.found(rule, request, Place::new(parameter, &[]), [None, name(parameter)], through);
        }
    }
    Ok(())
}

fn responses<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    let listed = |operation: &'d Value| {
        let all = members_of(operation.get("responses")).filter(|it| !is_extension(it.0));
        keyed(all, str::to_ascii_uppercase)
    };
    let (before, after) = (listed(old), listed(new));
    let is_success = |status: &str| status.starts_with('2');
    let direction = Direction::Response;
    for (key, (status, response)) in &before {
        run.budget.spend(1)?;
        match after.get(key) {
            None => {
                let rule = match is_success(status) {
                    true => rules::SUCCESS_RESPONSE_REMOVED,
                    false => rules::RESPONSE_REMOVED,
                };
                let place = Place::old(old, &["responses", status]);
                run.found(rule, direction, place, [said(status), None], through);
            }
            Some((_, other)) => {
                let response = run.resolve(true, response).unwrap_or(response);
                let other = run.resolve(false, other).unwrap_or(other);
                content::media_types(run, direction, response, other, through)?;
                headers(run, response, other, through)?;
                let known = ["$ref", "content", "headers"];
                members::compare(run, response, other, Kind::Response, &known, through)?;
            }
        }
    }
    for (key, (status, response)) in &after {
        if !before.contains_key(key) {
            let range = key.get(..1).map(|it| format!("{it}XX")).unwrap_or_default();
            let general = before.get(&range).or_else(|| before.get("DEFAULT"));
            let rule = match general {
                _ if is_success(status) => rules::SUCCESS_RESPONSE_ADDED,
                Some((_, it)) if !content::is_same(run, it, response, Kind::Response)? => {
                    rules::RESPONSE_SPLIT_OFF
                }
                _ => rules::RESPONSE_ADDED,
            };
            let place = Place::new(new, &["responses", status]);
            run.found(rule, direction, place, [None, said(status)], through);
        }
    }
    Ok(())
}

fn headers<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    let listed =
        |response: &'d Value| keyed(members_of(response.get("headers")), str::to_ascii_lowercase);
    for (name, _) in members_of(old.get("headers")).chain(members_of(new.get("headers"))) {
        run.budget.spend(cost(name))?;
    }
    let (before, after) = (listed(old), listed(new));
    let direction = Direction::Response;
    for (key, (name, header)) in &before {
        run.budget.spend(1)?;
        match after.get(key) {
            None => {
                let place = Place::old(old, &["headers", name]);
                run.found(rules::HEADER_REMOVED, direction, place, [said(name), None], through);
            }
            Some((_, other)) => {
                let header = run.resolve(true, header).unwrap_or(header);
                let other = run.resolve(false, other).unwrap_or(other);
                content::parameters(run, direction, header, other, through)?;
            }
        }
    }
    for (key, (name, _)) in &after {
        if !before.contains_key(key) {
            let place = Place::new(new, &["headers", name]);
            run.found(rules::HEADER_ADDED, direction, place, [None, said(name)], through);
        }
    }
    Ok(())
}
