//! Any other gateway: the neutral configuration as a file, and a command that makes something of it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

use super::files::write_whole;
use super::report::{Proof, cleaned_reason};
use super::target::{Applied, NotApplied, Standing, Target, Wanted};
use crate::configuration::{Configuration, sha256_hex};

/// How long the command may take.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);

/// Where the configuration goes, and what is run then.
#[derive(Debug, Clone)]
pub struct JsonSettings {
    /// The file, replaced as a whole, 0600.
    pub out: PathBuf,
    /// A command of the shell. It finds the file in `CHANCERY_FILE` and its position in
    /// `CHANCERY_POSITION`. Exit status 0 within 60 s means: this is served now.
    pub command: String,
}

/// A file and a command.
#[derive(Debug)]
pub struct JsonTarget {
    settings: JsonSettings,
    /// The hash of what the command took.
    applied: Option<String>,
}

impl JsonTarget {
    /// Makes it; nothing is written or run yet.
    pub fn new(settings: JsonSettings) -> Self {
        Self { settings, applied: None }
    }

    async fn run(&self, wanted: &Wanted) -> Result<(), NotApplied> {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(&self.settings.command)
            .env("CHANCERY_FILE", &self.settings.out)
            .env("CHANCERY_POSITION", wanted.configuration.position.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::inherit())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        match timeout(COMMAND_TIME_MAX, command.output()).await {
            Ok(Ok(it)) if it.status.success() => Ok(()),
            Ok(Ok(it)) => {
                let said = String::from_utf8_lossy(&it.stderr).into_owned();
                let said = cleaned_reason(&said, wanted.key.reveal());
                let how = match it.status.code() {
                    Some(code) => format!("the command ended with status {code}: {said}"),
                    None => "the command was killed".to_owned(),
                };
                Err(NotApplied(how.chars().take(500).collect()))
            }
            Ok(Err(_)) => Err(NotApplied("the command cannot be run".to_owned())),
            Err(_) => Err(NotApplied("the command took more than 60 s".to_owned())),
        }
    }
}

#[async_trait]
impl Target for JsonTarget {
    /// What the file holds is served by somebody else. The command is run again with the first
    /// answer of the server: whether it took this file is not known.
    async fn start(&mut self) -> Result<Option<Standing>, NotApplied> {
        let Ok(text) = std::fs::read(&self.settings.out) else { return Ok(None) };
        let Ok(configuration) = Configuration::read(&text) else { return Ok(None) };
        Ok(Some(Standing { position: configuration.position, sha256: sha256_hex(&text) }))
    }

    async fn apply(&mut self, wanted: &Wanted) -> Result<Applied, NotApplied> {
        let applied = |reload_micros| Applied {
            reload_micros,
            program: "command".to_owned(),
            proof: Proof::Command,
        };
        if self.applied.as_ref() == Some(&wanted.sha256) {
            return Ok(applied(0));
        }
        self.applied = None;
        let begin = Instant::now();
        write_whole(&self.settings.out, &wanted.text).map_err(|err| {
            tracing::error!(error = %err, "the configuration cannot be written");
            NotApplied("the file cannot be written".to_owned())
        })?;
        self.run(wanted).await?;
        self.applied = Some(wanted.sha256.clone());
        Ok(applied(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX)))
    }
}
