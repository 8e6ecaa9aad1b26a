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
    /// A role.
    pub role: &'static str,
}

/// Scope, permission and the role `user`: what most rows of the documented table need.
pub(crate) const fn user(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { scope: code, permission: Some(code), role: ROLE_USER }
}

/// As [`user`], for administrators only.
pub(crate) const fn administrator(code: &'static str) -> Needs {
    let code = Code(code);
    Needs { scope: code, permission: Some(code), role: ROLE_ADMINISTRATOR }
}
