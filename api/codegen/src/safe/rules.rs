//! What names, paths and addresses may be.

use super::texts::is_hidden;
use crate::limits::{ADDRESS_CHARS_MAX, NAME_CHARS_MAX, OPERATION_ID_CHARS_MAX};

/// A name, with characters that could end it in code, or a long one.
pub(super) const NAME: &str = "name";
/// A path with other characters than those of addresses.
pub(super) const PATH: &str = "path";
/// An `operationId` that is not made of letters, digits, `_`, `.`, `/` and `-`.
pub(super) const OPERATION_ID: &str = "operation-id";
/// A media type that is none.
pub(super) const MEDIA_TYPE: &str = "media-type";
/// An address with characters that could end it in code, or a long one.
pub(super) const ADDRESS: &str = "address";
/// A variable of a server without a default.
pub(super) const SERVER: &str = "server";
/// A value of an `enum`, a `const` or a `default` with control characters.
pub(super) const VALUE: &str = "value";
/// A reference that leads nowhere once extensions and examples are left out.
pub(super) const REFERENCE: &str = "reference";

/// Every rule.
pub const RULES: [&str; 8] =
    [NAME, PATH, OPERATION_ID, MEDIA_TYPE, ADDRESS, SERVER, VALUE, REFERENCE];

/// Whether a text could end a text, a name or a comment in some language.
fn is_unsafe(text: &str) -> bool {
    let is_bad = |it: char| {
        matches!(it, '\'' | '"' | '`' | '\\' | '$' | '{' | '}' | '<' | '>') || is_hidden(it)
    };
    text.contains(is_bad) || text.contains("*/") || text.contains("/*")
}

/// Names of schemas, properties, parameters, headers, tags and the like.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().count() <= NAME_CHARS_MAX && !is_unsafe(text)
}

/// Names that are keys: of schemas, properties, headers and the like. Some generators write them as they
/// are where code stands, so there is nothing that calls, sets or separates.
pub(super) fn is_key(text: &str) -> bool {
    is_name(text) && !text.contains(['(', ')', ';', '=', '#'])
}

/// Names of parameters. The generator `python-fastapi` takes them for names of variables.
pub(super) fn is_parameter(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || "_.[]@:~-".contains(it);
    is_name(text) && text.chars().all(fits)
}

/// Addresses of servers and the like.
pub(super) fn is_address(text: &str) -> bool {
    text.chars().count() <= ADDRESS_CHARS_MAX && !is_unsafe(text)
}

/// The address of a page.
pub(super) fn is_page(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || "-._~:/?#@!&()*+,;=%".contains(it);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_alphanumeric()))
        && is_address(text)
        && text.chars().all(fits)
}

/// An address of mail.
pub(super) fn is_mail_address(text: &str) -> bool {
    let fits = |it: &str| {
        !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || "._+-".contains(it))
    };
    is_name(text) && text.split_once('@').is_some_and(|(user, host)| fits(user) && fits(host))
}

/// An `operationId`.
pub(super) fn is_operation_id(text: &str) -> bool {
    let mut chars = text.chars();
    let starts = chars.next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    let fits = |it: char| it.is_ascii_alphanumeric() || "_./-".contains(it);
    starts && chars.all(fits) && text.len() <= OPERATION_ID_CHARS_MAX
}

/// A path such as `/orders/{id}`.
pub(super) fn is_path(path: &str) -> bool {
    let mut rest = path;
    while let Some((before, from)) = rest.split_once('{') {
        let Some((name, after)) = from.split_once('}') else { return false };
        if !is_plain_path(before) || !is_path_parameter(name) {
            return false;
        }
        rest = after;
    }
    path.starts_with('/')
        && path.len() <= ADDRESS_CHARS_MAX
        && is_plain_path(rest)
        && !path.contains("*/")
        && !path.contains("/*")
}

fn is_plain_path(text: &str) -> bool {
    text.chars().all(|it| it.is_ascii_alphanumeric() || "/._~%!&()*+,;=:@-".contains(it))
}

fn is_path_parameter(name: &str) -> bool {
    let mut chars = name.chars();
    let starts = chars.next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    starts && chars.all(|it| it.is_ascii_alphanumeric() || "_.-".contains(it))
}

/// A media type or a range of them, with parameters: `application/json; charset=utf-8`, `text/*`.
pub(super) fn is_media_type(text: &str) -> bool {
    let is_token = |it: &str| {
        !it.is_empty() && it.chars().all(|it| it.is_ascii_alphanumeric() || "!#&^_.+-".contains(it))
    };
    let mut parts = text.split(';').map(str::trim);
    let is_type = match parts.next().and_then(|it| it.split_once('/')) {
        Some(("*", "*")) => true,
        Some((kind, "*")) => is_token(kind),
        Some((kind, sub)) => is_token(kind) && is_token(sub),
        None => false,
    };
    let is_parameter = |it: &str| {
        it.split_once('=').is_some_and(|(name, value)| is_token(name) && is_token(value))
    };
    is_type && parts.all(is_parameter) && is_name_long(text)
}

fn is_name_long(text: &str) -> bool {
    text.chars().count() <= NAME_CHARS_MAX
}

/// A reference into its own document.
pub(super) fn is_reference(text: &str) -> bool {
    let is_bad =
        |it: char| matches!(it, '\'' | '"' | '`' | '\\' | '$' | '<' | '>') || is_hidden(it);
    let inside = text == "#" || text.starts_with("#/");
    inside && text.chars().count() <= ADDRESS_CHARS_MAX && !text.contains(is_bad)
}

/// A value of an `enum` or a `default` that no language takes for anything but a text.
pub(super) fn is_plain_value(text: &str) -> bool {
    is_name(text) && !text.contains("#{") && !text.contains("?>") && !text.contains("<?")
}

/// A regular expression that no language takes for anything but that.
pub(super) fn is_plain_pattern(text: &str) -> bool {
    let fits = |it: char| it.is_ascii_alphanumeric() || " ^$.|?*+()[]{}\\,:_=!&@#%~;-".contains(it);
    let slashes = text.chars().rev().take_while(|it| *it == '\\').count();
    let opens = |(dollar, next): (char, char)| {
        dollar == '$' && (next.is_ascii_alphanumeric() || "_({".contains(next))
    };
    is_name_long(text)
        && text.chars().all(fits)
        && slashes % 2 == 0
        && !text.chars().zip(text.chars().skip(1)).any(opens)
        && ["#{", "{$", "\\u", "\\x", "\\0"].iter().all(|it| !text.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_addresses() {
        for path in ["/", "/a", "/a/{id}", "/a/{b}-{c_1.x}/", "/%20(x);v=1,2", "/a:cancel", "//"] {
            assert!(is_path(path), "{path}");
        }
        for path in [
            "",
            "a",
            "/a'",
            "/a\"",
            "/a`",
            "/a\\",
            "/a$",
            "/{",
            "/{}",
            "/}",
            "/{1a}",
            "/{a'}",
            "/{a b}",
            "/{{a}}",
            "/a b",
            "/ä",
            "/a\n",
            "/a*/b",
            "/a/*b",
            "/a*/;evil();/*",
            "/{a}*/x",
            "/a?b",
            "/a#b",
        ] {
            assert!(!is_path(path), "{path}");
        }
        assert!(is_path(&format!("/{}", "a".repeat(ADDRESS_CHARS_MAX - 1))));
        assert!(!is_path(&format!("/{}", "a".repeat(ADDRESS_CHARS_MAX))));
    }

    #[test]
    fn names_have_nothing_that_ends_them() {
        for name in ["a", "x-request-id", "Größe (cm)", "a.b[]", "a/b", "@odata.count", "a;b", "#1"]
        {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "a'",
            "a\"",
            "a`",
            "a\\",
            "$a",
            "a{",
            "a}",
            "a<",
            "a>",
            "a\r",
            "a\n",
            "a\u{0}",
            "a\u{85}",
            "a\u{2028}",
            "a\u{202e}",
            "a*/b",
            "a/*b",
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_name(&"ä".repeat(NAME_CHARS_MAX)) && !is_name(&"ä".repeat(NAME_CHARS_MAX + 1)));
        assert!(!is_address(&"a".repeat(ADDRESS_CHARS_MAX + 1)) && !is_address("http://a/'"));
    }

    #[test]
    fn keys_and_parameters_are_no_code() {
        for it in ["x-request-id", "a b", "Größe", "a.b[]", "@odata.count"] {
            assert!(is_key(it), "{it}");
        }
        for it in ["a()", "a;b", "a=b", "a#b", "a'"] {
            assert!(!is_key(it) && !is_parameter(it), "{it}");
        }
        assert!(is_parameter("filter[name]") && is_parameter("X-Trace") && is_parameter("a.b:c"));
        assert!(!is_parameter("a b") && !is_parameter("a,b") && !is_parameter("a+b"));
    }

    #[test]
    fn operation_ids_are_identifiers() {
        for id in ["a", "_a", "orders/list", "a.b-c", &"a".repeat(OPERATION_ID_CHARS_MAX)] {
            assert!(is_operation_id(id), "{id}");
        }
        let long = "a".repeat(OPERATION_ID_CHARS_MAX + 1);
        for id in ["", "1", "-a", "a b", "a'", "a(", "ä", &long] {
            assert!(!is_operation_id(id), "{id}");
        }
    }

    #[test]
    fn media_types_are_some() {
        for it in ["application/json", "text/*", "*/*", "a/b+c; charset=utf-8; v=1", "a/b;c=d"] {
            assert!(is_media_type(it), "{it}");
        }
        for it in ["json", "a/b*/c", "*/evil", "a/*x", "a/b; c=\"d\"", "a/b; c", "a/'", "/", "a/b;"]
        {
            assert!(!is_media_type(it), "{it}");
        }
    }

    #[test]
    fn addresses_of_pages_and_mail_are_some() {
        assert!(is_page("https://a.example/b?c=d#e") && is_page("http://a"));
        for it in [
            "",
            "a",
            "ftp://a",
            "https://",
            "https:// a",
            "https://a'",
            "https://a b",
            "javascript:a",
        ] {
            assert!(!is_page(it), "{it}");
        }
        assert!(is_mail_address("a.b+c@d.example"));
        for it in ["", "a", "@a", "a@", "a@b@c", "a'@b", "a b@c"] {
            assert!(!is_mail_address(it), "{it}");
        }
    }

    #[test]
    fn patterns_are_only_that() {
        for it in ["^[a-z]{1,3}$", r"^\d+$", "a|b", r"\\"] {
            assert!(is_plain_pattern(it), "{it}");
        }
        for it in ["'", "\"", "/", r"a\", r"a\\\", "${x}", "$a", "#{x}", r"\u002a", "(?<a>b)", "`"]
        {
            assert!(!is_plain_pattern(it), "{it}");
        }
    }
}
