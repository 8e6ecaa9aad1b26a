//! How SDKs of an API resource are made and released, and which there were (rows 48 to 54, 57, 58).

use std::collections::{BTreeMap, BTreeSet};

use super::events::ResourceEvent;
use super::sdk_facts::{
    CommonOptions, GitOptions, GitSecrets, NpmLanguage, NpmOptions, NpmOptionsSet, NpmSecret,
    SdkRecorded, SdkVersionTaken,
};
use super::sdk_rules::{check_git_options, check_npm_options, check_record, next_version};
use crate::aggregate::Decision;
use crate::check;
use crate::children::PropertyValue;
use crate::event::Fact;
use crate::refusal::Refusal;

/// The most records of released SDKs of a resource.
pub const SDK_RECORDS_MAX: usize = 10_000;

/// The longest secret of a registry or remote, in characters: a private key fits.
const SECRET_CHARS_MAX: usize = 16_000;

/// What the rules need to remember of the SDKs of a resource, and whoever releases them.
#[derive(Debug, Clone, Default)]
pub struct Sdk {
    npm: BTreeMap<NpmLanguage, (NpmOptions, Option<NpmSecret>)>,
    git: Option<(GitOptions, GitSecrets)>,
    common: Option<CommonOptions>,
    records: BTreeSet<String>,
}

type Decided = Result<Decision<ResourceEvent>, Refusal>;

impl Sdk {
    /// How SDKs for a language are released, and with which token.
    pub fn npm(&self, language: NpmLanguage) -> Option<(&NpmOptions, &str)> {
        let (options, secret) = self.npm.get(&language)?;
        Some((options, secret.as_ref().map_or("", |it| &it.token)))
    }

    /// Where generated code is pushed, and what opens that.
    pub fn git(&self) -> Option<&(GitOptions, GitSecrets)> {
        self.git.as_ref()
    }

    /// Whether there is a record of this key.
    pub fn has_record(&self, key: &str) -> bool {
        self.records.contains(key)
    }

    pub(super) fn set_npm(&self, wished: &NpmOptionsSet, token: &PropertyValue) -> Decided {
        check_npm_options(&wished.options)?;
        let now = self.npm.get(&wished.language);
        let old = now.and_then(|it| it.1.as_ref()).map(|it| it.token.as_str());
        let token = kept("token", token, old)?;
        let token = token.ok_or_else(|| Refusal::invalid("token", "is required"))?;
        let secret = Some(NpmSecret { token });
        if now.is_some_and(|it| it.0 == wished.options && it.1 == secret) {
            return Ok(Decision::none());
        }
        let fact = Fact { data: wished.clone(), personal: None, secret };
        Ok(Decision::event(ResourceEvent::NpmOptionsSet(fact)))
    }

    pub(super) fn take_version(&self, language: NpmLanguage, version: &str) -> Decided {
        let (options, _) = self.npm.get(&language).ok_or(NO_NPM_OPTIONS)?;
        if next_version(&options.version).as_deref() != Some(version) {
            return Err(Refusal::invalid("version", "another release has just taken it"));
        }
        let taken = SdkVersionTaken { language, version: version.to_owned() };
        Ok(Decision::event(ResourceEvent::SdkVersionTaken(taken.into())))
    }

    pub(super) fn set_git(
        &self,
        wished: &GitOptions,
        token: &PropertyValue,
        ssh_key: &PropertyValue,
    ) -> Decided {
        check_git_options(wished)?;
        let old = self.git.as_ref().map(|it| &it.1);
        let secrets = GitSecrets {
            token: kept("token", token, old.and_then(|it| it.token.as_deref()))?,
            ssh_key: kept("sshKey", ssh_key, old.and_then(|it| it.ssh_key.as_deref()))?,
        };
        if self.git.as_ref().is_some_and(|it| it.0 == *wished && it.1 == secrets) {
            return Ok(Decision::none());
        }
        let secret = (secrets != GitSecrets::default()).then_some(secrets);
        let fact = Fact { data: wished.clone(), personal: None, secret };
        Ok(Decision::event(ResourceEvent::GitOptionsSet(fact)))
    }

    pub(super) fn set_common(&self, wished: &CommonOptions) -> Decided {
        if let Some(url) = &wished.swagger_url {
            check::line("swaggerUrl", url, 2_000)?;
            check::web_address("swaggerUrl", url)?;
        }
        if self.common.as_ref() == Some(wished) {
            return Ok(Decision::none());
        }
        Ok(Decision::event(ResourceEvent::CommonOptionsSet(wished.clone().into())))
    }

    pub(super) fn record(&self, wished: &SdkRecorded) -> Decided {
        check_record(wished)?;
        if self.has_record(&wished.key()) {
            return Err(Refusal::AlreadyExists { what: "SDK record" });
        }
        if self.records.len() >= SDK_RECORDS_MAX {
            let why = format!("cannot be recorded: the resource has {SDK_RECORDS_MAX} records");
            return Err(Refusal::invalid("sdkName", why));
        }
        Ok(Decision::event(ResourceEvent::SdkRecorded(wished.clone().into())))
    }

    pub(super) fn evolve(&mut self, event: &ResourceEvent) {
        match event {
            ResourceEvent::NpmOptionsSet(fact) => {
                let value = (fact.data.options.clone(), fact.secret.clone());
                self.npm.insert(fact.data.language, value);
            }
            ResourceEvent::SdkVersionTaken(fact) => {
                if let Some((options, _)) = self.npm.get_mut(&fact.data.language) {
                    options.version.clone_from(&fact.data.version);
                }
            }
            ResourceEvent::GitOptionsSet(fact) => {
                self.git = Some((fact.data.clone(), fact.secret.clone().unwrap_or_default()));
            }
            ResourceEvent::CommonOptionsSet(fact) => self.common = Some(fact.data.clone()),
            ResourceEvent::SdkRecorded(fact) => drop(self.records.insert(fact.data.key())),
            _ => (),
        }
    }
}

/// Nobody said how.
const NO_NPM_OPTIONS: Refusal = Refusal::NotFound { what: "npm options" };

/// A secret as it is wished. Blank clears what may be absent.
fn kept(
    field: &'static str,
    wished: &PropertyValue,
    old: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let value = match wished {
        PropertyValue::Set(value) => value.as_str(),
        PropertyValue::Keep => match old {
            Some(old) => old,
            None => {
                return Err(Refusal::invalid(field, "*** keeps a value, but there is none yet"));
            }
        },
    };
    check::at_most(field, value, SECRET_CHARS_MAX)?;
    Ok(Some(value.to_owned()).filter(|it| !it.trim().is_empty()))
}
