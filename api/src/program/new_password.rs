//! New passwords, as an operator gives them.

use std::io::{IsTerminal as _, Read as _};

use commands::password_policy::PasswordPolicy;
use domain::TenantId;

use super::failure::Failure;
use super::running::Running;
use crate::access::tenant_settings::setting;

/// The variable that holds a new password.
const PASSWORD_VARIABLE: &str = "CHANCERY_PASSWORD";

/// Reads a password from a place that others do not see: never from the command line, and not shown
/// where it is typed.
pub(super) fn read_password(name: &str) -> Result<String, Failure> {
    let variable = std::env::var(PASSWORD_VARIABLE).ok().filter(|it| !it.is_empty());
    let password = match variable {
        Some(password) => password,
        None if std::io::stdin().is_terminal() => {
            let password = rpassword::prompt_password(format!("New password for {name}: "))?;
            if rpassword::prompt_password("The same again: ")? != password {
                return Err("these are two passwords".into());
            }
            password
        }
        None => {
            let mut text = String::new();
            std::io::stdin().take(4_096).read_to_string(&mut text)?;
            text
        }
    };
    Ok(without_line_end(&password).to_owned())
}

/// Files and variables often end with one that nobody meant.
pub(super) fn without_line_end(password: &str) -> &str {
    password.trim_end_matches(['\r', '\n'])
}

/// The rules of a tenant for a password, or those of every new tenant.
pub(super) fn check_password(
    on: &Running,
    tenant: TenantId,
    name: &str,
    password: &str,
) -> Result<(), Failure> {
    let policy = {
        let tables = on.views.read();
        let row = tables.tenants.get(tenant);
        row.map(|row| PasswordPolicy::of(|it| setting(&tables, row, it))).unwrap_or_default()
    };
    let broken = policy.broken(password, &[name]);
    match broken.is_empty() {
        true => Ok(()),
        false => Err(broken.iter().map(|it| it.why).collect::<Vec<_>>().join("; ").into()),
    }
}
