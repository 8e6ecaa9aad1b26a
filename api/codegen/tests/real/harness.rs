//! What is installed, and how it is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use codegen::tool::Settings;
use codegen::{Failure, Files, Tool};
use serde_json::Value;

/// Where tests/install-codegen puts them.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/codegen")
}

/// Settings with all that is installed.
pub fn settings() -> Settings {
    Settings {
        jar: Some(tools().join("openapi-generator.jar")),
        java: Some(tools().join("java")),
        tsc: Some(tools().join("tsc")),
        cache: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("codegen")),
        ..Settings::default()
    }
}

fn is_needed() -> bool {
    ["CI", "CHANCERY_NEEDS_CODEGEN"].iter().any(|it| std::env::var_os(it).is_some())
}

/// The generator, one for all tests; `None` if the tests cannot run, which is said.
pub fn tool() -> Option<Tool> {
    static TOOL: OnceLock<Option<Tool>> = OnceLock::new();
    let found = TOOL.get_or_init(|| {
        let is_made = tools().join("installed").exists();
        let has_sandbox = std::process::Command::new("bwrap").arg("--version").output().is_ok();
        assert!(is_made && has_sandbox || !is_needed(), "run tests/install-codegen first");
        (is_made && has_sandbox).then(|| Tool::new(settings()))
    });
    if found.is_none() {
        println!(
            "skipped: the generator or bubblewrap is not installed (tests/install-codegen does)"
        );
    }
    found.clone()
}

/// What a generator makes of a document that was made safe.
pub async fn generate(tool: &Tool, generator: &str, document: &Value) -> Result<Files, Failure> {
    let safe = codegen::for_code(document).expect("safe for code");
    generate_as_is(tool, generator, &safe).await
}

/// What a generator makes of a document as it is.
pub async fn generate_as_is(
    tool: &Tool,
    generator: &str,
    document: &Value,
) -> Result<Files, Failure> {
    let bytes = serde_json::to_vec(document).unwrap();
    tool.generate(generator, &BTreeMap::new(), bytes).await.map(|it| it.files)
}

/// A file as text.
pub fn text(files: &Files, path: &str) -> String {
    let content = files.get(path).unwrap_or_else(|| panic!("no {path} in {:?}", paths(files)));
    String::from_utf8(content.to_vec()).unwrap()
}

/// The paths of all files.
pub fn paths(files: &Files) -> Vec<&str> {
    files.iter().map(|it| it.0.as_str()).collect()
}
