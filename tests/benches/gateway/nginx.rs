//! How soon nginx serves what is published.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::bench::{binary, quantile};
use tests::documents::document;

use super::{CHECK_TIME, Shop, median, millis_of, text, verdict};

const PUBLISHES: usize = 20;
const APART: Duration = Duration::from_secs(2);
/// Between two questions to nginx.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const NGINX_WAIT_MAX: Duration = Duration::from_secs(20);

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// `chancery gateway nginx --manage`; both end with it.
struct Follower {
    child: Child,
    out: PathBuf,
    status: SocketAddr,
    listen: SocketAddr,
}

impl Drop for Follower {
    fn drop(&mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        self.child.wait().ok();
    }
}

/// An nginx beside it with the same file, which nobody follows.
struct Alone {
    folder: PathBuf,
    status: SocketAddr,
    file: String,
    id: String,
    turn: usize,
}

impl Alone {
    fn of(follower: &Follower, folder: &Path) -> Self {
        let (status, listen) = (free(), free());
        std::fs::create_dir_all(folder.join("temp")).unwrap();
        let name = |path: &Path| path.display().to_string();
        let own = |file: &Path| {
            let file = std::fs::read_to_string(file).unwrap();
            file.replace(&name(&follower.out), &name(folder))
                .replace(&follower.status.to_string(), &status.to_string())
                .replace(&follower.listen.to_string(), &listen.to_string())
        };
        let file = own(&follower.out.join("current/gateway.conf"));
        let id = file.split_once("\"rendering\":\"").unwrap().1;
        let id = id.split('"').next().unwrap().to_owned();
        let current = name(&follower.out.join("current"));
        let main = std::fs::read_to_string(follower.out.join("nginx.conf")).unwrap();
        assert!(main.contains(&current), "{main}");
        std::fs::write(folder.join("nginx.conf"), own(&follower.out.join("nginx.conf"))).unwrap();
        std::fs::create_dir_all(folder.join("current")).unwrap();
        std::fs::create_dir_all(folder.join("cache")).unwrap();
        let it = Self { folder: folder.to_owned(), status, file, id, turn: 0 };
        it.write();
        assert!(it.nginx(&[]), "nginx does not start");
        it
    }

    fn said(&self) -> String {
        format!("{:0width$}", self.turn, width = self.id.len())
    }

    fn write(&self) {
        let file = self.file.replace(&self.id, &self.said());
        std::fs::write(self.folder.join("current/gateway.conf"), file).unwrap();
    }

    fn nginx(&self, arguments: &[&str]) -> bool {
        let mut nginx = Command::new("nginx");
        nginx.arg("-p").arg(&self.folder).args(["-e", "error.log", "-c", "nginx.conf"]);
        nginx.args(arguments).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Milliseconds from `nginx -s reload` until a new connection is served by the new file.
    fn reload(&mut self) -> f64 {
        self.turn += 1;
        self.write();
        millis_of(|| {
            assert!(self.nginx(&["-s", "reload"]), "nginx does not reload");
            wait_for(self.status, &self.said());
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.nginx(&["-s", "stop"]);
    }
}

/// What the status listener says on a new connection; nothing if nobody is there yet, or no longer.
fn position(status: SocketAddr) -> Option<String> {
    let mut stream = TcpStream::connect(status).ok()?;
    stream.write_all(b"GET /position HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Until the status listener says this.
fn wait_for(status: SocketAddr, said: &str) {
    let began = Instant::now();
    while position(status).is_none_or(|it| !it.contains(said)) {
        assert!(began.elapsed() < NGINX_WAIT_MAX, "nginx does not serve {said}");
        std::thread::sleep(LOOK_EVERY);
    }
}

pub fn run() {
    let version = Command::new("nginx").arg("-v").output();
    let Ok(version) = version else {
        return println!("nginx is not installed: nothing is said of publishing to it");
    };
    let upstream = free();
    let folder = TempDir::with_prefix("chancery-bench-").unwrap();
    let it = Shop::new(&folder.path().join("data"), &[upstream.to_string()]);
    let id = it.keep(&document("shop"));
    let publish = |n: usize| {
        let body = json!({
            "apiId": "1", "suffix": "shop", "documentId": id,
            "serviceUrl": format!("http://{upstream}/{n}"),
        });
        it.request("PUT", "/api/ApiResource/1/Publish", &body, "Prefer: wait=10\r\n")
    };
    it.asked(&publish(0));
    let key = text(&it.send("POST", "/api/Gateway", &json!({ "name": "edge" }))["key"]);
    let key_file = folder.path().join("edge.key");
    std::fs::write(&key_file, key).unwrap();
    let (status, listen, out) = (free(), free(), folder.path().join("gateway"));
    let mut command = Command::new(binary());
    command.args(["gateway", "nginx", "--name", "edge", "--manage"]);
    command.args(["--server", &format!("http://{}", it.server.address)]);
    command.arg("--key-file").arg(&key_file).arg("--out").arg(&out);
    command.args(["--listen", &listen.to_string(), "--status", &status.to_string()]);
    command.args(["--upstreams", &upstream.to_string()]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let follower = Follower { child, out, status, listen };
    wait_for(status, "rendering");
    let mut alone = Alone::of(&follower, &folder.path().join("alone"));
    wait_for(alone.status, &alone.said());
    std::thread::sleep(CHECK_TIME);
    let (mut whole, mut reloads, mut inside) = (Vec::new(), Vec::new(), Vec::new());
    for n in 1..=PUBLISHES {
        let began = Instant::now();
        let request = publish(n);
        let mut live = Value::Null;
        whole.push(millis_of(|| live = it.asked(&request)["live"].take()));
        assert_eq!(live["applied"], 1, "{live}");
        let edge = &it.asked(&it.get("/api/Gateway"))["data"][0];
        inside.extend(edge["reloadMicros"].as_f64().map(|it| it / 1e3));
        // Half a turn later, so that neither reload disturbs the other.
        std::thread::sleep((APART / 2).saturating_sub(began.elapsed()));
        reloads.push(alone.reload());
        std::thread::sleep(APART.saturating_sub(began.elapsed()));
    }
    let (half, most) = (median(&whole), quantile(&mut whole, 0.99));
    let reload = median(&reloads);
    let version = String::from_utf8_lossy(&version.stderr);
    println!(
        "{PUBLISHES} publishes {APART:?} apart, each with Prefer: wait=10; {}",
        version.trim()
    );
    println!(
        "  nginx -s reload until a new connection is served by the new file: median {reload:.0} ms, \
         most {:.0} ms",
        quantile(&mut reloads, 0.99)
    );
    println!("  publish until it is answered as applied: median {half:.0} ms, p99 {most:.0} ms");
    if !inside.is_empty() {
        println!("  of which nginx, as the follower says: median {:.0} ms", median(&inside));
    }
    println!("  median {:.2} of a reload, {:+.0} ms", half / reload, half - reload);
    verdict(half <= reload + 150.0, "median at most a reload and 150 ms");
    verdict(most <= 1_000.0, "p99 at most 1 s");
    drop(alone);
    drop(follower);
    it.server.stop();
}
