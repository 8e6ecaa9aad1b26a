//! What the generator told of itself, kept with the digest of its file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::catalog::{self, Generator};
use crate::files::Files;

/// Bytes of the file in which it is kept: some 200 kB seen.
const KEPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What the generator told of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The SHA-256 of its file.
    pub(super) digest: String,
    /// The names that it was asked for; those it does not know, too.
    pub(super) asked: BTreeSet<String>,
    /// The generators that it knows of these.
    pub(super) generators: BTreeMap<String, Generator>,
}

impl Told {
    /// What was kept in a folder; nothing if there is nothing of that digest.
    pub(super) async fn read(digest: String, folder: Option<&Path>) -> Self {
        let nothing = Self { digest, ..Self::default() };
        let Some(file) = folder.map(|it| file(it, &nothing.digest)) else { return nothing };
        let digest = nothing.digest.clone();
        let read = move || {
            let is_short = std::fs::metadata(&file).ok()?.len() <= KEPT_BYTES_MAX;
            let bytes = is_short.then(|| std::fs::read(&file).ok()).flatten()?;
            serde_json::from_slice::<Self>(&bytes).ok().filter(|it| it.digest == digest)
        };
        tokio::task::spawn_blocking(read).await.ok().flatten().unwrap_or(nothing)
    }

    /// Keeps it. Where that fails, the generator is asked again after the next start.
    pub(super) async fn write(&self, folder: Option<&Path>) {
        let Some(file) = folder.map(|it| file(it, &self.digest)) else { return };
        let told = self.clone();
        let write = move || {
            let folder = file.parent()?;
            std::fs::create_dir_all(folder).ok()?;
            let mut new = tempfile::NamedTempFile::new_in(folder).ok()?;
            serde_json::to_writer(&mut new, &told).ok()?;
            new.persist(&file).ok()
        };
        if tokio::task::spawn_blocking(write).await.ok().flatten().is_none() {
            tracing::warn!("what the generator told of itself could not be kept");
        }
    }

    /// Takes what it told: a list, and a file of help for each generator.
    pub(super) fn take(&mut self, asked: &[String], files: &Files) {
        let text = |name: &str| files.get(name).map(|it| String::from_utf8_lossy(it).into_owned());
        let known = catalog::list(&text("list").unwrap_or_default());
        for name in asked {
            self.asked.insert(name.clone());
            self.generators.remove(name);
            let Some((kind, help)) = known.get(name).zip(text(&format!("{name}.txt"))) else {
                continue;
            };
            let options = catalog::options(&help);
            let generator = Generator { name: name.clone(), kind: *kind, options };
            self.generators.insert(name.clone(), generator);
        }
    }

    /// Whether it was asked for all of these.
    pub(super) fn has(&self, names: &[String]) -> bool {
        names.iter().all(|it| self.asked.contains(it))
    }

    /// Those of these that it was not asked for; all of them, if it is to be asked again.
    pub(super) fn unknown(&self, names: &[String], again: bool) -> Vec<String> {
        names.iter().filter(|it| again || !self.asked.contains(*it)).cloned().collect()
    }

    /// Only what it told of these.
    pub(super) fn only(&self, names: &[String]) -> Self {
        let mut told = self.clone();
        told.generators.retain(|name, _| names.contains(name));
        told
    }
}

fn file(folder: &Path, digest: &str) -> PathBuf {
    folder.join(format!("generators-{digest}.json"))
}
