//! `/api/CodeGen/{id}/…Options`: how SDKs of an API resource are made and released. Rows 48 to 51, 53
//! and 54.

use domain::resource::{
    CommonOptions, GitOptions, GitSecrets, NpmLanguage, NpmOptions, NpmOptionsSet, ResourceCommand,
};
use projections::ResourceRow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;
use warp::http::Method;

use super::api_resource::{owned, target};
use super::children::{MASKED, wish};
use crate::access::granted::Granted;
use crate::http::codes;
use crate::http::endpoint::{Endpoint, Outcome, endpoint};
use crate::http::error::ApiError;
use crate::http::needs::scope;
use crate::http::reply::{ErrorData, Reply, Single};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    const NPM: &str = "/api/CodeGen/{id}/NpmOptions/{language}";
    const GIT: &str = "/api/CodeGen/{id}/GithubOptions";
    const COMMON: &str = "/api/CodeGen/{id}/CommonOptions";
    vec![
        endpoint(Method::GET, NPM, "CodeGenNpmOptions", "Show how SDKs are released to npm")
            .row(48)
            .answers::<Single<NpmBody>>()
            .needs(scope("codegen.npmoptions"), npm),
        endpoint(Method::PUT, NPM, "CodeGenPutNpmOptions", "Say how SDKs are released to npm")
            .row(49)
            .json::<NpmBody>()
            .answers::<Single<bool>>()
            .needs(scope("codegen.putnpmoptions"), put_npm),
        endpoint(Method::GET, GIT, "CodeGenGithubOptions", "Show where generated code is pushed")
            .row(50)
            .answers::<Single<GitBody>>()
            .needs(scope("codegen.githuboptions"), git),
        endpoint(Method::PUT, GIT, "CodeGenPutGithubOptions", "Say where generated code is pushed")
            .row(51)
            .json::<GitBody>()
            .answers::<Single<bool>>()
            .needs(scope("codegen.putgithuboptions"), put_git),
        endpoint(
            Method::GET,
            COMMON,
            "CodeGenCommonOptions",
            "Show what all generators of an API resource have in common",
        )
        .row(53)
        .answers::<Single<CommonBody>>()
        .needs(scope("codegen.commonoptions"), common),
        endpoint(
            Method::PUT,
            COMMON,
            "CodeGenPutCommonOptions",
            "Say what all generators of an API resource have in common",
        )
        .row(54)
        .json::<CommonBody>()
        .answers::<Single<bool>>()
        .needs(scope("codegen.putcommonoptions"), put_common),
    ]
}

// Spec section 2.6.
/// How SDKs are released to npm.
#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "NpmOptions")]
struct NpmBody {
    /// The name of the package, as npm allows it; at most 214 characters.
    #[schemars(extend("x-required" = "both"))]
    name: String,
    /// What the generated code is called: letters, digits and `_`; at most 100.
    #[schemars(extend("x-required" = "both"))]
    sdk_name: String,
    /// Three numbers, such as 1.2.3: a release takes the next one. Blank comes before 0.0.1.
    #[schemars(extend("x-required" = "answer"))]
    version: String,
    /// An http or https URL; at most 2,000 characters.
    #[schemars(extend("x-required" = "both"))]
    homepage: String,
    /// At most 200 characters.
    author: Option<String>,
    /// At most 50, of at most 100 characters each.
    keywords: Option<Vec<String>>,
    /// At most 1,000 characters.
    description: Option<String>,
    /// What opens the registry. In an answer `***`. `***` or blank keeps the one that is there.
    #[schemars(extend("x-required" = "both"))]
    token: String,
    /// An SPDX expression; at most 100 characters.
    #[schemars(extend("x-required" = "answer"))]
    license: String,
    /// The text of the README, at most 40,000 characters. `<%SdkCode%>` in it becomes the code.
    readme: Option<String>,
}

impl Default for NpmBody {
    fn default() -> Self {
        Self {
            name: String::new(),
            sdk_name: String::new(),
            version: String::new(),
            homepage: String::new(),
            author: None,
            keywords: None,
            description: None,
            token: String::new(),
            license: "Unlicense".to_owned(),
            readme: None,
        }
    }
}

impl ErrorData for Single<NpmBody> {}

impl NpmBody {
    fn of(it: &NpmOptions) -> Self {
        Self {
            name: it.name.clone(),
            sdk_name: it.sdk_name.clone(),
            version: it.version.clone(),
            homepage: it.homepage.clone(),
            author: it.author.clone(),
            keywords: Some(it.keywords.clone()).filter(|it| !it.is_empty()),
            description: it.description.clone(),
            token: MASKED.to_owned(),
            license: it.license.clone(),
            readme: it.readme.clone(),
        }
    }

    fn into_options(self) -> NpmOptions {
        NpmOptions {
            name: self.name.trim().to_owned(),
            sdk_name: self.sdk_name.trim().to_owned(),
            version: self.version.trim().to_owned(),
            homepage: self.homepage.trim().to_owned(),
            author: self.author,
            keywords: self.keywords.unwrap_or_default(),
            description: self.description,
            license: self.license,
            readme: self.readme,
        }
    }
}

// Spec section 2.6.
/// Where generated code is pushed.
#[skip_serializing_none]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "GithubOptions")]
struct GitBody {
    /// Kept for compatibility; at most 200 characters.
    #[schemars(extend("x-required" = "answer"))]
    user_agent: String,
    /// Of the repository at the operator's host: letters, digits and `.`, `_`, `-`; at most 100.
    owner: Option<String>,
    /// The name of the repository there: letters, digits and `.`, `_`, `-`; at most 100.
    repo: Option<String>,
    /// What opens the remote by HTTPS. In an answer `***`; `***` keeps the one that is there.
    token: Option<String>,
    /// The document that is meant, if it is not the current one; at most 2,000 characters.
    swagger_url: Option<String>,
    /// Kept for compatibility: labels are not written.
    #[schemars(extend("x-required" = "answer"))]
    sync_labels: bool,
    /// Whether documentation is written.
    #[schemars(extend("x-required" = "answer"))]
    sync_docs: bool,
    /// An HTTPS or SSH URL; it counts before owner and repo. At most 2,000 characters.
    remote: Option<String>,
    /// Which branch; `main` if absent.
    branch: Option<String>,
    /// What opens the remote by SSH: a private key without a passphrase. In an answer `***`; `***` keeps
    /// the one that is there.
    ssh_key: Option<String>,
    /// The host keys that count, as in a `known_hosts` file; at most 16,000 characters.
    ssh_known_hosts: Option<String>,
    /// The generators whose code is written; at most 5.
    generators: Option<Vec<String>>,
}

impl Default for GitBody {
    fn default() -> Self {
        Self {
            user_agent: "Awesome-Game5.0-App".to_owned(),
            owner: None,
            repo: None,
            token: None,
            swagger_url: None,
            sync_labels: true,
            sync_docs: true,
            remote: None,
            branch: None,
            ssh_key: None,
            ssh_known_hosts: None,
            generators: None,
        }
    }
}

impl ErrorData for Single<GitBody> {}

impl GitBody {
    fn of(it: &GitOptions, secrets: &GitSecrets) -> Self {
        let masked = |it: &Option<String>| it.as_ref().map(|_| MASKED.to_owned());
        Self {
            user_agent: it.user_agent.clone(),
            owner: it.owner.clone(),
            repo: it.repo.clone(),
            token: masked(&secrets.token),
            swagger_url: it.swagger_url.clone(),
            sync_labels: it.sync_labels,
            sync_docs: it.sync_docs,
            remote: it.remote.clone(),
            branch: it.branch.clone(),
            ssh_key: masked(&secrets.ssh_key),
            ssh_known_hosts: it.ssh_known_hosts.clone(),
            generators: Some(it.generators.clone()).filter(|it| !it.is_empty()),
        }
    }

    fn into_command(self) -> ResourceCommand {
        let filled = |it: Option<String>| {
            let it = it.map(|it| it.trim().to_owned());
            it.filter(|it| !it.is_empty())
        };
        ResourceCommand::SetGitOptions {
            token: wish(self.token.unwrap_or_default()),
            ssh_key: wish(self.ssh_key.unwrap_or_default()),
            options: Box::new(GitOptions {
                owner: filled(self.owner),
                repo: filled(self.repo),
                remote: filled(self.remote),
                branch: filled(self.branch),
                user_agent: self.user_agent,
                swagger_url: filled(self.swagger_url),
                sync_labels: self.sync_labels,
                sync_docs: self.sync_docs,
                generators: self.generators.unwrap_or_default(),
                ssh_known_hosts: self.ssh_known_hosts.filter(|it| !it.trim().is_empty()),
            }),
        }
    }
}

// Spec section 2.6.
/// What all generators of an API resource have in common.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(rename = "CommonOptions")]
struct CommonBody {
    /// The document that is meant: an http or https URL; at most 2,000 characters.
    swagger_url: Option<String>,
}

impl ErrorData for Single<CommonBody> {}

async fn npm(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let language = language(&granted)?;
    let options = row.sdk.npm(language).ok_or_else(no_npm_options)?;
    Ok(Reply::single(NpmBody::of(options)))
}

async fn put_npm(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let language = language(&granted)?;
    let (body, bytes) = granted.json::<NpmBody>().await?;
    let has_token = row.sdk.npm(language).is_some();
    let token = match body.token.trim() {
        "" if has_token => MASKED.to_owned(),
        token => token.to_owned(),
    };
    let wished = Box::new(NpmOptionsSet { language, options: body.into_options() });
    submit(&granted, &row, &bytes, ResourceCommand::SetNpmOptions(wished, wish(token))).await
}

/// A name or a number, in any letter case.
fn language(granted: &Granted) -> Result<NpmLanguage, ApiError> {
    let said = granted.call.parameter(1);
    let mut all = NpmLanguage::ALL.iter().enumerate();
    let is_it = |(number, it): &(usize, &NpmLanguage)| {
        it.as_str().eq_ignore_ascii_case(said) || number.to_string() == said
    };
    let found = all.find(is_it).map(|it| *it.1);
    found.ok_or_else(|| {
        let names = NpmLanguage::ALL.map(NpmLanguage::as_str).join(", ");
        ApiError::field("language", format!("must be one of {names}, or its number from 0"))
    })
}

/// Nobody said how.
pub(super) fn no_npm_options() -> ApiError {
    let why = "the API resource has no npm options for this language";
    ApiError::business(codes::NO_NPM_OPTIONS, why)
}

async fn git(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let options = row.sdk.git().ok_or_else(no_git_options)?;
    let secrets = granted.ask(|tables| tables.resources.git_secrets(&row));
    Ok(Reply::single(GitBody::of(options, &secrets)))
}

async fn put_git(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<GitBody>().await?;
    submit(&granted, &row, &bytes, body.into_command()).await
}

/// Nobody said where.
pub(super) fn no_git_options() -> ApiError {
    let why = "the API resource has no options of a git remote";
    ApiError::business(codes::NO_GIT_OPTIONS, why)
}

async fn common(granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let options = row.sdk.common();
    let options = options.ok_or_else(|| {
        let why = "the API resource has no common options";
        ApiError::business(codes::NO_COMMON_OPTIONS, why)
    })?;
    Ok(Reply::single(CommonBody { swagger_url: options.swagger_url.clone() }))
}

async fn put_common(mut granted: Granted) -> Outcome {
    let row = owned(&granted)?;
    let (body, bytes) = granted.json::<CommonBody>().await?;
    let swagger_url = body.swagger_url.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    let wished = CommonOptions { swagger_url };
    submit(&granted, &row, &bytes, ResourceCommand::SetCommonOptions(wished)).await
}

async fn submit(
    granted: &Granted,
    row: &ResourceRow,
    body: &[u8],
    command: ResourceCommand,
) -> Outcome {
    let done = granted.submit(&target(granted, row)?, body, command).await?;
    Ok(Reply::single(true).written(&done))
}
