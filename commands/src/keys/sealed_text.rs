//! Texts that the program gives away and wants back unchanged and unread, such as the code in a link of a
//! letter.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::TenantId;

use super::keyring::Keyring;
use super::seal::{NotOpened, SealKey};

/// The longest text that is looked at, in characters: no one that was given away is longer.
pub const SEALED_TEXT_CHARS_MAX: usize = 2_048;

impl Keyring {
    /// Base64url of sealed bytes. What is sealed for one purpose is not opened for another one.
    ///
    /// # Errors
    /// When the operating system has no randomness.
    pub fn seal_text(&self, purpose: &str, clear: &[u8]) -> Result<String, NotOpened> {
        let sealed = self.text_key(purpose)?.seal(purpose.as_bytes(), clear)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What was sealed for a purpose; `None` for anything else.
    pub fn open_text(&self, purpose: &str, text: &str) -> Option<Vec<u8>> {
        let fits = text.len() <= SEALED_TEXT_CHARS_MAX;
        let sealed = fits.then(|| BASE64_URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        self.text_key(purpose).ok()?.open(purpose.as_bytes(), &sealed).ok()
    }

    /// A key for each purpose, derived from the claim key by HMAC-SHA-256 under a kind of its own: no
    /// claim in the log has this hash.
    fn text_key(&self, purpose: &str) -> Result<SealKey, NotOpened> {
        let kind = ["seal.", purpose].concat();
        SealKey::new(&self.claim_hash(TenantId::INSTALLATION, &kind, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_opens_unchanged_for_its_purpose_and_for_nothing_else() {
        let keys = Keyring::ephemeral().unwrap();
        let text = keys.seal_text("one", b"ann@shop.example").unwrap();
        assert_eq!(keys.open_text("one", &text).unwrap(), b"ann@shop.example");
        assert_eq!(keys.open_text("two", &text), None);
        assert_eq!(Keyring::ephemeral().unwrap().open_text("one", &text), None);
        assert_ne!(keys.seal_text("one", b"ann@shop.example").unwrap(), text, "a fresh nonce");
        for length in 0..text.len() {
            assert_eq!(keys.open_text("one", &text[..length]), None, "{length}");
        }
        let other = |it: char| if it == 'A' { "B" } else { "A" };
        for (at, letter) in text.char_indices().filter(|(at, _)| at + 1 < text.len()) {
            let changed = [&text[..at], other(letter), &text[at + 1..]].concat();
            assert_eq!(keys.open_text("one", &changed), None, "{at}");
        }
        let plain = BASE64_URL_SAFE_NO_PAD.encode("ann@shop.example");
        for strange in ["", " ", "%", &plain, &format!("{text}="), &"A".repeat(1 << 16)] {
            assert_eq!(keys.open_text("one", strange), None, "{strange:.20}");
        }
    }
}
