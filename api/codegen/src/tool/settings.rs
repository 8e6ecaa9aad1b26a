//! Where the generator and its Java are, and what is missing.

use std::path::PathBuf;

use crate::failure::{Failure, Reason};
use crate::sandbox::Kind;

/// The generators that are allowed unless a setting says otherwise.
pub const DEFAULT_GENERATORS: [&str; 19] = [
    "typescript-fetch",
    "typescript-axios",
    "typescript-angular",
    "typescript-jquery",
    "python",
    "rust",
    "go",
    "java",
    "csharp",
    "kotlin",
    "php",
    "ruby",
    "nodejs-express-server",
    "python-fastapi",
    "rust-axum",
    "spring",
    "markdown",
    "asciidoc",
    "openapi-yaml",
];

/// The settings of making code.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `--codegen-jar`: the file of openapi-generator.
    pub jar: Option<PathBuf>,
    /// `--codegen-java`: the program java; else the one on `PATH`.
    pub java: Option<PathBuf>,
    /// `--codegen-tsc`: the TypeScript compiler, a native one of version 7 or newer.
    pub tsc: Option<PathBuf>,
    /// `--codegen-sandbox`.
    pub sandbox: Kind,
    /// `--codegen-generators`: the names of those that may be run.
    pub generators: Vec<String>,
    /// A folder for what the generator told of itself, so that it is not asked after each start.
    pub cache: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            jar: None,
            java: None,
            tsc: None,
            sandbox: Kind::Bubblewrap,
            generators: DEFAULT_GENERATORS.map(str::to_owned).to_vec(),
            cache: None,
        }
    }
}

/// What is missing, and which setting mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {setting} {mends}")]
pub struct Missing {
    /// What is missing.
    pub what: &'static str,
    /// The setting.
    pub setting: &'static str,
    /// What the setting has to say.
    pub mends: &'static str,
    reason: Reason,
}

impl Missing {
    const fn new(what: &'static str, setting: &'static str, mends: &'static str) -> Self {
        Self { what, setting, mends, reason: Reason::ToolMissing }
    }

    pub(crate) const JAR_NOT_SET: Self = Self::new(
        "no generator is set",
        "--codegen-jar",
        "names the file of openapi-generator (tests/install-codegen downloads one)",
    );
    pub(crate) const JAR: Self = Self::new(
        "the file of the generator is missing or cannot be read",
        "--codegen-jar",
        "names the file of openapi-generator",
    );
    pub(crate) const JAVA: Self = Self::new(
        "there is no Java",
        "--codegen-java",
        "names the program java of version 11 or newer; without it, the one on PATH is taken",
    );
    pub(crate) const JAVA_OLD: Self = Self::new(
        "the Java that was found does not run in the sandbox, or is older than 11",
        "--codegen-java",
        "names another one",
    );
    pub(crate) const TSC_NOT_SET: Self = Self::new(
        "no TypeScript compiler is set",
        "--codegen-tsc",
        "names the native program tsc of version 7 or newer",
    );
    pub(crate) const TSC: Self = Self::new(
        "the TypeScript compiler is missing, or is not a native program",
        "--codegen-tsc",
        "names the native program tsc of version 7 or newer",
    );
    pub(crate) const SANDBOX: Self = Self {
        reason: Reason::SandboxMissing,
        ..Self::new(
            "the sandbox bubblewrap is not installed, or this machine has no user namespaces",
            "--codegen-sandbox",
            "can be none, which runs the generator without a sandbox",
        )
    };

    /// Why nothing can be made.
    pub fn failure(self) -> Failure {
        Failure::new(self.reason, self.to_string())
    }
}
