//! What events of packages and SDKs of API resources say, as it is stored.

use serde::{Deserialize, Serialize};

/// A package, as its users see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Unique in the resource, in any letter case.
    pub name: String,
    /// A text about it.
    pub description: Option<String>,
    /// Who made it.
    pub publisher: String,
    /// Where it is.
    pub link: String,
    /// Its picture; blank if it has none.
    pub icon: String,
    /// `npm`, `nuget`, `gradle`, `spm` or another one.
    pub package_platform: String,
    /// The programming language.
    pub language: String,
    /// Higher ones come first.
    pub show_index: i32,
    /// Words to find it by.
    pub tags: Option<String>,
}

/// A package is listed no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageRemoved {
    /// Which one, in its own letter case.
    pub name: String,
}

/// What an SDK for npm is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NpmLanguage {
    /// TypeScript sources with Angular's client of HTTP.
    Angular2,
    /// TypeScript with jQuery.
    JQuery,
    /// TypeScript with `fetch`.
    TypescriptFetch,
    /// TypeScript with axios.
    TypescriptAxios,
}

impl NpmLanguage {
    /// All of them; the place is the number on the wire.
    pub const ALL: [Self; 4] =
        [Self::Angular2, Self::JQuery, Self::TypescriptFetch, Self::TypescriptAxios];

    /// As it is written on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Angular2 => "angular2",
            Self::JQuery => "jQuery",
            Self::TypescriptFetch => "typescript-fetch",
            Self::TypescriptAxios => "typescript-axios",
        }
    }

    /// The generator that makes it.
    pub const fn generator(self) -> &'static str {
        match self {
            Self::Angular2 => "typescript-angular",
            Self::JQuery => "typescript-jquery",
            Self::TypescriptFetch => "typescript-fetch",
            Self::TypescriptAxios => "typescript-axios",
        }
    }
}

/// How an SDK is released to npm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NpmOptions {
    /// The name of the package.
    pub name: String,
    /// What the generated code is called.
    pub sdk_name: String,
    /// The version that was released last, or is to come before the first.
    pub version: String,
    /// Where people read about it.
    pub homepage: String,
    /// Who made it.
    pub author: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// A text about it.
    pub description: Option<String>,
    /// Its licence: an SPDX expression.
    pub license: String,
    /// The text of its README; `<%SdkCode%>` in it becomes the generated code.
    pub readme: Option<String>,
}

/// How an SDK for one language is released to npm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NpmOptionsSet {
    /// Which language.
    pub language: NpmLanguage,
    /// All of it.
    pub options: NpmOptions,
}

/// What opens an npm registry. Sealed in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NpmSecret {
    /// A bearer token.
    pub token: String,
}

/// The next version was given to a release that somebody asked for. A release that fails leaves a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkVersionTaken {
    /// Which language.
    pub language: NpmLanguage,
    /// `major.minor.build`.
    pub version: String,
}

/// How generated code is pushed to a git remote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitOptions {
    /// Of the repository at the operator's host.
    pub owner: Option<String>,
    /// The name of the repository there.
    pub repo: Option<String>,
    /// An HTTPS or SSH URL; it counts before `owner` and `repo`.
    pub remote: Option<String>,
    /// Which branch; `main` if absent.
    pub branch: Option<String>,
    /// Kept for compatibility.
    pub user_agent: String,
    /// The document that is meant, if it is not the current one.
    pub swagger_url: Option<String>,
    /// Kept for compatibility: labels are not written.
    pub sync_labels: bool,
    /// Whether documentation is written.
    pub sync_docs: bool,
    /// The generators whose code is written.
    pub generators: Vec<String>,
    /// The host keys that count, as in a `known_hosts` file.
    pub ssh_known_hosts: Option<String>,
}

/// What opens a git remote. Sealed in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitSecrets {
    /// For HTTPS.
    pub token: Option<String>,
    /// A private key, for SSH.
    pub ssh_key: Option<String>,
}

/// What all generators of an API resource have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommonOptions {
    /// The document that is meant.
    pub swagger_url: Option<String>,
}

/// An SDK was released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SdkRecorded {
    /// What it is called: the name of a package.
    pub sdk_name: String,
    /// The programming language.
    pub language: String,
    /// Its version.
    pub version: String,
    /// Of which document.
    pub swagger_url: Option<String>,
    /// Words to find it by.
    pub tags: Option<String>,
    /// As the caller says.
    pub release_date: Option<String>,
}

impl SdkRecorded {
    /// By which it is found: there is one of each in a resource.
    pub fn key(&self) -> String {
        format!("{}@{}@{}", self.sdk_name, self.language, self.version)
    }
}
