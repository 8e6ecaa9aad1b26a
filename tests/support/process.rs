//! The real program as a child process: on a folder and a port of its own, started, killed, asked.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::documents;
pub use crate::folders::{contents, copy_folder};

/// The administrator's password, preset.
pub const PASSWORD: &str = "Sesame-1-open";

/// How long a child may take to come up, to answer or to end.
const WAIT_MAX: Duration = Duration::from_secs(40);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The JSON object on the last line.
    pub fn json(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_else(|| panic!("no output: {self:?}"));
        serde_json::from_str(last).unwrap_or_else(|err| panic!("{err}: {self:?}"))
    }

    /// Every line as JSON.
    pub fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
    }

    /// It succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// It failed, in words and not by a panic.
    #[track_caller]
    pub fn refused(self, words: &str) -> Self {
        assert!(self.code.is_some_and(|it| it != 0), "{self:?}");
        let said = format!("{}{}", self.out, self.err);
        assert!(said.contains(words), "no {words:?} in {self:?}");
        assert!(!said.contains("panicked"), "{self:?}");
        self
    }
}

/// A data folder with the program that runs on it, or does not. It is killed when dropped.
#[derive(Debug)]
pub struct Program {
    pub data: PathBuf,
    pub port: u16,
    pub client: Client,
    /// Where it listens: a host, or an address.
    pub listen: &'static str,
    /// The host that requests name, if it is another than the address.
    pub host: Option<&'static str>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// What a shell does before it becomes the program.
    before: Option<String>,
    child: Option<Child>,
    folder: TempDir,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// X-Log-Position; 0 if nothing was written.
    pub position: u64,
    pub kind: String,
    pub json: Value,
}

impl Answer {
    pub async fn of(response: Response) -> reqwest::Result<Self> {
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (position, kind) = (header("x-log-position"), header("content-type"));
        let status = response.status().as_u16();
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Self { status, position: position.parse().unwrap_or(0), kind, json })
    }

    /// The `data` of an answer that is good.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert_eq!((self.status, &self.json["code"]), (200, &Value::from(200)), "{self:?}");
        &self.json["data"]
    }
}

impl Program {
    /// A new folder and a free port. Nothing runs yet.
    pub fn new(arguments: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("chancery-test-").tempdir().unwrap();
        Self {
            data: folder.path().join("data"),
            port: free_port(),
            client: Client::new(),
            listen: "127.0.0.1",
            host: None,
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
            environment: vec![
                ("CHANCERY_ADMIN_PASSWORD".to_owned(), PASSWORD.to_owned()),
                // Documents of APIs come from the test.
                ("CHANCERY_ALLOW_PRIVATE_OUTBOUND".to_owned(), documents::OUTBOUND.to_owned()),
                // Somebody may use the default address.
                ("CHANCERY_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ],
            before: None,
            child: None,
            folder,
        }
    }

    /// One that runs.
    pub async fn started(arguments: &[&str]) -> Self {
        let mut program = Self::new(arguments);
        program.start().await;
        program
    }

    /// A copy of a closed data folder, for something else to happen to it.
    pub fn copy(&self) -> Self {
        let mut copy = Self::new(&[]);
        copy.arguments.clone_from(&self.arguments);
        copy.port = self.port;
        copy.listen = self.listen;
        copy_folder(&self.data, &copy.data);
        copy
    }

    /// No such variable, for all that is started here.
    pub fn unset_variable(&mut self, name: &str) {
        self.environment.retain(|it| it.0 != name);
    }

    /// Other arguments for the next start.
    pub fn set_arguments(&mut self, arguments: &[&str]) {
        self.arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
    }

    /// One more variable, for all that is started here.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.environment.retain(|it| it.0 != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A file beside the data folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these arguments, and with nothing else in its environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match &self.before {
            None => Command::new(binary()),
            Some(before) => {
                let mut shell = Command::new("/bin/sh");
                shell.arg("-c").arg(format!("{before} && exec \"$0\" \"$@\"")).arg(binary());
                shell
            }
        };
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Something that a shell does before it becomes the program, such as `ulimit -n 100`.
    pub fn set_before(&mut self, before: &str) {
        self.before = Some(before.to_owned());
    }

    /// The number of the process that runs.
    pub fn process(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    fn serve(&self) -> Command {
        let listen = format!("{}:{}", self.listen, self.port);
        let mut command = self.command(&["serve", "--listen", &listen]);
        command.arg("--data").arg(&self.data).args(&self.arguments);
        command
    }

    /// Starts the server and waits until it is ready.
    pub async fn start(&mut self) {
        let ended = self.try_start().await;
        assert_eq!(ended, None, "the server ended: {}", self.log());
    }

    /// Starts the server and waits until it is ready, or has ended; returns how it ended.
    pub async fn try_start(&mut self) -> Option<ExitStatus> {
        assert!(self.child.is_none(), "it runs");
        let log = |name: &str| {
            let options = File::options().create(true).append(true).open(self.beside(name));
            options.unwrap()
        };
        let child = self.serve().stdout(log("out")).stderr(log("err")).spawn().unwrap();
        self.child = Some(child);
        let started = Instant::now();
        while !self.is_ready().await {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            if ended.is_some() {
                self.child = None;
                return ended;
            }
            assert!(started.elapsed() < WAIT_MAX, "the server is not ready: {}", self.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        None
    }

    /// What the server holds of the memory, in MiB.
    pub fn memory_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process())).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    async fn is_ready(&self) -> bool {
        let answer = self.client.get(self.url("/health/ready")).send().await;
        answer.is_ok_and(|it| it.status() == 200)
    }

    /// Starts the server where it must not start, and returns what it says.
    pub fn start_refused(&self) -> Said {
        finish(self.serve())
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends a signal, without waiting for what comes of it.
    pub fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let kill =
            Command::new("sh").arg("-c").arg(format!("kill -{name} {}", child.id())).status();
        assert!(kill.unwrap().success());
    }

    /// Waits until it has ended by itself, gracefully.
    pub async fn ended(&mut self) {
        assert_eq!(self.exit_code().await, Some(0), "{}", self.log());
    }

    /// Waits until it has ended by itself.
    pub async fn exit_code(&mut self) -> Option<i32> {
        let mut child = self.child.take().expect("it runs");
        let started = Instant::now();
        loop {
            match child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None => assert!(started.elapsed() < WAIT_MAX, "it does not end: {}", self.log()),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// SIGTERM, and its end.
    pub async fn stop(&mut self) {
        self.signal("TERM");
        self.ended().await;
    }

    /// All log lines so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.beside("err")).unwrap_or_default()
    }

    /// Where figures are shown, with `--metrics-listen`.
    pub fn figures_address(&self) -> String {
        let log = self.log();
        let line = log.lines().find(|it| it.contains("figures are shown here only")).unwrap();
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next();
        address.unwrap().to_owned()
    }

    /// All that was printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(self.beside("out")).unwrap_or_default()
    }

    /// Runs a command on the data folder.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.command(arguments);
        command.arg("--data").arg(&self.data);
        finish(command)
    }

    /// `verify --format json`, which must succeed.
    #[track_caller]
    pub fn verified(&self) -> Value {
        let report = self.run(&["verify", "--format", "json"]).ok().json();
        assert_eq!(report["ok"], true, "{report}");
        report
    }

    /// `replay`, as JSON.
    pub fn replayed(&self) -> Vec<Value> {
        self.run(&["replay"]).ok().lines()
    }

    pub fn url(&self, path: &str) -> String {
        let at = if self.listen == "[::1]" { self.listen } else { "127.0.0.1" };
        format!("http://{at}:{}{path}", self.port)
    }

    /// The answer to a request for a token with a password.
    pub async fn sign_in(&self, name: &str, password: &str) -> Answer {
        let form = [
            ("client_id", "chancery-cli"),
            ("grant_type", "password"),
            ("username", name),
            ("password", password),
            ("scope", "oauthapp.all"),
        ];
        let request = self.request(Method::POST, "/connect/token").form(&form);
        let sent = request.send().await;
        Answer::of(sent.unwrap()).await.unwrap()
    }

    /// The answer to a request for a token with the secret of a client.
    pub async fn client_token(&self, client_id: &str, secret: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret),
        ];
        let request = self.request(Method::POST, "/connect/token").form(&form);
        let sent = request.send().await;
        Answer::of(sent.unwrap()).await.unwrap()
    }

    /// A token of the administrator.
    pub async fn token(&self) -> String {
        let answer = self.sign_in("admin", PASSWORD).await;
        answer.json["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, self.url(path));
        self.host.iter().fold(request, |it, host| it.header("host", *host))
    }

    /// A request that may fail, as in mid-crash.
    pub async fn try_ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> reqwest::Result<Answer> {
        let request = self.request(method, path).bearer_auth(token);
        let request = body.iter().fold(request, |it, body| it.json(body));
        Answer::of(request.send().await?).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.try_ask(Method::GET, path, token, None).await.unwrap()
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.try_ask(Method::POST, path, token, Some(&body)).await.unwrap()
    }

    pub async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        self.try_ask(Method::PUT, path, token, Some(&body)).await.unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Waits, within bounds, until something is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(WAIT_MAX, looking).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Runs to the end, within bounds.
pub fn finish(mut command: Command) -> Said {
    finish_within(&mut command, WAIT_MAX)
}

/// Runs to the end, within this time.
pub fn finish_within(command: &mut Command, time_max: Duration) -> Said {
    let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
    command.stdout(out.try_clone().unwrap()).stderr(err.try_clone().unwrap());
    let mut child = command.spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > time_max {
            child.kill().unwrap();
            panic!("{command:?} does not end: {}{}", whole(out), whole(err));
        }
        std::thread::sleep(LOOK_EVERY);
    };
    Said { code: status.code(), out: whole(out), err: whole(err) }
}

fn whole(mut file: File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}

/// The program under test: beside the folder of the test that runs.
pub fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join("chancery");
    assert!(path.exists(), "{} is missing: run `cargo build -p api`", path.display());
    path
}

/// Below the range from which the system takes ports for connections, so that none takes it
/// between a kill and the next start.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = 15_000 + (std::process::id() % 100) as u16 * 170;
    loop {
        let port = base + NEXT.fetch_add(1, Relaxed) % 170;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
