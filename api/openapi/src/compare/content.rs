//! What is sent: media types, bodies, parameters and headers.

use serde_json::Value;

use super::budget::{TooComplex, cost};
use super::findings::{Place, Through};
use super::members;
use super::rules::{self, Direction};
use super::run::Run;
use super::show::said;
use crate::grammar::{Holds, Kind};
use crate::model::{flag, keyed, members as members_of, text};

/// Compares the media types of `content`.
pub(super) fn media_types<'d>(
    run: &mut Run<'d>,
    direction: Direction,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    // Case and blanks mean nothing in a media type.
    let listed = |holder: &'d Value| {
        let key = |name: &str| name.replace(' ', "").to_ascii_lowercase();
        keyed(members_of(holder.get("content")), key)
    };
    for (name, _) in members_of(old.get("content")).chain(members_of(new.get("content"))) {
        run.budget.spend(cost(name))?;
    }
    let (before, after) = (listed(old), listed(new));
    for (key, (name, media)) in &before {
        run.budget.spend(cost(name))?;
        match after.get(key) {
            None => {
                let place = Place::old(old, &["content", name]);
                let values = [said(name), None];
                run.found(rules::MEDIA_TYPE_REMOVED, direction, place, values, through);
            }
            Some((name, other)) => {
                let place = Place::new(new, &["content", name]);
                let media = run.resolve(true, media).unwrap_or(media);
                let other = run.resolve(false, other).unwrap_or(other);
                schema(run, direction, media, other, place, through)?;
                members::compare(run, media, other, Kind::MediaType, &["schema"], through)?;
            }
        }
    }
    for (key, (name, media)) in &after {
        if !before.contains_key(key) {
            let (kind, _) = key.split_once('/').unwrap_or((key, ""));
            let general = before.get(&format!("{kind}/*")).or_else(|| before.get("*/*"));
            let rule = match general {
                Some((_, general)) if !is_same(run, general, media, Kind::MediaType)? => {
                    rules::MEDIA_TYPE_SPLIT_OFF
                }
                _ => rules::MEDIA_TYPE_ADDED,
            };
            let place = Place::new(new, &["content", name]);
            run.found(rule, direction, place, [None, said(name)], through);
        }
    }
    Ok(())
}

/// Whether what was said of a general case is still said of a more special one.
pub(super) fn is_same<'d>(
    run: &mut Run<'d>,
    general: &'d Value,
    special: &'d Value,
    kind: Kind,
) -> Result<bool, TooComplex> {
    let general = run.resolve(true, general).unwrap_or(general);
    let special = run.resolve(false, special).unwrap_or(special);
    run.is_same(general, special, Holds::One(kind))
}

/// Notes the schemas of two holders as a pair.
fn schema<'d>(
    run: &mut Run<'d>,
    direction: Direction,
    old: &'d Value,
    new: &'d Value,
    holder: Place<'d>,
    through: Through,
) -> Result<(), TooComplex> {
    let (old, new) = (old.get("schema"), new.get("schema"));
    if old.is_none() && new.is_none() {
        return Ok(());
    }
    let list = |it: Option<&'d Value>| it.into_iter().collect::<Vec<_>>();
    run.pair(direction, &list(old), &list(new), holder, through)
}

/// Compares the bodies of two operations.
pub(super) fn bodies<'d>(
    run: &mut Run<'d>,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    let body = "requestBody";
    let stated = |it: &'d Value| it.get(body).filter(|it| !it.is_null());
    let (before, after) = match (stated(old), stated(new)) {
        (None, None) => return Ok(()),
        (Some(_), None) => {
            let place = Place::old(old, &[body]);
            run.found(rules::BODY_REMOVED, Direction::Request, place, [None, None], through);
            return Ok(());
        }
        (None, Some(after)) => {
            let rule = match run.resolve(false, after).is_none_or(|it| flag(it, "required")) {
                true => rules::REQUIRED_BODY_ADDED,
                false => rules::OPTIONAL_BODY_ADDED,
            };
            run.found(rule, Direction::Request, Place::new(new, &[body]), [None, None], through);
            return Ok(());
        }
        (Some(before), Some(after)) => (before, after),
    };
    let before = run.resolve(true, before).unwrap_or(before);
    let after = run.resolve(false, after).unwrap_or(after);
    let rule = match (flag(before, "required"), flag(after, "required")) {
        (false, true) => Some(rules::BODY_BECAME_REQUIRED),
        (true, false) => Some(rules::BODY_BECAME_OPTIONAL),
        _ => None,
    };
    if let Some(rule) = rule {
        let place = Place::new(after, &[]);
        run.found(rule, Direction::Request, place, [None, None], through);
    }
    media_types(run, Direction::Request, before, after, through)?;
    members::compare(run, before, after, Kind::Body, &["$ref", "content", "required"], through)
}

/// What of a parameter or a header is compared by name.
const KNOWN: [&str; 8] =
    ["$ref", "name", "in", "required", "style", "explode", "schema", "content"];

/// Compares two parameters, or two headers.
pub(super) fn parameters<'d>(
    run: &mut Run<'d>,
    direction: Direction,
    old: &'d Value,
    new: &'d Value,
    through: Through,
) -> Result<(), TooComplex> {
    let is_request = direction == Direction::Request;
    // One of a path is always there.
    let is_required = |it: &Value| flag(it, "required") || text(it, "in") == Some("path");
    let rule = match (is_required(old), is_required(new), is_request) {
        (false, true, true) => Some(rules::PARAMETER_BECAME_REQUIRED),
        (true, false, true) => Some(rules::PARAMETER_BECAME_OPTIONAL),
        (false, true, false) => Some(rules::HEADER_BECAME_REQUIRED),
        (true, false, false) => Some(rules::HEADER_BECAME_OPTIONAL),
        _ => None,
    };
    let name = || text(new, "name").and_then(said);
    if let Some(rule) = rule {
        run.found(rule, direction, Place::new(new, &[]), [name(), name()], through);
    }
    let (before, after) = (style(old), style(new));
    if before != after {
        let shown = |it: (&str, bool)| said(&format!("{}, explode {}", it.0, it.1));
        let values = [shown(before), shown(after)];
        let place = Place::new(new, &[]);
        run.found(rules::PARAMETER_STYLE_CHANGED, direction, place, values, through);
    }
    let is_content = |it: &Value| it.get("content").is_some() && it.get("schema").is_none();
    if is_content(old) == is_content(new) {
        schema(run, direction, old, new, Place::new(new, &[]), through)?;
        media_types(run, direction, old, new, through)?;
    } else {
        // `q=a` is `q="a"` now.
        let shown = |it: &Value| said(if is_content(it) { "content" } else { "schema" });
        let (place, values) = (Place::new(new, &[]), [shown(old), shown(new)]);
        run.found(rules::PARAMETER_STYLE_CHANGED, direction, place, values, through);
    }
    members::compare(run, old, new, Kind::Parameter, &KNOWN, through)
}

/// How a value is written; where it is not said, by where it stands.
fn style(parameter: &Value) -> (&str, bool) {
    let default = match text(parameter, "in") {
        Some("query" | "cookie") => "form",
        _ => "simple",
    };
    let style = text(parameter, "style").unwrap_or(default);
    let explode = parameter.get("explode").and_then(Value::as_bool);
    (style, explode.unwrap_or(style == "form"))
}
