//! The generator: the program openapi-generator, run by a Java in a sandbox.
//!
//! What it can make, and with which options, it tells itself; that is asked for when it is needed, and
//! kept with the digest of its file. Only generators on the list of [`Settings`] are run. Options are
//! held to what the generator says of them, and to characters that no language minds.

mod catalog;
mod jar;
mod java;
mod options;
mod page;
mod settings;
mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;

use self::told::Told;
use crate::failure::{Failure, Reason};
use crate::files::Files;
use crate::limits::{
    GENERATE_TIME_MAX, LIST_TIME_MAX, LISTED_AT_ONCE_MAX, PAGE_BYTES_MAX, PREVIEW_TIME_MAX,
};
use crate::sandbox::{Limits, Output, Run, Sandbox};

pub use catalog::{Generator, GeneratorOption, Kind};
pub use settings::{DEFAULT_GENERATORS, Missing, Settings};

/// What was made of a document.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The files, without what is only for the generator itself and for services that build.
    pub files: Files,
    /// What the generator said.
    pub log: String,
}

/// The generator. Clones share what it told.
#[derive(Clone, Debug)]
pub struct Tool {
    settings: Arc<Settings>,
    sandbox: Sandbox,
    told: Arc<std::sync::Mutex<Told>>,
    /// Held while the program is asked: others need the same.
    asking: Arc<Mutex<()>>,
}

/// Writes the list, and the help of every generator that is asked for and on it, into files.
const TELL: &str = r#"mkdir out
flags=$1
shift
"$JAVA_HOME/bin/java" $flags -jar "$JAR" list -i all >out/list || exit
for name; do
    grep -Eq "^ +- $name( |\$)" out/list || continue
    "$JAVA_HOME/bin/java" $flags -jar "$JAR" config-help -g "$name" >"out/$name.txt" || exit
done
"#;

const GENERATE: &str = r#""$JAVA_HOME/bin/java" $1 -jar "$JAR" generate -g "$2" -i "$INPUT/openapi.json" \
    -c "$INPUT/options.json" -o "$WORK/out" --global-property apiTests=false,modelTests=false"#;

impl Tool {
    /// A generator, of which it is not known yet whether it is there.
    pub fn new(settings: Settings) -> Self {
        let sandbox = Sandbox::new(settings.sandbox);
        let settings = Arc::new(settings);
        Self { settings, sandbox, told: Arc::default(), asking: Arc::default() }
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where it runs, and what else may.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Whether code can be generated here: what is missing, and which setting mends it. The generator
    /// is not run for it; a Java is, once.
    ///
    /// # Errors
    ///
    /// [`Missing`], the first of them.
    pub async fn available(&self) -> Result<(), Missing> {
        let jar = self.settings.jar.as_deref().ok_or(Missing::JAR_NOT_SET)?;
        if !jar.is_file() {
            return Err(Missing::JAR);
        }
        let java = java::Java::find(self.settings.java.as_deref()).ok_or(Missing::JAVA)?;
        self.sandbox.works().await.map_err(|_| Missing::SANDBOX)?;
        java.works(&self.sandbox).await.map_err(|_| Missing::JAVA_OLD)
    }

    /// The generators of the list that the program knows, with their options, in order of their names.
    /// It is asked once, some 1.2 s for each; with `again`, once more.
    ///
    /// # Errors
    ///
    /// [`Failure`] where it cannot be run.
    pub async fn generators(&self, again: bool) -> Result<Vec<Generator>, Failure> {
        let told = self.told(&self.settings.generators, again).await?;
        Ok(told.generators.into_values().collect())
    }

    /// The same of one generator.
    ///
    /// # Errors
    ///
    /// [`Reason::RequestRefused`] if it is not on the list or not known, [`Failure`] as of
    /// [`Tool::generators`].
    pub async fn generator(&self, name: &str) -> Result<Generator, Failure> {
        let not = || Failure::new(Reason::RequestRefused, "no such generator");
        if !self.settings.generators.iter().any(|it| it == name) {
            return Err(not());
        }
        let mut told = self.told(&[name.to_owned()], false).await?;
        told.generators.remove(name).ok_or_else(not)
    }

    /// What a generator makes of a document that is [safe for code](crate::for_code), in JSON. The same
    /// document, generator and options make the same files. It takes at most
    /// [`crate::GENERATE_TIME_MAX`].
    ///
    /// # Errors
    ///
    /// [`Reason::RequestRefused`] if the generator is not allowed, or an option not; else [`Failure`]
    /// with a reason of a run.
    pub async fn generate(
        &self,
        generator: &str,
        options: &BTreeMap<String, String>,
        document: Vec<u8>,
    ) -> Result<Generated, Failure> {
        let generator = self.generator(generator).await?;
        self.generate_within(GENERATE_TIME_MAX, generator, options, document).await
    }

    /// The page that a generator of documentation makes of such a document: `markdown`, `asciidoc`,
    /// `openapi-yaml`. Of many files in Markdown it is one after the other. It takes at most
    /// [`crate::PREVIEW_TIME_MAX`].
    ///
    /// # Errors
    ///
    /// Those of [`Tool::generate`]; [`Reason::OutputTooLarge`] above [`crate::PAGE_BYTES_MAX`] bytes.
    pub async fn preview(&self, generator: &str, document: Vec<u8>) -> Result<String, Failure> {
        let generator = self.generator(generator).await?;
        if generator.kind != Kind::Documentation {
            return Err(Failure::new(Reason::RequestRefused, "it makes no documentation"));
        }
        let options = BTreeMap::new();
        let made = self.generate_within(PREVIEW_TIME_MAX, generator, &options, document).await?;
        let page = page::of(&made.files);
        if page.len() > PAGE_BYTES_MAX {
            let said = format!("the page has more than {PAGE_BYTES_MAX} bytes");
            return Err(Failure::new(Reason::OutputTooLarge, said));
        }
        Ok(page)
    }

    async fn generate_within(
        &self,
        time: Duration,
        generator: Generator,
        options: &BTreeMap<String, String>,
        document: Vec<u8>,
    ) -> Result<Generated, Failure> {
        let options = options::checked(&generator, options)?;
        let mut input = Files::new();
        let unfit = |_| Failure::new(Reason::Crashed, "the input could not be packed");
        input.add("openapi.json", Bytes::from(document)).map_err(unfit)?;
        input.add("options.json", options).map_err(unfit)?;
        let Output { mut files, log } =
            self.run(GENERATE, vec![generator.name], input, Limits::within(time)).await?;
        files.retain(is_for_people);
        if files.is_empty() {
            let detail = "nothing was generated".to_owned();
            return Err(Failure { reason: Reason::DocumentRefusedByTool, detail, log });
        }
        Ok(Generated { files, log })
    }

    /// What the program says of generators; of those that it was asked for before, what it said then.
    async fn told(&self, names: &[String], again: bool) -> Result<Told, Failure> {
        let jar = self.settings.jar.as_deref().ok_or_else(|| Missing::JAR_NOT_SET.failure())?;
        let digest = jar::digest(jar).await.ok_or_else(|| Missing::JAR.failure())?;
        let known = self.kept(|it| it.clone());
        let has_all = |told: &Told| told.digest == digest && told.has(names);
        if !again && has_all(&known) {
            return Ok(known.only(names));
        }
        let _asking = self.asking.lock().await;
        let cache = self.settings.cache.as_deref();
        if self.kept(|it| it.digest != digest) {
            let read = Told::read(digest, cache).await;
            self.kept(|it| *it = read);
        }
        let asked = self.kept(|it| it.unknown(names, again));
        for some in asked.chunks(LISTED_AT_ONCE_MAX) {
            let ask = some.iter().filter(|it| catalog::is_generator_name(it)).cloned().collect();
            let limits = Limits::within(LIST_TIME_MAX);
            let output = self.run(TELL, ask, Files::new(), limits).await?;
            let told = self.kept(|it| {
                it.take(some, &output.files);
                it.clone()
            });
            told.write(cache).await;
        }
        Ok(self.kept(|it| it.only(names)))
    }

    /// Does something with what the program told until now.
    fn kept<T>(&self, with: impl FnOnce(&mut Told) -> T) -> T {
        // What is kept is whole after each change.
        with(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs a script with the flags of Java before its arguments.
    async fn run(
        &self,
        script: &'static str,
        mut arguments: Vec<String>,
        input: Files,
        limits: Limits,
    ) -> Result<Output, Failure> {
        let jar = self.settings.jar.as_deref().ok_or_else(|| Missing::JAR_NOT_SET.failure())?;
        let jar = jar.canonicalize().map_err(|_| Missing::JAR.failure())?;
        let java = java::Java::find(self.settings.java.as_deref());
        let java = java.ok_or_else(|| Missing::JAVA.failure())?;
        arguments.insert(0, java::FLAGS.to_owned());
        let otherwise = Reason::DocumentRefusedByTool;
        let parts = vec![("JAVA_HOME", java.home), ("JAR", jar)];
        self.sandbox
            .run(Run { script, arguments, parts, also: java.also, input, limits, otherwise })
            .await
    }
}

/// Whether a generated file is for those who use the code: not for the generator itself, and nothing
/// that a service runs by itself once it lies in a repository.
fn is_for_people(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    !first.starts_with(".openapi-generator")
        && !matches!(first, ".github" | ".gitlab-ci.yml" | ".travis.yml" | "appveyor.yml")
        && !matches!(last, "git_push.sh" | "git_push.ps1")
}
