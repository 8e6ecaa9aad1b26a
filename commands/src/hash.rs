//! SHA-256, as blocks, leaves, streams and key ids are named by it.

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
