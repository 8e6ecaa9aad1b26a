//! A real nats-server with JetStream, on a port and in a folder of its own.

#![allow(clippy::expect_used, reason = "a helper of tests fails them by a panic")]

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::free_port;

/// How long a server may take to come up.
const START_WAIT_MAX: Duration = Duration::from_secs(20);

/// The oldest version that will do.
const OLDEST: (u32, u32) = (2, 10);

/// A server. It is killed when dropped, and its folder goes with it.
#[derive(Debug)]
pub struct NatsServer {
    port: u16,
    folder: TempDir,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl NatsServer {
    /// One that runs.
    ///
    /// # Panics
    /// When there is no binary, or it does not come up.
    pub fn start() -> Self {
        let mut server = Self::reserve(&[]);
        server.start_again();
        server
    }

    /// One with further arguments that does not run yet; its port is known.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn reserve(arguments: &[&str]) -> Self {
        Self {
            // Not one of the system's choice: while the server is down, a client might be given it.
            port: free_port(),
            folder: TempDir::new().expect("a folder"),
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
            child: None,
        }
    }

    /// Starts it, on the same port and folder as before.
    ///
    /// # Panics
    /// When there is no binary, or it does not come up.
    pub fn start_again(&mut self) {
        self.kill();
        let child = Command::new(find_binary())
            .args(["--addr", "127.0.0.1", "--port", &self.port.to_string(), "--jetstream"])
            .arg("--store_dir")
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("nats-server does not start: run tests/install-nats once"));
        let started = Instant::now();
        while !self.greets() {
            assert!(started.elapsed() < START_WAIT_MAX, "nats-server did not come up");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it (SIGKILL), as a power cut would, but for what the kernel holds.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it listens, as clients want it.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn greets(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else {
            return false;
        };
        stream.set_read_timeout(Some(Duration::from_secs(1))).ok();
        let mut word = [0; 4];
        stream.read_exact(&mut word).is_ok() && word == *b"INFO"
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn find_binary() -> PathBuf {
    if let Some(named) = std::env::var_os("CHANCERY_NATS_SERVER") {
        return named.into();
    }
    let on_path = Path::new("nats-server");
    if version_of(on_path).is_some_and(|it| it >= OLDEST) {
        return on_path.to_owned();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let installed = root.join("target/tools/nats-server");
    assert!(installed.exists(), "no nats-server 2.10 or newer: run tests/install-nats once");
    installed
}

/// `nats-server: v2.15.1`
fn version_of(binary: &Path) -> Option<(u32, u32)> {
    let output = Command::new(binary).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.trim().rsplit_once(" v")?.1.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
