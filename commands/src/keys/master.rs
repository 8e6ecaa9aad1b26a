//! The master key, and why keys cannot be used.

use std::path::PathBuf;

use base64::Engine as _;
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

    /// Reads Base64 or hexadecimal.
    ///
    /// # Errors
    /// When it is not 32 bytes.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => unhex(text),
            _ => BASE64_STANDARD.decode(text).ok(),
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
