//! The Java that runs the generator.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::failure::{Failure, Reason};
use crate::files::Files;
use crate::sandbox::{Limits, Run, Sandbox};

/// Little memory, one thread that collects it, code that is good soon, and an end without memory.
pub(super) const FLAGS: &str = "-Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -XX:+ExitOnOutOfMemoryError -XX:-UsePerfData -Duser.home=/tmp -Dfile.encoding=UTF-8";

/// The first version that the generator runs on.
const VERSION_MIN: u32 = 11;

/// How long it may take to tell its version.
const VERSION_TIME_MAX: Duration = Duration::from_secs(20);

/// A Java.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Java {
    /// The folder in which it has `bin/java`.
    pub(super) home: PathBuf,
    /// Folders outside of it that its files are links into.
    pub(super) also: Vec<PathBuf>,
}

impl Java {
    /// The one of the setting, else the one on `PATH`. Links are followed: the program on `PATH` is
    /// often one into `/etc`, which nobody sees in a sandbox.
    pub(super) fn find(set: Option<&Path>) -> Option<Self> {
        let program = match set {
            Some(it) => it.to_owned(),
            None => {
                let path = env::var_os("PATH")?;
                env::split_paths(&path).map(|it| it.join("java")).find(|it| it.is_file())?
            }
        };
        let program = program.canonicalize().ok()?;
        let home = program.parent()?.parent()?.to_owned();
        if program != home.join("bin/java") {
            return None;
        }
        let also = linked(&home);
        Some(Self { home, also })
    }

    /// Whether it runs, and is new enough.
    pub(super) async fn works(&self, sandbox: &Sandbox) -> Result<(), Failure> {
        let run = Run {
            script: r#"mkdir out && "$JAVA_HOME/bin/java" $1 -version 2>out/version"#,
            arguments: vec![FLAGS.to_owned()],
            parts: vec![("JAVA_HOME", self.home.clone())],
            also: self.also.clone(),
            input: Files::new(),
            limits: Limits::within(VERSION_TIME_MAX),
            otherwise: Reason::ToolMissing,
        };
        let output = sandbox.run(run).await?;
        let said = output.files.get("version").map(|it| String::from_utf8_lossy(it).into_owned());
        match said.as_deref().and_then(version) {
            Some(it) if it >= VERSION_MIN => Ok(()),
            _ => Err(Failure::new(Reason::ToolMissing, "this Java is too old")),
        }
    }
}

/// The version in `openjdk version "17.0.15" 2025-04-15`. What came before 9 called itself `1.8`.
fn version(said: &str) -> Option<u32> {
    let quoted = said.split('"').nth(1)?;
    quoted.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// Debian keeps the configuration of a Java in `/etc`, and links to it.
fn linked(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["conf", "conf/security", "lib", "lib/security"] {
        let Ok(entries) = fs::read_dir(home.join(folder)) else { continue };
        for entry in entries.flatten() {
            let Ok(real) = entry.path().canonicalize() else { continue };
            // `/etc/java-17-openjdk/security/…`: the folder below `/etc`, and no other files of it.
            let Ok(below) = real.strip_prefix("/etc") else { continue };
            let Some(first) = below.iter().next() else { continue };
            let folder = Path::new("/etc").join(first);
            if folder.is_dir()
                && first.to_string_lossy().starts_with("java")
                && !found.contains(&folder)
            {
                found.push(folder);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK"), Some(17));
        assert_eq!(version("openjdk version \"25\" 2025"), Some(25));
        assert_eq!(version("java version \"1.8.0_292\""), Some(1));
        assert_eq!(version("no"), None);
    }

    #[test]
    fn a_java_is_found_through_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::create_dir_all(at("jdk/bin")).unwrap();
        fs::write(at("jdk/bin/java"), "").unwrap();
        std::os::unix::fs::symlink(at("jdk/bin/java"), at("java")).unwrap();
        assert_eq!(Java::find(Some(&at("java"))).unwrap(), Java { home: at("jdk"), also: vec![] });
        assert_eq!(Java::find(Some(&at("missing"))), None);
        fs::write(at("jdk/java"), "").unwrap();
        assert_eq!(Java::find(Some(&at("jdk/java"))), None);
    }
}
