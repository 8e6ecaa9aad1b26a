//! The paths, their operations, and the parameters that both declare.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use crate::grammar::METHODS;
use crate::limits::{OPERATIONS_MAX, PATHS_MAX};
use crate::model::{self, Operation, Template, is_extension, items, members, resolve, text};
use crate::place::Place;
use crate::problem::{self, Problems};
use crate::text::clean;

/// What a path item may hold beside methods.
const BESIDE_METHODS: [&str; 6] =
    ["$ref", "summary", "description", "servers", "parameters", "additionalOperations"];

/// How many operations there are.
pub(super) fn check(root: &Value, version: &str, problems: &mut Problems) -> u32 {
    let top = Place::Root;
    info(root, &top.member("info"), problems);
    let place = top.member("paths");
    if root.get("paths").is_none_or(Value::is_null) && version.starts_with("3.0") {
        problems.add(problem::PATHS_MISSING, &place, "there are no paths");
    }
    let mut seen = HashMap::new();
    let mut ids = HashSet::new();
    let mut count = 0_usize;
    let paths = members(root.get("paths")).filter(|it| !is_extension(it.0)).count();
    if paths > PATHS_MAX {
        problems.add(problem::OPERATIONS, &place, format!("{paths} paths, of at most {PATHS_MAX}"));
        return 0;
    }
    let mut declared = Declared::default();
    for (path, item) in members(root.get("paths")).filter(|it| !is_extension(it.0)) {
        let place = place.member(path);
        let template = of_path(path, &place, &mut seen, problems);
        methods(item, version, &place, problems);
        let target = resolve(root, item).unwrap_or(item);
        let list = item.get("parameters").or_else(|| target.get("parameters"));
        let shared = template
            .as_ref()
            .map(|it| declared.of(root, list, it, &place.member("parameters"), problems));
        for operation in model::of_path(root, path, item) {
            count = count.saturating_add(1);
            let holder = place.member("additionalOperations");
            let holder = if operation.is_additional { &holder } else { &place };
            let place = holder.member(operation.method);
            one(&operation, &place, &mut ids, problems);
            let (Some(template), Some(shared)) = (&template, &shared) else { continue };
            let list = operation.value.get("parameters");
            let own = declared.of(root, list, template, &place.member("parameters"), problems);
            let missing =
                template.names.iter().find(|it| !own.contains(*it) && !shared.contains(*it));
            if let Some(name) = missing {
                let said = format!("“{{{}}}” of the path is not declared", clean(name));
                problems.add(problem::PARAMETER_MISSING, &place, said);
            }
        }
        if count > OPERATIONS_MAX {
            let said = format!("more than {OPERATIONS_MAX} operations");
            problems.add(problem::OPERATIONS, &Place::Root.member("paths"), said);
            break;
        }
        if problems.is_full() {
            break;
        }
    }
    webhooks(root, version, &mut ids, problems);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What others are called by: their operations are named, too. They need no responses.
fn webhooks<'d>(
    root: &'d Value,
    version: &str,
    ids: &mut HashSet<&'d str>,
    problems: &mut Problems,
) {
    let top = Place::Root;
    let place = top.member("webhooks");
    for (name, item) in members(root.get("webhooks")) {
        if problems.is_full() {
            return;
        }
        let place = place.member(name);
        methods(item, version, &place, problems);
        for operation in METHODS.iter().filter_map(|it| Some((*it, item.get(it)?))) {
            named(operation.1, &place.member(operation.0), ids, problems);
        }
    }
}

fn info(root: &Value, place: &Place<'_>, problems: &mut Problems) {
    for (name, rule) in [("title", problem::INFO_TITLE), ("version", problem::INFO_VERSION)] {
        let said = match root.get("info").and_then(|it| it.get(name)) {
            Some(Value::String(text)) if !text.trim().is_empty() => continue,
            Some(Value::Number(_)) => "a number: write it in quotes",
            Some(Value::String(_)) => "blank",
            Some(_) => "not a text",
            None => "missing",
        };
        problems.add(rule, &place.member(name), format!("info.{name} is {said}"));
    }
}

fn of_path<'d>(
    path: &'d str,
    place: &Place<'_>,
    seen: &mut HashMap<String, &'d str>,
    problems: &mut Problems,
) -> Option<Template<'d>> {
    if !path.starts_with('/') {
        problems.add(problem::PATH_SLASH, place, "a path begins with /");
    }
    let Some(template) = model::template(path) else {
        problems.add(problem::PATH_TEMPLATE, place, "its braces do not enclose names, or too many");
        return None;
    };
    let mut names = HashSet::new();
    for name in &template.names {
        if !names.insert(*name) {
            let said = format!("the parameter “{}” stands in it twice", clean(name));
            problems.add(problem::PATH_TEMPLATE, place, said);
        }
    }
    if let Some(other) = seen.insert(template.erased.clone(), path) {
        let said = format!("the same as “{}”, but for names of parameters", clean(other));
        problems.add(problem::PATH_TWICE, place, said);
    }
    Some(template)
}

fn methods(item: &Value, version: &str, place: &Place<'_>, problems: &mut Problems) {
    for (name, _) in members(Some(item)) {
        let is_new = matches!(name, "query" | "additionalOperations");
        let is_known = METHODS.contains(&name) || BESIDE_METHODS.contains(&name);
        let is_there = !is_new || version.starts_with("3.2");
        if is_extension(name) || (is_known && is_there) {
            continue;
        }
        let said = format!("“{}” is no method of OpenAPI {}", clean(name), clean(version));
        problems.add(problem::METHOD_UNKNOWN, &place.member(name), said);
    }
}

fn one<'d>(
    operation: &Operation<'d>,
    place: &Place<'_>,
    ids: &mut HashSet<&'d str>,
    problems: &mut Problems,
) {
    named(operation.value, place, ids, problems);
    let responses = operation.value.get("responses");
    if members(responses).all(|it| is_extension(it.0)) {
        problems.add(problem::RESPONSES_MISSING, place, "an operation has responses");
    }
}

fn named<'d>(
    operation: &'d Value,
    place: &Place<'_>,
    ids: &mut HashSet<&'d str>,
    problems: &mut Problems,
) {
    if let Some(id) = text(operation, "operationId")
        && !ids.insert(id)
    {
        let said = format!("“{}” names another operation, too", clean(id));
        problems.add(problem::OPERATION_ID_TWICE, &place.member("operationId"), said);
    }
}

/// The names that lists of parameters declare for paths. A list that many refer to is walked once.
#[derive(Default)]
struct Declared<'d>(HashMap<*const Value, Rc<HashSet<&'d str>>>);

impl<'d> Declared<'d> {
    fn of(
        &mut self,
        root: &'d Value,
        list: Option<&'d Value>,
        template: &Template<'_>,
        place: &Place<'_>,
        problems: &mut Problems,
    ) -> Rc<HashSet<&'d str>> {
        let Some(list) = list else { return Rc::default() };
        let known = self.0.get(&std::ptr::from_ref(list)).cloned();
        let names = known.unwrap_or_else(|| {
            let names = Rc::new(in_path(root, list, place, problems));
            self.0.insert(std::ptr::from_ref(list), Rc::clone(&names));
            names
        });
        let unknown = names.iter().filter(|it| !template.names.contains(*it));
        let unknown = unknown.copied().collect::<HashSet<_>>();
        if unknown.is_empty() {
            return names;
        }
        for (index, parameter) in items(Some(list)).iter().enumerate() {
            let parameter = resolve(root, parameter).unwrap_or(parameter);
            let name = text(parameter, "name").unwrap_or_default();
            if text(parameter, "in") == Some("path") && unknown.contains(name) {
                let said = format!("the path has no “{{{}}}”", clean(name));
                problems.add(problem::PARAMETER_NOT_IN_PATH, &place.item(index), said);
            }
        }
        names
    }
}

/// The names of the parameters of a path.
fn in_path<'d>(
    root: &'d Value,
    list: &'d Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> HashSet<&'d str> {
    let mut in_path = HashSet::new();
    let mut seen = HashSet::new();
    for (index, parameter) in items(Some(list)).iter().enumerate() {
        let parameter = resolve(root, parameter).unwrap_or(parameter);
        let (Some(name), Some(within)) = (text(parameter, "name"), text(parameter, "in")) else {
            continue;
        };
        if !seen.insert((name, within)) {
            let said = format!("the parameter “{}” is declared twice", clean(name));
            problems.add(problem::PARAMETER_TWICE, &place.item(index), said);
        }
        if within == "path" {
            in_path.insert(name);
        }
    }
    in_path
}
