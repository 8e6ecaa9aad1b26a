//! A real npm registry in a folder of its own.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::process::free_port;

use super::root;

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

/// Whether the registry and Node.js are here. In CI they have to be.
pub fn has_registry() -> bool {
    let runs =
        |it: &str| Command::new(it).arg("--version").output().is_ok_and(|it| it.status.success());
    let is_there = root().join("target/tools/registry/installed").exists() && runs("npm");
    let is_needed = std::env::var_os("CI").is_some();
    assert!(is_there || !is_needed, "the registry is missing: tests/install-registries");
    if !is_there {
        println!("skipped: the registry is missing; tests/install-registries installs it");
    }
    is_there
}

/// The registry. It ends with this.
pub struct Registry {
    folder: TempDir,
    pub url: String,
    child: Child,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.yaml"), CONFIG).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let program = root().join("target/tools/registry/node_modules/verdaccio/bin/verdaccio");
        let child = Command::new("node")
            .arg(program)
            .args(["--config", "config.yaml", "--listen", &address])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Self { folder, url: format!("http://{address}"), child };
        for _ in 0..600 {
            if reqwest::get(format!("{}/-/ping", registry.url)).await.is_ok() {
                return registry;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the registry did not start");
    }

    /// Adds a user; their token.
    pub async fn user(&self, name: &str) -> String {
        let url = format!("{}/-/user/org.couchdb.user:{name}", self.url);
        let body = json!({ "name": name, "password": "long enough" });
        let answer = reqwest::Client::new().put(url).json(&body).send().await.unwrap();
        let answer = answer.json::<Value>().await.unwrap();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Installs a package as somebody would who uses it, and runs a line of code with it.
    pub fn installed(&self, package: &str, code: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let said = Command::new(program)
                .args(arguments)
                .current_dir(folder.path())
                .env("HOME", folder.path())
                .env("npm_config_registry", &self.url)
                .env("npm_config_cache", self.folder.path().join("cache"))
                .env("npm_config_update_notifier", "false")
                .output()
                .unwrap();
            let err = String::from_utf8_lossy(&said.stderr).into_owned();
            assert!(said.status.success(), "{program} {arguments:?}: {err}");
            String::from_utf8(said.stdout).unwrap().trim().to_owned()
        };
        fs::write(folder.path().join("package.json"), "{}").unwrap();
        run("npm", &["install", "--no-audit", "--no-fund", package]);
        run("node", &["-e", code])
    }
}
