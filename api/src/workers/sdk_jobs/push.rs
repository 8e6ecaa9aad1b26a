//! Pushes generated code and documentation to a git remote.

use std::collections::BTreeMap;
use std::time::Instant;

use codegen::readthedocs;
use domain::resource::{GitOptions, GitSecrets, Resource};
use domain::sdk_job::{OpenSdkJob, SdkJobFinished, SdkStep};
use domain::{Aggregate as _, StreamId};
use release::git::{Branch, Credentials, Folder, Folders, Git, GitSettings, JobId, Push, Remote};
use release::{Files, FormError, GeneratedFile, Reason, Secret};

use super::Job;
use super::made::{Failed, Made};

/// The branch that is pushed to, where nobody says.
const BRANCH_DEFAULT: &str = "main";

/// The page of the documentation, in the folder `docs`.
const DOCS_PAGE: &str = "api.rst";

/// What the first line of a commit says at most of a document's title, in characters.
const TITLE_CHARS_MAX: usize = 100;

impl Job<'_> {
    /// Generates what is wished, and pushes it.
    pub(super) async fn push(
        &self,
        open: &OpenSdkJob,
        docs: bool,
        generators: &[String],
        log: &mut String,
    ) -> Result<Made, Failed> {
        let settings = self.app.sdks.settings.git.clone();
        let none = || Failed::why(Reason::ToolMissing.as_str(), "git is not used here");
        let settings = settings.ok_or_else(none)?;
        let (options, secrets) = self.remote_options(open)?;
        let remote = self.remote(&options, &settings)?;
        let branch = options.branch.as_deref().unwrap_or(BRANCH_DEFAULT);
        let branch = Branch::parse(branch).map_err(refused)?;
        let mut folders = Vec::new();
        if docs {
            let document = self.document(open).await?;
            let source = open.wanted.source.as_deref().unwrap_or_default();
            let page = readthedocs::write(&document, source);
            let page = GeneratedFile::new(DOCS_PAGE, page).map_err(refused)?;
            let files = Files::new([page]).map_err(refused)?;
            folders.push(Folder::merged("docs", files).map_err(refused)?);
        }
        if !generators.is_empty() {
            let document = self.safe_document(open).await?;
            for generator in generators {
                let options = BTreeMap::new();
                let wished = (generator.as_str(), &options);
                let code = self.code(open, wished, document.clone(), log).await?;
                let files = code.iter().map(|(path, it)| GeneratedFile::new(path, it.to_vec()));
                let files = files.collect::<Result<Vec<_>, _>>().and_then(Files::new);
                let folder = files.and_then(|it| Folder::replaced(&format!("sdk/{generator}"), it));
                folders.push(folder.map_err(refused)?);
            }
        }
        let title = open.wanted.document.title.chars().filter(|it| !it.is_control());
        let title = title.take(TITLE_CHARS_MAX).collect::<String>();
        let push = Push {
            remote,
            branch,
            credentials: Credentials {
                token: secrets.token.map(Secret::new),
                ssh_key: secrets.ssh_key.map(Secret::new),
                ssh_known_hosts: options.ssh_known_hosts.unwrap_or_default(),
            },
            job: JobId::parse(self.stream.id()).map_err(refused)?,
            title: format!("{title} {}", open.wanted.document.info_version),
            seconds: self.app.clock.now().seconds(),
            folders: Folders::new(folders).map_err(refused)?,
        };
        let began = Instant::now();
        let pushed = Git::find(settings).await?.push(&push).await?;
        self.step(open, SdkStep::Pushed, began).await?;
        let finished =
            SdkJobFinished { artifact: None, bytes: 0, files: 0, result: pushed.commit, log: None };
        Ok(Made { finished, of_resource: Vec::new() })
    }

    /// As the API resource has it now.
    fn remote_options(&self, open: &OpenSdkJob) -> Result<(GitOptions, GitSecrets), Failed> {
        let stream = StreamId::new(Resource::CATEGORY, open.wanted.resource);
        let resource = self.app.engine.load::<Resource>(&stream);
        let (resource, _) = resource.map_err(|err| Failed::NotNoted(err.into()))?;
        let options = resource.sdk().and_then(|it| it.git()).cloned();
        let gone = || Failed::why("options_missing", "the API resource names no git remote");
        options.ok_or_else(gone)
    }

    fn remote(&self, options: &GitOptions, settings: &GitSettings) -> Result<Remote, Failed> {
        let base = self.app.sdks.settings.git_base.as_deref();
        let allowed = settings.protocols;
        let remote = match (&options.remote, base, &options.owner, &options.repo) {
            (Some(remote), ..) => Remote::parse(remote, allowed),
            (None, Some(base), Some(owner), Some(repo)) => {
                Remote::below(base, owner, repo, allowed)
            }
            (None, None, Some(_), Some(_)) => {
                let why = "owner and repo need a host: the operator names one with --git-base";
                return Err(Failed::why(Reason::RemoteRefused.as_str(), why));
            }
            (None, ..) => {
                let why = "the options name neither a remote nor owner and repo";
                return Err(Failed::why(Reason::RemoteRefused.as_str(), why));
            }
        };
        remote.map_err(refused)
    }
}

fn refused(err: FormError) -> Failed {
    Failed::why(Reason::RemoteRefused.as_str(), err.0)
}
