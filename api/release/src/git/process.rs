//! A program of others, run with limits: what it says is cut, and it ends with whoever waits for it.

use std::io;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// The most that is kept of each of its outputs, in bytes: 8 MiB. More is read and dropped.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// How a program ended, and what it said.
#[derive(Debug)]
pub(super) struct Ran {
    /// Its exit code, unless a signal ended it.
    pub(super) code: Option<i32>,
    /// Its standard output, at most the first 8 MiB of it.
    pub(super) out: String,
    /// Its standard error, in the same way.
    pub(super) err: String,
}

impl Ran {
    pub(super) fn is_well(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether nothing of its standard output was dropped.
    pub(super) fn is_whole(&self) -> bool {
        self.out.len() < KEPT_BYTES_MAX
    }
}

/// A process in a group of its own. Whatever of the group still runs is killed when this is dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // There is no id after it was waited for: so the number is still its own.
        let id = self.0.id().and_then(|it| i32::try_from(it).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            // It may have ended by itself.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// Runs a program to its end, with an input. It is killed with all that it started when the future is
/// dropped.
pub(super) async fn run(mut command: Command, input: &[u8]) -> io::Result<Ran> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true);
    let mut group = Group(command.spawn()?);
    let stdin = group.0.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program may end before it has read everything; its exit code tells why.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
    };
    let (stdout, stderr) = (group.0.stdout.take(), group.0.stderr.take());
    let ((), out, err) = tokio::join!(feed, kept(stdout), kept(stderr));
    let (out, err) = (out?, err?);
    let status = group.0.wait().await?;
    Ok(Ran { code: status.code(), out, err })
}

/// Reads to the end, and keeps the beginning.
async fn kept(from: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return Ok(String::new()) };
    let mut part = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut part).await?;
        if count == 0 {
            return Ok(String::from_utf8_lossy(&kept).into_owned());
        }
        let room = KEPT_BYTES_MAX.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(part.get(..room).unwrap_or_default());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn outputs_are_kept_to_a_limit_and_an_unread_input_is_no_error() {
        let more = KEPT_BYTES_MAX + 1;
        let ran = run(shell(&format!("head -c {more} /dev/zero; echo no >&2; exit 3")), b"").await;
        let ran = ran.unwrap();
        assert_eq!((ran.code, ran.out.len(), ran.err.as_str()), (Some(3), KEPT_BYTES_MAX, "no\n"));
        assert!(!ran.is_well() && !ran.is_whole());
        let ran = run(shell("exit 0"), &vec![b'x'; 1 << 20]).await.unwrap();
        assert!(ran.is_well() && ran.is_whole());
        let ran = run(shell("cat; kill -9 $$"), b"in").await.unwrap();
        assert_eq!((ran.code, ran.out.as_str()), (None, "in"));
    }

    #[tokio::test]
    async fn a_dropped_run_ends_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pids");
        let script = format!("sleep 60 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
        let running = tokio::spawn(run(shell(&script), b""));
        let pid = loop {
            match std::fs::read_to_string(&file) {
                Ok(pid) => break pid.trim().to_owned(),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        running.abort();
        let _ = running.await;
        for _ in 0..400 {
            // A killed process that nobody has waited for yet is a zombie.
            let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if status.is_empty() || status.contains(") Z ") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("a process was left over");
    }
}
