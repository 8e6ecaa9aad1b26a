//! `DIR/admin.sock`: how tools on this machine talk to the running server. Its mode is the
//! authorisation.
//!
//! One request a connection, one JSON object; then lines, each with a letter before it: `l` a line
//! of output, `p` progress, `d` done, `e` an error.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cli::Failure;
use super::home::{SOCKET_NAME, socket_path};
use super::one_shots::OneShot;
use super::running::Running;
use super::{replay, verify};
use crate::app::App;

/// The longest request, in bytes.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;

/// How long a tool may be silent before it is cut off.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How long to wait after a tool could not be let in.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// What a tool asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", content = "with", rename_all = "snake_case")]
pub(crate) enum Request {
    Replay(replay::Query),
    Verify,
    OneShot(OneShot),
}

/// The folder of the socket under a short name: the path of a socket has at most 108 bytes
/// (unix(7)), and data folders may lie deep.
struct Near(File);

impl Near {
    fn to(folder: &Path) -> Result<Self, Failure> {
        Ok(Self(File::open(folder)?))
    }

    fn socket(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}/{SOCKET_NAME}", self.0.as_raw_fd()))
    }
}

/// Asks the running server. `line` gets the lines of output.
pub(crate) fn ask(
    folder: &Path,
    request: &Request,
    line: &mut dyn FnMut(&str),
) -> Result<(), Failure> {
    let path = socket_path(folder);
    let near = Near::to(folder)?;
    let mut stream = UnixStream::connect(near.socket()).map_err(|err| {
        format!(
            "a server holds {}, but does not answer at {}: {err}",
            folder.display(),
            path.display()
        )
    })?;
    serde_json::to_writer(&mut stream, request)?;
    stream.write_all(b"\n")?;
    let bar = super::verify::progress_bar();
    for answer in BufReader::new(stream).lines() {
        let answer = answer?;
        let (kind, text) = answer.split_at_checked(1).unwrap_or(("e", "an empty answer"));
        match kind {
            "l" => line(text),
            "p" => bar.set_position(text.parse().unwrap_or(0)),
            "d" => {
                bar.finish_and_clear();
                return Ok(());
            }
            _ => return Err(text.to_owned().into()),
        }
    }
    Err("the server ended before it had answered".into())
}

/// Answers tools until the process ends, in threads of its own.
pub(crate) fn serve(
    running: &Running,
    app: &Arc<App>,
    runtime: tokio::runtime::Handle,
) -> Result<(), Failure> {
    let path = socket_path(&running.folder);
    // Left by a server that was killed; the lock says that it is gone.
    let _ = std::fs::remove_file(&path);
    let near = Near::to(&running.folder)?;
    let listener = UnixListener::bind(near.socket());
    let listener = listener.map_err(|err| format!("{}: {err}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let (running, app) = (Arc::new(running.clone()), app.clone());
    std::thread::Builder::new().name("admin-socket".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // Most likely too many files are open: the next try would fail as fast.
                std::thread::sleep(ACCEPT_RETRY);
                continue;
            };
            let (running, app, runtime) = (running.clone(), app.clone(), runtime.clone());
            let answered = std::thread::Builder::new().name("admin".to_owned()).spawn(move || {
                if let Err(err) = answer(&stream, &running, &app, &runtime) {
                    tracing::warn!(error = %err, "an administrative request failed");
                    // The tool may have gone away.
                    let _ = writeln!(&stream, "e{}", err.to_string().replace('\n', " "));
                }
            });
            if let Err(err) = answered {
                tracing::warn!(error = %err, "an administrative request could not be answered");
            }
        }
    })?;
    Ok(())
}

fn answer(
    stream: &UnixStream,
    running: &Running,
    app: &App,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let mut text = String::new();
    BufReader::new(std::io::Read::take(stream, REQUEST_BYTES_MAX)).read_line(&mut text)?;
    let request = serde_json::from_str(&text).map_err(|_| "not a request of this version")?;
    let mut out = std::io::BufWriter::new(stream);
    match request {
        Request::Replay(query) => {
            replay::print(&*running.log, running.engine.keys(), &query, &mut |line| {
                Ok(writeln!(out, "l{line}")?)
            })?;
        }
        Request::Verify => {
            let report = verify::check(running, |position| {
                let _ = writeln!(&*stream, "p{position}");
            });
            writeln!(out, "l{}", serde_json::to_string(&report)?)?;
        }
        Request::OneShot(what) => {
            tracing::info!(what = what.name(), "an operator asks");
            let freed = what.frees_account();
            let said = runtime.block_on(what.run(running))?;
            if let Some((tenant, name)) = freed {
                app.attempts.forget_account(tenant, &name);
            }
            said.lines().try_for_each(|it| writeln!(out, "l{it}"))?;
        }
    }
    writeln!(out, "d")?;
    Ok(out.flush()?)
}
