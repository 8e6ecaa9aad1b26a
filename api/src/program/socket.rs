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

use super::failure::Failure;
use super::home::{SOCKET_NAME, socket_path};
use super::progress::progress_bar;
use super::request::Request;

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
    let bar = progress_bar();
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

/// The user of the operating system at the other end of a connection: the kernel says so, not the tool.
pub(crate) fn peer(stream: &UnixStream) -> Option<u32> {
    let credentials = rustix::net::sockopt::socket_peercred(stream).ok()?;
    Some(credentials.uid.as_raw())
}

/// Where tools are listened to.
pub(crate) fn listen(folder: &Path) -> Result<UnixListener, Failure> {
    let path = socket_path(folder);
    // A killed server left it; the lock shows that the server is gone.
    let _ = std::fs::remove_file(&path);
    let near = Near::to(folder)?;
    let listener = UnixListener::bind(near.socket());
    let listener = listener.map_err(|err| format!("{}: {err}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}
