//! One spelling for each path.

use std::borrow::Cow;

/// A path of the API without needless escapes: `/api/%55ser` is `/api/User` (RFC 3986 section
/// 6.2.2.2). Of other paths each spelling is another path, so that whoever hides `/metrics` behind a
/// proxy hides all of it.
pub(crate) fn normalised(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let plain = without_needless_escapes(path);
    match plain.get(..5).is_some_and(|it| it.eq_ignore_ascii_case("/api/")) {
        true => Cow::Owned(plain),
        false => Cow::Borrowed(path),
    }
}

/// Decodes letters, digits and `-._~`, which mean the same with and without an escape.
fn without_needless_escapes(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let escape = rest.get(at..at + 3);
        let byte = escape.and_then(|it| u8::from_str_radix(it.get(1..)?, 16).ok());
        let free = byte.filter(|it| it.is_ascii_alphanumeric() || b"-._~".contains(it));
        match (free, escape) {
            (Some(byte), _) => plain.push(char::from(byte)),
            (None, Some(escape)) => plain.push_str(escape),
            (None, None) => {
                plain.push_str(&rest[at..]);
                return plain;
            }
        }
        rest = &rest[at + 3..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_api_have_one_spelling() {
        for (sent, normal) in [
            ("/api/User/1", "/api/User/1"),
            ("/api/%55ser/%31", "/api/User/1"),
            ("/%61pi/User", "/api/User"),
            ("/api/Gateway%2fCheck", "/api/Gateway%2fCheck"),
            ("/api/Role/a%20b%2", "/api/Role/a%20b%2"),
            ("/api/Role/%zz%", "/api/Role/%zz%"),
            ("/api/Role/%c3%a4%41", "/api/Role/%c3%a4A"),
            ("/%6detrics", "/%6detrics"),
            ("/health/%6cive", "/health/%6cive"),
        ] {
            assert_eq!(normalised(sent), normal, "{sent}");
        }
    }
}
