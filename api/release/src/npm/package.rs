//! A package: our own `package.json`, the generated files, and one archive of them, the same bytes for
//! the same input.

use std::collections::BTreeMap;
use std::io::{self, Write};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA512, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::{Compression, GzBuilder};
use serde::Serialize;
use tar::{Builder, EntryType, Header};

use super::name::PackageName;
use super::version::Version;
use crate::{Files, FormError};

/// The largest archive, in bytes: 32 MiB.
pub const PACKAGE_BYTES_MAX: usize = 32 << 20;

/// The longest README, in bytes, with the code in it.
pub const README_BYTES_MAX: usize = 1 << 20;

/// The longest `package.json`, in bytes.
const MANIFEST_BYTES_MAX: usize = 64 << 10;

/// What stands in a README for the generated code.
pub const SDK_CODE_MARK: &str = "<%SdkCode%>";

/// Times of files: what npm itself writes, since archivers of Windows do not take earlier ones.
const MODIFIED_SECONDS: u64 = 499_162_500;

/// What `package.json` says of a package. There are no scripts, so neither publishing nor installing it
/// runs anything.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// What it is for.
    pub description: Option<String>,
    /// An SPDX licence expression.
    pub license: Option<String>,
    /// Who made it.
    pub author: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Its page.
    pub homepage: Option<String>,
    /// The file that `require` loads, such as `dist/index.js`. It must be there, as the next two.
    pub main: Option<String>,
    /// The same as an ECMAScript module, for bundlers.
    pub module: Option<String>,
    /// Its types.
    pub types: Option<String>,
    /// Packages that it needs, each with a range of versions, such as `axios` and `^1.6.0`.
    pub dependencies: BTreeMap<PackageName, String>,
    /// Packages that its user brings, such as `@angular/core`.
    pub peer_dependencies: BTreeMap<PackageName, String>,
}

/// The fields of `package.json`, in the order in which they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    name: &'a str,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    keywords: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    types: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dependencies: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    peer_dependencies: BTreeMap<&'a str, &'a str>,
}

impl Manifest {
    /// One with a name and a version only.
    pub fn new(name: PackageName, version: Version) -> Self {
        Self {
            name,
            version,
            description: None,
            license: None,
            author: None,
            keywords: Vec::new(),
            homepage: None,
            main: None,
            module: None,
            types: None,
            dependencies: BTreeMap::new(),
            peer_dependencies: BTreeMap::new(),
        }
    }

    fn fields(&self) -> Result<Fields<'_>, FormError> {
        Ok(Fields {
            name: self.name.as_str(),
            version: self.version.to_string(),
            description: self.description.as_deref(),
            license: self.license.as_deref(),
            author: self.author.as_deref(),
            keywords: &self.keywords,
            homepage: self.homepage.as_deref(),
            main: self.main.as_deref(),
            module: self.module.as_deref(),
            types: self.types.as_deref(),
            dependencies: needed(&self.dependencies)?,
            peer_dependencies: needed(&self.peer_dependencies)?,
        })
    }
}

/// Packages by their names with ranges of versions: never a URL, a repository or a folder, from which
/// an installation would take something that no registry has.
fn needed(all: &BTreeMap<PackageName, String>) -> Result<BTreeMap<&str, &str>, FormError> {
    let may = |it: u8| it.is_ascii_digit() || b".^~<>=| x*-".contains(&it);
    let is_range = |it: &str| !it.is_empty() && it.len() <= 100 && it.bytes().all(may);
    if all.values().any(|it| !is_range(it)) {
        return Err(FormError::new("A needed package has a range of versions, such as ^1.6.0."));
    }
    Ok(all.iter().map(|(name, range)| (name.as_str(), range.as_str())).collect())
}

/// A package as it is published.
#[derive(Clone)]
pub struct Package {
    pub(super) name: PackageName,
    pub(super) version: Version,
    /// `package.json`, for the registry.
    pub(super) manifest: serde_json::Value,
    tarball: Vec<u8>,
    integrity: String,
}

impl std::fmt::Debug for Package {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Package({}@{}, {})", self.name, self.version, self.integrity)
    }
}

impl Package {
    /// Packs files. `package.json` is made of the manifest, and what could make npm or git do something
    /// is left out: other manifests, settings of npm, build files of node-gyp, what the generator keeps
    /// for itself. A README that is not blank takes the place of the generated one; in it, each
    /// [`SDK_CODE_MARK`] becomes `sdk_code`. Compressing 64 MiB takes seconds: not for a thread that others
    /// wait for.
    ///
    /// # Errors
    /// When a file that the manifest names is not there, when a needed package has no range of versions,
    /// or when the archive, the README or the manifest is too large.
    pub fn build(
        manifest: &Manifest,
        files: &Files,
        readme: Option<&str>,
        sdk_code: &str,
    ) -> Result<Self, FormError> {
        let mut packed: BTreeMap<&str, &[u8]> =
            files.iter().filter(|(path, _)| !is_left_out(path)).collect();
        for named in [&manifest.main, &manifest.module, &manifest.types].into_iter().flatten() {
            if !packed.contains_key(named.as_str()) {
                let text = format!("The manifest names {named:?}, which is not in the package.");
                return Err(FormError::new(text));
            }
        }
        let readme = readme.filter(|it| !it.trim().is_empty());
        let readme = readme.map(|it| with_code(it, sdk_code)).transpose()?;
        if let Some(readme) = &readme {
            packed.retain(|path, _| !is_readme(path));
            packed.insert("README.md", readme.as_bytes());
        }
        let failed = |_| FormError::new("The manifest cannot be written.");
        let fields = manifest.fields()?;
        let mut text = serde_json::to_vec_pretty(&fields).map_err(failed)?;
        text.push(b'\n');
        if text.len() > MANIFEST_BYTES_MAX {
            return Err(FormError::new("The package.json would have more than 64 KiB."));
        }
        packed.insert("package.json", &text);
        let tarball = archive(&packed, PACKAGE_BYTES_MAX)
            .map_err(|_| FormError::new("The package has more than 32 MiB."))?;
        let integrity = BASE64_STANDARD.encode(digest(&SHA512, &tarball));
        Ok(Self {
            name: manifest.name.clone(),
            version: manifest.version,
            manifest: serde_json::to_value(fields).map_err(failed)?,
            integrity: format!("sha512-{integrity}"),
            tarball,
        })
    }

    /// Its name.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Its version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The archive: gzip of tar.
    pub fn tarball(&self) -> &[u8] {
        &self.tarball
    }

    /// The SHA-512 of the archive, as npm writes it: `sha512-` and Base64.
    pub fn integrity(&self) -> &str {
        &self.integrity
    }

    /// The SHA-1 of the archive in hexadecimal digits, which old registries compare.
    pub(super) fn shasum(&self) -> String {
        let sum = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.tarball);
        sum.as_ref().iter().map(|it| format!("{it:02x}")).collect()
    }
}

/// Whether a generated file has no place in a package. npm would build a package that has a `*.gyp` at
/// installation, and take dependencies from where a `npm-shrinkwrap.json` says.
fn is_left_out(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_named = [
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        ".npmrc",
        ".npmignore",
        ".gitignore",
        "git_push.sh",
    ]
    .contains(&name.as_str());
    let is_folder = |it: &str| {
        let it = it.to_ascii_lowercase();
        it == "node_modules" || it.starts_with(".openapi-generator")
    };
    is_named || name.ends_with(".gyp") || path.split('/').any(is_folder)
}

fn is_readme(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path == "readme" || (path.starts_with("readme.") && !path.contains('/'))
}

fn with_code(readme: &str, sdk_code: &str) -> Result<String, FormError> {
    let marks = readme.matches(SDK_CODE_MARK).count();
    let size = marks.saturating_mul(sdk_code.len()).saturating_add(readme.len());
    if size > README_BYTES_MAX {
        return Err(FormError::new("The README would have more than 1 MiB."));
    }
    Ok(readme.replace(SDK_CODE_MARK, sdk_code))
}

/// Bytes up to a limit.
struct Limited {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Write for Limited {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if part.len() > self.bytes_max.saturating_sub(self.bytes.len()) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All files below `package/`, in the order of their paths, with one time, owner and mode.
fn archive(files: &BTreeMap<&str, &[u8]>, bytes_max: usize) -> io::Result<Vec<u8>> {
    // Nothing of the machine stands in the head: no name, no time, an unknown system.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let limited = Limited { bytes: Vec::new(), bytes_max };
    let mut builder = Builder::new(gzip.write(limited, Compression::new(6)));
    for (path, bytes) in files {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(u64::try_from(bytes.len()).map_err(io::Error::other)?);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(MODIFIED_SECONDS);
        builder.append_data(&mut header, format!("package/{path}"), *bytes)?;
    }
    Ok(builder.into_inner()?.finish()?.bytes)
}

#[cfg(test)]
mod tests;
