//! A token or a key, which is never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A token or a private key: wiped from memory after use, and never shown by `Debug`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes it as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Whether there is nothing but white space in it.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text without white space around it, if it can stand in a header of HTTP: visible ASCII.
    pub(crate) fn as_token(&self) -> Option<&str> {
        let text = self.0.trim();
        let is_token = !text.is_empty()
            && text.len() <= TOKEN_BYTES_MAX
            && text.bytes().all(|it| it.is_ascii_graphic());
        is_token.then_some(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// The longest token, in bytes: what servers commonly take as one header.
const TOKEN_BYTES_MAX: usize = 4_096;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_a_token_is_one_visible_word() {
        let secret = Secret::new(" npm_abc\n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.as_token().unwrap(), "npm_abc");
        let long = "a".repeat(TOKEN_BYTES_MAX);
        assert!(Secret::new(long.clone()).as_token().is_some());
        for wrong in ["", " \n", "a b", "a\r\nx: y", "é", &format!("{long}a")] {
            assert!(Secret::new(wrong).as_token().is_none(), "{wrong:?}");
        }
        assert!(Secret::new(" \n").is_blank() && !secret.is_blank());
    }
}
