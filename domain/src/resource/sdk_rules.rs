//! The rules for how SDKs are released.

use super::packages::PACKAGE_NAME_CHARS_MAX;
use super::sdk_facts::{GitOptions, NpmOptions, SdkRecorded};
use crate::check;
use crate::refusal::Refusal;

/// The most words to find a package by.
const KEYWORDS_MAX: usize = 50;

/// The most generators whose code is pushed to one repository.
pub const GENERATORS_MAX: usize = 5;

/// The longest README, in characters: an event has a limit, too.
const README_CHARS_MAX: usize = 40_000;

/// The longest list of host keys, in characters.
const KNOWN_HOSTS_CHARS_MAX: usize = 16_000;

/// The version after one: its last part counts on. A blank one comes before `0.0.1`. `None` after the
/// last one that npm counts.
pub fn next_version(version: &str) -> Option<String> {
    if version.trim().is_empty() {
        return Some("0.0.1".to_owned());
    }
    let [major, minor, build] = parts(version)?;
    Some(format!("{major}.{minor}.{}", build + 1)).filter(|it| parts(it).is_some())
}

/// `major.minor.build`, each as npm counts it: a number without leading zeros, of 15 digits at most.
fn parts(version: &str) -> Option<[u64; 3]> {
    let mut parts = version.split('.').map(|it| {
        let is_plain = it == "0" || !it.starts_with('0');
        let is_number = (1..=15).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit());
        it.parse::<u64>().ok().filter(|_| is_plain && is_number)
    });
    let found = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(found)
}

pub(super) fn check_npm_options(it: &NpmOptions) -> Result<(), Refusal> {
    check::required("name", &it.name, PACKAGE_NAME_CHARS_MAX)?;
    if !is_npm_name(&it.name) {
        let why = "must be a name as npm allows: lower-case letters, digits and . _ - ~, with a scope \
                   (@scope/name) or without one; the first sign may not be . or _";
        return Err(Refusal::invalid("name", why));
    }
    check::required("sdkName", &it.sdk_name, 100)?;
    let mut letters = it.sdk_name.chars();
    let starts = letters.next().is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    if !starts || !letters.all(|it| it.is_ascii_alphanumeric() || it == '_') {
        let why = "must be an identifier: a letter or _ first, then letters, digits and _";
        return Err(Refusal::invalid("sdkName", why));
    }
    if !it.version.trim().is_empty() && parts(&it.version).is_none() {
        return Err(Refusal::invalid("version", "must be three numbers, such as 1.2.3"));
    }
    check::required("homepage", &it.homepage, 2_000)?;
    check::web_address("homepage", &it.homepage)?;
    check::optional("author", it.author.as_deref(), 200)?;
    check::list("keywords", &it.keywords, KEYWORDS_MAX)?;
    for word in &it.keywords {
        check::required("keywords", word, 100)?;
    }
    check::optional_text("description", it.description.as_deref(), 1_000)?;
    check::required("license", &it.license, 100)?;
    check::optional_text("readme", it.readme.as_deref(), README_CHARS_MAX)
}

/// As npm has it for new packages.
fn is_npm_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let fits = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"._-~".contains(&it);
        !part.is_empty() && !part.starts_with(['.', '_']) && part.bytes().all(fits)
    };
    match name.strip_prefix('@') {
        Some(rest) => rest.split_once('/').is_some_and(|it| is_part(it.0) && is_part(it.1)),
        None => is_part(name) && !["node_modules", "favicon.ico"].contains(&name),
    }
}

pub(super) fn check_git_options(it: &GitOptions) -> Result<(), Refusal> {
    for (field, value) in [("owner", &it.owner), ("repo", &it.repo)] {
        let Some(value) = value else { continue };
        let fits = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
        let is_name = (1..=100).contains(&value.len()) && value.bytes().all(fits);
        if !is_name || value.bytes().all(|it| it == b'.') || value.starts_with('-') {
            let why = "must be 1 to 100 letters, digits and . _ -, not begin with -, and not be dots only";
            return Err(Refusal::invalid(field, why));
        }
    }
    if it.owner.is_some() != it.repo.is_some() {
        let field = if it.owner.is_some() { "repo" } else { "owner" };
        return Err(Refusal::invalid(field, "is required beside the other one"));
    }
    check::optional("remote", it.remote.as_deref(), 2_000)?;
    if it.remote.as_ref().is_some_and(|it| !it.bytes().all(|it| it.is_ascii_graphic())) {
        return Err(Refusal::invalid("remote", "must be visible ASCII without spaces"));
    }
    check::optional("branch", it.branch.as_deref(), 200)?;
    check::line("userAgent", &it.user_agent, 200)?;
    check::list("generators", &it.generators, GENERATORS_MAX)?;
    for generator in &it.generators {
        check::required("generators", generator, 100)?;
    }
    if let Some(url) = &it.swagger_url {
        check::line("swaggerUrl", url, 2_000)?;
        check::web_address("swaggerUrl", url)?;
    }
    check::optional_text("sshKnownHosts", it.ssh_known_hosts.as_deref(), KNOWN_HOSTS_CHARS_MAX)
}

pub(super) fn check_record(it: &SdkRecorded) -> Result<(), Refusal> {
    check::required("sdkName", &it.sdk_name, PACKAGE_NAME_CHARS_MAX)?;
    check::required("language", &it.language, 100)?;
    check::required("version", &it.version, 100)?;
    check::optional("swaggerUrl", it.swagger_url.as_deref(), 2_000)?;
    check::optional("tags", it.tags.as_deref(), 500)?;
    check::optional("releaseDate", it.release_date.as_deref(), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_on() {
        for (version, next) in [("", "0.0.1"), ("0.0.0", "0.0.1"), ("1.2.9", "1.2.10")] {
            assert_eq!(next_version(version).as_deref(), Some(next));
        }
        for none in ["1", "1.2", "1.2.3.4", "1.2.x", "01.2.3", "1.2.-3", "1.2.999999999999999"] {
            assert_eq!(next_version(none), None, "{none}");
        }
    }

    #[test]
    fn names_of_packages_are_those_of_npm() {
        for name in ["a", "orders-client", "@shop/orders.client", "a_b~c"] {
            assert!(is_npm_name(name), "{name}");
        }
        for name in
            ["", "A", ".a", "_a", "@a", "@/a", "@a/", "@a/b/c", "a b", "a/b", "node_modules", "é"]
        {
            assert!(!is_npm_name(name), "{name}");
        }
    }
}
