//! The gateway's folder: generations, the link to the one that counts, the state, the lock.
//!
//! Files are 0600 in folders of 0700: they hold the gateway's key. Only where nginx runs its workers
//! as another user (a follower that is root) they may pass through `DIR` and `DIR/temp`, though not
//! list them, since bodies of requests that are too long for memory lie there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// How many generations are kept, the one that counts among them.
const GENERATIONS_MAX: usize = 10;

/// The longest state file, in bytes.
const STATE_BYTES_MAX: u64 = 16 << 10;

/// Held by the one follower of a folder, until this is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// When another follower has it, or the file cannot be made.
    pub fn take(path: &Path) -> io::Result<Self> {
        let file = private().truncate(false).open(path).map_err(|err| named(path, err))?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|err| {
            let err = io::Error::from(err);
            match err.kind() {
                io::ErrorKind::WouldBlock => {
                    let text = format!("another follower uses this: {}", path.display());
                    io::Error::new(io::ErrorKind::WouldBlock, text)
                }
                _ => named(path, err),
            }
        })?;
        Ok(Self { _file: file })
    }
}

/// What a follower knows from before; only for people and for reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct State {
    /// The last configuration that was served.
    pub applied: Option<StateApplied>,
    /// The last one that was not, if no later one was served.
    pub refused: Option<StateRefused>,
}

/// The last configuration that was served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateApplied {
    /// Its position.
    pub position: u64,
    /// The SHA-256 of its text, in hex.
    pub configuration: String,
}

/// The last configuration that was not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateRefused {
    /// Its position.
    pub position: u64,
    /// Why.
    pub reason: String,
}

impl State {
    /// Reads it; a file that is not there or not readable is an empty state.
    pub fn read(path: &Path) -> Self {
        let Ok(file) = File::open(path) else { return Self::default() };
        serde_json::from_reader(file.take(STATE_BYTES_MAX)).unwrap_or_default()
    }

    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_whole(path, &text)
    }
}

/// Writes a file that is there whole or not at all, also after a crash.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = folder.join(name);
    write_synced(&new, bytes)?;
    fs::rename(&new, path).map_err(|err| named(path, err))?;
    sync(folder)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = private().truncate(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|err| named(path, err))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|it| it.sync_all()).map_err(|err| named(folder, err))
}

fn named(path: &Path, err: io::Error) -> io::Error {
    io::Error::new(err.kind(), format!("{}: {err}", path.display()))
}

/// A generation: its name is `<position>-<id of its text>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) position: u64,
    pub(super) id: String,
}

impl Generation {
    fn name(&self) -> String {
        format!("{}-{}", self.position, self.id)
    }

    fn parse(name: &str) -> Option<Self> {
        let (position, id) = name.split_once('-')?;
        let is_id = !id.is_empty() && id.bytes().all(|it| it.is_ascii_hexdigit());
        let position = position.parse().ok().filter(|_| is_id)?;
        Some(Self { position, id: id.to_owned() })
    }
}

/// The gateway's folder.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// Makes what is missing of it.
    pub(super) fn prepare(dir: &Path) -> io::Result<Self> {
        let mode = if rustix::process::geteuid().is_root() { 0o711 } else { 0o700 };
        make(dir, mode)?;
        let dir = fs::canonicalize(dir).map_err(|err| named(dir, err))?;
        make(&dir.join("temp"), mode)?;
        make(&dir.join("generations"), 0o700)?;
        Ok(Self { dir })
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The `gateway.conf` of whatever generation counts.
    pub(super) fn current_file(&self) -> PathBuf {
        self.dir.join("current").join("gateway.conf")
    }

    pub(super) fn file_of(&self, generation: &Generation) -> PathBuf {
        self.folder_of(generation).join("gateway.conf")
    }

    fn folder_of(&self, generation: &Generation) -> PathBuf {
        self.dir.join("generations").join(generation.name())
    }

    /// The generation that counts, with the hash that its first line names.
    pub(super) fn current(&self) -> Option<(Generation, String)> {
        let link = fs::read_link(self.dir.join("current")).ok()?;
        let generation = Generation::parse(link.file_name()?.to_str()?)?;
        let mut line = String::new();
        let file = File::open(self.current_file()).ok()?;
        BufReader::new(file.take(200)).read_line(&mut line).ok()?;
        let sha256 = line.trim().rsplit(' ').next().unwrap_or_default().to_owned();
        Some((generation, sha256))
    }

    /// Writes a generation, which does not count yet.
    pub(super) fn write(&self, it: &Generation, conf: &str, json: &[u8]) -> io::Result<()> {
        let folder = self.folder_of(it);
        make(&folder, 0o700)?;
        write_synced(&folder.join("gateway.conf"), conf.as_bytes())?;
        write_synced(&folder.join("configuration.json"), json)?;
        sync(&folder)?;
        sync(&self.dir.join("generations"))
    }

    /// Makes a generation the one that counts; none, if there was none before.
    pub(super) fn set_current(&self, generation: Option<&Generation>) -> io::Result<()> {
        let link = self.dir.join("current");
        let Some(generation) = generation else {
            return fs::remove_file(&link).map_err(|err| named(&link, err));
        };
        let new = self.dir.join("current.new");
        match fs::remove_file(&new) {
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(named(&new, err)),
            _ => (),
        }
        let to = Path::new("generations").join(generation.name());
        symlink(to, &new).map_err(|err| named(&new, err))?;
        fs::rename(&new, &link).map_err(|err| named(&link, err))?;
        sync(&self.dir)
    }

    /// Removes all but the newest generations, and never the one that counts.
    pub(super) fn prune(&self) -> io::Result<()> {
        let current = self.current().map(|(it, _)| it.name());
        let mut found = Vec::new();
        let folder = self.dir.join("generations");
        for entry in fs::read_dir(&folder).map_err(|err| named(&folder, err))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if Generation::parse(&name).is_some() && Some(&name) != current.as_ref() {
                found.push((entry.metadata()?.modified()?, entry.path()));
            }
        }
        found.sort();
        let surplus =
            (found.len() + usize::from(current.is_some())).saturating_sub(GENERATIONS_MAX);
        for (_, path) in found.into_iter().take(surplus) {
            fs::remove_dir_all(&path).map_err(|err| named(&path, err))?;
        }
        Ok(())
    }
}

fn make(folder: &Path, mode: u32) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(folder)
        .map_err(|err| named(folder, err))?;
    let permissions = fs::Permissions::from_mode(mode);
    fs::set_permissions(folder, permissions).map_err(|err| named(folder, err))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(position: u64) -> Generation {
        Generation { position, id: format!("{position:012x}") }
    }

    #[test]
    fn the_newest_generations_are_kept_and_the_one_that_counts() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(dir.path()).unwrap();
        assert_eq!(folder.current(), None);
        for position in 1..=14 {
            let it = generation(position);
            folder
                .write(&it, &format!("# position {position} sha256 ab{position}\n"), b"{}")
                .unwrap();
            if position == 1 {
                folder.set_current(Some(&it)).unwrap();
            }
        }
        folder.prune().unwrap();
        let kept = fs::read_dir(dir.path().join("generations")).unwrap().count();
        assert_eq!(kept, GENERATIONS_MAX);
        assert_eq!(folder.current(), Some((generation(1), "ab1".to_owned())));
        folder.set_current(Some(&generation(14))).unwrap();
        assert_eq!(folder.current(), Some((generation(14), "ab14".to_owned())));
        let file = fs::metadata(folder.current_file()).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
        let parent = fs::metadata(dir.path().join("generations")).unwrap();
        assert_eq!(parent.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_lock_is_held_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = Lock::take(&path).unwrap();
        assert_eq!(Lock::take(&path).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        assert!(Lock::take(&path).is_ok());
    }

    #[test]
    fn a_state_is_read_back_and_a_broken_one_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        assert_eq!(State::read(&path), State::default());
        let applied = Some(StateApplied { position: 7, configuration: "ab".to_owned() });
        let state = State { applied, refused: None };
        state.write(&path).unwrap();
        assert_eq!(State::read(&path), state);
        fs::write(&path, "{").unwrap();
        assert_eq!(State::read(&path), State::default());
    }
}
