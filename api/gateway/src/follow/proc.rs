//! Processes of nginx, as Linux shows them in `/proc`.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A master process of nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MasterProcess(Pid);

impl MasterProcess {
    /// The one that a pid file names, if it runs. Where `/proc` is, it must also call itself a master
    /// of nginx, and have `dir` in its command line if that is given: the number of a process that
    /// ended may be that of another one by now.
    pub(super) fn of(pid_file: &Path, dir: Option<&Path>) -> Option<Self> {
        let text = fs::read_to_string(pid_file).ok()?;
        let pid = Pid::from_raw(text.trim().parse().ok()?)?;
        if !has_proc() {
            return test_kill_process(pid).is_ok().then_some(Self(pid));
        }
        let line = command_line(pid.as_raw_nonzero().get())?;
        let is_ours = dir.and_then(Path::to_str).is_none_or(|it| line.contains(it));
        (line.starts_with("nginx: master process") && is_ours).then_some(Self(pid))
    }

    /// Makes it read its files again.
    pub(super) fn reload(self) -> bool {
        kill_process(self.0, Signal::HUP).is_ok()
    }

    /// Makes it end after the requests that it serves.
    pub(super) fn quit(self) -> bool {
        kill_process(self.0, Signal::QUIT).is_ok()
    }

    /// Its workers; `None` where they cannot be known.
    pub(super) fn workers(self) -> Option<Vec<i32>> {
        let pid = self.0.as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
        Some(children.split_whitespace().filter_map(|it| it.parse().ok()).collect())
    }
}

/// Ends a worker whose master is gone: it would keep the address for itself.
pub(super) fn end_orphan(worker: i32) {
    let is_worker = command_line(worker).is_some_and(|it| it.starts_with("nginx: worker process"));
    if let Some(pid) = Pid::from_raw(worker).filter(|_| is_worker) {
        // It may have ended by itself meanwhile.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// Whether a worker still takes new connections. One that ends does not, and says so.
pub(super) fn takes_connections(worker: i32) -> bool {
    let Some(line) = command_line(worker) else { return false };
    line.starts_with("nginx: ") && !line.contains("is shutting down")
}

fn has_proc() -> bool {
    Path::new("/proc/self/cmdline").exists()
}

fn command_line(pid: i32) -> Option<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
}
