//! The gateway's side: follows a server, as a process of its own. It opens no data folder.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway::follow::{
    Allowed, Health, JsonSettings, JsonTarget, KeyFile, Lock, Master, NginxSettings, NginxTarget,
    Settings, Target, follow, server_url,
};
use rustix::fs::Mode;
use tokio::signal::unix::{SignalKind, signal};

use super::failure::Failure;
use super::settings::{Followed, GatewayJson, GatewayNginx, GatewayWhat};

/// How long a follower waits without a signal.
const POLL: Duration = Duration::from_secs(30);

/// Follows until SIGTERM or SIGINT, or once.
pub(crate) fn run(what: GatewayWhat) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match what {
            GatewayWhat::Nginx(options) => nginx(*options).await,
            GatewayWhat::Json(options) => json(options).await,
        }
    })
}

async fn nginx(options: GatewayNginx) -> Result<(), Failure> {
    // Also what nginx itself writes, as its child, is for this user only.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let dir = std::path::absolute(&options.out)?;
    std::fs::create_dir_all(&dir).map_err(|err| format!("{}: {err}", dir.display()))?;
    let _lock = Lock::take(&dir.join("lock"))?;
    let settings = settings(&options.followed, dir.join("state.json"))?;
    let beside = settings.health.clone().serve(neighbour(options.status)?);
    let target = NginxTarget::new(NginxSettings {
        dir,
        name: settings.name.clone(),
        server: settings.server.clone(),
        listen: options.listen,
        status: options.status,
        program: options.nginx,
        master: match options.pid {
            Some(file) => Master::PidFile(file),
            None => Master::Manage,
        },
        check_cache_seconds: options.check_cache,
        key_in_query: options.key_in_query,
        trusted_proxies: options.trusted_proxies,
        allowed: Allowed::parse(options.upstreams.iter().map(String::as_str))?,
        certificates: options.certificates,
    });
    let target = target.await?;
    if settings.once {
        return Ok(follow(settings, Box::new(target), std::future::pending()).await?);
    }
    tokio::select! {
        ended = until_a_signal(settings, Box::new(target)) => ended,
        Err(err) = beside => Err(format!("the address of /health: {err}").into()),
    }
}

async fn json(options: GatewayJson) -> Result<(), Failure> {
    let out = std::path::absolute(&options.out)?;
    let _lock = Lock::take(&with(&out, ".lock"))?;
    let settings = settings(&options.followed, with(&out, ".state.json"))?;
    let target = Box::new(JsonTarget::new(JsonSettings { out, command: options.run }));
    match settings.once {
        true => Ok(follow(settings, target, std::future::pending()).await?),
        false => until_a_signal(settings, target).await,
    }
}

async fn until_a_signal(settings: Settings, target: Box<dyn Target>) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let ending = async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        tracing::info!("ends");
    };
    Ok(follow(settings, target, ending).await?)
}

fn settings(followed: &Followed, state_file: PathBuf) -> Result<Settings, Failure> {
    Ok(Settings {
        server: server_url(&followed.server)?,
        name: followed.name.clone(),
        key_file: KeyFile::new(followed.key_file.clone()),
        state_file,
        poll: POLL,
        once: followed.once,
        health: Health::default(),
    })
}

/// The address after another one.
fn neighbour(status: SocketAddr) -> Result<SocketAddr, Failure> {
    match status.port().checked_add(1) {
        Some(port) => Ok(SocketAddr::new(status.ip(), port)),
        None => Err("--status needs a port below 65535".into()),
    }
}

/// A file beside another one.
fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}
