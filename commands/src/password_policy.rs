//! Which passwords a tenant takes: the rules of the interface, the tenant's own length, and none that
//! everybody knows.

use domain::credentials::{IdentityRule, check_password};
use domain::tenant::settings::{NumberSetting, PASSWORD_CHARS_MIN, PASSWORDS_KNOWN_REFUSED};

/// A password that is found within so many guesses is known, or nearly so.
const GUESSES_MIN: u64 = 1_000_000;

/// How much of a password is looked at: looking at more takes too long, and what is longer is not
/// known.
const LOOKED_AT_CHARS: usize = 40;

/// What a tenant wants of passwords.
#[derive(Debug, Clone, Copy)]
pub struct PasswordPolicy {
    chars_min: u32,
    refuses_known: bool,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self::of(|it| it.default)
    }
}

impl PasswordPolicy {
    /// As a tenant sets it.
    pub fn of(setting: impl Fn(NumberSetting) -> u32) -> Self {
        let refuses_known = setting(PASSWORDS_KNOWN_REFUSED) == 1;
        Self { chars_min: setting(PASSWORD_CHARS_MIN), refuses_known }
    }

    /// The rules that a password breaks. `about` are words that whoever guesses tries first, such as
    /// the name of the user. Takes up to some milliseconds.
    pub fn broken(self, password: &str, about: &[&str]) -> Vec<IdentityRule> {
        let mut broken = check_password(password);
        let is_short = broken.iter().any(|it| it.code == "PasswordTooShort");
        if !is_short && password.chars().count() < self.chars_min as usize {
            let why = "password: fewer characters than this tenant requires";
            broken.push(IdentityRule { code: "PasswordTooShort", why });
        }
        if self.refuses_known && broken.is_empty() && is_known(password, about) {
            let why = "password: everybody knows it, or one like it";
            broken.push(IdentityRule { code: "PasswordTooCommon", why });
        }
        broken
    }
}

fn is_known(password: &str, about: &[&str]) -> bool {
    let looked_at = password.chars().take(LOOKED_AT_CHARS).collect::<String>();
    let about = about.iter().filter(|it| !it.is_empty()).copied().collect::<Vec<_>>();
    zxcvbn::zxcvbn(&looked_at, &about).guesses() < GUESSES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(password: &str, about: &[&str]) -> Vec<&'static str> {
        PasswordPolicy::default().broken(password, about).iter().map(|it| it.code).collect()
    }

    #[test]
    fn what_everybody_knows_is_refused_and_what_nobody_knows_is_taken() {
        for known in ["Password1!", "P@ssw0rd", "Qwerty1!", "Abcdef1!"] {
            assert_eq!(codes(known, &[]), ["PasswordTooCommon"], "{known}");
        }
        for unknown in ["grue-Ham7ster", "Xk4!pz9qLm", "First-Secret-1"] {
            assert!(codes(unknown, &[]).is_empty(), "{unknown}");
        }
        assert_eq!(codes("Hieronymus1!", &["hieronymus"]), ["PasswordTooCommon"]);
        assert!(
            codes(&"aA1!-".repeat(50), &[]).is_empty()
                || codes(&"aA1!-".repeat(50), &[]).len() == 1
        );
    }

    #[test]
    fn a_tenant_sets_the_length_and_may_take_known_ones() {
        let lax = |it: NumberSetting| if it == PASSWORDS_KNOWN_REFUSED { 0 } else { it.default };
        assert!(PasswordPolicy::of(lax).broken("Password1!", &[]).is_empty());
        let long = |it: NumberSetting| if it == PASSWORD_CHARS_MIN { 12 } else { it.default };
        let broken = PasswordPolicy::of(long).broken("Xk4!pz9qLm", &[]);
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].code, "PasswordTooShort");
        assert!(PasswordPolicy::of(long).broken("Xk4!pz9qLm77", &[]).is_empty());
    }
}
