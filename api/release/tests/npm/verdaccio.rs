//! A real npm registry in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program() -> PathBuf {
    root().join("target/tools/registry/node_modules/verdaccio/bin/verdaccio")
}

/// Whether the tests can run. Says so if not.
pub fn has_verdaccio() -> bool {
    let runs =
        |it: &str| Command::new(it).arg("--version").output().is_ok_and(|it| it.status.success());
    let found =
        root().join("target/tools/registry/installed").exists() && runs("node") && runs("npm");
    let is_needed =
        ["CI", "CHANCERY_NEEDS_REGISTRY"].iter().any(|it| std::env::var_os(it).is_some());
    assert!(found || !is_needed, "verdaccio or Node.js is not installed: tests/install-registries");
    if !found {
        println!("skipped: verdaccio is not installed (tests/install-registries installs it)");
    }
    found
}

const CONFIG: &str = "\
storage: ./storage
auth:
  htpasswd:
    file: ./htpasswd
packages:
  '**':
    access: $all
    publish: $authenticated
max_body_size: 50mb
log: { type: stdout, format: json, level: error }
";

/// The registry. It ends with this.
pub struct Verdaccio {
    pub dir: TempDir,
    pub url: String,
    child: Child,
}

impl Drop for Verdaccio {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Verdaccio {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config.yaml"), CONFIG).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let child = Command::new("node")
            .arg(program())
            .args(["--config", "config.yaml", "--listen", &address.to_string()])
            .current_dir(dir.path())
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { dir, url: format!("http://{address}"), child };
        for _ in 0..600 {
            if reqwest::get(format!("{}/-/ping", registry.url)).await.is_ok() {
                return registry;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("verdaccio did not start");
    }

    /// Adds a user; their token.
    pub async fn user(&self, name: &str) -> String {
        let url = format!("{}/-/user/org.couchdb.user:{name}", self.url);
        let body = json!({ "name": name, "password": "long enough" }).to_string();
        let request = reqwest::Client::new().put(url).header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap().text().await.unwrap();
        let answer = serde_json::from_str::<Value>(&answer).unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Installs a package into a new folder and requires it. What it exports, and the folder.
    pub fn required(&self, package: &str, version: &str) -> (String, TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let said = Command::new(program)
                .args(arguments)
                .current_dir(dir.path())
                .env("HOME", dir.path())
                .env("npm_config_registry", &self.url)
                .env("npm_config_cache", self.dir.path().join("cache"))
                .env("npm_config_update_notifier", "false")
                .output()
                .unwrap();
            let err = String::from_utf8_lossy(&said.stderr).into_owned();
            assert!(said.status.success(), "{program} {arguments:?}: {err}");
            String::from_utf8(said.stdout).unwrap().trim().to_owned()
        };
        fs::write(dir.path().join("package.json"), "{}").unwrap();
        let wanted = format!("{package}@{version}");
        run("npm", &["install", "--no-audit", "--no-fund", &wanted]);
        let text = run("node", &["-e", &format!("console.log(require({package:?}).text)")]);
        (text, dir)
    }
}
