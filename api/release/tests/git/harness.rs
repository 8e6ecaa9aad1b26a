//! A bare repository, what is pushed to it, and a look at what came of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use outside::Outbound;
use release::git::{
    Branch, Credentials, Folder, Folders, Git, GitSettings, JobId, Protocols, Push, Pushed, Remote,
};
use release::{Failure, Files, GeneratedFile};
use tempfile::TempDir;

pub const ALL: Protocols = Protocols { http: true, file: true };

/// Runs git without anybody's settings. What it says; panics if it fails.
pub fn git(dir: &Path, arguments: &[&str]) -> String {
    let said = Command::new("git")
        .args(["-c", "user.name=Owner", "-c", "user.email=owner@example.org"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success(), "git {arguments:?}: {err}");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// A bare repository with a branch `main`, and the folder of pushes.
pub struct Place {
    pub dir: TempDir,
    pub settings: GitSettings,
}

impl Place {
    /// One without commits.
    pub fn empty() -> Self {
        let dir = tempfile::tempdir().unwrap();
        git(dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "remote.git"]);
        let outbound = Outbound::parse("127.0.0.0/8").unwrap();
        let folder = dir.path().join("pushes");
        let mut settings = GitSettings::new(folder, outbound, "noreply@shop.example");
        settings.protocols = ALL;
        Self { dir, settings }
    }

    /// One with a commit of the owner's: `make` fills a work tree.
    pub fn with(make: impl Fn(&Path)) -> Self {
        let place = Self::empty();
        let tree = place.dir.path().join("owner");
        git(place.dir.path(), &["clone", "--quiet", "remote.git", "owner"]);
        fs::write(tree.join("README.md"), "ours\n").unwrap();
        make(&tree);
        git(&tree, &["add", "--all"]);
        git(&tree, &["commit", "--quiet", "-m", "First"]);
        git(&tree, &["push", "--quiet", "origin", "HEAD:main"]);
        place
    }

    pub fn bare(&self) -> PathBuf {
        self.dir.path().join("remote.git")
    }

    pub fn file_url(&self) -> String {
        format!("file://{}", self.bare().display())
    }

    /// Installs a hook into the remote.
    pub fn hook(&self, name: &str, script: &str) {
        let path = self.bare().join("hooks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub async fn push(&self, push: &Push) -> Result<Pushed, Failure> {
        let result = Git::find(self.settings.clone()).await.unwrap().push(push).await;
        let left = fs::read_dir(&self.settings.folder).map_or(0, Iterator::count);
        assert_eq!(left, 0, "a private folder was left over");
        result
    }

    /// Pushes `docs/a.rst` and `sdk/python/a.py`, over a file URL.
    pub async fn push_file(&self, job: &str) -> Result<Pushed, Failure> {
        self.push(&push(&self.file_url(), job)).await
    }

    pub fn head(&self) -> String {
        git(&self.bare(), &["rev-parse", "main"])
    }

    /// Paths of the branch.
    pub fn paths(&self) -> Vec<String> {
        let said = git(&self.bare(), &["ls-tree", "-r", "--name-only", "main"]);
        said.lines().map(str::to_owned).collect()
    }

    pub fn shown(&self, path: &str) -> String {
        git(&self.bare(), &["show", &format!("main:{path}")])
    }
}

pub fn files(all: &[(&str, &str)]) -> Files {
    Files::new(all.iter().map(|(path, text)| GeneratedFile::new(*path, *text).unwrap())).unwrap()
}

/// Two folders, one replaced and one merged, over any URL.
pub fn push(url: &str, job: &str) -> Push {
    let sdk = Folder::replaced("sdk/python", files(&[("a.py", "new\n")])).unwrap();
    let docs =
        Folder::merged("docs/", files(&[("a.rst", "docs\n"), ("deep/b.rst", "b\n")])).unwrap();
    Push {
        remote: Remote::parse(url, ALL).unwrap(),
        branch: Branch::parse("main").unwrap(),
        credentials: Credentials::default(),
        job: JobId::parse(job).unwrap(),
        title: "Update the SDK".to_owned(),
        seconds: 1_700_000_000,
        folders: Folders::new(vec![sdk, docs]).unwrap(),
    }
}

/// Command lines of the processes of this machine that have a text in them, with their environments as
/// far as they may be read.
pub fn processes(text: &str) -> Vec<(String, String)> {
    let read = |path: PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    };
    let all = fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(|it| it.path());
    let all = all.map(|it| (read(it.join("cmdline")), read(it.join("environ"))));
    all.filter(|(line, _)| line.contains(text)).collect()
}
