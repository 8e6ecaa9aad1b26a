//! The few checks that every aggregate shares, so that a rule has one wording.

use crate::mail_address;
use crate::refusal::Refusal;
use crate::unseen::{is_format, is_line_end_or_control, is_unseen};
use crate::uri;

/// Present, not blank, one line, and at most `chars_max` characters.
pub fn required(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    required_text(field, value, chars_max)?;
    line(field, value, chars_max)
}

/// As [`required`], for a text that may have several lines.
pub fn required_text(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    if value.trim().is_empty() {
        return Err(Refusal::invalid(field, "is required"));
    }
    at_most(field, value, chars_max)
}

/// As [`required`], for a name by which somebody or something is known, as a claim in a token is: it is
/// what it looks like. Without characters that nobody sees, and without blanks around it.
pub fn name(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    required(field, value, chars_max)?;
    if value.trim() != value {
        return Err(Refusal::invalid(field, "must not begin or end with a blank"));
    }
    seen(field, value)
}

/// Without characters that nobody sees, also those that words of some languages need.
pub fn seen(field: &'static str, value: &str) -> Result<(), Refusal> {
    match value.chars().any(is_format) {
        false => Ok(()),
        true => Err(Refusal::invalid(field, "must not have characters that nobody sees")),
    }
}

/// A text that may have several lines: at most `chars_max` characters, without control characters other
/// than line breaks and tabs, and without characters that are not seen.
pub fn at_most(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    if value.chars().count() > chars_max {
        return Err(Refusal::invalid(field, format!("must have at most {chars_max} characters")));
    }
    if value.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t')) {
        return Err(Refusal::invalid(field, "must not have control characters"));
    }
    if value.chars().any(is_unseen) {
        return Err(Refusal::invalid(field, "must not have characters that nobody sees"));
    }
    Ok(())
}

/// As [`at_most`], for one line: also without line breaks and tabs.
pub fn line(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    at_most(field, value, chars_max)?;
    match value.chars().any(is_line_end_or_control) {
        false => Ok(()),
        true => Err(Refusal::invalid(field, "must be one line, without control characters")),
    }
}

/// As [`line()`], for a value that may be absent.
pub fn optional(field: &'static str, value: Option<&str>, chars_max: usize) -> Result<(), Refusal> {
    value.map_or(Ok(()), |it| line(field, it, chars_max))
}

/// As [`at_most`], for a value that may be absent.
pub fn optional_text(
    field: &'static str,
    value: Option<&str>,
    chars_max: usize,
) -> Result<(), Refusal> {
    value.map_or(Ok(()), |it| at_most(field, it, chars_max))
}

/// At most `items_max` items in a child list.
pub fn list<T>(field: &'static str, items: &[T], items_max: usize) -> Result<(), Refusal> {
    if items.len() > items_max {
        return Err(Refusal::invalid(field, format!("must have at most {items_max} items")));
    }
    Ok(())
}

/// Ids, comma-separated: nothing that could name somebody.
pub fn ids(field: &'static str, value: Option<&str>, chars_max: usize) -> Result<(), Refusal> {
    optional(field, value, chars_max)?;
    let fits = value.is_none_or(|it| it.bytes().all(|it| it.is_ascii_digit() || it == b','));
    match fits {
        true => Ok(()),
        false => Err(Refusal::invalid(field, "must be numbers with commas between them")),
    }
}

/// The codes of a permission: nothing that could name somebody.
pub fn permission(field: &'static str, value: &str, chars_max: usize) -> Result<(), Refusal> {
    at_most(field, value, chars_max)?;
    let allowed = |it: u8| it.is_ascii_alphanumeric() || b"._,:-".contains(&it);
    match value.bytes().all(allowed) {
        true => Ok(()),
        false => {
            let why = "of a permission may have letters, digits and . _ , : - only";
            Err(Refusal::invalid(field, why))
        }
    }
}

/// An address as [`mail_address`] makes it, without anything around it.
pub fn email(field: &'static str, value: &str) -> Result<(), Refusal> {
    match mail_address::of(value).is_some_and(|it| it == value) {
        true => Ok(()),
        false => Err(Refusal::invalid(field, "must be an e-mail address")),
    }
}

/// Digits with `+ - . ( )` and spaces, at least one digit (spec section 2.1).
pub fn phone(field: &'static str, value: &str) -> Result<(), Refusal> {
    let (number, extension) = match value.rfind(['x', 'X']) {
        Some(at) => value.split_at(at),
        None => (value, ""),
    };
    let allowed = |it: char| it.is_ascii_digit() || "+-.() ".contains(it);
    let extension = extension.trim_start_matches(['x', 'X']);
    let well_formed = number.chars().all(allowed)
        && number.chars().any(|it| it.is_ascii_digit())
        && extension.chars().all(|it| it.is_ascii_digit());
    if !well_formed {
        return Err(Refusal::invalid(field, "must be a phone number"));
    }
    Ok(())
}

/// An absolute address of the web: http or https, a host, no user name and no fragment.
pub fn web_address(field: &'static str, value: &str) -> Result<(), Refusal> {
    match uri::check_web(value).is_ok() && !value.contains('#') {
        true => Ok(()),
        false => {
            let why = "must be an http or https address without a user name or a fragment";
            Err(Refusal::invalid(field, why))
        }
    }
}

/// An address of the web that people are shown, if there is one: at most 2,000 characters.
pub fn optional_web(field: &'static str, value: Option<&str>) -> Result<(), Refusal> {
    optional(field, value, 2_000)?;
    let Some(value) = value.filter(|it| !it.trim().is_empty()) else { return Ok(()) };
    uri::check_web(value).map_err(|why| Refusal::invalid(field, why))
}
