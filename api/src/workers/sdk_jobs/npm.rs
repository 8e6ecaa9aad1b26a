//! Releases generated code to an npm registry.

use std::collections::BTreeMap;
use std::time::Instant;

use codegen::Files;
use domain::resource::{
    NpmLanguage, NpmOptions, Package as Listed, Resource, ResourceCommand, SdkRecorded,
    next_version,
};
use domain::sdk_job::{OpenSdkJob, SdkStep, SdkWork};
use domain::{Aggregate as _, StreamId};
use release::npm::{Manifest, Package, PackageName, REPEAT_AFTER, Registry, Version};
use release::{GeneratedFile, Reason, Secret};

use super::Job;
use super::generate::failed;
use super::made::{Failed, Made};

/// How often another version is taken because the registry has one already.
const VERSIONS_TRIED_MAX: usize = 5;

/// How much of the generated code a README holds, in bytes.
const README_CODE_BYTES_MAX: usize = 64 * 1024;

/// What is released, and how.
#[derive(Clone)]
struct Wished {
    language: NpmLanguage,
    package: String,
    version: String,
    tags: Option<String>,
    options: NpmOptions,
    token: Secret,
}

impl Job<'_> {
    /// Generates code, and releases it.
    pub(super) async fn release(
        &self,
        open: &OpenSdkJob,
        log: &mut String,
    ) -> Result<Made, Failed> {
        let registry = self.app.sdks.settings.registry.clone();
        let none = || {
            let why = "the operator named no registry: --npm-registry";
            Failed::why(Reason::RegistryNotSet.as_str(), why)
        };
        let registry = registry.ok_or_else(none)?;
        let mut wished = self.wished(open)?;
        let mut document = self.safe_document(open).await?;
        if let Some(info) = document.get_mut("info").and_then(|it| it.as_object_mut()) {
            info.insert("title".to_owned(), wished.options.sdk_name.clone().into());
        }
        let options = BTreeMap::new();
        let generator = (wished.language.generator(), &options);
        let sources = self.code(open, generator, document, log).await?;
        let code = self.compiled(open, wished.language, &sources, log).await?;
        let mut tries = 0;
        let package = loop {
            let (of, from, modules) = (wished.clone(), sources.clone(), code.clone());
            // It compresses.
            let packed = tokio::task::spawn_blocking(move || packed(&of, &from, &modules)).await;
            let package =
                packed.map_err(|_| Failed::why("crashed", "the program is about to end"))??;
            let began = Instant::now();
            match publish(&registry, &wished.token, &package).await {
                Ok(()) => {
                    self.step(open, SdkStep::Published, began).await?;
                    break package;
                }
                Err(failure) if failure.reason == Reason::VersionTaken => {
                    tries += 1;
                    if tries == VERSIONS_TRIED_MAX {
                        return Err(failure.into());
                    }
                    self.take_next(open, &mut wished).await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        };
        let result = format!("{}@{}", package.name().as_str(), package.version());
        let made = self.keep_files(open, sources, result).await?;
        Ok(Made { of_resource: self.noted(open, &wished), ..made })
    }

    /// As the API resource has it now.
    fn wished(&self, open: &OpenSdkJob) -> Result<Wished, Failed> {
        let SdkWork::ReleaseNpm { language, package, version, tags } = &open.wanted.work else {
            return Err(Failed::why("crashed", "this is no release"));
        };
        let stream = StreamId::new(Resource::CATEGORY, open.wanted.resource);
        let resource = self.app.engine.load::<Resource>(&stream);
        let (resource, _) = resource.map_err(|err| Failed::NotNoted(err.into()))?;
        let gone = || Failed::why("options_missing", "the API resource has no such npm options");
        let (options, token) = resource.sdk().and_then(|it| it.npm(*language)).ok_or_else(gone)?;
        Ok(Wished {
            language: *language,
            package: package.clone(),
            version: version.clone(),
            tags: tags.clone(),
            options: options.clone(),
            token: Secret::new(token),
        })
    }

    /// What the package holds: modules, unless Angular compiles the sources itself.
    async fn compiled(
        &self,
        open: &OpenSdkJob,
        language: NpmLanguage,
        sources: &Files,
        log: &mut String,
    ) -> Result<Files, Failed> {
        if language == NpmLanguage::Angular2 {
            return Ok(sources.clone());
        }
        let began = Instant::now();
        let compiled = codegen::compile::compile(&self.app.sdks.tool, sources).await;
        let compiled = compiled.map_err(|it| failed(it, log))?;
        log.push_str(&compiled.log);
        self.step(open, SdkStep::Compiled, began).await?;
        Ok(compiled.files)
    }

    /// Takes the version after the one that the registry has already.
    async fn take_next(&self, open: &OpenSdkJob, wished: &mut Wished) -> Result<(), Failed> {
        let stream = StreamId::new(Resource::CATEGORY, open.wanted.resource);
        let resource = self.app.engine.load::<Resource>(&stream);
        let (resource, _) = resource.map_err(|err| Failed::NotNoted(err.into()))?;
        let now = resource.sdk().and_then(|it| it.npm(wished.language));
        let next = now.and_then(|(options, _)| next_version(&options.version));
        let none = || Failed::why(Reason::VersionTaken.as_str(), "there is no next version");
        let version = next.ok_or_else(none)?;
        let command =
            ResourceCommand::TakeSdkVersion { language: wished.language, version: version.clone() };
        let head = self.head(open.wanted.tenant).map_err(Failed::NotNoted)?;
        let id = stream.id();
        let done = self.app.engine.handle::<Resource>(id, &command, &head).await;
        self.app.settle(&done.map_err(Failed::NotNoted)?).await;
        wished.version = version;
        Ok(())
    }

    /// What the API resource has now: a record, and a package for its users.
    fn noted(&self, open: &OpenSdkJob, wished: &Wished) -> Vec<ResourceCommand> {
        let record = SdkRecorded {
            sdk_name: wished.package.clone(),
            language: wished.language.as_str().to_owned(),
            version: wished.version.clone(),
            swagger_url: open.wanted.source.clone(),
            tags: wished.tags.clone(),
            release_date: Some(self.app.clock.now().wire()),
        };
        let link = self.app.sdks.settings.registry.as_ref();
        let link = link.map_or_else(String::new, |it| it.page_of(&wished.package));
        let package = Listed {
            name: wished.package.clone(),
            description: wished.options.description.clone(),
            publisher: wished.options.author.clone().unwrap_or_else(|| "Chancery".to_owned()),
            link,
            icon: String::new(),
            package_platform: "npm".to_owned(),
            language: wished.language.as_str().to_owned(),
            show_index: 0,
            tags: wished.tags.clone(),
        };
        let record = ResourceCommand::RecordSdk(Box::new(record));
        vec![record, ResourceCommand::AddPackage(Box::new(package))]
    }
}

fn packed(wished: &Wished, sources: &Files, code: &Files) -> Result<Package, Failed> {
    let options = &wished.options;
    let mut manifest =
        Manifest::new(PackageName::parse(&wished.package)?, Version::parse(&wished.version)?);
    manifest.description.clone_from(&options.description);
    manifest.license = Some(options.license.clone());
    manifest.author.clone_from(&options.author);
    manifest.keywords.clone_from(&options.keywords);
    manifest.homepage = Some(options.homepage.clone());
    let is_compiled = wished.language != NpmLanguage::Angular2;
    if is_compiled {
        manifest.main = Some("cjs/index.js".to_owned());
        manifest.module = Some("esm/index.js".to_owned());
        manifest.types = Some("types/index.d.ts".to_owned());
    }
    let (needs, brings): (&[_], &[_]) = match wished.language {
        NpmLanguage::TypescriptFetch => (&[], &[]),
        NpmLanguage::TypescriptAxios => (&[("axios", "^1.6.0")], &[]),
        NpmLanguage::JQuery => (&[], &[("jquery", ">=3.0.0")]),
        NpmLanguage::Angular2 => (
            &[],
            &[("@angular/core", ">=14.0.0"), ("@angular/common", ">=14.0.0"), ("rxjs", ">=7.0.0")],
        ),
    };
    manifest.dependencies = ranges(needs)?;
    manifest.peer_dependencies = ranges(brings)?;
    let files = code.iter().map(|(path, bytes)| GeneratedFile::new(path, bytes.to_vec()));
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    if is_compiled && let Some(readme) = sources.get("README.md") {
        files.push(GeneratedFile::new("README.md", readme.to_vec())?);
    }
    let files = release::Files::new(files)?;
    Ok(Package::build(&manifest, &files, options.readme.as_deref(), &code_for_readme(sources))?)
}

fn ranges(all: &[(&str, &str)]) -> Result<BTreeMap<PackageName, String>, Failed> {
    let one = |(name, range): &(&str, &str)| Ok((PackageName::parse(name)?, (*range).to_owned()));
    all.iter().map(one).collect()
}

/// The sources, one behind the other, as far as they fit.
fn code_for_readme(sources: &Files) -> String {
    let mut code = String::new();
    for (path, bytes) in sources.iter().filter(|(path, _)| path.ends_with(".ts")) {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        if code.len() + path.len() + text.len() > README_CODE_BYTES_MAX {
            break;
        }
        code.push_str(&format!("// {path}\n{text}\n"));
    }
    code
}

/// Publishes, again and again while the registry may come back.
async fn publish(
    registry: &Registry,
    token: &Secret,
    package: &Package,
) -> Result<(), release::Failure> {
    let mut waits = REPEAT_AFTER.into_iter();
    loop {
        match (registry.publish(token, package).await, waits.next()) {
            (Ok(_), _) => return Ok(()),
            (Err(failure), Some(wait)) if failure.again => tokio::time::sleep(wait).await,
            (Err(failure), _) => return Err(failure),
        }
    }
}
