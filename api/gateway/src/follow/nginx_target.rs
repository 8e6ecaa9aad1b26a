//! nginx as a target: writes a generation, tries it, puts it in force, proves it.

mod settings;

use std::net::IpAddr;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Child;
use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::files::{Folder, Generation};
use super::proc::{self, MasterProcess};
use super::program::Program;
use super::proof;
use super::report::{Proof, cleaned_reason};
use super::target::{Applied, NotApplied, Standing, Target, Wanted};
use super::upstreams::{self, Known};
use crate::nginx::{
    Authority, HostPort, MainFile, RenderOptions, Rendered, render, render_main, upstreams_of,
};

pub use self::settings::{Master, NginxSettings};

/// The longest wait before nginx is started again.
const RESTART_WAIT_MAX: Duration = Duration::from_secs(30);

/// After so long without an end, a start was a good one.
const GOOD_START: Duration = Duration::from_secs(10);

/// How long nginx may take to end its requests: a little more than `worker_shutdown_timeout`.
const STOP_TIME_MAX: Duration = Duration::from_secs(33);

/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(20);

/// nginx, and the folder of its files.
pub struct NginxTarget {
    settings: NginxSettings,
    folder: Folder,
    program: Program,
    /// What is served, as far as it was proven.
    proven: Option<(Standing, String, Proof)>,
    known: Known,
    authority: Vec<IpAddr>,
    /// Warnings that were said already.
    warned: Vec<String>,
    /// nginx, if this started it.
    child: Option<Child>,
    /// The workers that were seen last.
    workers: Vec<i32>,
    started: Option<Instant>,
    restarts: Backoff,
    restart_at: Option<Instant>,
}

fn failed(what: &str) -> impl Fn(std::io::Error) -> NotApplied + '_ {
    move |err| {
        tracing::error!(error = %err, "{what}");
        NotApplied(what.to_owned())
    }
}

impl NginxTarget {
    /// Makes the folder and its main file. The caller holds the folder's lock.
    ///
    /// # Errors
    /// When the program is not nginx, or the folder cannot be written.
    pub async fn new(settings: NginxSettings) -> Result<Self, NotApplied> {
        let program = Program::find(&settings.program).await?;
        let written = failed("the gateway's folder cannot be written");
        let folder = Folder::prepare(&settings.dir).map_err(&written)?;
        let target = Self {
            settings,
            folder,
            program,
            proven: None,
            known: Known::new(),
            authority: Vec::new(),
            warned: Vec::new(),
            child: None,
            workers: Vec::new(),
            started: None,
            restarts: Backoff::new(RESTART_WAIT_MAX),
            restart_at: None,
        };
        let main = target.main_file(&target.folder.current_file(), "nginx.pid")?;
        super::files::write_whole(&target.folder.at("nginx.conf"), main.as_bytes())
            .map_err(&written)?;
        Ok(target)
    }

    fn main_file(&self, include: &std::path::Path, pid: &str) -> Result<String, NotApplied> {
        let pid = self.folder.at(pid);
        let file = MainFile {
            dir: self.folder.dir(),
            include,
            pid: &pid,
            key_in_query: self.settings.key_in_query,
            version: self.program.version,
        };
        render_main(&file).map_err(|err| NotApplied(err.to_string()))
    }

    fn master(&self) -> Option<MasterProcess> {
        match &self.settings.master {
            Master::Manage => {
                MasterProcess::of(&self.folder.at("nginx.pid"), Some(self.folder.dir()))
            }
            Master::PidFile(path) => MasterProcess::of(path, None),
        }
    }

    /// Looks up the server and all upstreams.
    async fn look_up(&mut self, wanted: &Wanted) -> Result<Authority, NotApplied> {
        let url = self.settings.server.clone();
        let unknown = || NotApplied("the server's name cannot be looked up".to_owned());
        let host = url.host_str().ok_or_else(unknown)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(unknown)?;
        if let Some(found) = upstreams::addresses(&HostPort { host, port }).await
            && !self.authority.iter().any(|it| found.contains(it))
        {
            self.authority = found;
        }
        if self.authority.is_empty() {
            return Err(unknown());
        }
        let hosts = upstreams_of(&wanted.configuration);
        let anew = self.proven.as_ref().is_none_or(|(it, ..)| it.sha256 != wanted.sha256);
        self.known = upstreams::look_up(&self.settings.allowed, hosts, &self.known, anew).await;
        Ok(Authority { url, addresses: self.authority.clone() })
    }

    async fn render(&mut self, wanted: &Wanted) -> Result<Rendered, NotApplied> {
        let authority = self.look_up(wanted).await?;
        let settings = &self.settings;
        let options = RenderOptions {
            sha256: wanted.sha256.clone(),
            name: settings.name.clone(),
            key: wanted.key.clone(),
            authority,
            listen: settings.listen,
            status: settings.status,
            check_cache_seconds: settings.check_cache_seconds,
            key_in_query: settings.key_in_query,
            trusted_proxies: settings.trusted_proxies.clone(),
            upstreams: self.known.clone(),
            certificates: settings.certificates.clone(),
            dir: self.folder.dir().to_owned(),
            version: self.program.version,
        };
        let rendered = render(&wanted.configuration, &options)
            .map_err(|err| NotApplied(cleaned_reason(&err.to_string(), wanted.key.reveal())))?;
        for it in rendered.warnings.iter().filter(|it| !self.warned.contains(it)) {
            tracing::warn!("{it}");
        }
        self.warned.clone_from(&rendered.warnings);
        Ok(rendered)
    }

    /// Lets nginx read a generation through a main file that is thrown away, so that one that it
    /// refuses is never in force.
    async fn try_out(&self, generation: &Generation, secret: &str) -> Result<(), NotApplied> {
        let main = self.main_file(&self.folder.file_of(generation), "try.pid")?;
        let path = self.folder.at("try.conf");
        super::files::write_whole(&path, main.as_bytes())
            .map_err(failed("the gateway's folder cannot be written"))?;
        let tried = self.program.test(self.folder.dir(), &path).await;
        for name in ["try.conf", "try.pid"] {
            // Left over files are overwritten at the next try.
            let _ = std::fs::remove_file(self.folder.at(name));
        }
        tried.map_err(|said| NotApplied(cleaned_reason(&said, secret)))
    }

    /// Makes nginx serve what is in force: reloads it, or starts it.
    async fn put_in_force(&mut self, id: &str) -> Result<(u64, Proof), NotApplied> {
        let begin = Instant::now();
        let old = match self.master() {
            Some(master) => {
                let old = master.workers();
                if !master.reload() {
                    return Err(NotApplied("nginx cannot be sent a signal".to_owned()));
                }
                old
            }
            None if self.settings.master == Master::Manage => {
                self.start_child()?;
                Some(Vec::new())
            }
            None => return Err(NotApplied("nginx does not run".to_owned())),
        };
        match proof::wait(self.settings.status, id, old).await {
            Some(proof) => {
                let micros = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
                Ok((micros, proof))
            }
            None => Err(NotApplied("nginx did not take the new file within 10 s".to_owned())),
        }
    }

    fn start_child(&mut self) -> Result<(), NotApplied> {
        for worker in std::mem::take(&mut self.workers) {
            proc::end_orphan(worker);
        }
        let main = self.folder.at("nginx.conf");
        self.child = Some(self.program.start(self.folder.dir(), &main)?);
        self.started = Some(Instant::now());
        self.restart_at = None;
        tracing::info!(program = %self.program.shown(), "nginx was started");
        Ok(())
    }

    fn applied(&self, reload_micros: u64, proof: Proof) -> Applied {
        Applied { reload_micros, program: self.program.shown(), proof }
    }
}

#[async_trait]
impl Target for NginxTarget {
    async fn start(&mut self) -> Result<Option<Standing>, NotApplied> {
        let Some((generation, sha256)) = self.folder.current() else { return Ok(None) };
        let standing = Standing { position: generation.position, sha256 };
        let is_served = |it: proof::Serving| it.rendering == generation.id;
        let proof = match proof::ask(self.settings.status).await.is_some_and(is_served) {
            true => Proof::Position,
            false => self.put_in_force(&generation.id).await?.1,
        };
        self.proven = Some((standing.clone(), generation.id, proof));
        Ok(Some(standing))
    }

    async fn apply(&mut self, wanted: &Wanted) -> Result<Applied, NotApplied> {
        let rendered = self.render(wanted).await?;
        let position = wanted.configuration.position;
        if let Some((_, id, proof)) = &self.proven
            && *id == rendered.id
            && proof::ask(self.settings.status).await.is_some_and(|it| it.rendering == *id)
        {
            return Ok(self.applied(0, *proof));
        }
        let before = self.folder.current().map(|(it, _)| it);
        let generation = Generation { position, id: rendered.id };
        let written = failed("the gateway's folder cannot be written");
        if before.as_ref() != Some(&generation) {
            self.folder.write(&generation, &rendered.text, &wanted.text).map_err(&written)?;
        }
        self.try_out(&generation, wanted.key.reveal()).await?;
        if before.as_ref() != Some(&generation) {
            self.folder.set_current(Some(&generation)).map_err(&written)?;
        }
        match self.put_in_force(&generation.id).await {
            Ok((micros, proof)) => {
                let standing = Standing { position, sha256: wanted.sha256.clone() };
                self.proven = Some((standing, generation.id, proof));
                if let Err(err) = self.folder.prune() {
                    tracing::warn!(error = %err, "old generations cannot be removed");
                }
                Ok(self.applied(micros, proof))
            }
            Err(err) => {
                // What nginx does not take must not be what it finds at its next start. A first one
                // stays: there is nothing better.
                if before.is_some() && before.as_ref() != Some(&generation) {
                    self.folder.set_current(before.as_ref()).map_err(&written)?;
                }
                Err(err)
            }
        }
    }

    async fn tend(&mut self) {
        if self.settings.master != Master::Manage {
            return;
        }
        if let Some(child) = &mut self.child
            && let Ok(Some(status)) = child.try_wait()
        {
            tracing::warn!(%status, "nginx ended");
            self.child = None;
        }
        let master = self.master();
        if let Some(workers) = master.and_then(MasterProcess::workers) {
            self.workers = workers;
        }
        if self.child.is_some() || master.is_some() {
            if self.started.is_some_and(|it| it.elapsed() > GOOD_START) {
                self.restarts.reset();
            }
            return;
        }
        if self.folder.current().is_none() {
            return;
        }
        let restart_at = match self.restart_at {
            Some(it) => it,
            None => {
                let at = Instant::now() + self.restarts.wait();
                self.restart_at = Some(at);
                at
            }
        };
        if restart_at <= Instant::now()
            && let Err(err) = self.start_child()
        {
            tracing::error!(error = %err, "nginx cannot be started");
            self.restart_at = None;
        }
    }

    async fn stop(&mut self) {
        if self.settings.master != Master::Manage {
            return;
        }
        let Some(master) = self.master() else { return };
        master.quit();
        let begin = Instant::now();
        while self.master().is_some() && begin.elapsed() < STOP_TIME_MAX {
            if let Some(child) = &mut self.child {
                // Takes note of its end, so that it is not there any more.
                let _ = child.try_wait();
            }
            sleep(PAUSE).await;
        }
    }
}
