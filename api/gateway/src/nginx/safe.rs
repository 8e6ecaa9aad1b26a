//! Text that may stand in a file of nginx: the one way in for all that others wrote.

use std::fmt::Write as _;
use std::path::Path;

use crate::policy::is_plain_value;

/// The longest text, in bytes.
const TEXT_BYTES_MAX: usize = 2_000;

/// The longest pattern, in bytes: one of 100 characters in their longest spelling. nginx refuses
/// parameters of 4,096 bytes.
const PATTERN_BYTES_MAX: usize = 3_600;

/// Why a configuration cannot be written for nginx: what cannot, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {why}")]
pub struct RenderRefused {
    what: String,
    why: &'static str,
}

impl RenderRefused {
    pub(super) fn new(what: impl Into<String>, why: &'static str) -> Self {
        Self { what: what.into(), why }
    }
}

/// A text without anything that could end a quoted parameter of nginx, name a variable, or begin a
/// directive. It stands between double quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Safe(String);

impl Safe {
    /// A text as it is. `what` names it in the refusal.
    pub(super) fn text(what: &str, text: &str) -> Result<Self, RenderRefused> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(RenderRefused::new(what, "is longer than 2,000 bytes"));
        }
        if !is_plain_value(text) {
            let why = "holds control characters or one of \" \\ $ ; { }";
            return Err(RenderRefused::new(what, why));
        }
        Ok(Self(text.to_owned()))
    }

    /// A text of letters, digits and some signs only, not empty.
    pub(super) fn word(what: &str, text: &str, signs: &str) -> Result<Self, RenderRefused> {
        let may = |it: char| it.is_ascii_alphanumeric() || signs.contains(it);
        if text.is_empty() || !text.chars().all(may) {
            return Err(RenderRefused::new(what, "is empty or has a character that may not be"));
        }
        Self::text(what, text)
    }

    /// A folder or file, by its whole path. Signs that nginx reads as a pattern are refused, too.
    pub(super) fn path(what: &str, path: &Path) -> Result<Self, RenderRefused> {
        let Some(text) = path.to_str() else {
            return Err(RenderRefused::new(what, "is not UTF-8"));
        };
        if !path.is_absolute() || text.contains(['*', '?', '[']) {
            return Err(RenderRefused::new(what, "is not absolute, or has one of * ? ["));
        }
        Self::text(what, text)
    }

    /// A regular expression that finds exactly this text, byte for byte.
    pub(super) fn pattern(what: &str, text: &str) -> Result<Self, RenderRefused> {
        Self::text(what, text)?;
        let mut pattern = String::new();
        for byte in text.bytes() {
            match byte.is_ascii_alphanumeric() {
                true => pattern.push(char::from(byte)),
                // Writing to a text cannot fail.
                false => drop(write!(pattern, "\\x{byte:02x}")),
            }
        }
        Self::grown(what, pattern)
    }

    /// A regular expression that finds this text in a URL, where all but letters, digits and
    /// `- . _ ~` is written by percent signs.
    pub(super) fn url_pattern(what: &str, text: &str) -> Result<Self, RenderRefused> {
        Self::text(what, text)?;
        let mut pattern = String::new();
        for byte in text.bytes() {
            match byte {
                it if it.is_ascii_alphanumeric() => pattern.push(char::from(it)),
                b'-' | b'.' | b'_' | b'~' => drop(write!(pattern, "\\x{byte:02x}")),
                it => drop(write!(pattern, "%(?i:{it:02x})")),
            }
        }
        Self::grown(what, pattern)
    }

    fn grown(what: &str, pattern: String) -> Result<Self, RenderRefused> {
        match pattern.len() > PATTERN_BYTES_MAX {
            true => Err(RenderRefused::new(what, "is too long")),
            false => Ok(Self(pattern)),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_end_or_begin_something_is_refused_and_named() {
        for text in
            ["a\"", "\\", "$host", ";", "{", "}", "\n", "\r", "\0", "\t", "\u{7f}", "\u{85}"]
        {
            let err = Safe::text("a value", text).unwrap_err();
            assert!(err.to_string().starts_with("a value: holds control"), "{text:?}");
        }
        assert_eq!(Safe::text("it", "a b'#~\u{e9}").unwrap().as_str(), "a b'#~\u{e9}");
        assert!(Safe::text("it", &"a".repeat(2_000)).is_ok());
        assert!(Safe::text("it", &"a".repeat(2_001)).is_err());
    }

    #[test]
    fn patterns_find_only_the_text() {
        assert_eq!(Safe::pattern("it", "v1.0-a").unwrap().as_str(), "v1\\x2e0\\x2da");
        assert_eq!(Safe::url_pattern("it", "a b").unwrap().as_str(), "a%(?i:20)b");
        assert!(Safe::pattern("it", &".".repeat(901)).is_err());
    }

    #[test]
    fn paths_are_whole_and_no_patterns() {
        assert!(Safe::path("it", Path::new("/a b/c")).is_ok());
        for path in ["a", "/a*", "/a?", "/[a]", "/a;b", "/a\"b"] {
            assert!(Safe::path("it", Path::new(path)).is_err(), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_quotes(text in "\\PC*|[\\x00-\\x7f]*") {
            for safe in [Safe::text("it", &text), Safe::pattern("it", &text), Safe::url_pattern("it", &text)].into_iter().flatten() {
                let bad = ['"', '$', ';', '{', '}', '\n'];
                prop_assert!(!safe.as_str().contains(bad));
                // A backslash is only ours, and never the last.
                let parts = safe.as_str().split('\\').skip(1);
                prop_assert!(parts.into_iter().all(|it| it.starts_with('x')));
            }
        }
    }
}
