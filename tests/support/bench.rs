//! What the benchmarks share: the real binary on a folder, pinned to a core; a load; medians.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use commands::Engine;
use commands::keys::{Keyring, MasterKey};
use commands::log::{SledLog, SledLogOptions};
use commands::signing::system_head;
use domain::client::{Client, ClientCommand, ClientRegistered, ClientSecretInfo, ClientSecrets};
use domain::log::EventLog;
use domain::{Actor, ClientName, TenantId, Timestamp, UserId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The administrator's password of every benchmark.
pub const PASSWORD: &str = "Bench-mark-1";

const READY_WAIT_MAX: Duration = Duration::from_secs(60);

/// The binary, built if it is not up to date.
pub fn binary() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--package", "api", "--bin", "chancery"])
        .current_dir(root)
        .status();
    assert!(built.unwrap().success(), "the program does not build");
    root.join("target/release/chancery")
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    /// From the start of the process until it said that it is ready.
    pub ready: Duration,
    child: Child,
}

impl Server {
    /// Starts it on a folder, on one core if there is `taskset` and one is named.
    pub fn start(folder: &Path, core: Option<usize>) -> Self {
        Self::start_with(folder, core, &[])
    }

    /// As `start`, with settings in its environment.
    pub fn start_with(folder: &Path, core: Option<usize>, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = on_core(core, &binary_path());
        command.args(["serve", "--log", "error", "--listen", &address.to_string(), "--data"]);
        command.arg(folder).env("CHANCERY_ADMIN_PASSWORD", PASSWORD).stdout(Stdio::null());
        // What is measured is the program, and not what it allows one caller.
        command.env("CHANCERY_ACCOUNT_EVENTS_PER_SECOND", "0");
        command.env("CHANCERY_ACCOUNT_KIB_PER_SECOND", "0");
        command.envs(settings.iter().copied());
        let started = Instant::now();
        let child = command.spawn().unwrap();
        while !is_ready(address) {
            assert!(started.elapsed() < READY_WAIT_MAX, "the server did not come up");
            std::thread::sleep(Duration::from_millis(1));
        }
        Self { address, ready: started.elapsed(), child }
    }

    /// What it holds of the memory, in MiB.
    pub fn memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }

    /// As `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Gracefully.
    pub fn stop(mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn binary_path() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("target/release/chancery")
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address).ok()?;
        let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).ok()?;
        (answer == *b"HTTP/1.1 200 OK").then_some(())
    };
    ask().is_some()
}

/// A command that runs on one core, where `taskset` is installed.
pub fn on_core(core: Option<usize>, program: &Path) -> Command {
    let taskset = Command::new("taskset").arg("-V").stdout(Stdio::null()).status().is_ok();
    match core {
        Some(core) if taskset => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// Moves this process to one core, where `taskset` is installed.
pub fn stay_on_core(core: usize) {
    let id = std::process::id().to_string();
    let moved = Command::new("taskset")
        .args(["-a", "-c", "-p", &core.to_string(), &id])
        .stdout(Stdio::null())
        .status();
    if moved.is_err() {
        println!("taskset is not installed: server and load share their cores");
    }
}

/// The log and the engine of a data folder that no server holds.
pub fn open(folder: &Path) -> (Arc<SledLog>, Arc<Engine>) {
    let master = std::fs::read_to_string(folder.join("master.key")).unwrap();
    let keys = Keyring::open(&folder.join("keys"), &MasterKey::parse(&master).unwrap()).unwrap();
    let keys = Arc::new(keys);
    let log = SledLog::open(&SledLogOptions {
        folder: folder.to_owned(),
        id: keys.log_id(),
        reserve_bytes: 0,
        accept_head: None,
    });
    let log = Arc::new(log.unwrap());
    let port: Arc<dyn EventLog> = log.clone();
    (log, Arc::new(Engine::new(port, keys)))
}

/// The clock of the benchmarks.
#[allow(clippy::disallowed_methods, reason = "the edge: events must bear the server's time")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(since.as_micros() as i64)
}

/// What a folder takes of the disk, in bytes.
pub fn space(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).unwrap();
    if !metadata.is_dir() {
        return metadata.blocks() * 512;
    }
    std::fs::read_dir(path).unwrap().map(|it| space(&it.unwrap().path())).sum()
}

/// How answers came back.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
}

/// Sends a request again and again over so many connections, each after its last answer.
pub async fn load(address: SocketAddr, request: &str, connections: usize, time: Duration) -> Load {
    let request: Arc<str> = request.into();
    let started = Instant::now();
    let tasks = (0..connections).map(|_| tokio::spawn(connection(address, request.clone(), time)));
    let mut taken = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        taken.extend(task.await.unwrap());
    }
    let per_second = taken.len() as f64 / started.elapsed().as_secs_f64();
    Load { per_second, p50_us: quantile(&mut taken, 0.5), p99_us: quantile(&mut taken, 0.99) }
}

/// Sends each request once over so many connections; the answers come in no order.
pub async fn load_each(
    address: SocketAddr,
    requests: Vec<String>,
    connections: usize,
) -> (Load, Vec<String>) {
    let left = Arc::new(std::sync::Mutex::new(requests));
    let started = Instant::now();
    let tasks = (0..connections).map(|_| {
        let left = left.clone();
        tokio::spawn(async move {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut done = Vec::new();
            loop {
                let next = left.lock().unwrap().pop();
                let Some(request) = next else { return done };
                let one = Instant::now();
                let (status, body) = exchange(&mut stream, &request).await;
                assert_eq!(status, 200, "{request}");
                done.push((one.elapsed().as_secs_f64() * 1e6, String::from_utf8(body).unwrap()));
            }
        })
    });
    let (mut taken, mut answers) = (Vec::new(), Vec::new());
    for task in tasks.collect::<Vec<_>>() {
        for (time, answer) in task.await.unwrap() {
            taken.push(time);
            answers.push(answer);
        }
    }
    let per_second = taken.len() as f64 / started.elapsed().as_secs_f64();
    let (p50_us, p99_us) = (quantile(&mut taken, 0.5), quantile(&mut taken, 0.99));
    (Load { per_second, p50_us, p99_us }, answers)
}

async fn connection(address: SocketAddr, request: Arc<str>, time: Duration) -> Vec<f64> {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut taken = Vec::new();
    let started = Instant::now();
    while started.elapsed() < time {
        let one = Instant::now();
        let (status, _) = exchange(&mut stream, &request).await;
        assert!(matches!(status, 200 | 204), "{status}: {request}");
        taken.push(one.elapsed().as_secs_f64() * 1e6);
    }
    taken
}

/// One request: the status and the body of its answer.
pub async fn ask(address: SocketAddr, request: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (status, body) = exchange(&mut stream, request).await;
    (status, String::from_utf8(body).unwrap())
}

async fn exchange(stream: &mut tokio::net::TcpStream, request: &str) -> (u16, Vec<u8>) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::with_capacity(2048);
    loop {
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "the connection was closed");
        let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&bytes[..end]).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
        let status = head[9..12].parse().unwrap();
        // There is none where there is no body.
        let length = length.map_or((status == 204).then_some(0), |it| it.parse().ok());
        let length = length.unwrap();
        if bytes.len() >= end + 4 + length {
            return (status, bytes.split_off(end + 4));
        }
    }
}

/// A GET as text.
pub fn get(address: SocketAddr, path: &str, token: Option<&str>) -> String {
    let token = token.map_or_else(String::new, |it| format!("Authorization: Bearer {it}\r\n"));
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{token}\r\n")
}

/// A form as text.
pub fn post(address: SocketAddr, path: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{form}",
        form.len()
    )
}

/// A JSON body as text.
pub fn post_json(address: SocketAddr, path: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
         Content-Type: application/json\r\n\r\n{body}",
        body.len()
    )
}

/// The client that asks for tokens, and its secret.
pub const CLIENT: &str = "bench";
pub const CLIENT_SECRET: &str = "bench-secret-of-a-client";

/// Adds that client to a log that no server holds.
pub fn add_client(folder: &Path) {
    let (log, engine) = open(folder);
    let data = ClientRegistered {
        client: 2,
        tenant: TenantId::FIRST,
        owner: UserId(1),
        client_id: ClientName(CLIENT.to_owned()),
        secrets: vec![ClientSecretInfo {
            id: 0,
            description: None,
            expiration: None,
            secret_type: "SharedSecret".to_owned(),
            created: now(),
        }],
        allowed_grant_types: vec!["client_credentials".to_owned()],
        allowed_scopes: vec!["oauthapp.user.get".to_owned()],
        ..ClientRegistered::with_defaults(now())
    };
    let hash = BASE64_STANDARD.encode(digest(&SHA256, CLIENT_SECRET.as_bytes()));
    let command = ClientCommand::Register(
        Box::new(data),
        ClientSecrets { values: vec![hash], ..ClientSecrets::default() },
    );
    let head = system_head(TenantId::FIRST, Actor::User(UserId(1)), now()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(engine.handle::<Client>("2", &command, &head)).unwrap();
    log.close();
}

/// Its request for a token.
pub fn client_credentials(address: SocketAddr) -> String {
    let form = format!(
        "grant_type=client_credentials&client_id={CLIENT}&client_secret={CLIENT_SECRET}\
         &scope=oauthapp.user.get"
    );
    post(address, "/connect/token", &form)
}

/// The value below which a part of the values lies.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * part) as usize;
    values.get(at.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// A bare hyper server that answers every request with the same bytes.
pub mod plain {
    use super::*;
    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;

    /// Says how the process that `start` makes knows itself: call `serve_if_asked` first in main.
    const SIZE: &str = "CHANCERY_BENCH_PLAIN";

    /// Its process.
    pub struct Plain {
        pub address: SocketAddr,
        child: Child,
    }

    impl Drop for Plain {
        fn drop(&mut self) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }

    /// Starts this program once more, as that server, with a body of some bytes.
    pub fn start(size: usize, core: Option<usize>) -> Plain {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = on_core(core, &std::env::current_exe().unwrap());
        let child = command.env(SIZE, format!("{port}:{size}")).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while !is_ready(address) {
            std::thread::sleep(Duration::from_millis(1));
        }
        Plain { address, child }
    }

    /// Serves until killed, if this process was started for that.
    pub fn serve_if_asked() {
        let Ok(asked) = std::env::var(SIZE) else { return };
        let (port, size) = asked.split_once(':').unwrap();
        let body = Bytes::from(vec![b' '; size.parse().unwrap()]);
        let address = format!("127.0.0.1:{port}");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind(address).await.unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                let body = body.clone();
                let answer = service_fn(move |_| {
                    let body = body.clone();
                    async move {
                        let answer = hyper::Response::new(Full::new(body));
                        Ok::<_, std::convert::Infallible>(answer)
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(connection);
            }
        });
    }
}
