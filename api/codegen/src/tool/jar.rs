//! The file of the generator.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes of the file of the generator: 34 MB seen.
const JAR_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The SHA-256 of the file, in lower-case hexadecimal; `None` if it cannot be read or is too large. It
/// takes some 100 ms.
pub(super) async fn digest(path: &Path) -> Option<String> {
    let path: PathBuf = path.to_owned();
    tokio::task::spawn_blocking(move || read(&path)).await.ok()?
}

fn read(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?.take(JAR_BYTES_MAX + 1);
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0_u64;
    loop {
        let count = file.read(&mut chunk).ok()?;
        let part = chunk.get(..count).filter(|it| !it.is_empty());
        let Some(part) = part else { break };
        bytes = bytes.saturating_add(u64::try_from(count).ok()?);
        context.update(part);
    }
    let digest = context.finish();
    let hex = digest.as_ref().iter().map(|it| format!("{it:02x}")).collect();
    (bytes <= JAR_BYTES_MAX).then_some(hex)
}
