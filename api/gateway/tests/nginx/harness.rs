//! A gateway: a folder, a follower, the nginx that it manages, a server and two upstreams.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use gateway::configuration::{
    Api, Authentication, Configuration, FORMAT, Scheme, Tenant, Version, VersionSet,
};
use gateway::follow::{
    Allowed, FollowError, Health, KeyFile, Lock, Master, NginxSettings, NginxTarget, Settings,
    follow,
};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::client::{self, Answer};
use crate::double::{Double, KEY};
use crate::upstream::Upstream;

/// Whether the tests can run. Says so if not.
pub fn has_nginx() -> bool {
    let found = Command::new("nginx").arg("-v").output().is_ok_and(|it| it.status.success());
    let is_needed = ["CI", "CHANCERY_NEEDS_NGINX"].iter().any(|it| std::env::var_os(it).is_some());
    assert!(found || !is_needed, "nginx is not installed: tests/install-nginx");
    if !found {
        println!("skipped: nginx is not installed (tests/install-nginx installs it)");
    }
    found
}

/// An address of this machine at which nobody listens.
pub fn free() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A follower that runs as a task.
pub struct Running {
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), FollowError>>,
}

impl Running {
    /// Ends it as its process would end on a signal.
    pub async fn end(self) {
        self.end.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as `kill -9` would.
    pub async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.is_err());
    }
}

/// Ends its nginx with it.
pub struct Gateway {
    pub dir: TempDir,
    pub listen: SocketAddr,
    pub status: SocketAddr,
    pub double: Double,
    pub one: Upstream,
    pub two: Upstream,
    pub check_cache_seconds: u32,
    pub key_in_query: bool,
    pub poll: Duration,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let _ = Command::new("kill").args(["-TERM", &pid.to_string()]).output();
    }
}

impl Gateway {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("key"), format!("{KEY}\n")).unwrap();
        let certificate = include_bytes!("certificate.pem");
        std::fs::write(dir.path().join("certificates.pem"), certificate).unwrap();
        Self {
            dir,
            listen: free(),
            status: free(),
            double: Double::start().await,
            one: Upstream::start("one").await,
            two: Upstream::start("two").await,
            check_cache_seconds: 0,
            key_in_query: false,
            poll: Duration::from_secs(30),
        }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The process id of nginx, if its file is there.
    pub fn pid(&self) -> Option<i32> {
        std::fs::read_to_string(self.at("nginx.pid")).ok()?.trim().parse().ok()
    }

    pub fn nginx_settings(&self) -> NginxSettings {
        NginxSettings {
            dir: self.dir.path().to_owned(),
            name: "edge".to_owned(),
            server: self.double.url().parse().unwrap(),
            listen: self.listen,
            status: self.status,
            program: "nginx".into(),
            master: Master::Manage,
            check_cache_seconds: self.check_cache_seconds,
            key_in_query: self.key_in_query,
            trusted_proxies: Vec::new(),
            allowed: Allowed::parse(["127.0.0.0/8"]).unwrap(),
            certificates: self.at("certificates.pem"),
        }
    }

    pub fn settings(&self) -> Settings {
        Settings {
            server: self.double.url().parse().unwrap(),
            name: "edge".to_owned(),
            key_file: KeyFile::new(self.at("key")),
            state_file: self.at("state.json"),
            poll: self.poll,
            once: false,
            health: Health::default(),
        }
    }

    pub async fn follow(&self) -> Running {
        let lock = Lock::take(&self.at("lock")).unwrap();
        let target = NginxTarget::new(self.nginx_settings()).await.unwrap();
        let settings = self.settings();
        let (end, ending) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let _lock = lock;
            let ending = async { drop(ending.await) };
            follow(settings, Box::new(target), ending).await
        });
        Running { end, task }
    }

    pub async fn get(&self, path: &str) -> Answer {
        client::get(self.listen, path, &[]).await
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        let token = format!("Bearer {token}");
        client::get(self.listen, path, &[("Authorization", &token)]).await
    }

    /// A version with nothing but an upstream.
    pub fn open(&self, api_id: &str, name: Option<&str>, url: &str) -> Version {
        Version {
            api_id: api_id.to_owned(),
            name: name.map(str::to_owned),
            revision: 1,
            position: 1,
            service_url: url.to_owned(),
            authentication: None,
            keys: false,
            policy: None,
            deprecated_at: None,
            sunset_at: None,
            online: Vec::new(),
        }
    }

    /// One that demands a token.
    pub fn checked(&self, api_id: &str, name: Option<&str>, url: &str) -> Version {
        let scope = Some("orders.all".to_owned());
        let server = "chancery".to_owned();
        let authentication = Some(Authentication { server, scope, openid: None });
        Version { authentication, ..self.open(api_id, name, url) }
    }
}

/// An API whose default is its first version.
pub fn api(path: &str, versions: Vec<Version>) -> Api {
    let version_set =
        Some(VersionSet { scheme: Scheme::Query, parameter: "api-version".to_owned() });
    let default = versions.first().map(|it| it.api_id.clone()).unwrap_or_default();
    Api { path: path.to_owned(), version_set, default, versions }
}

/// What one tenant serves under every host.
pub fn configuration(position: u64, apis: Vec<Api>) -> Configuration {
    let tenants = vec![Tenant { tenant: 1, hosts: Vec::new(), apis }];
    Configuration { format: FORMAT, position, tenants }
}

/// Lets nginx read a `gateway.conf` of these texts; what it says.
pub fn nginx_reads(dir: &Path, main: &str, gateway: &str) -> Result<(), String> {
    std::fs::write(dir.join("gateway.conf"), gateway).unwrap();
    std::fs::write(dir.join("main.conf"), main).unwrap();
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(dir)
        .arg("-c")
        .arg(dir.join("main.conf"))
        .args(["-e", "stderr", "-q", "-t"]);
    let said = command.output().unwrap();
    match said.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&said.stderr).into_owned()),
    }
}
