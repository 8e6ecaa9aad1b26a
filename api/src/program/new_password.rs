//! New passwords, as an operator gives them.

use std::io::Read as _;

use commands::password_policy::PasswordPolicy;

use super::failure::Failure;
use crate::state::log_lines;

/// Reads a password from a place that others do not see: never from the command line.
pub(super) fn read_password(name: &str) -> Result<String, Failure> {
    let password = match std::env::var("CHANCERY_PASSWORD") {
        Ok(password) if !password.is_empty() => password,
        _ => {
            log_lines::say(&format!("New password for {name}, then end of input:"));
            let mut text = String::new();
            std::io::stdin().take(4_096).read_to_string(&mut text)?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    let broken = PasswordPolicy::default().broken(&password, &[name]);
    if !broken.is_empty() {
        let rules = broken.iter().map(|it| it.why).collect::<Vec<_>>();
        return Err(rules.join("; ").into());
    }
    Ok(password)
}
