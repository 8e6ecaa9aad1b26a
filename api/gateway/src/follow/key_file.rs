//! The file with the gateway's key. It is read again at each question, so that a replaced key counts
//! without a restart.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use crate::nginx::GatewayKey;

/// More than any key is long, in bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// The file with the gateway's key.
#[derive(Debug, Clone)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// By its path.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key. Never says what it holds.
    pub fn read(&self) -> io::Result<GatewayKey> {
        let mut text = String::new();
        let named = |err: io::Error| {
            io::Error::new(err.kind(), format!("the key file {}: {err}", self.0.display()))
        };
        let file = File::open(&self.0).map_err(named)?;
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(named)?;
        GatewayKey::new(&text)
            .ok_or_else(|| named(io::Error::other("does not hold the key of a gateway")))
    }
}
