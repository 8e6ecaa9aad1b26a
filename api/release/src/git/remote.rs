//! Where a push goes: the forms of remotes and branches, checked without asking anybody.

use url::{Host, Url};

use crate::FormError;

/// The longest URL of a remote, in characters.
const URL_CHARS_MAX: usize = 2_000;

/// The longest name of a branch, in bytes.
const BRANCH_BYTES_MAX: usize = 200;

/// The longest user name in a URL of ssh, in bytes.
const USER_BYTES_MAX: usize = 64;

/// The longest name of an owner or a repository, in bytes.
const NAME_BYTES_MAX: usize = 100;

/// The longest name of a job, in bytes.
const JOB_BYTES_MAX: usize = 100;

/// How a remote is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `https:`
    Https,
    /// `http:`, where it is allowed.
    Http,
    /// `ssh:`
    Ssh,
    /// `file:`, where it is allowed.
    File,
}

impl Protocol {
    /// As URLs and git call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
            Self::Ssh => "ssh",
            Self::File => "file",
        }
    }
}

/// Which protocols may be used besides https and ssh: none, if nothing else is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Protocols {
    /// Whether `http:` may be used; a token is sent in the clear.
    pub http: bool,
    /// Whether `file:` may be used, which reaches everything that the program may.
    pub file: bool,
}

/// A remote whose form was checked: without credentials, and nothing that could be an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    pub(super) protocol: Protocol,
    /// As it is given to git.
    pub(super) url: String,
    /// A name in lower case or an address without brackets; empty for files.
    pub(super) host: String,
    /// Zero for files.
    pub(super) port: u16,
}

impl Remote {
    /// Reads `https://host/path` or `ssh://user@host/path`, with a port if wanted, at most 2,000
    /// characters. The path has letters, digits and `/ . _ ~ + @ = , -` only. No password, and for https
    /// no user either; no query, no fragment.
    ///
    /// `user@host:path` is not taken: it means another folder than `ssh://user@host/path` on some
    /// servers.
    ///
    /// # Errors
    /// What is wrong with it. It never repeats the text, which may hold a password.
    pub fn parse(text: &str, allowed: Protocols) -> Result<Self, FormError> {
        let wrong = |what: &str| Err(FormError::new(format!("The remote {what}.")));
        if text.len() > URL_CHARS_MAX || !text.bytes().all(|it| it.is_ascii_graphic()) {
            return wrong("has at most 2,000 characters, and only visible ones of ASCII");
        }
        let scheme = text.split_once("://").map(|it| it.0.to_ascii_lowercase());
        let protocol = match scheme.as_deref() {
            Some("https") => Protocol::Https,
            Some("ssh") => Protocol::Ssh,
            Some("http") if allowed.http => Protocol::Http,
            Some("file") if allowed.file => Protocol::File,
            Some(_) => return wrong("must be an https or ssh URL"),
            None => return wrong("must be a URL like https://host/path or ssh://git@host/path"),
        };
        let Ok(url) = Url::parse(text) else { return wrong("cannot be read as a URL") };
        if url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return wrong("may have no password, no query and no fragment");
        }
        let path = url.path();
        let may = |it: u8| it.is_ascii_alphanumeric() || b"/._~+@=,-".contains(&it);
        if !path.bytes().all(may) || path.trim_matches('/').is_empty() {
            return wrong("has a path of letters, digits and / . _ ~ + @ = , - only");
        }
        // The parser would take them out.
        if text.split('/').any(|it| it == "." || it == "..") {
            return wrong("has a path without dots as folders");
        }
        if protocol == Protocol::File {
            let is_local = url.host_str().is_none_or(str::is_empty) && url.username().is_empty();
            let url = format!("file://{path}");
            let read = Self { protocol, url, host: String::new(), port: 0 };
            return if is_local { Ok(read) } else { wrong("is on this machine, as file:///path") };
        }
        let host = match url.host_str().map(read_host) {
            Some(Some(host)) => host,
            _ => return wrong("has no host, or none that can be looked up"),
        };
        let user = match (protocol, url.username()) {
            (_, "") => None,
            (Protocol::Ssh, user) if is_user(user) => Some(user),
            (Protocol::Ssh, _) => return wrong("has a user of letters, digits and . _ - only"),
            _ => return wrong("may have no user name"),
        };
        let port = url.port_or_known_default().or((protocol == Protocol::Ssh).then_some(22));
        let Some(port) = port.filter(|it| *it != 0) else {
            return wrong("has a port of 1 to 65535");
        };
        let user = user.map(|it| format!("{it}@")).unwrap_or_default();
        let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let url = format!("{}://{user}{shown}:{port}{path}", protocol.as_str());
        Ok(Self { protocol, url, host, port })
    }

    /// The remote `{base}/{owner}/{repo}.git`, where `base` is such as `https://github.com`. Owner and
    /// repository have 1 to 100 letters, digits and `. _ -`, and are not `.` or `..`.
    ///
    /// # Errors
    /// When a name has another form, and as [`Self::parse`].
    pub fn below(
        base: &str,
        owner: &str,
        repo: &str,
        allowed: Protocols,
    ) -> Result<Self, FormError> {
        let may = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
        let is_name = |it: &str| {
            (1..=NAME_BYTES_MAX).contains(&it.len())
                && it.bytes().all(may)
                && ![".", ".."].contains(&it)
        };
        if !is_name(owner) || !is_name(repo) {
            let text = "Owner and repository have 1 to 100 letters, digits and . _ - only.";
            return Err(FormError::new(text));
        }
        Self::parse(&format!("{}/{owner}/{repo}.git", base.trim_end_matches('/')), allowed)
    }

    /// How it is reached.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The URL, as git gets it: with a port, without credentials.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// A host as the parser of http URLs reads it, whatever the scheme: `127.0.0.1` for `0x7f.1`.
fn read_host(text: &str) -> Option<String> {
    let may = |it: u8| it.is_ascii_alphanumeric() || b"-._".contains(&it);
    let is_bracketed = text.starts_with('[');
    if text.starts_with('-') || !(is_bracketed || text.bytes().all(may)) {
        return None;
    }
    match Url::parse(&format!("http://{text}/")).ok()?.host()? {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            (!name.is_empty() && !name.starts_with('-')).then(|| name.to_owned())
        }
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(address.to_string()),
    }
}

fn is_user(text: &str) -> bool {
    let may = |it: u8| it.is_ascii_alphanumeric() || b"._-".contains(&it);
    text.len() <= USER_BYTES_MAX && !text.starts_with('-') && text.bytes().all(may)
}

/// The name of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch(String);

impl Branch {
    /// Reads a name as `git check-ref-format --branch` takes it, at most 200 bytes; not `HEAD`.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let is_part = |it: &str| !it.is_empty() && !it.starts_with('.') && !it.ends_with(".lock");
        let may = |it: char| !it.is_control() && !it.is_whitespace() && !"~^:?*[\\".contains(it);
        let is_branch = text.len() <= BRANCH_BYTES_MAX
            && text.chars().all(|it| may(it) && !crate::failure::is_invisible(it))
            && text.split('/').all(is_part)
            && !["..", "@{"].iter().any(|it| text.contains(it))
            && !text.ends_with('.')
            && !text.starts_with('-')
            && !["@", "HEAD"].contains(&text);
        let wrong = || FormError::new("The branch is not the name of a branch, such as main.");
        is_branch.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole name of the ref.
    pub(super) fn as_ref_name(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

/// What names a job in the last line of its commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobId(String);

impl JobId {
    /// Reads 1 to 100 letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// When it has another form.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let may = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
        let is_id = (1..=JOB_BYTES_MAX).contains(&text.len()) && text.bytes().all(may);
        let wrong = || FormError::new("A job is named by letters, digits, - and _ only.");
        is_id.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
