//! The operations of a document of OpenAPI 3, and the templates of their paths.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::grammar::METHODS;
use crate::limits::{HOPS_MAX, PATH_PARAMETERS_MAX};
use crate::place::follow;

/// The members of an object; none of anything else.
pub(crate) fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.and_then(Value::as_object);
    map.into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

/// The items of an array; none of anything else.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text of a member.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name).and_then(Value::as_str)
}

/// Whether a member is `true`.
pub(crate) fn flag(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Members by a key that is the same for names that mean the same. Where many have one key, all but
/// the first of them keep their names: none hides another.
pub(crate) fn keyed<'v>(
    members: impl Iterator<Item = (&'v str, &'v Value)>,
    key: impl Fn(&str) -> String,
) -> BTreeMap<String, (&'v str, &'v Value)> {
    let mut keyed = BTreeMap::new();
    for (name, value) in members {
        let key = key(name);
        let key = if keyed.contains_key(&key) { format!("{key} {name}") } else { key };
        keyed.insert(key, (name, value));
    }
    keyed
}

/// Whether a document is one of OpenAPI 3.0, which has its own words in schemas.
pub(crate) fn is_3_0(root: &Value) -> bool {
    text(root, "openapi").is_some_and(|it| it.starts_with("3.0."))
}

/// Whether it is an extension.
pub(crate) fn is_extension(name: &str) -> bool {
    name.starts_with("x-")
}

/// What a value is after all its references; `None` if one leads nowhere or they never end.
pub(crate) fn resolve<'v>(root: &'v Value, value: &'v Value) -> Option<&'v Value> {
    let mut at = value;
    for _ in 0..=HOPS_MAX {
        match text(at, "$ref") {
            Some(reference) => at = follow(root, reference)?,
            None => return Some(at),
        }
    }
    None
}

/// An operation, and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Operation<'d> {
    pub(crate) path: &'d str,
    /// As it is written.
    pub(crate) method: &'d str,
    pub(crate) value: &'d Value,
    /// The path item, and the one that it refers to.
    pub(crate) items: [&'d Value; 2],
    /// Of the path item that holds it: `additionalOperations` or not.
    pub(crate) is_additional: bool,
}

impl Operation<'_> {
    /// As `GET /pets/{id}`.
    pub(crate) fn name(&self) -> String {
        let method = match self.is_additional {
            true => self.method.to_owned(),
            false => self.method.to_ascii_uppercase(),
        };
        crate::text::clean(&format!("{method} {}", self.path))
    }
}

/// The operations of `paths`.
pub(crate) fn operations(root: &Value) -> Vec<Operation<'_>> {
    let paths = members(root.get("paths")).filter(|it| !is_extension(it.0));
    paths.flat_map(|(path, item)| of_path(root, path, item)).collect()
}

/// The operations of one path item.
pub(crate) fn of_path<'d>(root: &'d Value, path: &'d str, item: &'d Value) -> Vec<Operation<'d>> {
    let target = resolve(root, item).unwrap_or(item);
    let mut found = Vec::new();
    let mut add = |method: &'d str, value: &'d Value, is_additional| {
        found.push(Operation { path, method, value, items: [item, target], is_additional });
    };
    for method in METHODS {
        if let Some(value) = item.get(method).or_else(|| target.get(method)) {
            add(method, value, false);
        }
    }
    let additional = item.get("additionalOperations");
    for (method, value) in members(additional.or_else(|| target.get("additionalOperations"))) {
        add(method, value, true);
    }
    found
}

/// The path of an operation, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template<'p> {
    /// The path without the names of its parameters: `/pets/{}`.
    pub(crate) erased: String,
    /// The names, in order.
    pub(crate) names: Vec<&'p str>,
}

/// `None` if its braces do not fit, or if there are more than [`PATH_PARAMETERS_MAX`].
pub(crate) fn template(path: &str) -> Option<Template<'_>> {
    let mut erased = String::new();
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        let inner = from.strip_prefix('{')?;
        let (name, after) = inner.split_once('}')?;
        if name.is_empty() || name.contains('{') || names.len() == PATH_PARAMETERS_MAX {
            return None;
        }
        erased.push_str(before);
        erased.push_str("{}");
        names.push(name);
        rest = after;
    }
    erased.push_str(rest);
    Some(Template { erased, names })
}
