//! A push: fetch the head, make a commit on it, hand it over; again, if the branch has moved.

use std::io;

use tokio::time::timeout;

use super::folder::Folders;
use super::import::{self, Commit, TRAILER, WORK_REF};
use super::place;
use super::process::Ran;
use super::program::{Program, Session, Way};
use super::remote::{Branch, JobId, Protocol, Remote};
use super::said::{self, Answer};
use super::settings::GitSettings;
use super::workspace::Workspace;
use crate::{Failure, Reason, Secret};

/// How often a commit is made anew for a branch that has moved.
pub const PUSH_ATTEMPTS_MAX: usize = 3;

/// How many paths git is asked for at once: a command line has an end.
const WAYS_MAX: usize = 500;

/// Where the remote's head is kept.
const HEAD_REF: &str = "refs/chancery/head";

/// What a remote asks for. Only what fits its protocol is used.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// For https: sent as the password of HTTP's basic authentication. A user name may stand before it,
    /// with a colon between.
    pub token: Option<Secret>,
    /// For ssh: a private key without a passphrase, as OpenSSH writes it.
    pub ssh_key: Option<Secret>,
    /// For ssh: keys of hosts, as lines of a `known_hosts` file.
    pub ssh_known_hosts: String,
}

/// What is to be pushed, and where to.
#[derive(Debug, Clone)]
pub struct Push {
    /// Where to.
    pub remote: Remote,
    /// The branch, which is made if it is not there.
    pub branch: Branch,
    /// What the remote asks for.
    pub credentials: Credentials,
    /// The job that this is done for: its commit is found by it.
    pub job: JobId,
    /// The first line of the commit's message, at most 200 characters.
    pub title: String,
    /// The time of the commit, in seconds since 1970.
    pub seconds: i64,
    /// What is written.
    pub folders: Folders,
}

/// The branch has the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The id of the branch's head.
    pub commit: String,
    /// Whether it was made now: not, if the branch had the job's commit or exactly these files already.
    pub is_new: bool,
}

/// Pushes through the program `git`.
#[derive(Debug)]
pub struct Git {
    program: Program,
    settings: GitSettings,
}

impl Git {
    /// Looks for the program.
    ///
    /// # Errors
    /// `tool_missing`, when it is not there, or too old.
    pub async fn find(settings: GitSettings) -> Result<Self, Failure> {
        let program = Program::find(settings.program.clone()).await?;
        Ok(Self { program, settings })
    }

    /// Pushes one commit with the files, unless the branch has it already: so it can be repeated without
    /// harm. Dropping the future ends everything that it started.
    ///
    /// # Errors
    /// `private_address`, `host_key_unknown`, `remote_unreachable` (which may be over later),
    /// `remote_refused`, `remote_moved`, `out_of_time`, `output_too_large`, `tool_missing`, and `crashed` if
    /// git cannot work in its private folder.
    pub async fn push(&self, push: &Push) -> Result<Pushed, Failure> {
        match timeout(self.settings.time_max, self.prepared(push)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::never(Reason::OutOfTime, "The remote took too long.")),
        }
    }

    async fn prepared(&self, push: &Push) -> Result<Pushed, Failure> {
        let addresses = place::addresses(&push.remote, &self.settings.outbound).await?;
        let workspace = Workspace::new(&self.settings.folder).map_err(|err| failed(&err))?;
        let credentials = &push.credentials;
        let refused = |text: &str| Failure::never(Reason::RemoteRefused, text);
        let way = match (push.remote.protocol, addresses.first()) {
            (Protocol::Ssh, Some(address)) => {
                let key = credentials.ssh_key.as_ref().filter(|it| !it.is_blank());
                let key = key.ok_or_else(|| refused("ssh needs a key, and none is stored."))?;
                let known = credentials.ssh_known_hosts.as_str();
                if known.trim().is_empty() {
                    let text = "No known hosts are stored, so that no host key can be accepted.";
                    return Err(Failure::never(Reason::HostKeyUnknown, text));
                }
                let written = workspace.ssh(&push.remote, *address, key, known);
                Way::ssh(written.map_err(|err| match err.kind() {
                    io::ErrorKind::FileTooLarge => {
                        refused("The key or the known hosts are too long.")
                    }
                    _ => failed(&err),
                })?)
            }
            (Protocol::Http | Protocol::Https, _) => {
                let token = credentials.token.as_ref().filter(|it| !it.is_blank());
                let unfit = || refused("The token has characters that no token has.");
                let token = token.map(|it| it.as_token().ok_or_else(unfit)).transpose()?;
                let address = place::first_reachable(&addresses, push.remote.port).await?;
                Way::http(&push.remote, address, token)
            }
            _ => Way::default(),
        };
        let session = Session {
            program: &self.program,
            workspace: &workspace,
            remote: &push.remote,
            way: &way,
            file_bytes_max: self.settings.fetch_bytes_max,
        };
        Attempt { session, push, author_email: &self.settings.author_email }.repeated().await
    }
}

/// Something failed on this machine.
fn failed(err: &io::Error) -> Failure {
    tracing::error!(error = %err, "git cannot work");
    Failure::again(Reason::Crashed, "git could not work in its private folder.")
}

/// A push in its private folder.
struct Attempt<'a> {
    session: Session<'a>,
    push: &'a Push,
    author_email: &'a str,
}

impl Attempt<'_> {
    async fn repeated(&self) -> Result<Pushed, Failure> {
        self.local(&["init", "--quiet", "--bare", "--template="], b"").await?;
        for _ in 0..PUSH_ATTEMPTS_MAX {
            if let Some(pushed) = self.once().await? {
                return Ok(pushed);
            }
        }
        let text = "The branch got other commits at every attempt.";
        Err(Failure::again(Reason::RemoteMoved, text))
    }

    /// One attempt; nothing, if the branch has moved.
    async fn once(&self) -> Result<Option<Pushed>, Failure> {
        let head = self.fetch().await?;
        if let Some(head) = &head {
            if self.is_of_the_job(head).await? {
                return Ok(Some(Pushed { commit: head.clone(), is_new: false }));
            }
            self.check_ways(head).await?;
        }
        let made = self.commit(head.as_deref()).await?;
        if let Some(head) = head
            && self.tree_of(&made).await? == self.tree_of(&head).await?
        {
            return Ok(Some(Pushed { commit: head, is_new: false }));
        }
        let to = format!("{made}:{}", self.push.branch.as_ref_name());
        let options =
            ["push", "--porcelain", "--no-verify", "--no-follow-tags", "--no-signed", "--"];
        let ran = self.remote(&[&options[..], &[&self.push.remote.url, &to]].concat()).await?;
        match self.with_secrets(|secrets| said::answer(&ran, secrets)) {
            Answer::Taken => Ok(Some(Pushed { commit: made, is_new: true })),
            Answer::Moved => Ok(None),
            Answer::Failed(failure) => Err(failure),
        }
    }

    /// The branch's head, if there is the branch.
    async fn fetch(&self) -> Result<Option<String>, Failure> {
        let from = format!("+{}:{HEAD_REF}", self.push.branch.as_ref_name());
        let options = ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--"];
        let ran = self.remote(&[&options[..], &[&self.push.remote.url, &from]].concat()).await?;
        if ran.is_well() {
            return self.id_of(HEAD_REF).await.map(Some);
        }
        if ran.err.lines().any(|it| it.starts_with("fatal: couldn't find remote ref ")) {
            return Ok(None);
        }
        if self.session.workspace.is_full(self.session.file_bytes_max) {
            let text = "The branch has more than may be fetched.";
            return Err(Failure::never(Reason::OutputTooLarge, text));
        }
        Err(self.with_secrets(|secrets| said::failure(&ran, secrets)))
    }

    async fn is_of_the_job(&self, head: &str) -> Result<bool, Failure> {
        let format = format!("--format=%(trailers:key={TRAILER},valueonly)");
        let said = self.local(&["log", "-1", "--no-show-signature", &format, head], b"").await?;
        Ok(said.lines().any(|it| it.trim() == self.push.job.as_str()))
    }

    /// Refuses a tree that has a link, a file or a submodule where the files need a folder: it belongs to
    /// somebody else, and is neither followed nor replaced.
    async fn check_ways(&self, head: &str) -> Result<(), Failure> {
        let ways = self.push.folders.ways().into_iter().collect::<Vec<_>>();
        for ways in ways.chunks(WAYS_MAX) {
            let asked = ways.iter().map(String::as_str);
            let arguments = ["ls-tree", "-z", head, "--"].into_iter().chain(asked);
            let said = self.local(&arguments.collect::<Vec<_>>(), b"").await?;
            // All of a folder is listed where a folder in it is asked for.
            for (mode, path) in said.split('\0').filter_map(|it| it.split_once('\t')) {
                if !mode.starts_with("040000 ") && ways.iter().any(|it| it == path) {
                    let text = format!("The branch has something else than a folder at {path:?}.");
                    return Err(Failure::never(Reason::RemoteRefused, text));
                }
            }
        }
        Ok(())
    }

    /// Makes the commit. Its id.
    async fn commit(&self, head: Option<&str>) -> Result<String, Failure> {
        let commit = Commit {
            title: &self.push.title,
            job: &self.push.job,
            author_email: self.author_email,
            seconds: self.push.seconds,
            parent: head,
        };
        let folders = self.push.folders.as_slice();
        let stream = import::stream(&commit, folders).map_err(|err| failed(&err))?;
        self.local(&["fast-import", "--quiet", "--force", "--done"], &stream).await?;
        self.id_of(WORK_REF).await
    }

    async fn tree_of(&self, commit: &str) -> Result<String, Failure> {
        self.id_of(&format!("{commit}^{{tree}}")).await
    }

    async fn id_of(&self, name: &str) -> Result<String, Failure> {
        let said = self.local(&["rev-parse", "--verify", "--end-of-options", name], b"").await?;
        let id = said.trim();
        let is_id = id.len() >= 40 && id.bytes().all(|it| it.is_ascii_hexdigit());
        is_id.then(|| id.to_owned()).ok_or_else(|| failed(&io::Error::other("no id of an object")))
    }

    /// Runs git without the remote; what it says.
    async fn local(&self, arguments: &[&str], input: &[u8]) -> Result<String, Failure> {
        let ran = self.session.local(arguments, input).await.map_err(|err| failed(&err))?;
        if !ran.is_whole() {
            let text = "The branch has more files in a folder than can be looked at.";
            return Err(Failure::never(Reason::TooManyFiles, text));
        }
        if ran.is_well() {
            return Ok(ran.out);
        }
        let said = crate::failure::cleaned(&ran.err, &[]);
        Err(failed(&io::Error::other(format!("git ended with {:?}: {said}", ran.code))))
    }

    async fn remote(&self, arguments: &[&str]) -> Result<Ran, Failure> {
        self.session.remote(arguments).await.map_err(|err| failed(&err))
    }

    /// Calls with all that no text may show.
    fn with_secrets<T>(&self, call: impl FnOnce(&[&str]) -> T) -> T {
        let path = self.session.workspace.path().display().to_string();
        let secrets = self.session.way.secrets.iter().map(|it| it.as_str());
        call(&secrets.chain([path.as_str()]).collect::<Vec<_>>())
    }
}
