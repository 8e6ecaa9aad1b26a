//! Names of npm packages.

use std::fmt;

use crate::FormError;

/// The longest name, with its scope, in characters.
pub const NAME_CHARS_MAX: usize = 214;

/// Names that no package may have: what npm keeps for itself, and the modules of Node.js.
const TAKEN: [&str; 44] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "domain",
    "events",
    "favicon.ico",
    "fs",
    "http",
    "http2",
    "https",
    "inspector",
    "module",
    "net",
    "node_modules",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "repl",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// The name of an npm package, such as `orders-client` or `@shop/orders-client`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(String);

impl PackageName {
    /// Reads a name: 1 to 214 characters `a-z`, `0-9`, `-`, `_`, `.`, that do not begin with one of the
    /// last three; before it, if wanted, a scope of the same form as `@scope/`. Not the name of a module
    /// of Node.js.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let wrong = |what: &str| Err(FormError::new(format!("The name of a package {what}.")));
        if text.len() > NAME_CHARS_MAX {
            return wrong("has at most 214 characters");
        }
        let (scope, name) = match text.strip_prefix('@').map(|it| it.split_once('/')) {
            Some(Some((scope, name))) => (Some(scope), name),
            Some(None) => return wrong("with @ is like @scope/name"),
            None => (None, text),
        };
        if !is_part(name) || !scope.is_none_or(is_part) {
            return wrong("has a-z, 0-9, -, _ and . only, and begins with a letter or a digit");
        }
        if scope.is_none() && TAKEN.contains(&name) {
            return wrong("may not be the one of a module of Node.js");
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As one part of a path: with `%2f` for the slash, as registries have it.
    pub(super) fn in_path(&self) -> String {
        self.0.replace('/', "%2f")
    }

    /// Whether it has a scope.
    pub(super) fn is_scoped(&self) -> bool {
        self.0.starts_with('@')
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_part(text: &str) -> bool {
    let may = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_.".contains(&it);
    text.bytes().all(may) && text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_npms_rules() {
        let long = "a".repeat(NAME_CHARS_MAX);
        for good in ["a", "orders-client", "@shop/orders.client_2", "@shop/http", "7", &long] {
            assert!(PackageName::parse(good).is_ok(), "{good}");
        }
        let wrong = [
            "",
            " a",
            "a ",
            "A",
            "é",
            "a/b",
            "@a",
            "@/a",
            "@a/",
            "@a/b/c",
            "@A/b",
            ".a",
            "_a",
            "-a",
            "@.a/b",
            "@a/_b",
            "a!",
            "a~b",
            "a(b)",
            "a*b",
            "a'b",
            "a%2fb",
            "../a",
            "http",
            "node_modules",
            "favicon.ico",
            "a\n",
            "@@a/b",
        ];
        for wrong in wrong.into_iter().chain([format!("{long}a").as_str()]) {
            assert!(PackageName::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
