//! How SDKs are made and released, as the operator set it.

use std::path::Path;
use std::sync::Arc;

use release::git::{GitSettings, Protocols, sweep_left_over};
use release::npm::Registry;

use super::failure::Failure;
use super::settings::Serve;
use crate::state::sdks::SdkSettings;

/// The folder of the data folder in which pushes work.
const GIT_FOLDER: &str = "git";

/// The folder of the data folder with what the generator told of itself.
const GENERATORS_FOLDER: &str = "generators";

/// The author of commits.
const AUTHOR: &str = "noreply@localhost";

/// Refused before anything is written, if it cannot be used.
pub(super) fn settings(options: &Serve, data: &Path) -> Result<SdkSettings, Failure> {
    let said = &options.sdks;
    let registry = said.npm_registry.as_deref().map(Registry::new).transpose();
    let registry = registry.map_err(|err| Failure::from(err.0))?;
    if said.codegen_sandbox == codegen::sandbox::Kind::None && said.codegen_jar.is_some() {
        tracing::warn!(
            "--codegen-sandbox is none: generators see and reach what this program does"
        );
    }
    let folder = data.join(GIT_FOLDER);
    if let Err(err) = sweep_left_over(&folder) {
        tracing::warn!(error = %err, "what a push left behind cannot be removed");
    }
    let protocol = |name: &str| said.git_protocols.iter().any(|it| it == name);
    let git = GitSettings::new(folder, options.allow_private_outbound.clone(), AUTHOR);
    Ok(SdkSettings {
        tool: codegen::tool::Settings {
            jar: said.codegen_jar.clone(),
            java: said.codegen_java.clone(),
            tsc: said.codegen_tsc.clone(),
            sandbox: said.codegen_sandbox,
            generators: said.codegen_generators.clone(),
            cache: Some(data.join(GENERATORS_FOLDER)),
        },
        registry: registry.map(Arc::new),
        git: Some(GitSettings {
            protocols: Protocols { http: protocol("http"), file: protocol("file") },
            ..git
        }),
        git_base: said.git_base.clone(),
        jobs: usize::from(said.codegen_jobs),
    })
}
