//! The command that runs a script in a sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use super::run::{Kind, Limits, Run};
use crate::failure::{Failure, Reason};
use crate::limits::{
    INPUT_BYTES_MAX, OPEN_FILES_MAX, PROCESSES_MAX, TEMPORARY_BYTES_MAX, WRITTEN_FILE_BYTES_MAX,
};

/// What stands at the beginning of the log once the sandbox is there.
pub(super) const BEGUN: &str = "sandbox: begun\n";

/// How the script of ours around that of a run ends if the input does not arrive.
pub(super) const NO_INPUT: i32 = 121;
/// How it ends if the folder is full.
pub(super) const FULL: i32 = 122;
/// How it ends if what should come out is no folder.
pub(super) const NO_OUTPUT: i32 = 123;

/// Reads the input, runs the script, writes the output.
const AROUND: &str = r#"echo "sandbox: begun" >&2
script=$1
shift
tar -x -f - -C "$INPUT" || exit 121
cd "$WORK" || exit 121
sh -c "$script" sh "$@" </dev/null >&2
code=$?
[ "$code" = 0 ] || exit "$code"
[ -d out ] && [ ! -L out ] || exit 123
(printf x >.last) 2>/dev/null || exit 122
exec tar -c -f - -C out .
"#;

/// Folders of a system beside `/usr`; today most are links into it.
const SYSTEM: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// Seconds between a limit of the processor that can be noticed, and the one that kills.
const CPU_SECONDS_LEFT: u64 = 5;

/// The user as which a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    /// The user of this process.
    Same,
    /// A user without a name and without files, with this number, which is that of the group, too.
    Numbered(u32),
}

/// Where a script runs.
#[derive(Debug)]
pub(super) enum Place {
    /// In a sandbox of bubblewrap.
    Bubblewrap(User),
    /// In a temporary folder, which is removed with this.
    Folder(TempDir),
}

impl Place {
    /// A new one.
    pub(super) fn new(kind: Kind, user: User) -> Result<Self, Failure> {
        match kind {
            Kind::Bubblewrap => Ok(Self::Bubblewrap(user)),
            Kind::None => {
                let not = |_| Failure::new(Reason::SandboxMissing, "no temporary folder");
                let folder = tempfile::Builder::new().prefix("codegen-").tempdir().map_err(not)?;
                for name in ["input", "work", "tmp"] {
                    fs::create_dir(folder.path().join(name)).map_err(not)?;
                }
                Ok(Self::Folder(folder))
            }
        }
    }

    /// Paths of this machine that a log may name.
    pub(super) fn paths(&self, run: &Run) -> Vec<PathBuf> {
        match self {
            Self::Bubblewrap(_) => Vec::new(),
            Self::Folder(folder) => {
                let parts = run.parts.iter().map(|(_, it)| it.clone());
                let parts = parts.flat_map(|it| [it.canonicalize().unwrap_or(it.clone()), it]);
                parts.chain([folder.path().to_owned()]).collect()
            }
        }
    }

    /// The command of a run, in a process group of its own.
    pub(super) fn command(&self, run: &Run) -> Command {
        let mut command = Command::new("prlimit");
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true).current_dir("/");
        command.args(limits(&run.limits));
        match self {
            Self::Bubblewrap(user) => {
                if let User::Numbered(number) = user {
                    command.arg(format!("--nproc={PROCESSES_MAX}"));
                    command.uid(*number).gid(*number);
                }
                command.args(["--", "bwrap"]);
                bubblewrap(&mut command, run);
                for (name, _) in &run.parts {
                    command.args(["--setenv", name, &inside(name)]);
                }
            }
            Self::Folder(folder) => {
                for (name, at) in [("INPUT", "input"), ("WORK", "work"), ("HOME", "tmp")] {
                    command.env(name, folder.path().join(at));
                }
                command.env("TMPDIR", folder.path().join("tmp")).env("LANG", "C.UTF-8");
                command.envs(run.parts.iter().map(|(name, path)| (name, path)));
            }
        }
        command.args(["--", "sh", "-c", AROUND, "sh", run.script]).args(&run.arguments);
        command
    }
}

/// Where a part is inside.
fn inside(name: &str) -> String {
    format!("/parts/{name}")
}

fn limits(limits: &Limits) -> [String; 5] {
    let Limits { cpu_seconds, address_space_bytes, .. } = limits;
    [
        format!("--as={address_space_bytes}"),
        format!("--cpu={cpu_seconds}:{}", cpu_seconds + CPU_SECONDS_LEFT),
        format!("--fsize={WRITTEN_FILE_BYTES_MAX}"),
        format!("--nofile={OPEN_FILES_MAX}"),
        "--core=0".to_owned(),
    ]
}

/// The arguments of bubblewrap.
fn bubblewrap(command: &mut Command, run: &Run) {
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]);
    command.args(["--cap-drop", "ALL", "--hostname", "sandbox", "--ro-bind", "/usr", "/usr"]);
    for folder in SYSTEM {
        if let Ok(target) = fs::read_link(folder) {
            command.arg("--symlink").arg(target).arg(folder);
        } else if Path::new(folder).is_dir() {
            command.args(["--ro-bind", folder, folder]);
        }
    }
    command.args(["--proc", "/proc", "--dev", "/dev"]);
    let input_bytes = INPUT_BYTES_MAX.saturating_mul(2).to_string();
    let sizes = [
        ("/tmp", TEMPORARY_BYTES_MAX.to_string()),
        ("/work", run.limits.work_bytes.to_string()),
        // Its files take whole pages.
        ("/input", input_bytes),
    ];
    for (folder, bytes) in &sizes {
        command.args(["--size", bytes, "--tmpfs", folder]);
    }
    for (name, path) in &run.parts {
        command.arg("--ro-bind").arg(path).arg(inside(name));
    }
    for path in &run.also {
        command.arg("--ro-bind-try").arg(path).arg(path);
    }
    let variables = [
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/tmp"),
        ("TMPDIR", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("INPUT", "/input"),
        ("WORK", "/work"),
    ];
    for (name, value) in variables {
        command.args(["--setenv", name, value]);
    }
}
