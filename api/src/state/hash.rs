//! Short hashes of what is looked up in memory: names, networks, tokens.

use aws_lc_rs::digest::{self, SHA256};

/// The first 16 bytes of a SHA-256 over parts, each preceded by its length.
pub(crate) fn hash_16(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.finish().as_ref().first_chunk().copied().unwrap_or_default()
}
