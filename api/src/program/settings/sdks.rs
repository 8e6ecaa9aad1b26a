//! Settings of how SDKs are made and released.

use std::path::PathBuf;

use clap::Args;
use codegen::tool::DEFAULT_GENERATORS;

/// How SDKs are made and released.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "SDKs")]
pub(crate) struct SdkOptions {
    /// The file of openapi-generator, which makes SDKs. Without it none are made.
    #[arg(long, env = "CHANCERY_CODEGEN_JAR", value_name = "FILE")]
    pub(crate) codegen_jar: Option<PathBuf>,

    /// The program java, of version 11 or newer, that runs it. Without it, the one on PATH.
    #[arg(long, env = "CHANCERY_CODEGEN_JAVA", value_name = "FILE")]
    pub(crate) codegen_java: Option<PathBuf>,

    /// The native TypeScript compiler tsc, of version 7 or newer, for packages of npm.
    #[arg(long, env = "CHANCERY_CODEGEN_TSC", value_name = "FILE")]
    pub(crate) codegen_tsc: Option<PathBuf>,

    /// Where generator and compiler run: bubblewrap, or none. With none they see and reach what this
    /// program does.
    #[arg(
        long,
        env = "CHANCERY_CODEGEN_SANDBOX",
        value_name = "KIND",
        default_value = "bubblewrap"
    )]
    pub(crate) codegen_sandbox: codegen::sandbox::Kind,

    /// The generators that may be run, with commas between them.
    #[arg(
        long,
        env = "CHANCERY_CODEGEN_GENERATORS",
        value_name = "LIST",
        value_delimiter = ',',
        default_values = DEFAULT_GENERATORS
    )]
    pub(crate) codegen_generators: Vec<String>,

    /// How many SDKs are made at a time.
    #[arg(
        long,
        env = "CHANCERY_CODEGEN_JOBS",
        value_name = "NUMBER",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..=16)
    )]
    pub(crate) codegen_jobs: u8,

    /// The npm registry that packages are released to, such as `https://registry.npmjs.org`. Without it
    /// none are released.
    #[arg(long, env = "CHANCERY_NPM_REGISTRY", value_name = "URL")]
    pub(crate) npm_registry: Option<String>,

    /// The host of git remotes that are named by owner and repository, such as
    /// `https://git.example.com`.
    #[arg(long, env = "CHANCERY_GIT_BASE", value_name = "URL")]
    pub(crate) git_base: Option<String>,

    /// Protocols of git remotes besides https and ssh, with commas between them: http, file.
    #[arg(
        long,
        env = "CHANCERY_GIT_PROTOCOLS",
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = ["http", "file"]
    )]
    pub(crate) git_protocols: Vec<String>,
}
