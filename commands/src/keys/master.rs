//! The master key, and why keys cannot be used.

use std::path::PathBuf;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use domain::day_subject::DaySubject;

use super::seal::{NotOpened, random};

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {path}: {why}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// The master key does not open the key file.
    #[error(
        "the master key does not fit the key file {0}: give the one with which the data folder \
         was made (--master-key-file, CHANCERY_MASTER_KEY, or the file master.key)"
    )]
    WrongMaster(PathBuf),
    /// The master key is not 32 bytes in Base64 or hexadecimal.
    #[error("the master key must be 32 bytes, in Base64 or hexadecimal")]
    MalformedMaster,
    /// A key that an event needs is not in the file.
    #[error("the key file has no {0}")]
    Missing(String),
    /// The key is not one person's.
    #[error("the key of {0} is shared by all of that day; it is destroyed some days later")]
    Shared(DaySubject),
    /// The cryptographic library failed.
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
}

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// The key that wraps all others: 32 bytes.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// A new one, from the operating system.
    ///
    /// # Errors
    /// When it has no randomness.
    pub fn generate() -> Result<Self, NotOpened> {
        Ok(Self(random()?))
    }

    /// Reads hexadecimal or Base64: of either alphabet, with or without `=` at its end, and with or
    /// without a byte-order mark before it.
    ///
    /// # Errors
    /// When it is not 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let bytes = match text.len() {
            64 => unhex(text),
            _ => [&STANDARD, &URL_SAFE]
                .iter()
                .find_map(|alphabet| GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok()),
        };
        let bytes = bytes.and_then(|it| it.try_into().ok());
        Ok(Self(bytes.ok_or(KeyError::MalformedMaster)?))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Base64, as it stands in a file.
    pub fn to_text(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_however_it_was_written() {
        let bytes: [u8; 32] = std::array::from_fn(|n| 0xF8 + n as u8 % 8);
        let key = MasterKey(bytes);
        let text = key.to_text();
        let url = text.replace('+', "-").replace('/', "_");
        assert!(url != text && text.ends_with('='));
        for text in [
            text.clone(),
            text.trim_end_matches('=').to_owned(),
            url.clone(),
            url.trim_end_matches('=').to_owned(),
            format!("\u{feff}{text}\r\n"),
            domain::hex(&bytes),
            domain::hex(&bytes).to_uppercase() + "\n",
        ] {
            assert_eq!(MasterKey::parse(&text).unwrap().bytes(), &bytes, "{text:?}");
        }
        for wrong in ["", "x", &text[1..], &format!("{text}{text}"), &"g".repeat(64)] {
            assert!(MasterKey::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
