//! Packages, published to a real registry (verdaccio) and installed back with npm; and to one of ours that
//! does everything wrong.
//!
//! Without verdaccio or Node.js the tests with them say so and pass; with `CI` or `CHANCERY_NEEDS_REGISTRY`
//! set they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and a story is told in one piece"
)]

mod hostile;
mod refusals;
mod story;
mod verdaccio;

use release::npm::{Manifest, Package, PackageName, Version};
use release::{Files, GeneratedFile};

/// A package with one module, which exports one text.
pub fn package(name: &str, version: &str, text: &str) -> Package {
    let name = PackageName::parse(name).unwrap();
    let mut manifest = Manifest::new(name, Version::parse(version).unwrap());
    manifest.license = Some("Unlicense".to_owned());
    manifest.main = Some("dist/index.js".to_owned());
    let code = format!("exports.text = {text:?};\n");
    // It would run at an installation, if it were packed.
    let scripts = r#"{"scripts":{"install":"touch ran"}}"#;
    let files = [("dist/index.js", code.as_str()), ("package.json", scripts)];
    let files = files.map(|(path, bytes)| GeneratedFile::new(path, bytes).unwrap());
    let files = Files::new(files).unwrap();
    Package::build(&manifest, &files, Some("# Orders\n\n<%SdkCode%>"), &code).unwrap()
}
