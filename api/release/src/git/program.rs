//! The program `git`: its version, its settings, its environment.

use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::process::{self, Ran};
use super::remote::Remote;
use super::workspace::Workspace;
use crate::{Failure, Reason};

/// The first version with `http.curloptResolve`. Earlier ones would pass over it and look up the name
/// once more.
const VERSION_MIN: (u32, u32) = (2, 37);

/// How long it may take to say its version.
const VERSION_TIME_MAX: Duration = Duration::from_secs(10);

/// The most memory of each process, in bytes: 4 GiB.
const MEMORY_BYTES_MAX: u64 = 4 << 30;

/// Settings of every run. What a user or a machine sets is never read.
const SETTINGS: [(&str, &str); 21] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("init.defaultBranch", "main"),
    // One pack, so that its size is that of one file.
    ("fetch.unpackLimit", "1"),
    ("transfer.unpackLimit", "1"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.gpgSign", "false"),
    ("push.negotiate", "false"),
    ("transfer.bundleURI", "false"),
    ("pack.threads", "1"),
    ("protocol.version", "2"),
    ("http.followRedirects", "false"),
    ("http.proxy", ""),
    ("http.sslVerify", "true"),
    // A remote that sends nothing for half a minute.
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "30"),
];

/// The program `git`.
#[derive(Debug, Clone)]
pub(super) struct Program(PathBuf);

impl Program {
    /// Asks it for its version.
    pub(super) async fn find(path: PathBuf) -> Result<Self, Failure> {
        let missing = |text: &str| Err(Failure::never(Reason::ToolMissing, text));
        let mut command = Command::new("prlimit");
        command.arg("--core=0").arg("--").arg(&path).arg("--version");
        command.env_clear().envs(path_of_ours());
        let said = match timeout(VERSION_TIME_MAX, process::run(command, b"")).await {
            Ok(Ok(said)) => said,
            Ok(Err(_)) => return missing("The program prlimit is not there: install util-linux."),
            Err(_) => return missing("The program git does not say its version."),
        };
        match version(&said.out) {
            Some(version) if version >= VERSION_MIN => Ok(Self(path)),
            Some(_) => missing("The program git is older than 2.37."),
            None => missing("The program git is not there, or is another one."),
        }
    }
}

/// `git version 2.47.3` as its first two numbers.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.strip_prefix("git version ")?.trim().split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn path_of_ours() -> Option<(&'static str, OsString)> {
    std::env::var_os("PATH").map(|it| ("PATH", it))
}

/// How a remote is reached.
#[derive(Default)]
pub(super) struct Way {
    /// Settings with a secret or an address in them, which stand in the environment only.
    settings: Vec<(&'static str, Zeroizing<String>)>,
    /// The command of ssh.
    ssh: Option<String>,
    /// What no text may show.
    pub(super) secrets: Vec<Zeroizing<String>>,
}

impl Way {
    /// By ssh, with a command.
    pub(super) fn ssh(command: String) -> Self {
        Self { ssh: Some(command), ..Self::default() }
    }

    /// By http or https: only at the address, with a token if there is one.
    pub(super) fn http(remote: &Remote, address: IpAddr, token: Option<&str>) -> Self {
        let mut way = Self::default();
        // A literal address is not looked up.
        if remote.host.parse::<IpAddr>().is_err() {
            let address = match address {
                IpAddr::V4(it) => it.to_string(),
                IpAddr::V6(it) => format!("[{it}]"),
            };
            let pin = format!("{}:{}:{address}", remote.host, remote.port);
            way.settings.push(("http.curloptResolve", Zeroizing::new(pin)));
        }
        if let Some(token) = token {
            // A token is a password to hosts, and any name goes with it; some want a name, before a colon.
            let pair = match token.contains(':') {
                true => Zeroizing::new(token.to_owned()),
                false => Zeroizing::new(format!("x-access-token:{token}")),
            };
            let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
            let header = Zeroizing::new(format!("Authorization: Basic {}", *encoded));
            way.settings.push(("http.extraHeader", header));
            let bare = token.split_once(':').map_or(token, |it| it.1);
            way.secrets = vec![pair, encoded, Zeroizing::new(bare.to_owned())];
        }
        way
    }
}

/// The program in the private folder of a push.
pub(super) struct Session<'a> {
    pub(super) program: &'a Program,
    pub(super) workspace: &'a Workspace,
    pub(super) remote: &'a Remote,
    pub(super) way: &'a Way,
    pub(super) file_bytes_max: u64,
}

impl Session<'_> {
    /// Runs it without anything that leads to the remote.
    pub(super) async fn local(&self, arguments: &[&str], input: &[u8]) -> io::Result<Ran> {
        self.run(arguments, input, &Way::default()).await
    }

    /// Runs it with what leads to the remote.
    pub(super) async fn remote(&self, arguments: &[&str]) -> io::Result<Ran> {
        self.run(arguments, b"", self.way).await
    }

    async fn run(&self, arguments: &[&str], input: &[u8], way: &Way) -> io::Result<Ran> {
        let mut command = Command::new("prlimit");
        command
            .arg(format!("--fsize={}", self.file_bytes_max))
            .arg(format!("--as={MEMORY_BYTES_MAX}"))
            .args(["--core=0", "--"])
            .arg(&self.program.0)
            .args(arguments)
            .current_dir(self.workspace.path())
            .env_clear()
            .envs(path_of_ours())
            .env("HOME", self.workspace.home())
            .env("XDG_CONFIG_HOME", self.workspace.home())
            .env("TMPDIR", self.workspace.path())
            .env("GIT_DIR", self.workspace.repository())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", self.remote.protocol.as_str())
            // Its messages are read.
            .env("LC_ALL", "C");
        if let Some(ssh) = &way.ssh {
            command.env("GIT_SSH_COMMAND", ssh).env("GIT_SSH_VARIANT", "ssh");
        }
        let secret = way.settings.iter().map(|(key, value)| (*key, value.as_str()));
        let settings = SETTINGS.into_iter().chain(secret).collect::<Vec<_>>();
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (at, (key, value)) in settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        process::run(command, input).await
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::super::remote::Protocols;
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("git version 2.47.3\n"), Some((2, 47)));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)\n"), Some((2, 39)));
        assert_eq!(version("git version 3.0.rc1"), Some((3, 0)));
        assert!(version("git version 2.9.1").unwrap() < VERSION_MIN);
        assert_eq!(version("hg 1.2.3"), None);
        assert_eq!(version(""), None);
    }

    #[tokio::test]
    async fn what_is_no_git_is_missing() {
        for other in ["/does/not/exist", "/bin/true"] {
            let failure = Program::find(PathBuf::from(other)).await.unwrap_err();
            assert_eq!(failure.reason, Reason::ToolMissing);
        }
    }

    #[test]
    fn names_are_pinned_to_checked_addresses_and_tokens_are_headers() {
        let settings = |way: &Way| {
            way.settings.iter().map(|(key, value)| format!("{key}={}", **value)).collect::<Vec<_>>()
        };
        let remote = |text| Remote::parse(text, Protocols::default()).unwrap();
        let [four, six] = ["8.8.8.8", "2606:4700::1"].map(|it| it.parse().unwrap());
        let way = Way::http(&remote("https://Git.example/r"), six, Some("tok"));
        assert_eq!(
            settings(&way),
            [
                "http.curloptResolve=git.example:443:[2606:4700::1]",
                "http.extraHeader=Authorization: Basic eC1hY2Nlc3MtdG9rZW46dG9r",
            ]
        );
        let way = Way::http(&remote("https://8.8.8.8/r"), four, Some("me:tok"));
        assert_eq!(settings(&way), ["http.extraHeader=Authorization: Basic bWU6dG9r"]);
        assert!(way.secrets.iter().any(|it| **it == "tok"));
    }

    /// A name that nobody can look up is reached at the address that it is pinned to.
    #[tokio::test]
    async fn git_connects_to_the_pinned_address() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4_096];
            let count = stream.read(&mut head).await.unwrap();
            stream.write_all(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            head.truncate(count);
            String::from_utf8(head).unwrap()
        });
        let protocols = Protocols { http: true, file: false };
        let url = format!("http://git.invalid:{}/r", address.port());
        let remote = Remote::parse(&url, protocols).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let session = Session {
            program: &Program::find(PathBuf::from("git")).await.unwrap(),
            workspace: &Workspace::new(folder.path()).unwrap(),
            remote: &remote,
            way: &Way::http(&remote, address.ip(), Some("tok")),
            file_bytes_max: 1 << 20,
        };
        let ran = session.remote(&["ls-remote", "--", remote.url()]).await.unwrap();
        assert!(ran.err.contains("not found"), "{}", ran.err);
        let head = asked.await.unwrap();
        assert!(head.contains("\r\nHost: git.invalid:"), "{head}");
        assert!(head.contains("\r\nAuthorization: Basic eC1hY2Nlc3MtdG9rZW46dG9r\r\n"), "{head}");
    }

    /// The forms of remotes refuse such texts already; this is the second lock.
    #[tokio::test]
    async fn git_runs_nothing_that_a_url_names() {
        let folder = tempfile::tempdir().unwrap();
        let ran = folder.path().join("ran");
        let protocols = Protocols { http: false, file: true };
        let remote = Remote::parse("file:///r", protocols).unwrap();
        let session = Session {
            program: &Program::find(PathBuf::from("git")).await.unwrap(),
            workspace: &Workspace::new(folder.path()).unwrap(),
            remote: &remote,
            way: &Way::default(),
            file_bytes_max: 1 << 20,
        };
        for url in [
            format!("ext::touch {}", ran.display()),
            format!("--upload-pack=touch {}", ran.display()),
            "fd::0".to_owned(),
            "ssh://-oProxyCommand=x/r".to_owned(),
            "http://127.0.0.1:9/r".to_owned(),
        ] {
            let asked = timeout(VERSION_TIME_MAX, session.remote(&["ls-remote", "--", &url])).await;
            let said = asked.unwrap().unwrap();
            let is_refused = ["not allowed", "blocked"];
            assert!(
                !said.is_well() && is_refused.iter().any(|it| said.err.contains(it)),
                "{url} {}",
                said.err
            );
        }
        assert!(!ran.exists());
    }
}
