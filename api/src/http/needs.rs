//! What an endpoint needs of its caller. It is declared here and checked in `access/guard.rs`.

use std::fmt;

use domain::role::{ROLE_ADMINISTRATOR, ROLE_USER};

/// A code such as `user.get`, without its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oauthapp.{}", self.0)
    }
}

/// What an endpoint requires of a token: all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// A scope that covers this code.
    pub scope: Code,
    /// A permission that covers this code.
    pub permission: Option<Code>,
    /// A role, if one is needed.
    pub role: Option<&'static str>,
    /// Another code that serves as well, as a scope and as a permission.
    pub or: Option<Code>,
    /// Whether every code of the same section serves as well.
    pub or_section: bool,
    /// Whether a client may call for itself, with the scope alone.
    pub or_machine: bool,
    /// The scope with which a client may call for itself, whatever else is needed. Its token must name
    /// it: no scope for more covers it.
    pub machine: Option<Code>,
}

impl Needs {
    /// Another code serves as well.
    pub(crate) const fn or(self, code: &'static str) -> Self {
        Self { or: Some(Code(code)), ..self }
    }

    /// Every code of the same section serves as well.
    pub(crate) const fn or_section(self) -> Self {
        Self { or_section: true, ..self }
    }

    /// A client may call for itself, with the scope alone.
    pub(crate) const fn or_machine(self) -> Self {
        Self { or_machine: true, ..self }
    }

    /// A client may call for itself, with this scope, if its token names it as such.
    pub(crate) const fn or_machine_with(self, code: &'static str) -> Self {
        Self { machine: Some(Code(code)), ..self }
    }
}

/// Scope, permission and the role `user`: what most rows of the documented table need.
pub(crate) const fn user(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { permission: Some(code), role: Some(ROLE_USER), ..scope(code.0) }
}

/// A scope, and nothing else: what the rows of code generation need.
pub(crate) const fn scope(code: &'static str) -> Needs {
    Needs {
        scope: Code(code),
        permission: None,
        role: None,
        or: None,
        or_section: false,
        or_machine: false,
        machine: None,
    }
}

/// As [`user`], but the scope is enough: no permission of the user is asked for.
pub(crate) const fn user_by_scope(code: &'static str) -> Needs {
    Needs { permission: None, ..user(code) }
}

/// As [`user`], for administrators only.
pub(crate) const fn administrator(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { role: Some(ROLE_ADMINISTRATOR), ..user(code.0) }
}
