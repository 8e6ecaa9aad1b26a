//! A real sshd on 127.0.0.1, with keys of its own.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/sshd";

/// Whether the tests can run. Says so if not.
pub fn has_sshd() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    let found = Path::new(PROGRAM).exists() && is_root;
    let is_needed = ["CI", "CHANCERY_NEEDS_SSHD"].iter().any(|it| std::env::var_os(it).is_some());
    assert!(
        found || !is_needed,
        "sshd is not installed, or not run by root: tests/install-registries"
    );
    if !found {
        println!(
            "skipped: sshd is not installed (tests/install-registries installs it), or not run by root"
        );
    }
    found
}

/// Makes a pair of keys. The path of the private one.
pub fn key(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path);
    assert!(command.status().unwrap().success());
    path
}

pub fn public(private: &Path) -> String {
    let text = fs::read_to_string(private.with_extension("pub")).unwrap();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// The server. It ends with this.
pub struct Sshd {
    pub dir: TempDir,
    pub port: u16,
    child: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Sshd {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // It demands this folder when root runs it.
        fs::create_dir_all("/run/sshd").unwrap();
        let host = key(dir.path(), "host");
        let client = key(dir.path(), "client");
        fs::write(dir.path().join("allowed"), public(&client)).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nPidFile none\nUsePAM no\n\
             AuthorizedKeysFile {allowed}\nStrictModes no\nPermitRootLogin prohibit-password\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nAllowTcpForwarding no\n",
            host = host.display(),
            allowed = dir.path().join("allowed").display(),
        );
        fs::write(dir.path().join("config"), config).unwrap();
        let child = Command::new(PROGRAM)
            .args(["-D", "-e", "-f"])
            .arg(dir.path().join("config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let sshd = Self { dir, port, child };
        for _ in 0..400 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return sshd;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("sshd did not start");
    }

    pub fn client_key(&self) -> String {
        fs::read_to_string(self.dir.path().join("client")).unwrap()
    }

    /// The line of `known_hosts` under a name.
    pub fn known(&self, name: &str) -> String {
        format!("[{name}]:{} {}\n", self.port, public(&self.dir.path().join("host")))
    }
}
