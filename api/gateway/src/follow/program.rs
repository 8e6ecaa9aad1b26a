//! The program nginx: its version, a try of a file, a start.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use super::target::NotApplied;
use crate::nginx::NginxVersion;

/// How long a try of a file may take; 5,000 APIs take 0.84 s.
const TEST_TIME_MAX: Duration = Duration::from_secs(60);

/// The program.
#[derive(Debug, Clone)]
pub(super) struct Program {
    path: PathBuf,
    pub(super) version: NginxVersion,
}

/// The first version that takes `-e`, which keeps it from opening a log of the system.
const WITH_ERROR_OPTION: NginxVersion = NginxVersion(1, 19, 5);

impl Program {
    /// Asks it for its version.
    pub(super) async fn find(path: &Path) -> Result<Self, NotApplied> {
        let mut command = Command::new(path);
        command.arg("-v").stdin(Stdio::null()).kill_on_drop(true);
        let said = match tokio::time::timeout(TEST_TIME_MAX, command.output()).await {
            Ok(Ok(it)) => it.stderr,
            _ => return Err(NotApplied("the program nginx cannot be run".to_owned())),
        };
        match NginxVersion::parse(&String::from_utf8_lossy(&said)) {
            Some(version) => Ok(Self { path: path.to_owned(), version }),
            None => Err(NotApplied("the program is not nginx".to_owned())),
        }
    }

    /// As reports call it.
    pub(super) fn shown(&self) -> String {
        let NginxVersion(a, b, c) = self.version;
        format!("nginx/{a}.{b}.{c}")
    }

    fn command(&self, dir: &Path, main: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.arg("-p").arg(dir).arg("-c").arg(main).stdin(Stdio::null());
        if self.version >= WITH_ERROR_OPTION {
            command.args(["-e", "stderr"]);
        }
        command
    }

    /// Lets it read a main file. What it said, if it refuses it.
    pub(super) async fn test(&self, dir: &Path, main: &Path) -> Result<(), String> {
        let mut command = self.command(dir, main);
        command.args(["-q", "-t"]).kill_on_drop(true);
        match tokio::time::timeout(TEST_TIME_MAX, command.output()).await {
            Ok(Ok(it)) if it.status.success() => Ok(()),
            Ok(Ok(it)) => Err(String::from_utf8_lossy(&it.stderr).into_owned()),
            Ok(Err(_)) => Err("the program nginx cannot be run".to_owned()),
            Err(_) => Err("nginx read the file for more than 60 s".to_owned()),
        }
    }

    /// Starts it in the foreground, as a child in a process group of its own: a key that interrupts
    /// the follower does not interrupt requests. It goes on if the follower is killed.
    pub(super) fn start(&self, dir: &Path, main: &Path) -> Result<Child, NotApplied> {
        let mut command = self.command(dir, main);
        command.args(["-g", "daemon off;"]).process_group(0);
        command.spawn().map_err(|_| NotApplied("the program nginx cannot be run".to_owned()))
    }
}
