//! The private folder of a push: an empty repository, a home without settings, the files of ssh.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::remote::Remote;
use crate::Secret;

/// How the folders of pushes begin.
const PREFIX: &str = "push-";

/// The largest key or list of known hosts, in bytes.
const SSH_BYTES_MAX: usize = 64 << 10;

/// How long ssh may take to connect, in seconds.
const CONNECT_SECONDS_MAX: u32 = 10;

/// How often the folder is tried to be removed, and the wait between: programs that were killed a moment
/// ago may still write into it.
const REMOVALS_MAX: usize = 20;
const REMOVAL_WAIT: Duration = Duration::from_millis(5);

/// The private folder of a push. It is removed with this.
pub(super) struct Workspace {
    path: PathBuf,
}

impl Drop for Workspace {
    fn drop(&mut self) {
        for _ in 0..REMOVALS_MAX {
            match fs::remove_dir_all(&self.path) {
                Err(err) if err.kind() != io::ErrorKind::NotFound => {
                    std::thread::sleep(REMOVAL_WAIT)
                }
                _ => return,
            }
        }
        tracing::error!(
            "the private folder of a push cannot be removed: it goes at the next start"
        );
    }
}

impl Workspace {
    /// Makes one below a folder, readable for nobody else.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // Paths with links in them would not be those that programs name in their messages.
        let folder = fs::canonicalize(folder)?;
        let owner = fs::Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new().prefix(PREFIX).permissions(owner).tempdir_in(folder)?;
        let workspace = Self { path: dir.keep() };
        fs::DirBuilder::new().mode(0o700).create(workspace.home())?;
        Ok(workspace)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    pub(super) fn repository(&self) -> PathBuf {
        self.path.join("repository")
    }

    /// Whether what is fetched has reached the largest size of a file: then the system ended what wrote it,
    /// which git tells in no words of its own.
    pub(super) fn is_full(&self, file_bytes_max: u64) -> bool {
        let Ok(entries) = fs::read_dir(self.repository().join("objects/pack")) else {
            return false;
        };
        let sizes = entries.filter_map(|it| it.ok()?.metadata().ok()).map(|it| it.len());
        sizes.max().is_some_and(|it| it >= file_bytes_max)
    }

    /// Writes what ssh needs to reach a remote at an address, and says how it is run.
    pub(super) fn ssh(
        &self,
        remote: &Remote,
        address: IpAddr,
        key: &Secret,
        known_hosts: &str,
    ) -> io::Result<String> {
        if key.reveal().len().max(known_hosts.len()) > SSH_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let at = |name: &str| self.path.join(name);
        // ssh takes no key without an end of its last line, and none with those of Windows.
        let key = zeroize::Zeroizing::new(format!("{}\n", key.reveal().replace('\r', "").trim()));
        write_private(&at("key"), key.as_bytes())?;
        write_private(&at("known_hosts"), format!("{}\n", known_hosts.trim()).as_bytes())?;
        let config = ssh_config(remote, address, &at("key"), &at("known_hosts"));
        write_private(&at("ssh_config"), config.as_bytes())?;
        Ok(format!("ssh -F {}", in_shell(&at("ssh_config"))))
    }
}

/// A file that only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}

/// As one word of a shell.
fn in_shell(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

/// As one word of a file of ssh, where `%` begins what is put in.
fn in_ssh(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('%', "%%"))
}

/// Settings of ssh: one key, the stored hosts only, the checked address, and nothing that asks, forwards
/// or runs anything.
fn ssh_config(remote: &Remote, address: IpAddr, key: &Path, known_hosts: &Path) -> String {
    // As `ssh-keyscan` and ssh write it.
    let alias = match remote.port {
        22 => remote.host.clone(),
        port => format!("[{}]:{port}", remote.host),
    };
    format!(
        "Host *\n\
         HostName {address}\n\
         HostKeyAlias \"{alias}\"\n\
         IdentityFile {key}\n\
         IdentitiesOnly yes\n\
         IdentityAgent none\n\
         BatchMode yes\n\
         PreferredAuthentications publickey\n\
         StrictHostKeyChecking yes\n\
         UserKnownHostsFile {known_hosts}\n\
         GlobalKnownHostsFile /dev/null\n\
         CheckHostIP no\n\
         UpdateHostKeys no\n\
         VerifyHostKeyDNS no\n\
         ConnectTimeout {CONNECT_SECONDS_MAX}\n\
         ConnectionAttempts 1\n\
         ServerAliveInterval 15\n\
         ServerAliveCountMax 2\n\
         ClearAllForwardings yes\n\
         ForwardAgent no\n\
         ForwardX11 no\n\
         PermitLocalCommand no\n\
         ControlMaster no\n\
         ControlPath none\n\
         RequestTTY no\n\
         LogLevel ERROR\n",
        key = in_ssh(key),
        known_hosts = in_ssh(known_hosts),
    )
}

/// Removes what pushes left in a folder that did not end, such as keys of ssh after the program was
/// killed. For the start of the program, before the first push.
///
/// # Errors
/// When the folder cannot be read, or something in it cannot be removed.
pub fn sweep_left_over(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(err),
    };
    for entry in entries {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(|it| it.starts_with(PREFIX));
        if is_ours && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::remote::Protocols;
    use super::*;

    #[test]
    fn files_of_ssh_are_private_and_gone_with_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("with space's %h");
        let workspace = Workspace::new(&folder).unwrap();
        let remote =
            Remote::parse("ssh://git@Git.Example:2222/a.git", Protocols::default()).unwrap();
        let address = IpAddr::from([192, 0, 2, 1]);
        let key = Secret::new("a\r\nb");
        let run = workspace.ssh(&remote, address, &key, "known").unwrap();
        assert!(run.starts_with("ssh -F '/") && run.contains("with space'\\''s %h/push-"), "{run}");
        for (name, text) in
            [("key", Some("a\nb\n")), ("known_hosts", Some("known\n")), ("ssh_config", None)]
        {
            let path = workspace.path().join(name);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let said = fs::read_to_string(&path).unwrap();
            assert!(text.is_none_or(|it| it == said), "{said}");
        }
        let config = fs::read_to_string(workspace.path().join("ssh_config")).unwrap();
        assert!(
            config.contains("\nHostName 192.0.2.1\nHostKeyAlias \"[git.example]:2222\"\n"),
            "{config}"
        );
        assert!(config.contains("s %%h/push-"), "{config}");
        let path = workspace.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        drop(workspace);
        assert!(!path.exists());
    }

    #[test]
    fn keys_have_a_largest_size_and_what_was_left_over_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::new(folder.path()).unwrap();
        let remote = Remote::parse("ssh://git.example/a.git", Protocols::default()).unwrap();
        let long = "a".repeat(SSH_BYTES_MAX + 1);
        let address = IpAddr::from([192, 0, 2, 1]);
        assert!(workspace.ssh(&remote, address, &Secret::new(long.clone()), "").is_err());
        assert!(workspace.ssh(&remote, address, &Secret::new("a"), &long).is_err());
        fs::write(folder.path().join("push-file"), "").unwrap();
        fs::create_dir(folder.path().join("other")).unwrap();
        let path = workspace.path().to_owned();
        std::mem::forget(workspace);
        assert!(path.join("home").exists());
        sweep_left_over(folder.path()).unwrap();
        assert!(!path.exists() && folder.path().join("other").exists());
        sweep_left_over(&folder.path().join("missing")).unwrap();
    }
}
