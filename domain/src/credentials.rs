//! What proves a user, and the rules of names and passwords.

use serde::{Deserialize, Serialize};

use crate::unseen::is_line_end_or_control;

/// The longest password, in bytes: hashing must have a bound.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// What proves a password: Argon2id (RFC 9106) with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordVerifier {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Salt.
    pub salt: [u8; 16],
    /// Hash.
    pub hash: [u8; 32],
}

/// What proves a user. Either may be absent: a password that came as its md5 is known as that only,
/// and the md5 is kept only where the tenant is linked (`docs/app-token.md`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verifiers {
    /// Of the password.
    pub password: Option<PasswordVerifier>,
    /// Of the upper-case md5 of the password, which is what the app-token service is sent.
    pub md5: Option<PasswordVerifier>,
}

impl From<PasswordVerifier> for Verifiers {
    fn from(password: PasswordVerifier) -> Self {
        Self { password: Some(password), md5: None }
    }
}

/// A rule of section 6.5 that a user name or a password breaks, under the name that clients of
/// the documented interface know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityRule {
    /// The documented name.
    pub code: &'static str,
    /// The rule in words.
    pub why: &'static str,
}

/// The rules of section 6.5 that a user name breaks.
pub fn check_user_name(name: &str) -> Vec<IdentityRule> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || "-._@+".contains(it);
    if name.chars().all(allowed) {
        return Vec::new();
    }
    let why = "userName: may have a-z, A-Z, 0-9 and -._@+ only";
    vec![IdentityRule { code: "InvalidUserName", why }]
}

/// The rules of section 6.5 that a password breaks.
pub fn check_password(password: &str) -> Vec<IdentityRule> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let rules = [
        (password.chars().count() >= 6, "PasswordTooShort", "password: at least 6 characters"),
        (password.len() <= PASSWORD_BYTES_MAX, "PasswordTooLong", "password: at most 256 bytes"),
        (
            has(|it| !it.is_alphanumeric() && !is_line_end_or_control(it)),
            "PasswordRequiresNonAlphanumeric",
            "password: at least one character that is neither letter nor digit",
        ),
        (has(|it| it.is_ascii_digit()), "PasswordRequiresDigit", "password: at least one digit"),
        (has(char::is_lowercase), "PasswordRequiresLower", "password: a lower-case letter"),
        (has(char::is_uppercase), "PasswordRequiresUpper", "password: an upper-case letter"),
        (
            !has(is_line_end_or_control),
            "PasswordHasControlCharacter",
            "password: no line ends and no other control characters",
        ),
    ];
    let broken = rules.into_iter().filter(|(kept, ..)| !kept);
    broken.map(|(_, code, why)| IdentityRule { code, why }).collect()
}

/// The name as it is compared, and the `normalizedUserName` of a user: letters of ASCII in capitals.
///
/// Others stay as they are. In capitals some of them are letters of ASCII (`ı` is `I`, `ſ` is `S`, `ß`
/// is `SS`), so that a name would find somebody else's account.
pub fn normalise(name: &str) -> String {
    name.trim().to_ascii_uppercase()
}

/// The value of a claim on a name or an address. What is not ASCII holds its claim under this since
/// before [`normalise`] left it alone, and gives it back under this.
pub fn claimed(text: &str) -> String {
    text.trim().to_uppercase()
}
